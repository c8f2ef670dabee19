"""Generate the files of docs/ that come from the code: `python scripts/docs.py`; with `--check`, only compare."""

import re
import sys
from pathlib import Path
from textwrap import fill

from archdsl.analysis.check_schema import schema
from archdsl.analysis.codes import by_code
from archdsl.analysis.columns import ALL, COLUMNS, SHARE
from archdsl.cli.train import command as train
from archdsl.explain.pages import markdown
from archdsl.syntax.tokens import KEYWORDS
from archdsl.training.recipe.documentation import recipe_tables
from archdsl.training.recipe.grouped_options import GroupedOption
from archdsl.training.recipe.groups import OptionGroup
from scripts.pages import json_reports, layers, summary

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

LISTED = re.compile(r"(<!-- columns[^\n]*-->\n).*(<!-- end of columns -->)", re.DOTALL)
RECIPE = re.compile(r"(<!-- recipe[^\n]*-->\n).*(<!-- end of recipe -->)", re.DOTALL)
RULES = re.compile(r"(<!-- grammar[^\n]*-->\n).*(<!-- end of grammar -->)", re.DOTALL)
RESERVED = re.compile(r"(<!-- keywords[^\n]*-->\n).*(<!-- end of keywords -->)", re.DOTALL)


def training() -> str:
    """docs/training.md with the recipe's tables inserted."""
    page = (DOCS / "training.md").read_text(encoding="utf-8")
    tables = recipe_tables(train_options())
    return RECIPE.sub(lambda found: f"{found[1]}\n{tables}\n{found[2]}", page)


def train_options() -> dict[OptionGroup, list[tuple[str, str, str]]]:
    """The options of `archdsl train` that are not in its recipe, by group: option, default and description."""
    found: dict[OptionGroup, list[tuple[str, str, str]]] = {}
    for option in train.params:
        if isinstance(option, GroupedOption) and option.group and not (option.name or "").startswith("recipe_"):
            name = max(option.opts, key=len) + (f" {option.metavar}" if option.metavar else "")
            words, _, default = (option.help or "").removesuffix("]").partition(" [default: ")
            default = default or (str(option.default) if option.show_default else "")
            found.setdefault(option.group, []).append((name, default, words))
    return found


def analysis() -> str:
    """docs/analysis.md with the table of columns inserted."""
    page = (DOCS / "analysis.md").read_text(encoding="utf-8")
    rows = [f"| `{column.name}` | {column.doc} |" for column in COLUMNS]
    table = "\n".join(
        ["| name | what it shows |", "| --- | --- |", *rows, f"| `share` | {SHARE} |", f"| `all` | {ALL} |"]
    )
    return LISTED.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", page)


def grammar() -> str:
    """docs/language/grammar.md with the keywords and the rules of grammars/arch.lark inserted."""
    page = (DOCS / "language" / "grammar.md").read_text(encoding="utf-8")
    words = fill(", ".join(f"`{word}`" for word in sorted(KEYWORDS)) + ".", width=120)
    page = RESERVED.sub(lambda found: f"{found[1]}\n{words}\n\n{found[2]}", page)
    text = (ROOT / "grammars" / "arch.lark").read_text(encoding="utf-8")
    lines = text[text.index("start:") : text.index("COMPARE:")].splitlines()
    rules = "\n".join(line for line in lines if not _IS_KEYWORD.fullmatch(line)).strip()
    return RULES.sub(lambda found: f"{found[1]}\n```text\n{rules}\n```\n\n{found[2]}", page)


_IS_KEYWORD = re.compile(r'[A-Z]+: "[a-z]+"')


def pages() -> dict[str, str]:
    """Each file that is generated, entirely or in part."""
    return {
        "diagnostics.md": markdown(by_code()),
        "training.md": training(),
        "analysis.md": analysis(),
        "language/grammar.md": grammar(),
        "json.md": json_reports.page(),
        "check.schema.json": schema() + "\n",
        "language/summary.md": summary.page(),
        "llms.txt": summary.llms(),
        **layers.pages(),
    }


def main() -> int:
    """Write what differs; with `--check`, print its name and exit with 1."""
    check = sys.argv[1:] == ["--check"]
    stale = 0
    for name, text in pages().items():
        page = DOCS / name
        if page.is_file() and page.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not check:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        print(f"docs/{name} {'is not up to date: run python scripts/docs.py' if check else 'written'}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
