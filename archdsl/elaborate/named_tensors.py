"""Tensors by name."""

from ..diagnostics.catalog import name_errors
from ..expressions.scope import UNKNOWN, NamedTensor
from ..syntax import ast
from ..text.names import nearest
from .state import State


def find_tensor(state: State, word: ast.Word, *, guess: bool = True) -> NamedTensor | None:
    """The tensor of a name; `in` is the input of the innermost block, stage or network. None after a reported error.

    If `guess`, a misspelled name gives an unresolved node with the likely shape.
    """
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
    tensor = meant.value if meant is not None and isinstance(meant.value, NamedTensor) else None
    return None if tensor is None or not guess else _guessed(state, tensor, word)


def _guessed(state: State, tensor: NamedTensor, word: ast.Word) -> NamedTensor:
    """A tensor with the likely shape of another one, which a misspelled name probably refers to."""
    current = state.current
    node = state.unresolved(None, (tensor.node,), state.shape_of(tensor.node), state.child("unknown"), word.span)
    state.current = current
    return tensor.replace(node=node, first=node)


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
