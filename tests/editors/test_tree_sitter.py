"""The tree-sitter grammar reads texts as our parser does: the same statements and expressions at the same places."""

import ctypes
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, assert_never

import pytest

from archdsl import zoo
from archdsl.diagnostics import Sink
from archdsl.syntax import ast, parse
from archdsl.syntax.bodies import bodies
from archdsl.syntax.tokens import FIGURE_WORD, KEYWORDS, MERGE_NAMES, MOE_WORD
from archdsl.text import paths
from archdsl.text.source import Source
from tests.docs.pages import PAGES
from tests.docs.pages import blocks as page_blocks
from tests.programs.generate import program

tree_sitter = pytest.importorskip("tree_sitter")
FOLDER = Path(__file__).resolve().parents[2] / "editors" / "tree-sitter-arch"

Item = tuple[str, str]
"""What stands in a text: its kind and the text itself. A body follows its statement, its end is `("}", "")`."""

STATEMENTS = {
    ast.Net: "net",
    ast.UseFile: "use",
    ast.Input: "input",
    ast.Output: "output",
    ast.Block: "block",
    ast.Stage: "stage",
    ast.Aux: "aux",
    ast.Train: "train",
    ast.FigureBlock: "figure",
    ast.LayerStatement: "layer",
    ast.Merge: "merge",
    ast.Residual: "residual",
    ast.Scan: "scan",
    ast.Moe: "moe",
    ast.Repeat: "repeat",
    ast.If: "branch",
    ast.Let: "let",
    ast.From: "from",
    ast.Reuse: "reuse",
    ast.Assert: "assert",
}
EXPRESSIONS = frozenset(
    {"number", "size", "string", "name", "in", "at", "choice", "binary", "unary", "call", "group", "computed_size"}
    | {"index", "slice", "list", "comprehension"}
)


