"""Documentation of layers, blocks and keywords in Markdown."""

import inspect
import re
from collections.abc import Mapping

from ..contract.arguments import Missing, ParameterSpec
from ..contract.layer import LayerOp, Op
from ..graph import MoeOp
from ..layers import find, merges
from ..syntax import ast
from ..syntax.words import parameters as written_parameters
from ..text.docstrings import docstring

SITE = "https://archdsl.invalid/docs/"
"""The address of the documentation, as in pyproject.toml."""

_OURS = __name__.partition(".")[0]

KEYWORDS: Mapping[str, str] = {
    "net": "names the network and its parameters",
    "use": 'imports blocks: `use std`, `use "file.arch"`',
    "input": "declares an input without the batch: `input 3x224x224`",
    "output": "lists the outputs",
    "block": "defines a block: statements under a name, with parameters",
    "stage": "groups statements under a name",
    "aux": "a side branch whose result is an additional output",
    "train": "the training recipe",
    "figure": "settings of the diagram: title, labels, colors, hidden layers, groups",
    "residual": "adds the result of a body to its input",
    "shortcut": "the other path of a residual",
    "repeat": "repeats a body: `repeat 3 { … }`, `repeat [64, 128] as c { … }`",
    "if": "runs a body if a condition holds",
    "else": "the body that runs if the condition does not hold",
    "let": "names a value: `let width = 64`",
    "from": "continues with a named tensor",
    "reuse": "applies a named layer again, with the same weights",
    "assert": "checks a condition, such as `assert params < 5M`",
    "as": "names the result of a statement",
    "when": "the condition of a residual connection",
    "scan": "runs a body for each step of a sequence",
    "carry": "names the tensors that an iteration passes to the next",
    "in": "the tensor that the innermost block, stage or network starts from",
}
"""What each keyword of the language does."""


def operation(word: str, layers: Mapping[str, type[LayerOp]]) -> type[Op] | None:
    """The layer or merge with this name; `layers` are those of the packages that the text names."""
    layer: type[Op] | None = layers.get(word) or find(word)
    if layer is None:
        layer = next((each for each in merges().values() if word == each.keyword), None)
    return MoeOp if layer is None and word == MoeOp.keyword else layer


def headline(layer: type[Op]) -> str:
    """The first line of a layer's documentation."""
    return docstring(layer).strip().partition("\n")[0]


def page(layer: type[Op]) -> str:
    """The address of a layer's page."""
    return f"{SITE}layers/{layer.__module__.rpartition('.')[2]}/#{layer.keyword}"


def documentation(layer: type[Op]) -> str:
    """A layer's documentation, with its example and the address of its page."""
    text, _, example = inspect.cleandoc(docstring(layer)).partition("Example:\n")
    parts = [text.strip()]
    if example.strip():
        parts.append(f"```arch\n{inspect.cleandoc(example).strip()}\n```")
    if layer.__module__.partition(".")[0] != _OURS:
        parts.append(f"A layer of the package `{layer.__module__.partition('.')[0]}`.")
    elif layer is not MoeOp:
        parts.append(f"[Documentation of `{layer.keyword}`]({page(layer)})")
    return "\n\n".join(parts)


def forms(p: ParameterSpec) -> str:
    """How a parameter is written: `kernel=`, `k3`, `nobias`."""
    written = [f"`{p.name}=`", *([f"`{p.letter}3`"] if p.letter else []), *(f"`{word}`" for word, _ in p.words)]
    return " or ".join(written)


def parameter(p: ParameterSpec) -> str:
    """A parameter's documentation in a line."""
    kind = "" if p.kind is None else f"; {p.kind.words}"
    return f"{p.doc}{kind}{default(p)}"


def default(p: ParameterSpec) -> str:
    """`; default: 1`; empty for a required parameter."""
    if isinstance(p.default, Missing) or p.default in (None, ()):
        return ""
    shown = p.default.span.text if isinstance(p.default, ast.Expr) else p.default
    return f"; default: {shown}"


def block_documentation(block: ast.Block) -> str:
    """A block's signature, and the comment above its definition."""
    text, start = block.span.source.file.text, block.span.source.start + block.span.start
    lines: list[str] = []
    for line in reversed(text[:start].split("\n")[:-1]):
        if not re.match(r"\s*#", line):
            break
        lines.insert(0, line.strip().lstrip("# "))
    signature = f"```arch\nblock {block.name.text}{written_parameters(block.parameters)}\n```"
    return "\n\n".join([signature, "\n".join(lines)]) if lines else signature
