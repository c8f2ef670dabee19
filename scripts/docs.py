"""Write the pages of docs/ that are made from the code: `python scripts/docs.py`; with `--check`, only compare."""

import sys
from collections.abc import Callable
from pathlib import Path

from archdsl.diagnostics.catalogue import by_code
from archdsl.diagnostics.pages import markdown

DOCS = Path(__file__).resolve().parent.parent / "docs"

PAGES: dict[str, Callable[[], str]] = {"diagnostics.md": lambda: markdown(by_code())}
"""Each page that is made, and what makes it."""


def main() -> int:
    """Write what differs, or with `--check` name it and end with 1."""
    check = sys.argv[1:] == ["--check"]
    stale = 0
    for name, make in PAGES.items():
        page, text = DOCS / name, make()
        if page.is_file() and page.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not check:
            page.write_text(text, encoding="utf-8")
        print(f"docs/{name} {'is not up to date: run python scripts/docs.py' if check else 'written'}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
