"""Networks that do not fit their training data: the input and outputs of the data."""

from collections.abc import Iterator

from ...diagnostics import Edit
from ...diagnostics.catalog import training_errors
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed
from .channel_fixes import default_of
from .sibling_fixes import setter


def inputs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The shape of the data's images as the input; followed by `flatten` where the network takes a vector."""
    diagnostic = site.diagnostic
    flat = isinstance(diagnostic, training_errors.NotForImages)
    if not isinstance(diagnostic, training_errors.NotForImages | training_errors.WrongInput):
        return
    for statement, _ in context.inputs:
        sizes = [a.value for a in statement.args if isinstance(a.value, ast.Size | ast.Number)]
        if diagnostic.wanted and len(context.inputs) == 1 and sizes:
            edits = [Edit(span=sizes[0].span, text=diagnostic.wanted)]
            if flat:
                edits.append(Edit(span=statement.span.tail, text="; flatten"))
            title = f"write `input {diagnostic.wanted}{'; flatten' * flat}`"
            yield Candidate(title=title, edits=tuple(edits), rank=0.5)


def outputs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """As many outputs as the data has classes: in the parameter or layer that sets them, or in one more layer."""
    diagnostic = site.diagnostic
    if not isinstance(diagnostic, training_errors.WrongOutput) or not context.draft.outputs:
        return
    node = context.draft.nodes[context.draft.outputs[0][1]]
    shape, classes = context.shape(node.id), str(diagnostic.classes)
    found = setter(context, node)
    if found is not None and shape is not None and shape.rank == 1:
        statement, _, name = found
        default = default_of(context, context.given(statement).get(name))
        if default is not None:
            yield Candidate(
                title=f"set the default to {classes}", edits=(Edit(span=default.span, text=classes),), rank=0.4
            )
        candidate = changed(context, statement, {name: classes}, 0.6)
        if candidate is not None:
            yield candidate
    if node.statement is not None and context.owns(node.statement):
        end = Span(node.span.source, node.statement.span.end, node.statement.span.end)
        spatial = shape is not None and shape.rank > 1
        linear = node.op is not None and node.op.keyword == "fc"
        last = f"relu; fc {classes}" if linear else f"fc {classes}"
        for index, text in enumerate((f"gap; fc {classes}", f"flatten; fc {classes}") if spatial else (last,)):
            edit = Edit(span=end, text=f"; {text}")
            yield Candidate(title=f"add `{text}` at the end", edits=(edit,), rank=1.0 + 0.5 * index)


def arguments(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A line such as `lr 0.1` as an argument of the setting that it belongs to: `optimizer adam lr=0.1`."""
    diagnostic = site.diagnostic
    blocks = (each for each in context.program.statements if isinstance(each, ast.Train))
    lines = [each for block in blocks for each in block.body.statements if isinstance(each, ast.LayerStatement)]
    mine = next((each for each in lines if each.keyword.span == site.span), None)
    if not isinstance(diagnostic, training_errors.UnknownTrainSetting) or diagnostic.line is None or mine is None:
        return
    values = [each.span.text for each in mine.args]
    if len(values) > 1 or mine.span.source is not context.source:
        return
    argument = "=".join([diagnostic.argument or "", *values])
    owner = next((each for each in lines if each.keyword.text == diagnostic.line), None)
    if owner is not None:
        moved = Edit(span=owner.span.tail, text=f" {argument}")
        yield Candidate(title=f"move `{argument}` to `{diagnostic.line}`", edits=(moved, _without(mine.span)), rank=0.2)
        return
    for index, kind in enumerate(diagnostic.kinds or ("",)):
        new = " ".join(word for word in (diagnostic.line, kind, argument) if word)
        edit = Edit(span=mine.span, text=new)
        yield Candidate(title=f"write `{new}` instead of `{mine.span.text}`", edits=(edit,), rank=0.3 + 0.1 * index)


def repeated(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The text without the second of two settings."""
    yield Candidate(title=f"remove `{site.span.text}`", edits=(_without(site.span),), rank=1.0)


def _without(span: Span) -> Edit:
    """The removal of a line of a block, with the separator after it."""
    text, end = span.source.text, span.end
    while end < len(text) and text[end] in " \t;":
        end += 1
    return Edit(span=Span(span.source, span.start, end), text="")