@cache
def parser() -> Any:
    """A tree-sitter parser of the grammar; skips without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    # Each process compiles its own: two that wrote one file at a time could load half of it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = Path(folder) / "arch.so"
        sources = [FOLDER / "src" / name for name in ("parser.c", "scanner.c")]
        subprocess.run([compiler, "-shared", "-fPIC", "-O0", "-I", FOLDER / "src", *sources, "-o", library], check=True)
        language = ctypes.CDLL(str(library)).tree_sitter_arch
    language.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return tree_sitter.Parser(tree_sitter.Language(capsule(language(), b"tree_sitter.Language", None)))


def ours(text: str) -> list[Item]:
    """The statements and expressions that our parser reads."""
    sink = Sink()
    tree = parse(Source(text), sink)
    assert not sink.errors, text
    return _without_repetitions(_statements(tree.statements))


def _without_repetitions(items: Iterator[Item]) -> list[Item]:
    """Without words such as `x2`: only the names of the whole text decide whether they are names or repetitions."""
    return [item for item in items if not re.fullmatch(r"x\d+", item[1])]


def _statements(statements: tuple[ast.Statement, ...]) -> Iterator[Item]:
    for each in statements:
        yield STATEMENTS[type(each)], each.span.text.rstrip()
        for value in sorted(_values(each), key=lambda value: value.span.start):
            yield from _expression(value)
        for body in bodies(each):
            yield from _statements(body.statements)
            yield "}", ""


def _values(statement: ast.Statement) -> list[ast.Expr]:
    match statement:
        case ast.LayerStatement() | ast.Input() | ast.Moe():
            return [each.value for each in statement.args]
        case ast.Let():
            return [statement.value]
        case ast.Assert():
            return [statement.condition]
        case ast.If():
            rest = statement.orelse
            return [statement.condition, *(_values(rest) if isinstance(rest, ast.If) else [])]
        case ast.Scan():
            return [each.value for each in statement.carried]
        case ast.Repeat():
            return [statement.count, *(each.value for each in statement.carried)]
        case ast.Residual():
            return [statement.when] if statement.when else []
        case ast.Net() | ast.Block():
            return [each.default for each in statement.parameters if each.default]
        case _:
            return []


def _expression(value: ast.Expr) -> Iterator[Item]:
    yield _kind(value), value.span.text
    for part in sorted(_parts(value), key=lambda part: part.span.start):
        yield from _expression(part)


def _kind(value: ast.Expr) -> str:
    match value:
        case ast.Size():
            return "computed_size" if "(" in value.span.text else "size"
        case ast.Variable():
            return "in" if value.name == "in" else "name"
        case ast.Text():
            return "string"
        case ast.Parenthesized():
            return "group"
        case ast.SliceExpr():
            return "slice"
        case _:
            return type(value).__name__.lower()


def _parts(value: ast.Expr) -> list[ast.Expr]:
    match value:
        case ast.Unary():
            return [value.operand]
        case ast.Binary():
            return [value.left, value.right]
        case ast.Choice():
            return [value.condition, value.yes, value.no]
        case ast.Call():
            return list(value.args)
        case ast.Parenthesized():
            return [value.inner]
        case ast.List():
            return list(value.items)
        case ast.Index():
            return [value.base, value.index]
        case ast.SliceExpr():
            return [value.base, *(each for each in (value.start, value.stop) if each)]
        case ast.Comprehension():
            return [value.item, value.source]
        case ast.Size():
            return [each for each in value.dims if isinstance(each, ast.Expr)]
        case ast.Number() | ast.Text() | ast.Variable() | ast.At() | ast.UnreadableExpr():
            return []
        case _:
            assert_never(value)  # type: ignore[arg-type]  # expressions are not a sealed union


def theirs(text: str) -> list[Item]:
    """The statements and expressions that tree-sitter reads."""
    root = parser().parse(text.encode()).root_node
    assert not root.has_error, f"{root}\n{text}"
    return _without_repetitions(_nodes(root.named_children))


def _nodes(nodes: list[Any]) -> Iterator[Item]:
    for node in nodes:
        if node.type in STATEMENTS.values():
            yield node.type, node.text.decode()
            values = [each for part in _values_of(node) for each in _expressions_of(part)]
            yield from values
            for body in _bodies_of(node):
                yield from _nodes(body.named_children)
                yield "}", ""


def _bodies_of(node: Any) -> list[Any]:
    return [each for each in node.named_children if each.type == "body"]


NAMES = {"name", "alias", "target", "function"}
"""Fields that are names, not values."""


def _values_of(node: Any) -> Iterator[Any]:
    if node.type in ("output", "from", "merge", "use"):
        return
    for index, each in enumerate(node.children):
        if node.field_name_for_child(index) in NAMES or not each.is_named:
            continue
        if each.type in ("named_argument", "carried"):
            yield each.child_by_field_name("value")
        elif each.type == "parameters":
            yield from (default for one in each.named_children if (default := one.child_by_field_name("default")))
        elif each.type in EXPRESSIONS:
            yield each


def _expressions_of(node: Any) -> Iterator[Item]:
    yield node.type, node.text.decode()
    if node.type == "at":
        return
    for index, each in enumerate(node.children):
        if each.type in EXPRESSIONS and each.is_named and node.field_name_for_child(index) not in NAMES:
            yield from _expressions_of(each)


def _examples() -> Iterator[tuple[str, str]]:
    for path in sorted(paths.examples().rglob("*.arch")):
        yield path.stem, path.read_text(encoding="utf-8")
    for page in PAGES:
        for block in page_blocks(page.read_text(encoding="utf-8")):
            if block.kind == "arch":
                yield f"{page.stem}:{block.line}", block.text


EXAMPLES = dict(_examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_parse_like_our_parser(name: str) -> None:
    assert theirs(EXAMPLES[name]) == ours(EXAMPLES[name])


def test_zoo_networks_parse_like_our_parser() -> None:
    for name in zoo.names():
        text = zoo.find(name).source().text
        assert theirs(text) == ours(text), name


def test_random_programs_parse_like_our_parser() -> None:
    for seed in range(150):
        text = program(Random(seed))
        assert theirs(text) == ours(text), seed


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("residual\n\n# comment\n{ relu }\nshortcut\n{ conv 3 } x2", "residual"),
        ("slice 0 -1", "layer"),
        ("let n = m -1", "let"),
        ("fc max(\n  1,\n  2\n)", "layer"),
        ("scan carry h = 0 { relu }", "scan"),
        ("scan 3", "layer"),
        ("moe 4 { relu }", "moe"),
        ('figure {\n  label input "image"\n  group "a" stem to=output\n}', "figure"),
        ("figure 3", "layer"),
        ("stack axis=0 a b", "merge"),
        ("stack 1 2", "layer"),
        ("embed from=a", "layer"),
        ("if c == 3 { relu }\nelse if c == 4 { gelu }\nelse { tanh } as y", "branch"),
        ("input 3x(2*S)xW", "input"),
        ("let y = [a*b for [a, b] in pairs][0]", "let"),
    ],
)
def test_statement_is_one_node(text: str, statement: str) -> None:
    root = parser().parse(text.encode()).root_node
    assert not root.has_error
    assert [(each.type, each.text.decode()) for each in root.named_children] == [(statement, text)]


def test_statements_around_an_error_are_parsed() -> None:
    root = parser().parse(b"input 3x8x8\nconv 4 (\nrelu\nstage s { fc ]; gelu }\nfc 2\n").root_node
    kinds = {each.type for each in root.named_children}
    assert root.has_error
    assert {"input", "stage", "layer"} <= kinds


def test_incremental_parse_matches_a_full_parse() -> None:
    """Incremental parsing, as editors use it."""
    random = Random(0)
    texts = [zoo.find(name).source().text for name in ("resnet18", "unet", "mnasnet0_5")]
    for text in texts:
        tree = parser().parse(text.encode())
        for _ in range(40):
            start = random.randrange(len(text))
            end = min(len(text), start + random.randrange(6))
            new = random.choice(["", "\n", " x2", "{", "}", "; relu", "-", "(", "scan carry"])
            changed = text[:start] + new + text[end:]
            tree.edit(
                *(len(text[:at].encode()) for at in (start, end)),
                start + len(new),
                *_points(text, changed, start, end, new),
            )
            tree, text = parser().parse(changed.encode(), tree), changed
            assert str(tree.root_node) == str(parser().parse(changed.encode()).root_node)


def _points(text: str, changed: str, start: int, end: int, new: str) -> list[tuple[int, int]]:
    def point(whole: str, at: int) -> tuple[int, int]:
        return whole.count("\n", 0, at), at - (whole.rfind("\n", 0, at) + 1)

    return [point(text, start), point(text, end), point(changed, start + len(new))]


def test_highlighting_names_nodes_of_the_grammar() -> None:
    query = tree_sitter.Query(parser().language, (FOLDER / "queries" / "highlights.scm").read_text(encoding="utf-8"))
    text = b"net A(c = 2)\ninput 3x32x32\nconv c k5 same as a\nblock b(k) { fc k nobias }\nb 4 x2\nadd a { relu }\n"
    found = tree_sitter.QueryCursor(query).captures(parser().parse(text).root_node)
    words = {name: {each.text.decode() for each in nodes} for name, nodes in found.items()}
    assert words["type"] == {"A", "b"}
    assert words["function.builtin"] == {"conv", "fc", "relu"}
    assert words["constant.builtin"] - words["function.builtin"] == {"same", "nobias"}
    assert words["constant"] == {"k5"}
    assert words["keyword"] == {"net", "input", "as", "block", "add"}


def test_grammar_keywords_match_the_language() -> None:
    text = (FOLDER / "src" / "grammar.json").read_text(encoding="utf-8")
    words = {each for each in re.findall(r'"type": "STRING",\s*"value": "(\w+)"', text) if each[0].isalpha()}
    assert words == (KEYWORDS | MERGE_NAMES | {MOE_WORD, FIGURE_WORD, "carry", "for"})
