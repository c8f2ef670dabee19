"""A count and its noun agree, in every message of the commands and of training."""

import ast
import re
from pathlib import Path

import pytest

import archdsl
from archdsl.text.counts import counted, plural, sizes_of

ROOT = Path(archdsl.__file__).parent
FILES = sorted(path for folder in ("cli", "training") for path in (ROOT / folder).rglob("*.py"))
NOUNS = (
    "batch", "block", "box", "byte", "channel", "character", "class", "column", "core", "dimension", "element", "epoch",
    "error", "file", "gradient", "image", "input", "label", "layer", "mean", "name", "number", "output", "parameter",
    "pixel", "point", "process", "row", "run", "sample", "sequence", "set", "step", "target", "thread", "token",
    "trial", "value", "weight", "word", "worker",
)  # fmt: skip
_PLURAL = re.compile(rf" (?:[a-z]+ )?(?:{'|'.join(plural(noun) for noun in NOUNS)})\b")
_NO_COUNT = re.compile(
    r"(?:.*\.)?_*[A-Z][A-Z_]+(?: //.*|\[.*)?"  # a limit, which is not 1
    r"|name|size|bad|has|height|(?:image\.)?split|(?:scores|result)\.images|(?:_range|assemble\.sizes)\(.*"  # a text
    r"|counted\(.*"  # followed by other words
    r"|request\.image\.channels"  # reported unless it is 1
)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "step", "0 steps"),
        (1, "step", "1 step"),
        (2, "step", "2 steps"),
        (1234, "class", "1,234 classes"),
        (1, "class", "1 class"),
        (1.0, "epoch", "1 epoch"),
        (0.5, "epoch", "0.5 epochs"),
        (9.9, "epoch", "9.9 epochs"),
        (3, "batch", "3 batches"),
        (3, "box", "3 boxes"),
        (3, "ID", "3 IDs"),
        (1, "validation image", "1 validation image"),
    ],
)
def test_count_agrees_with_its_noun(number: float, noun: str, text: str) -> None:
    assert counted(number, noun) == text


def _fixed_plurals(path: Path) -> list[str]:
    """The counts of a file with a plural that does not depend on them; the names of constants stand for limits."""
    found: list[str] = []
    text = path.read_text(encoding="utf-8")
    if not re.search(rf"\}}{_PLURAL.pattern}", text):  # parsing takes longer
        return found
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            for value, after in zip(node.values, node.values[1:], strict=False):
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                    expression = ast.unparse(value.value)
                    if _PLURAL.match(f"{after.value!s}") and not _NO_COUNT.fullmatch(expression):
                        found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {{{expression}}}{after.value!s}")
    return found


def test_messages_have_no_fixed_plurals() -> None:
    assert [line for path in FILES for line in _fixed_plurals(path)] == []


def test_sizes_agree_with_their_noun() -> None:
    shapes = ((1,), (13,), (2, 3), (1, 1))
    assert [sizes_of(shape, "number") for shape in shapes] == ["1 number", "13 numbers", "2x3 numbers", "1x1 numbers"]


def test_plurals_are_formed_only_by_counted() -> None:
    by_hand = re.compile(r"""['"]s['"] \* |['"]s['"] if |else ['"]s['"]""")
    found = [path.name for path in FILES if by_hand.search(path.read_text(encoding="utf-8"))]
    assert found == []
