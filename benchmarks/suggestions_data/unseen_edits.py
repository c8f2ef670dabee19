"""What the unseen kinds of errors share: places in a text, edits of it, and what counts as right afterwards."""

import re
from collections.abc import Iterable
from random import Random

from archdsl.diagnostics import Sink
from archdsl.graph import Graph
from archdsl.network import analyze
from archdsl.syntax import ast
from archdsl.text.source import Source, Span

from .protocol import Valid

TRIES = 25
"""How many texts a kind tries before it finds no place in a network."""
_HIDDEN = re.compile(r"#[^\n]*|\btrain \{.*?^\}|\btrain \{[^\n]*\}", re.DOTALL | re.MULTILINE)
_BETWEEN = re.compile(r"\s*(;|\n|\s)\s*")


def first_with_error(random: Random, texts: Iterable[str]) -> str | None:
    """One of the texts that have an error, or None if none of the first `TRIES` in a random order has an error."""
    shuffled = list(dict.fromkeys(texts))
    random.shuffle(shuffled)
    return next((text for text in shuffled[:TRIES] if analyze(Source(text), Sink()).errors), None)


def code(valid: Valid) -> str:
    """The text with blanks for comments and the recipe, so that positions stay the same."""
    return _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), valid.text)


def places(valid: Valid, pattern: str, inside: Span | None = None) -> list[re.Match[str]]:
    """Where a pattern occurs in the code, or in a part of it."""
    span = inside or Span(valid.source, 0, len(valid.text))
    return list(re.compile(pattern, re.MULTILINE).finditer(code(valid), span.start, span.end))


def uses_of(valid: Valid, name: str, inside: Span) -> list[re.Match[str]]:
    """Where a variable is read: not `name=`, which names an argument, nor `@name`."""
    return places(valid, rf"(?<![\w@.]){re.escape(name)}(?!\w)(?!\s*=(?!=))", inside)


def written(valid: Valid, start: int, end: int, new: str) -> str:
    """The text with something else between two offsets."""
    return valid.text[:start] + new + valid.text[end:]


def text_of(valid: Valid, place: Span | ast.Statement | ast.Argument | ast.Expr) -> str:
    """The text at a place."""
    span = place if isinstance(place, Span) else place.span
    return valid.text[span.start : span.end]


def within(valid: Valid, span: Span) -> list[ast.Statement]:
    """The statements in a part of the text."""
    return [each for each in valid.statements if span.start <= each.span.start and each.span.end <= span.end]


def neighbors(valid: Valid) -> list[tuple[ast.Statement, ast.Statement]]:
    """The pairs of statements that follow each other in the same body."""
    hidden = code(valid)
    starts: dict[int, ast.Statement] = {}
    for each in valid.statements:
        starts.setdefault(each.span.start, each)  # the outer one of `if a { … } else if b { … }`
    found = []
    for each in valid.statements:
        gap = _BETWEEN.match(hidden, each.span.end)
        if gap is not None and (after := starts.get(gap.end())) is not None:
            found.append((each, after))
    return found


def exchanged(valid: Valid, first: ast.Statement, second: ast.Statement) -> str:
    """The text with two neighbors in the other order."""
    between = valid.text[first.span.end : second.span.start]
    return written(valid, first.span.start, second.span.end, text_of(valid, second) + between + text_of(valid, first))


def appended(valid: Valid, statement: ast.Statement, words: str) -> str:
    """The text with an additional argument at the end of a layer, before its `xN` and `as NAME`."""
    end = statement.span.end
    if isinstance(statement, ast.LayerStatement):
        end = max([statement.keyword.span.end, *(argument.span.end for argument in statement.args)])
    return written(valid, end, end, f" {words}")


def after_keyword(valid: Valid, layer: ast.LayerStatement, words: str) -> str:
    """The text with an additional first argument of a layer."""
    return written(valid, layer.keyword.span.end, layer.keyword.span.end, f" {words}")


def tensor_names(valid: Valid) -> set[str]:
    """The names that statements give to tensors."""
    stages = {each.name.text for each in valid.statements if isinstance(each, ast.Stage | ast.Aux)}
    named = [
        each for each in valid.statements if isinstance(each, ast.LayerStatement | ast.Merge | ast.Residual | ast.Reuse)
    ]
    return stages | {each.alias.text for each in named if each.alias}


def operand_names(merge: ast.Merge) -> list[ast.Word]:
    """The operands of a merge that are names of tensors."""
    return [each for each in merge.operands if isinstance(each, ast.Word)]


def same_shapes(original: Graph, repaired: Graph) -> bool:
    """Whether there are the same kinds of layers with the same outputs: `k5 p2` is as right as `k3 p1`."""
    return same_kinds(original, repaired) and all(
        a.shape == b.shape for a, b in zip(original.nodes, repaired.nodes, strict=True)
    )


def same_kinds(original: Graph, repaired: Graph) -> bool:
    """Whether there are the same kinds of layers with the same inputs, whatever their sizes."""
    if len(original.nodes) != len(repaired.nodes):
        return False
    pairs = zip(original.nodes, repaired.nodes, strict=True)
    return all(type(a.op) is type(b.op) and a.inputs == b.inputs for a, b in pairs)


def same_but_for_head(original: Graph, repaired: Graph) -> bool:
    """Whether all layers are the same except for how features become a vector: `gap`, or a pooling and `flatten`."""
    heads = ("gap", "flatten", "adaptive_avgpool")
    a, b = (
        [(type(node.op), node.shape) for node in graph.nodes if node.op.keyword not in heads]
        for graph in (original, repaired)
    )
    return a == b
