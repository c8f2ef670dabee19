"""Generate the files for editors that come from the code: `python scripts/grammars.py`; `--check` only compares."""

import sys
from collections.abc import Callable
from pathlib import Path

from archdsl.highlight import textmate, tree_sitter

ROOT = Path(__file__).resolve().parent.parent
FILES: dict[str, Callable[[], str]] = {
    "grammars/arch.tmLanguage.json": textmate.grammar,
    "editors/tree-sitter-arch/queries/highlights.scm": tree_sitter.highlights,
    "editors/zed/languages/arch/highlights.scm": tree_sitter.highlights,
}


def main() -> int:
    """Write what differs; with `--check`, print its name and exit with 1."""
    status = 0
    for name, make in FILES.items():
        text = make()
        file = ROOT / name
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        if sys.argv[1:] == ["--check"]:
            print(f"{name} is not up to date: run python scripts/grammars.py")
            status = 1
        else:
            file.write_text(text, encoding="utf-8")
            print(f"{name} written")
    return status


if __name__ == "__main__":
    sys.exit(main())
