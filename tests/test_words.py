"""User-visible text uses the field's vocabulary: words that earlier versions used in a sense of their own stay out."""

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import click
import pytest

from archdsl.analysis.codes import by_code
from archdsl.cli import main
from archdsl.contract.layer import Op
from archdsl.explain.pages import FAMILIES, plain
from archdsl.layers import merges, registry

ROOT = Path(__file__).resolve().parents[1]

WORDS: Mapping[str, str] = {
    r"mend(s|ed|ing)?": "fix",
    r"tell(s|ing)?|told": "report, show, print, warn",
    r"ways? out": "suggestion, help",
    r"tall(y|ies)": "metrics",
    r"quasi": "size set",
    r"pictures?": "diagram of a network, figure in a report, image of a data set",
    r"(by|where|another) chance|chance (starts|begins)": "random, seed, RNG state",
    r"drawn": "sampled, generated, rendered",
    r"witness(es)?": "example size, size hint",
    r"unknown sizes?|sizes? (that|which) (is|are) not known": "symbolic dimensions",
    r"whole numbers?": "integer",
    r"parted": "split, separated",
    r"(do|does|did) not go together": "incompatible",
    r"no number": "NaN",
    r"(exclude|excludes) each other": "mutually exclusive",
    r"worked out": "computed, inferred, determined",
    r"one way of writing": "format",
    r"(?<!there )(is|are) no (integer|layer|list|name|number|size|tensor|text|word)s?": "is not a …",
    r"once mended|take the machine|run(s|ning)? away": "resource limits",
    r"\w*(normalis|regularis|initialis|optimis|colour|neighbour)\w*|centres?": "American spelling",
}
"""Regular expressions of words to avoid, and what to write instead."""

IN_MESSAGES: Mapping[str, str] = {
    r"sides?": "spatial dimensions, spatial size",
    r"letters?": "symbolic dimensions",
    r"blanks?": "space",
}
"""The same for messages, layers and reports; pages and help use these words in their ordinary meaning."""

IN_CODE: Mapping[str, str] = {
    **{word: instead for word, instead in WORDS.items() if word != "drawn"},  # diagrams are drawn
    r"mistakes?": "error",
    r"(spatial|each|every|these|this many) sides?|sides of": "spatial dimensions, spatial size",
    r"anew": "again",
    r"said": "reported, labeled",
    r"asks? (of|for)|(is|are) asked": "require, request",
    r"serves?|served": "fit, apply, be used",
    r"(go|goes) on|whoever (writes|reads|draws)": "continue; active voice",
    r"so (many|much|far) a": "per, for each",
}
"""The words that stay out of docstrings and comments."""

ORDINARY = (
    "the letter x",
    "letters a to z",
    "capital letters",
    "a name with letters",
    "a letter or a name",
    "has no letter",
    "side by side",
    "told apart",
    "drawn to scale",
    "quasi-polynomials?",
    "each side of",
    "side effects?",
    "side branch(es)?",
    "show and tell",
    "the letter before a number",
)
"""Phrases in which a word of the list has its ordinary meaning."""

_CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->|\]\([^)]*\)|https?://\S+", re.DOTALL)


def private(text: str, words: Mapping[str, str]) -> list[str]:
    """The words of a list in a text, each with a little of what is around it; code and links are left out."""
    prose = " ".join(_CODE.sub("``", text).split())
    pattern = _pattern(tuple(words))
    if pattern.search(prose) is None:
        return []
    prose = _pattern(ORDINARY).sub("…", prose)
    return [prose[max(0, found.start() - 40) : found.end() + 40] for found in pattern.finditer(prose)]


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


Text = tuple[str, str]
"""Where a text is, and the text."""


