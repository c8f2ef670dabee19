"""Tensors that a scan or a repetition carries over: their initial and next values."""

from ..contract.arguments import Dims, InvalidValue
from ..diagnostics.catalog import argument_errors, name_errors, structure_errors
from ..expressions.scope import UNKNOWN, NamedTensor, Scope, Unknown
from ..expressions.show import show
from ..shapes.shape import Shape
from ..syntax import ast
from .evaluation_context import evaluator
from .named_tensors import find_tensor
from .state import State

_LONGEST = 4


def initial(state: State, carried: ast.Carried, keyword: str) -> NamedTensor | Shape | None:
    """The initial value of a carried tensor, or the shape of zeros. None after an error was reported."""
    if isinstance(carried.value, ast.Variable) and carried.value.name == "in":
        return find_tensor(state, ast.Word(text="in", span=carried.value.span))
    value = evaluator(state).value(carried.value)
    if value is UNKNOWN:
        return None
    if isinstance(value, NamedTensor):
        return value
    try:
        dims = Dims().accept(value)
    except InvalidValue:
        dims = ()
    if 1 <= len(dims) <= _LONGEST:
        return Shape(*dims)
    words = "sizes like `64x8x8`, for zeros, or the name of a tensor"
    span, shown = carried.value.span, show(value)
    state.emit(
        argument_errors.BadValue(
            span=span, uses=state.uses, keyword=keyword, name=carried.name.text, value=shown, words=words
        )
    )
    return None


def following(state: State, body: Scope, name: ast.Word) -> NamedTensor | Unknown | None:
    """The next value of a carried tensor, as named in the body; UNKNOWN after an error was reported, None if none."""
    found = body.names.get(name.text)
    if found is None:
        return None
    if found.value is UNKNOWN or isinstance(found.value, NamedTensor):
        return found.value
    what = "a number here, but also the name of a carried tensor"
    state.emit(name_errors.UnknownName(span=found.span, uses=state.uses, name=name.text, nearest=None, what=what))
    return UNKNOWN


def report_missing_value(state: State, keyword: str, name: ast.Word) -> None:
    """Report a carried tensor whose next value the body does not define."""
    state.emit(structure_errors.MissingNextValue(span=name.span, uses=state.uses, keyword=keyword, name=name.text))
