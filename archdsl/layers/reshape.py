"""Layers that change the shape of a tensor or reorder its axes."""

from math import isqrt, prod

from ..contract.arguments import ImageSize, NaturalInt, Sizes, argument
from ..contract.call import ARG, Step, Steps, method
from ..contract.layer import Layer, Reject
from ..contract.reads import SAME, Links, Reads, Unfolded, folded, mixing, pointwise, repeating
from ..contract.reasons import KEEPS, Reasons, factor_of, product, reasons
from ..contract.saves import Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import SPATIAL, Layout, Shape, times
from ..shapes.symbolic import Sym, Undecided
from ._reading import by_rank, numbers, sequential, spatial


class Flatten(Layer):
    """Flatten all elements into a vector.

    Example:
        input 16x5x5; flatten
    """

    keyword = "flatten"
    style = "shape"

    def out(self, x: Shape) -> Shape:
        return Shape(numbers(x).numel)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        if x == y:
            return (KEEPS,)
        factors = product(x.dims)
        return reasons(factors if factors == str(y) else f"{factors} = {y}")

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(1) if x.rank == 1 else mixing(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(view=True, required_format=tuple(range(x.rank)), output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return method.flatten(ARG, 1)


class Reshape(Layer):
    """Change the shape; the elements and their order stay the same.

    Example:
        input 4096; reshape 64x8x8
    """

    keyword = "reshape"
    synonyms = ("view", "unflatten")
    style = "shape"

    sizes: Sizes = argument(positional=True, doc="shape of the output, without the batch")

    def out(self, x: Shape) -> Shape:
        numbers(x)
        y = by_rank(self.sizes, "sizes")
        if y.numel != x.numel:
            raise Reject(
                "sizes",
                f"{times(self.sizes)} = {y.numel:,} elements, but {x} has {x.numel:,}",
                recovery_shape=y,
            )
        return y

    def reads(self, x: Shape, y: Shape) -> Links:
        # Unchanged last axes are read at the same position; how the others mix is not computed.
        kept = 0
        while kept < min(x.rank, y.rank) and x.dims[-1 - kept] == y.dims[-1 - kept]:
            kept += 1
        if x.rank == y.rank == kept:
            return pointwise(x.rank)
        last = ((y.rank - kept + i, SAME) for i in range(kept))
        return (*mixing(x.rank - kept, exact=y.rank == 1 or kept == y.rank - 1), *last)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(view=True, required_format=tuple(range(x.rank)), output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Steps:
        # Not reshape(-1, …), which would mix the samples of a batch if the sizes did not fit.
        unflatten = method.unflatten(ARG, 1, self.sizes)
        return (unflatten,) if x.rank == 1 else (method.flatten(ARG, 1), unflatten)


class Permute(Layer):
    """Reorder the axes: `permute 1 0` turns a sequence T×C into a signal C×L and vice versa.

    Example:
        input 64x100; conv 32 k1; permute 1 0
    """

    keyword = "permute"
    style = "shape"

    axes: tuple[NaturalInt, ...] = argument(
        positional=True, many=True, doc="input axis for each output axis, counted from 0 without the batch"
    )

    def out(self, x: Shape) -> Shape:
        numbers(x)
        if sorted(self.axes) != list(range(x.rank)):
            given, whole = (" ".join(map(str, axes)) for axes in (self.axes, range(x.rank)))
            raise Reject("axes", f"{given} is not a permutation of {whole}, the axes of {x}")
        if self.axes == tuple(range(x.rank)):
            return x
        transposed = {Layout.SEQUENCE: Layout.SIGNAL, Layout.SIGNAL: Layout.SEQUENCE}
        return Shape(*(x.dims[axis] for axis in self.axes), layout=transposed.get(x.layout, x.layout))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return (KEEPS,) if x == y else reasons("the same axes in another order")

    def reads(self, x: Shape, y: Shape) -> Links:
        return tuple((self.axes.index(axis), SAME) for axis in range(x.rank))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(view=True, output_format=lambda order: tuple(self.axes.index(axis) for axis in order))

    def torch(self, x: Shape) -> Step:
        return method.permute(ARG, 0, *(axis + 1 for axis in self.axes))


class Tokens(Layer):
    """Turn an image into a sequence: C×H×W becomes T×C with T = H·W, row by row (Dosovitskiy et al., 2020).

    Example:
        input 768x14x14; tokens
    """

    keyword = "tokens"
    synonyms = ("to_tokens",)
    style = "shape"

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        return Shape(prod(x.spatial_size), x.channels, layout=Layout.SEQUENCE)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return reasons(f"{product(x.spatial_size)} = {factor_of(y.dims[0])} steps of {x.channels} features")

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((1, SAME), *((0, _folded(x.spatial_size, dimension)) for dimension in range(len(x.spatial_size))))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(view=True, output_format=lambda order: (0, 1) if order[-1] == 0 else (1, 0))

    def torch(self, x: Shape) -> Steps:
        transpose = method.transpose(ARG, 1, 2)
        return (transpose,) if x.rank == 2 else (method.flatten(ARG, 2), transpose)


class ToImage(Layer):
    """Turn a sequence into an image: T×C becomes C×H×W, row by row, square if no size is given.

    Example:
        input 196x768; to_image 14x14
    """

    keyword = "to_image"
    synonyms = ("untokens", "from_tokens")
    style = "shape"

    size: ImageSize | None = argument(None, positional=True, doc="spatial size of the output, T positions in total")

    def _image_size(self, x: Shape) -> tuple[int, ...]:
        if self.size is None and isinstance(x.dims[0], Sym):
            raise Undecided(f"the height of a square of {x.dims[0]} positions has no closed form: write `to_image HxW`")
        return self.size or (isqrt(x.dims[0]),) * 2

    def out(self, x: Shape) -> Shape:
        x = sequential(x)
        sizes, steps = self._image_size(x), x.dims[0]
        if len(sizes) not in SPATIAL:
            raise Reject(
                "size",
                f"the output has one to three spatial dimensions, but {times(sizes)} has {len(sizes)}",
                language_rule=True,
            )
        y = x.with_spatial_size(x.channels, sizes)
        if prod(sizes) != steps:
            why = f"{times(sizes)} = {prod(sizes):,} positions" if self.size else f"{steps:,} is not a square"
            raise Reject(
                "size",
                f"{why}, but {x} has {steps:,} steps" if self.size else why,
                changes=_fitting(self.size or (), steps),
                recovery_shape=y,
            )
        return y

    def reads(self, x: Shape, y: Shape) -> Links:
        return (None, Unfolded(spatial_size=y.spatial_size)), (0, SAME)

    def saves(self, x: Shape, y: Shape) -> Saves:
        last = (*range(1, y.rank), 0)
        return Saves(view=True, output_format=lambda order: last if order == (0, 1) else tuple(range(y.rank)))

    def torch(self, x: Shape) -> Steps:
        sizes = self._image_size(x)
        transpose = method.transpose(ARG, 1, 2)
        return (
            (transpose,) if len(sizes) == 1 and sizes[0] == x.dims[0] else (transpose, method.unflatten(ARG, 2, sizes))
        )


def _folded(sizes: tuple[int, ...], dimension: int) -> Reads:
    """The position along one dimension that step t of the row-by-row order reads."""
    after = prod(sizes[dimension + 1 :])
    # The first dimension ends where the steps end: nothing is repeated.
    return repeating(0, 0, after) if dimension == 0 else folded(after, sizes[dimension])


def _fitting(sizes: tuple[int, ...], count: int) -> tuple[Change, ...]:
    """`HxW` for this number of positions, with the height or the width of `sizes`, or as nearly square as possible."""
    if any(isinstance(each, Sym) for each in (*sizes, count)):
        return ()
    sides = [(side, count // side) for side in sizes[:1]] + [(count // side, side) for side in sizes[1:2]]
    fitting = [(h, w) for h, w in sides if h * w == count and min(h, w) > 1]
    if not fitting and count > 2 and count - 1 == (prod(sizes) if sizes else isqrt(count - 1) ** 2):
        return (Change(before="slice 1 axis=0", why="it leaves out the class token"),)
    text = "x".join(map(str, fitting[0])) if fitting else "" if sizes else _rectangle(count)
    return (Change.of(size=text),) if text else ()


def _rectangle(count: int) -> str:
    """The most nearly square `HxW` for this number of positions."""
    height = next(h for h in range(isqrt(count), 0, -1) if count % h == 0 or isqrt(count) - h > 10_000)
    return f"{height}x{count // height}" if count % height == 0 else f"1x{count}"
