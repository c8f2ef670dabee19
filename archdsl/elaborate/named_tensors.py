"""Tensors by name."""

from ..diagnostics.catalog import name_errors
from ..expressions.scope import UNKNOWN, NamedTensor
from ..syntax import ast
from ..text.names import nearest
from .state import State


def find_tensor(state: State, word: ast.Word) -> NamedTensor | None:
    """The tensor of a name; `in` is the input of the innermost block, stage or network. None after a reported error."""
    if word.text == "in":
        return _beginning(state, word)
    found = state.scope.find(word.text)
    if found is not None and isinstance(found.value, NamedTensor):
        return found.value
    if found is not None and found.value is UNKNOWN:
        return None
    known = _tensors(state)
    what = "not a tensor" if found is None else "a number, but a tensor is needed here"
    near = nearest(word.text, known) if found is None else None
    help_texts = ("`as NAME` after a layer names its output",)
    state.emit(
        name_errors.UnknownName(
            span=word.span, uses=state.uses, name=word.text, nearest=near, what=what, known=known, help_texts=help_texts
        )
    )
    # Continue as if the nearest name had been written.
    meant = state.scope.find(near) if near is not None else None
    return meant.value if meant is not None and isinstance(meant.value, NamedTensor) else None


def _beginning(state: State, word: ast.Word) -> NamedTensor | None:
    """The tensor that `in` refers to here. In a network with several inputs, `in` is ambiguous."""
    if state.started is not None:
        return NamedTensor(node=state.started, first=state.started)
    if len(state.inputs) == 1:
        node = state.inputs[0][1].id
        return NamedTensor(node=node, first=node)
    if len(state.inputs) > 1:
        known = tuple(name for name, _ in state.inputs if name)
        what = f"ambiguous here: the network has {len(state.inputs)} inputs"
        state.emit(
            name_errors.UnknownName(span=word.span, uses=state.uses, name="in", nearest=None, what=what, known=known)
        )
    else:
        state.need_input(word.span)
    return None


def _tensors(state: State) -> tuple[str, ...]:
    found = (name for name in state.scope.visible() if isinstance(_value(state, name), NamedTensor))
    return tuple(dict.fromkeys(found))


def _value(state: State, name: str) -> object:
    binding = state.scope.find(name)
    return None if binding is None else binding.value
