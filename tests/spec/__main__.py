"""`python -m tests.spec --update` writes the current output of `archdsl check` into the pages; then review the diff."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .runner import pages, update


def main() -> int:
    """Update every page."""
    if sys.argv[1:] != ["--update"]:
        print(__doc__)
        return 2
    for page in pages():
        with TemporaryDirectory() as folder:
            if update(page, Path(folder)):
                print(f"{page.name} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
