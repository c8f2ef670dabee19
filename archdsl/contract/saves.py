"""What a layer says of training: which tensors autograd keeps for the backward pass, and how its result lies in memory.

Sizes are those of one sample, in elements. It is what torch 2.13 keeps on the CPU, as measured by saved-tensor hooks.
"""

from collections.abc import Callable

from ..record import Record

Order = tuple[int, ...]
"""The axes of a tensor as they lie in memory, the outermost first: (0, 1, 2) is contiguous, (1, 2, 0) channels last."""


class Own(Record):
    """A tensor that the layer makes and keeps for itself: `count` elements a sample and `once` whatever the batch.

    `bytes` is the size of an element; None is that of the numbers that the layer computes in.
    """

    count: int = 0
    once: int = 0
    bytes: int | None = None


class Saves(Record):
    """What autograd keeps of one layer.

    `inputs` are the indices of the inputs that it keeps, `output` says whether it keeps its result, `own` is what else.
    `view` says that the result is its first input's memory, seen otherwise. `low` says that autocast lets the layer
    compute in 16 bits; it then makes and keeps copies of the weights `casts`, and of `passing`, those that the input's
    gradient alone needs. `full` says that it keeps its inputs in 32 bits, `wide` that its result has as many.

    `needs` is the order in which the first input must lie: where it lies otherwise, it is copied. `lies` makes the
    result's order of the first input's; None is as the first input lies where the axes are as many.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    own: tuple[Own, ...] = ()
    view: bool = False
    low: bool = False
    casts: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    full: bool = False
    wide: bool = False
    needs: Order | None = None
    lies: Callable[[Order], Order] | None = None


NOTHING = Saves()
INPUT = Saves(inputs=(0,))
OUTPUT = Saves(output=True)
VIEW = Saves(view=True)


def contiguous(rank: int) -> Callable[[Order], Order]:
    """A result that lies as its axes come."""
    return lambda order: tuple(range(rank))


def swapped(rank: int, axis: int) -> Order:
    """The order in which an axis and the last one have changed places."""
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return tuple(order)
