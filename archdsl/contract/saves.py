"""What a layer does in training: the tensors that autograd saves for the backward pass, and its output's memory format.

Sizes are in elements of one sample. The figures are those of torch 2.13 on the CPU, measured with saved-tensor hooks.
"""

from collections.abc import Callable

from ..record import Record

MemoryFormat = tuple[int, ...]
"""The axes of a tensor in memory order, outermost first: (0, 1, 2) is contiguous, (1, 2, 0) is channels last."""


class SavedTensor(Record):
    """A tensor that the layer allocates and saves: `per_sample` elements for each sample, `per_batch` in addition.

    `bytes` is the size of an element; None is the size in the dtype that the layer computes in.
    """

    per_sample: int = 0
    per_batch: int = 0
    bytes: int | None = None


class Saves(Record):
    """What autograd saves for one layer.

    `inputs`: indices of the inputs that it saves. `output`: whether it saves its output. `saved`: the other tensors
    that it saves. `view`: whether the output is a view of the first input.

    `autocast`: whether the layer computes in 16 bits under autocast. It then saves 16-bit copies of the weights in
    `cast_weights`, and of those in `cast_for_input_gradient`, which only the gradient of the input needs.
    `inputs_in_fp32`: whether it saves its inputs in 32 bits. `output_in_fp32`: whether its output has 32 bits.

    `required_format`: the memory format that the first input must have; an input in another format is copied.
    `output_format` maps the first input's memory format to the output's. None keeps the format of the first input if
    the ranks are equal.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    saved: tuple[SavedTensor, ...] = ()
    view: bool = False
    autocast: bool = False
    cast_weights: tuple[str, ...] = ()
    cast_for_input_gradient: tuple[str, ...] = ()
    inputs_in_fp32: bool = False
    output_in_fp32: bool = False
    required_format: MemoryFormat | None = None
    output_format: Callable[[MemoryFormat], MemoryFormat] | None = None


NO_SAVED_TENSORS = Saves()
INPUT = Saves(inputs=(0,))
OUTPUT = Saves(output=True)
VIEW = Saves(view=True)


def contiguous(rank: int) -> Callable[[MemoryFormat], MemoryFormat]:
    """A contiguous output."""
    return lambda order: tuple(range(rank))


def swapped(rank: int, axis: int) -> MemoryFormat:
    """The contiguous format with an axis and the last one swapped."""
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return tuple(order)
