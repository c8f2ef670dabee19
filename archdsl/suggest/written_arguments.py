"""The arguments of a statement as written, and edits that set, replace or remove one."""

from collections.abc import Mapping, Sequence

from ..contract.arguments import REQUIRED, ParameterSpec, find_parameter, parameter_named, parameter_of_word
from ..contract.layer import LayerOp
from ..diagnostics import Edit
from ..layers import find
from ..syntax import ast
from ..text.names import SHORTHAND
from ..text.source import Span


def parameters_of(
    statement: ast.LayerStatement, blocks: Mapping[str, ast.Block], layers: Mapping[str, type[LayerOp]]
) -> tuple[ParameterSpec, ...]:
    """The parameters of the layer or block that a statement uses; none for an unknown one.

    `layers` are those of the packages that the text names.
    """
    from ..graph.block_call import block_parameters

    block = blocks.get(statement.keyword.text)
    if block is not None:
        return block_parameters(block)
    layer = layers.get(statement.keyword.text) or find(statement.keyword.text)
    return layer.parameters if layer is not None else ()


def written_arguments(statement: ast.LayerStatement, parameters: Sequence[ParameterSpec]) -> dict[str, ast.Argument]:
    """The arguments by the parameter that each sets, as far as the words alone determine it."""
    found: dict[str, ast.Argument] = {}
    queue = [p for p in parameters if p.positional]
    for argument in statement.args:
        name = _named(argument, parameters)
        if name is None and argument.name is None:
            while queue and queue[0].name in found and not queue[0].many:
                queue.pop(0)
            name = queue[0].name if queue else None
        if name is not None:
            found.setdefault(name, argument)
    return found


def _named(argument: ast.Argument, parameters: Sequence[ParameterSpec]) -> str | None:
    if argument.name is not None:
        found = find_parameter(parameters, argument.name.text)
        return found.name if found is not None else None
    if not isinstance(argument.value, ast.Variable):
        return None
    found = parameter_of_word(parameters, argument.value.name)
    return found.name if found is not None else None


def takes(block: ast.Block, use: ast.LayerStatement | None) -> bool:
    """Whether a block has parameters for the arguments of a use."""
    names = {p.name.text for p in block.parameters}
    args = use.args if use is not None else ()
    return len(args) <= len(names) and all(a.name is None or a.name.text in names for a in args)


def value_text(argument: ast.Argument, p: ParameterSpec) -> str:
    """The value of an argument as it would be written after `NAME=`: `3` for `k3`."""
    text = argument.value.span.text
    if argument.name is None and p.letter and (short := SHORTHAND.match(text)) and short[1] == p.letter:
        return short[2]
    return text


def rendered(p: ParameterSpec, parameters: Sequence[ParameterSpec], text: str) -> str:
    """An argument as it is usually written: only the value for the first positional one, `k3`, `same`, `groups=4`."""
    if any(text == flag for flag, _ in p.words):
        return text
    if next((each for each in parameters if each.positional), None) is p:
        return text if text.replace("x", "").isalnum() else _grouped(text)
    if p.letter is not None and text.replace("x", "").isdigit():
        return f"{p.letter}{text}"
    return f"{p.letter if p.letter and p.kind is not None else p.name}={_grouped(text)}"


def _grouped(text: str) -> str:
    simple = text.replace("_", "").replace(".", "").isalnum() or text.startswith(("(", "@"))
    return text if simple or " " not in text else f"({text})"


def set_argument(
    statement: ast.LayerStatement, parameters: Sequence[ParameterSpec], name: str, text: str
) -> Edit | None:
    """The edit that sets a parameter to this value; None if it has the value, or there is no such parameter."""
    p = parameter_named(parameters, name)
    if p is None:
        return None
    old = written_arguments(statement, parameters).get(name)
    if old is not None:
        new = _in_form_of(old, p, parameters, text)
        return None if old.span.text == new else Edit(span=old.span, text=new)
    new = rendered(p, parameters, text)
    if p.default is not REQUIRED and str(p.default) == text:
        return None
    return Edit(span=_place(statement, parameters, p), text=f" {new}")


def _in_form_of(old: ast.Argument, p: ParameterSpec, parameters: Sequence[ParameterSpec], text: str) -> str:
    """Another value of an argument, with its name or letter if it is written with one."""
    is_number = text.replace("x", "").isdigit()
    if is_number and old.name is not None:
        return f"{old.name.text}={text}"
    if is_number and p.letter and value_text(old, p) != old.value.span.text:
        return f"{p.letter}{text}"
    return rendered(p, parameters, text)


def _place(statement: ast.LayerStatement, parameters: Sequence[ParameterSpec], p: ParameterSpec) -> Span:
    """The position of a new argument: after those that precede it in the layer's order, before flags and names."""
    order = [each.name for each in sorted(parameters, key=usual_order)]
    found = written_arguments(statement, parameters)
    before = [argument.span for name, argument in found.items() if order.index(name) < order.index(p.name)]
    last = max(before, key=lambda span: span.end, default=statement.keyword.span)
    return last.tail


_USUAL = ("kernel", "stride", "padding", "output_padding", "dilation", "groups")


def usual_order(p: ParameterSpec) -> tuple[bool, int]:
    """The sort key: positional arguments first, then those of the window, then all others."""
    return not p.positional, _USUAL.index(p.name) if p.name in _USUAL else len(_USUAL)


def remove_argument(statement: ast.LayerStatement, parameters: Sequence[ParameterSpec], name: str) -> Edit | None:
    """The edit that removes an argument and the space before it; None if it is not written."""
    old = written_arguments(statement, parameters).get(name)
    return None if old is None else _removal(statement, old)


def _removal(statement: ast.LayerStatement, argument: ast.Argument) -> Edit:
    source = argument.span.source
    start = argument.span.start
    while start > statement.span.start and source.text[start - 1] in " \t":
        start -= 1
    return Edit(span=Span(source, start, argument.span.end), text="")


def remove_this(statement: ast.LayerStatement, argument: ast.Argument) -> Edit:
    """The edit that removes one written argument."""
    return _removal(statement, argument)
