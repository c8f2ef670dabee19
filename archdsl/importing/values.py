"""Values while a source graph is read: tensors of the network, constants, and what is computed from parameters."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch

from .atoms import View, sizes


class Tensor(NamedTuple):
    """A tensor that depends on the input: a node, and the arrangement of the source tensor in it."""

    node: int
    view: View

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the source tensor."""
        return sizes(self.view)


class ConstantTensor(NamedTuple):
    """A tensor whose numbers are known."""

    tensor: torch.Tensor

    @property
    def sizes(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(self.tensor.shape)


class SourceParameter(NamedTuple):
    """A learned tensor of the module, by name."""

    name: str
    sizes: tuple[int, ...]


class Computed(NamedTuple):
    """A tensor that is computed from parameters and constants alone."""

    name: str
    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    sizes: tuple[int, ...]


class NoResult:
    """A result that no layer returns: `what` it is, and what it would need; `reported` if a problem mentions it."""

    def __init__(self, what: str = "", needs: str = "", *, reported: bool = False) -> None:
        self.what = what
        self.needs = needs
        self.reported = reported


class FinalStates(NamedTuple):
    """The final states of a recurrent layer: those of the layers `before` the last, and the outputs of the last."""

    before: tuple[NoResult, ...]
    directions: int
    outputs: Tensor
    steps_axis: int


Learned = SourceParameter | Computed
Value = Tensor | ConstantTensor | SourceParameter | Computed


def parameters_of(value: Any) -> Iterator[str]:
    """The names of the parameters that a value is computed from."""
    match value:
        case SourceParameter():
            yield value.name
        case Computed():
            yield from parameters_of(value.args)
            yield from parameters_of(tuple(each for _, each in value.kwargs))
        case ConstantTensor() | Tensor():
            return
        case tuple() | list():
            for each in value:
                yield from parameters_of(each)
        case _:
            return


def parameter_sizes(value: Any, name: str) -> tuple[int, ...]:
    """The sizes of a parameter among nested values; empty if it is not there."""
    match value:
        case SourceParameter():
            return value.sizes if value.name == name else ()
        case Computed():
            return parameter_sizes(value.args, name) or parameter_sizes(tuple(v for _, v in value.kwargs), name)
        case ConstantTensor():
            return ()
        case tuple() | list():
            return next((found for each in value if (found := parameter_sizes(each, name))), ())
        case _:
            return ()


def evaluate(value: Any, given: Mapping[str, torch.Tensor]) -> Any:
    """The number or tensor of a value, for these parameters."""
    match value:
        case SourceParameter():
            return given[value.name]
        case ConstantTensor():
            return value.tensor
        case Computed():
            args = [evaluate(each, given) for each in value.args]
            return value.target(*args, **{name: evaluate(each, given) for name, each in value.kwargs})
        case tuple() | list():
            return type(value)(evaluate(each, given) for each in value)
        case _:
            return value


MOVES = frozenset(
    """view reshape flatten unflatten permute transpose swapaxes t unsqueeze squeeze select slice narrow chunk split
    split_with_sizes unbind getitem cat stack contiguous clone alias detach movedim expand_as _unsafe_view
    lift_fresh_copy to _to_copy type_as""".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)
"""Operations that only move elements."""


def only_moves(value: Any) -> bool:
    """Whether a value consists of elements of parameters, moved or not."""
    match value:
        case SourceParameter():
            return True
        case ConstantTensor():
            return False
        case Computed():
            inputs = [
                each for each in _flat(value.args) if isinstance(each, SourceParameter | Computed | ConstantTensor)
            ]
            return value.name in MOVES and all(map(only_moves, inputs))
        case _:
            return False


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list) and not isinstance(value, SourceParameter | Computed | ConstantTensor | Tensor):
        for each in value:
            yield from _flat(each)
    else:
        yield value
