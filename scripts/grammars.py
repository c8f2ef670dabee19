"""Generate the grammars that come from the code: `python scripts/grammars.py`; with `--check`, only compare."""

import sys
from pathlib import Path

from archdsl.highlight.textmate import grammar

FILE = Path(__file__).resolve().parent.parent / "grammars" / "arch.tmLanguage.json"


def main() -> int:
    """Write what differs; with `--check`, print its name and exit with 1."""
    text = grammar()
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    if sys.argv[1:] == ["--check"]:
        print(f"{FILE.name} is not up to date: run python scripts/grammars.py")
        return 1
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
