"""Write the pages of docs/ that are made from the code: `python scripts/docs.py`; with `--check`, only compare."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from archdsl.diagnostics.catalogue import by_code
from archdsl.diagnostics.pages import markdown
from archdsl.training.page import recipe_tables

DOCS = Path(__file__).resolve().parent.parent / "docs"

RECIPE = re.compile(r"(<!-- recipe[^\n]*-->\n).*(<!-- end of recipe -->)", re.DOTALL)


def training() -> str:
    """docs/training.md with the recipe's tables in their place."""
    page = (DOCS / "training.md").read_text(encoding="utf-8")
    return RECIPE.sub(lambda found: f"{found[1]}\n{recipe_tables()}\n{found[2]}", page)


PAGES: dict[str, Callable[[], str]] = {"diagnostics.md": lambda: markdown(by_code()), "training.md": training}
"""Each page that is made, wholly or in part, and what makes it."""


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
