"""Sequences: an image as steps, and the additional tensors that attention reads."""

from collections.abc import Iterator

from ...diagnostics import Edit
from ...shapes.shape import Layout
from ...shapes.symbolic import concrete
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, rewritten
from ..written_arguments import remove_this

_RECURRENT = ("lstm", "gru", "rnn")
_TENSORS = ("from", "value", "mask")


def rows(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a recurrent layer over an image of one channel: its rows as steps."""
    layer, node = site.layer, site.node
    shape = context.shape(node.inputs[0]) if node is not None and node.inputs else None
    if layer is None or shape is None or shape.layout is not Layout.IMAGE or layer.keyword.text not in _RECURRENT:
        return
    if concrete(shape.channels) == 1:
        text = f"reshape {'x'.join(str(concrete(side)) for side in shape.spatial_size)}"
        yield inserted_before(layer, text, 0.8, "each row is a step")


def tokens(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For an image in a transformer: its positions as steps, before attention or the error, whichever is first."""
    node, statement = site.node, site.statement
    shape = context.shape(node.inputs[0]) if node is not None and node.inputs else None
    if node is None or statement is None or shape is None or shape.layout is not Layout.IMAGE:
        return
    attending = [
        each
        for each in context.statements.all
        if isinstance(each, ast.LayerStatement) and each.keyword.text == "attention" and context.owns(each)
    ]
    if not attending or "tokens" in context.variables:
        return
    outermost = [[each, *context.statements.ancestors(each)][-1] for each in (attending[0], statement)]
    place = min(outermost, key=lambda each: each.span.start)
    if not isinstance(place, ast.Block):
        yield inserted_before(place, "tokens", 0.5, "each position is a step of the sequence")


def other_tensors(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For additional tensors that a layer reads: another one, the first that nothing reads; or none."""
    layer = site.layer
    if layer is None:
        return
    given = {a.name.text: a for a in layer.args if a.name is not None and a.name.text in _TENSORS}
    if not given:
        return
    names = context.tensors(layer)
    ordered = sorted(names, key=lambda name: name in context.used_names)
    read = given["from"].value.span.text if "from" in given else None
    for argument in given.values():
        now = argument.value.span.text
        # If values come from the same tensor as keys, they are not written.
        others = [each for each in ordered if each != now and not (argument is given.get("value") and each == read)]
        for index, name in enumerate(others):
            rank = (1.0 if name not in context.used_names else 1.6) + 0.1 * index
            yield rewritten(layer, (Edit(span=argument.value.span, text=name),), rank).replace(kind="another tensor")
    if "value" in given:
        less = remove_this(layer, given["value"])
        yield rewritten(layer, (less,), 1.1, "values come from the same tensor as keys").replace(kind="one tensor less")
        value = given["value"].value.span.text
        if "from" in given and value != read:
            both = (Edit(span=given["from"].value.span, text=value), less)
            yield rewritten(layer, both, 1.2).replace(kind="the other tensor")
