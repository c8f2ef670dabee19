"""Record the current answers: `python -m tests.service --update`."""

import sys

from .runner import pages, update

if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python -m tests.service --update")
    for page in pages():
        print(page.name, "updated" if update(page) else "unchanged")