def literals(*folders: str) -> Iterator[Text]:
    """The strings in the code of these folders that read like text: those with a space that are no docstrings."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name in _NAMES:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in alone:
                    continue
                if " " in node.value.strip() and not _IS_LIST.fullmatch(node.value):
                    yield f"{path.name}:{node.lineno}", node.value


_NAMES = ("foreign_names.py",)
"""Files of names that other frameworks use."""

_IS_LIST = re.compile(r"\s*\w+(\s+\w+){20,}\s*")
"""Words to split, such as the names of operations."""


CORE = tuple(
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "archdsl").iterdir())
    if path.name not in ("training", "cli", "integrations", "explain") and (path.is_dir() or path.suffix == ".py")
)
"""The packages of the core, whose docstrings and comments use the same words."""

USING = (
    *("archdsl/training", "archdsl/cli", "archdsl/integrations", "archdsl/explain", "scripts"),
    *("tests/training", "tests/cli", "tests/integrations", "tests/docs", "tests/hardening", "tests/packaging"),
    *("tests/properties", *(f"benchmarks/{path.name}" for path in sorted((ROOT / "benchmarks").glob("*.py")))),
)
"""The folders around the core, in the same words."""


def documentation(*paths: str) -> Iterator[Text]:
    """The docstrings and comments of these files and folders."""
    for each in paths:
        folder = ROOT / each
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
            code = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(node.value.value)
            for token in tokenize.generate_tokens(io.StringIO(code).readline):
                if token.type == tokenize.COMMENT:
                    yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def core() -> Iterator[Text]:
    """Docstrings and comments of the core."""
    yield from documentation(*CORE)


def using() -> Iterator[Text]:
    """Docstrings and comments of the folders around the core."""
    yield from documentation(*USING)


def diagnostics() -> Iterator[Text]:
    """The pages of all codes, each with the output for its wrong example, and every message of the front end."""
    yield from FAMILIES.items()
    yield from ((code, plain(kind)) for code, kind in by_code().items())
    yield from literals("archdsl/diagnostics", "archdsl/elaborate", "archdsl/expressions", "archdsl/syntax")
    yield from literals("archdsl/analysis/lint")


def layers() -> Iterator[Text]:
    """What layers and merges say of themselves and their arguments, and why they reject an input."""
    ops: tuple[type[Op], ...] = (*registry().values(), *merges().values())
    for op in ops:
        yield op.keyword, inspect.cleandoc(op.__doc__ or "")
        yield from ((f"{op.keyword} {p.name}", f"{p.doc}; {p.kind.words if p.kind else ''}") for p in op.parameters)
    yield from literals("archdsl/layers", "archdsl/contract")


def analysis() -> Iterator[Text]:
    """What the table, derivations, differences, reports and suggestions print."""
    yield from literals("archdsl/analysis", "archdsl/explain", "archdsl/text", "archdsl/suggest")


def messages() -> Iterator[Text]:
    """What training, commands, backends, imports and integrations print."""
    yield from literals("archdsl/training", "archdsl/cli", "archdsl/integrations", "archdsl/backends")
    yield from literals("archdsl/importing", "archdsl/structure", "archdsl/graph")


def help_texts() -> Iterator[Text]:
    """`--help` of every command."""
    assert isinstance(main, click.Group)
    context = click.Context(main, info_name="archdsl")
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        yield name, command.get_help(click.Context(command, info_name=name, parent=context, terminal_width=10_000))


def pages() -> Iterator[Text]:
    """README.md, CONTRIBUTING.md and the pages of docs/."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")


def setup() -> Iterator[Text]:
    """Comments and descriptions of the files around the code, and comments of the examples."""
    names = (".pre-commit-hooks.yaml", "Makefile", "mkdocs.yml", "pyproject.toml")
    for path in (*(ROOT / name for name in names), *sorted((ROOT / ".github").rglob("*.yml"))):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "examples").rglob("*.arch")):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield str(path.relative_to(ROOT)), "\n".join(line.partition("#")[2] for line in lines)


AREAS: Mapping[str, tuple[Callable[[], Iterator[Text]], Mapping[str, str]]] = {
    "diagnostics": (diagnostics, {**WORDS, **IN_MESSAGES}),
    "layers": (layers, {**WORDS, **IN_MESSAGES}),
    "analysis": (analysis, {**WORDS, **IN_MESSAGES}),
    "messages": (messages, {**WORDS, **IN_MESSAGES}),
    "help": (help_texts, WORDS),
    "core": (core, IN_CODE),
    "using": (using, IN_CODE),
    "pages": (pages, WORDS),
    "setup": (setup, WORDS),
}
"""Where users read text, and the words that stay out of it."""


@pytest.mark.parametrize("area", AREAS)
def test_texts_contain_no_private_words(area: str) -> None:
    texts, words = AREAS[area]
    found = [f"{where}: {each}" for where, text in texts() for each in private(text, words)]
    assert not found, "\n".join([*found, "", *(f"{word} → {instead}" for word, instead in words.items())])


def test_word_list_patterns_match_their_words() -> None:
    assert private("`--fix` mends what is certain, and the picture tells", WORDS) != []
    assert private("two figures side by side, and `sides` in code", IN_MESSAGES) == []
