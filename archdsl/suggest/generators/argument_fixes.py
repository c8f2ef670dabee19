"""Arguments with names of other frameworks, superfluous or repeated ones, and values that are not accepted."""

import re
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite

from ...contract.arguments import Float, Int, OneOf, ParameterSpec, SpatialInt
from ...diagnostics import Edit
from ...diagnostics.catalog import argument_errors, name_errors, shape_errors
from ...diagnostics.fixes import edited_text
from ...elaborate.torch_order import argument_of, is_plain, orders_of
from ...layers import find
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, rewritten, written
from ..text_parts import within
from ..written_arguments import remove_this, rendered, value_text, written_arguments
from .name_fixes import activations_near, near

_ACTIVATION = ("activation", "act", "nonlinearity")


def renamed(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """An argument's name here, for a name of torch or Keras or a similar one; an activation as a separate statement."""
    diagnostic, layer = site.diagnostic, site.layer
    if layer is None or not isinstance(diagnostic, argument_errors.UnknownArgument):
        return
    parameters = context.parameters(layer)
    known = {p.name for p in parameters} | {p.letter for p in parameters if p.letter}
    unknown = [a for a in layer.args if a.name is not None and a.name.text not in known]
    argument = next((a for a in unknown if a.name is not None and a.name.span == site.span), None)
    if argument is None:
        return
    found = [*_same_value(layer, argument, parameters), *_named_edits(layer, argument, parameters)]
    everything = [_named_edits(layer, each, parameters)[:1] for each in unknown]
    if len(unknown) > 1 and all(everything):
        # All names of another framework at once.
        together = tuple(edit for options in everything for edit in options[0][0])
        yield rewritten(layer, together, -0.5)
    for edits, rank in found:
        yield rewritten(layer, edits, rank)
    if not found and argument.name is not None and argument.name.text not in _ACTIVATION:
        yield rewritten(layer, (remove_this(layer, argument),), 2.0)


def _named_edits(
    layer: ast.LayerStatement, argument: ast.Argument, parameters: tuple[ParameterSpec, ...]
) -> list[tuple[tuple[Edit, ...], float]]:
    """Edits for an argument with an unknown name, the likeliest first."""
    name = argument.name.text if argument.name is not None else ""
    value = argument.value.span.text
    found = list(_activation(layer, argument, value)) if name in _ACTIVATION else []
    names = [p.name for p in parameters]
    foreign = argument_of(name, names)
    taken = written_arguments(layer, parameters)
    for each, rank in [*([(foreign, 0.0)] if foreign else []), *near(name, names)]:
        p = next(p for p in parameters if p.name == each)
        flags = [flag for flag, _ in p.words]
        if value.lower() == "false" and f"no{each}" in flags:
            found.append(((Edit(span=argument.span, text=f"no{each}"),), rank))
        elif each not in taken:
            text = rendered(p, parameters, value) if foreign else f"{each}={value}"
            found.append(((Edit(span=argument.span, text=text),), rank))
    return found


def _same_value(
    layer: ast.LayerStatement, argument: ast.Argument, parameters: tuple[ParameterSpec, ...]
) -> Iterator[tuple[tuple[Edit, ...], float]]:
    """An argument of Keras or TensorFlow whose value says the opposite of the one here."""
    name, value = argument.name.text if argument.name is not None else "", argument.value.span.text
    names = {p.name for p in parameters}
    if name == "return_sequences" and "last" in names:
        is_last = value.lower() in ("false", "0")
        yield (Edit(span=argument.span, text="last") if is_last else remove_this(layer, argument),), -1.0
    if name in ("keep_prob", "keep_rate") and "p" in names and re.fullmatch(r"0?\.\d+|1(\.0)?", value):
        yield (Edit(span=argument.span, text=f"{1 - Decimal(value)}"),), -1.0


def _activation(
    layer: ast.LayerStatement, argument: ast.Argument, value: str
) -> Iterator[tuple[tuple[Edit, ...], float]]:
    """The activation as the next statement; nothing for the identity."""
    word = value.strip("\"'").lower()
    for each, rank in activations_near(word):
        yield (remove_this(layer, argument), Edit(span=layer.span.tail, text=f"; {each}")), rank
    if word in ("linear", "none"):
        yield (remove_this(layer, argument),), 0.0


_WITHOUT_VALUE = (argument_errors.MissingArgument, shape_errors.UnsuitableInput)
_RECURRENT = ("lstm", "gru", "rnn")
_MIN_FILTERS = 8
"""Layers seldom have fewer filters or units: a smaller number is more likely a kernel."""


def in_order(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The values in the order of torch's modules: `linear 784 128` is `linear 128`."""
    layer = site.layer
    found = find(layer.keyword.text) if layer is not None else None
    if layer is None or found is None or site.diagnostic.fix() is not None:
        return
    parameters = context.parameters(layer)
    plain = [a for a in layer.args if is_plain(a)]
    rest = [a.span.text for a in layer.args if not is_plain(a)]
    shape = context.shape(site.node.inputs[0]) if site.node is not None and site.node.inputs else None
    names = {p.name for p in parameters}
    places = {order.index(name) for order in orders_of(found.keyword) for name in order if name not in names}
    for index, argument in enumerate(plain) if shape is not None and len(plain) > 1 else ():
        if argument.span.text == str(shape and shape.channels) and index in (places or {index}):
            yield rewritten(layer, (remove_this(layer, argument),), 0.5, "the input's channels are known")
    for order in orders_of(found.keyword):
        values = {name: a.span.text for name, a in zip(order, plain, strict=False)}
        words = [
            rendered(p, parameters, values[p.name])
            for p in sorted(parameters, key=lambda p: not p.positional)
            if p.name in values and str(p.default) != values[p.name]
        ]
        if 1 < len(plain) <= len(order) and all(p.name in values for p in parameters if p.required):
            text = " ".join([layer.keyword.text, *words, *rest])
            edit = Edit(span=layer.keyword.span.to(layer.args[-1].span), text=text)
            few = _is_few(values.get("filters", ""))
            is_input = shape is None or plain[0].span.text == str(shape.channels)
            if found.keyword in _RECURRENT and not is_input and _is_few(values["units"]):
                continue  # more likely `LSTM(units)` of Keras and another number than `LSTM(input_size, hidden_size)`
            yield rewritten(layer, (edit,), 0.6 + 0.6 * few)


def _is_few(number: str) -> bool:
    return number.isdigit() and int(number) < _MIN_FILTERS


def vocabulary(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The first of two values of an embedding as the vocabulary of its input: `input 20 int(1000)`."""
    layer = site.layer
    found = find(layer.keyword.text) if layer is not None else None
    if layer is None or found is None or found.keyword != "embedding":
        return
    plain = [a for a in layer.args if is_plain(a)]
    for statement, _ in context.inputs if len(plain) > 1 else ():
        if "int(" not in statement.span.text:
            edits = (
                Edit(span=statement.span.tail, text=f" int({plain[0].span.text})"),
                remove_this(layer, plain[0]),
            )
            title = f"write `{written(statement)} int({plain[0].span.text})` and `embedding {plain[1].span.text}`"
            yield Candidate(title=title, edits=edits, rank=0.3, why="integer IDs")


def surplus(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """One value fewer, or the value with a name: `maxpool 3 2` is `maxpool 3 s2`."""
    layer = site.layer
    if layer is None:
        return
    parameters = context.parameters(layer)
    argument = next((a for a in layer.args if a.span == site.span), None)
    if argument is None:
        return
    given = written_arguments(layer, parameters)
    value = argument.value.span.text
    for index, p in enumerate(p for p in parameters if not p.positional and p.name not in given):
        if p.letter is None:
            continue
        new = rendered(p, parameters, value)
        yield rewritten(layer, (Edit(span=argument.span, text=new),), 2.0 + 0.4 * index)
    # What PyTorch's modules take first, the channels of the input, is the superfluous one.
    first = layer.args[0]
    shape = context.shape(site.node.inputs[0]) if site.node is not None and site.node.inputs else None
    is_input = shape is None or first.span.text == str(shape.channels)
    for each in layer.args:
        if each.name is None and isinstance(each.value, ast.Number | ast.Size):
            yield rewritten(layer, (remove_this(layer, each),), 3.0 + ((each is first) != is_input))


_WINDOWS_AND_FACTORS = ("factor", "kernel", "size")


def read_as_repetition(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The value that was read as a repetition, if the layer needs one: `upsample x2` is `upsample 2`."""
    layer = site.layer
    if layer is None or layer.times == 1 or not isinstance(site.diagnostic, _WITHOUT_VALUE):
        return
    parameters = context.parameters(layer)
    first = next((p.name for p in parameters if p.positional), None)
    found = re.search(r"(?<=\s)x(\d+)(?=\s|$)", layer.span.text)
    if found is None or first not in _WINDOWS_AND_FACTORS or first in context.given(layer):
        return
    start = layer.span.start
    edit = Edit(span=Span(layer.span.source, start + found.start(), start + found.end()), text=found[1])
    yield rewritten(layer, (edit,), 0.0, f"`{found[0]}` after a layer repeats it")


def twice(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """One of the two values of an argument that is given twice."""
    layer, diagnostic = site.layer, site.diagnostic
    if layer is None or not isinstance(diagnostic, argument_errors.ArgumentTwice):
        return
    second = next((a for a in layer.args if a.span == site.span), None)
    first = context.given(layer).get(diagnostic.name)
    for argument, rank in ((second, 1.0), (first, 1.5)):
        if argument is not None:
            yield rewritten(layer, (remove_this(layer, argument),), rank)


def values(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The nearest value that an argument takes, or its default."""
    layer, diagnostic = site.layer, site.diagnostic
    if layer is None or not isinstance(diagnostic, argument_errors.BadValue):
        return
    parameters = context.parameters(layer)
    p = next((each for each in parameters if each.name == diagnostic.name), None)
    if p is None:
        return
    for rank, text in enumerate(_accepted(p, diagnostic.value)):
        candidate = changed(context, layer, {p.name: text}, 1.3 + 0.4 * rank)
        if candidate is not None:
            yield candidate
    if not p.required:
        candidate = changed(context, layer, {p.name: None}, 2.5)
        if candidate is not None:
            yield candidate


def _accepted(p: ParameterSpec, value: str) -> Iterator[str]:
    """Values near a rejected one that its kind may accept."""
    word = value.strip("\"'").lower()
    yield from (flag for flag, _ in p.words if flag == word)
    if isinstance(p.kind, OneOf):
        yield from (each for each, _ in sorted(near(word, p.kind.choices), key=lambda pair: pair[1]))
    try:
        number = float(value)
    except ValueError:
        return
    if not isfinite(number):
        return
    most = p.kind.maximum if isinstance(p.kind, Float) else None
    if most is not None and number > most:
        percent = [f"{number / 100:g}"] if 2 < number <= 100 else []
        yield from (*percent, "0.5", f"{number / 10:g}")
        return
    if number != int(number):
        yield from (str(int(number)), str(int(number) + 1))
        return
    least = p.kind.minimum if isinstance(p.kind, Float | Int | SpatialInt) else None
    if number < 0:
        yield str(int(-number))
    if least is not None and number < least:
        yield f"{least:g}"


def _same_spread(context: SuggestionContext, layer: ast.LayerStatement) -> Iterator[Candidate]:
    """`same` of a transposed convolution: the padding with which the output is the input times the stride."""
    parameters = context.parameters(layer)
    given = written_arguments(layer, parameters)
    texts = {p.name: value_text(given[p.name], p) for p in parameters if p.name in given}
    kernel, stride = texts.get("kernel", ""), texts.get("stride", "1")
    same = next((a for a in layer.args if a.span.text == "same"), None)
    if same is None or not (kernel.isdigit() and stride.isdigit()):
        return
    k, s = int(kernel), int(stride)
    padding = max(0, (k - s + 1) // 2)
    extra = s - k + 2 * padding
    words = [f"p{padding}"] if padding else []
    words += [f"output_padding={extra}"] if extra else []
    edits = (Edit(span=same.span, text=" ".join(words)),) if words else (remove_this(layer, same),)
    yield rewritten(layer, edits, 0.0, f"it multiplies the size by {s}" if s > 1 else "it keeps the size")


_PAIR = re.compile(r"\(\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


def misread(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A word that is split, joined, or in another framework's notation."""
    diagnostic, layer = site.diagnostic, site.layer
    if not isinstance(diagnostic, name_errors.UnknownName) or layer is None:
        return
    parameters = context.parameters(layer)
    source, word = site.span.source, site.span.text
    if word == "same" and any(p.name == "output_padding" for p in parameters):
        yield from _same_spread(context, layer)
    named = next((a for a in layer.args if a.name is not None and a.value.span == site.span), None)
    place = site.span if named is None else named.span
    for correction in diagnostic.corrections:
        yield rewritten(layer, (Edit(span=place, text=correction),), 0.0)
    whole = next((a for a in layer.args if a.span.start == site.span.start and a.name is None), None)
    if word[:1] == "x" and word[1:].isidentifier() and whole is not None:
        kept = [remove_this(layer, whole)]
        text = edited_text(layer.span.text, within(layer.span, kept))
        edit = Edit(span=layer.span, text=f"repeat {whole.span.text[1:]} {{ {text} }}")
        yield Candidate(title=f"write `{edit.text}`", edits=(edit,), rank=0.2)
    pair = _PAIR.search(source.text, layer.span.start, layer.span.end)
    if pair:
        size = "x".join(each for each in pair.groups() if each)
        yield rewritten(layer, (Edit(span=Span(source, *pair.span()), text=size),), 0.5)
