"""Uses of blocks: their arguments if the error is inside the block, and the block's defaults and conditions."""

from collections.abc import Iterator
from itertools import pairwise

from ...contract.arguments import parameter_named
from ...diagnostics import Edit
from ...diagnostics.catalog import argument_errors
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, rewritten
from ..written_arguments import value_text, written_arguments
from .sibling_fixes import setter

_USUAL = {"k": "3", "kernel": "3", "s": "1", "stride": "1", "groups": "1", "dilation": "1", "ratio": "4", "n": "1"}


def _uses(context: SuggestionContext, site: ErrorSite) -> Iterator[ast.LayerStatement]:
    """The statements that use the blocks around an error, the innermost first."""
    for use in reversed(site.diagnostic.uses):
        statement = context.statements.at(use.span) if use.span.source is context.source else None
        if isinstance(statement, ast.LayerStatement):
            yield statement


def arguments(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The arguments of a use as other uses of the block have them, or in another order."""
    for depth, statement in enumerate(_uses(context, site)):
        parameters = context.parameters(statement)
        mine = written_arguments(statement, parameters)
        others = [
            each
            for each in context.statements.by_distance(statement)
            if isinstance(each, ast.LayerStatement) and each.keyword.text == statement.keyword.text
        ]
        for number, other in enumerate(others[:4]):
            theirs = written_arguments(other, parameters)
            for p in parameters:
                text = value_text(theirs[p.name], p) if p.name in theirs else None
                if text is None or p.name not in mine:
                    candidate = changed(
                        context, statement, {p.name: text}, 1.1 + 0.4 * (text is None) + 0.2 * number + 0.3 * depth
                    )
                    if candidate is not None:
                        yield candidate
        yield from _swapped(statement, 1.0 + 0.3 * depth)


def swapped(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Two arguments of a use, swapped: a tensor where a number is needed, and the other way around."""
    for depth, statement in enumerate([*([site.layer] if site.layer else []), *_uses(context, site)]):
        if statement.keyword.text in context.blocks:
            yield from _swapped(statement, 0.7 + 0.3 * depth)


def _swapped(statement: ast.LayerStatement, rank: float) -> Iterator[Candidate]:
    plain = [a for a in statement.args if a.name is None]
    for index, (one, other) in enumerate(pairwise(plain)):
        edits = (Edit(span=one.span, text=other.span.text), Edit(span=other.span, text=one.span.text))
        yield rewritten(statement, edits, rank + 0.1 * index)


def defaults(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A default for a parameter of a block that several uses omit: the value of other uses, or the usual one."""
    diagnostic, layer = site.diagnostic, site.layer
    if not isinstance(diagnostic, argument_errors.MissingArgument) or layer is None:
        return
    block = context.blocks.get(layer.keyword.text)
    if block is None or not context.owns(block):
        return
    uses = [
        s for s in context.statements.all if isinstance(s, ast.LayerStatement) and s.keyword.text == block.name.text
    ]
    parameters = context.parameters(layer)
    given = [written_arguments(each, parameters) for each in uses]
    for name in diagnostic.names:
        lacking = sum(name not in each for each in given)
        p = parameter_named(parameters, name)
        if p is None:
            return  # a layer that is an argument of the block
        texts = [value_text(each[name], p) for each in given if name in each]
        declared = next((q for q in block.parameters if q.name.text == name), None)
        options = [*([_USUAL[name]] if name in _USUAL else []), *texts]
        if declared is None or declared.default is not None or not options:
            continue
        for index, text in enumerate(dict.fromkeys(options)):
            edit = Edit(span=declared.name.span.tail, text=f" = {text}")
            rank = (0.5 if lacking > 1 or name in _USUAL else 1.5) + 0.3 * index
            yield Candidate(title=f"give it a default: `{name} = {text}`", edits=(edit,), rank=rank)
            if index == 1:
                break


def conditions(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The other half of the condition under which a shortcut changes the shape: the stride, or the channels."""
    residual, node = site.statement, site.node
    if not isinstance(residual, ast.Residual | ast.Merge) or node is None or not node.inputs:
        return
    found = setter(context, context.draft.nodes[node.inputs[0]])
    channels = "c"
    if found is not None:
        argument = context.given(found[0]).get(found[2])
        p = next(p for p in context.parameters(found[0]) if p.name == found[2])
        channels = value_text(argument, p) if argument is not None else "c"
    block = context.statements.block(residual)
    names = [p.name.text for p in block.parameters] if block is not None else []
    stride = next((name for name in ("s", "stride") if name in names), None)
    inner = [s for s in context.statements.inside(residual) if isinstance(s, ast.If)]
    outer = [s for s in context.statements.ancestors(residual) if isinstance(s, ast.If)]
    for each, word, sign, joint in (*((s, "!=", "!=", "or") for s in inner), *((s, "==", "==", "and") for s in outer)):
        text = each.condition.span.text
        missing = (
            f"@c {word} {channels}"
            if "@c" not in text
            else f"{stride} {sign} 1"
            if stride and stride not in text.split()
            else ""
        )
        if missing:
            edit = Edit(span=each.condition.span.tail, text=f" {joint} {missing}")
            yield Candidate(title=f"write `if {text} {joint} {missing}`", edits=(edit,), rank=0.7)
