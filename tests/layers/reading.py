"""Compare what a layer reads to torch: perturb each position of the input, and observe where the output changes."""

from itertools import product

import torch
from torch import nn

from archdsl.backends.modules import FixedConv
from archdsl.backends.torch import apply, make_module
from archdsl.contract.call import Module
from archdsl.contract.layer import Op
from archdsl.contract.reads import Links, PeriodicReads, ReadsAll, ReadsBefore, Unfolded
from archdsl.layers.elementwise import Clamp
from archdsl.layers.merge import Minimum
from archdsl.layers.rearrange import Reduce
from archdsl.layers.recurrent import Recurrent
from archdsl.layers.reduction import AxisMinimum
from archdsl.layers.sequence import Attention
from archdsl.shapes.shape import Layout, Shape

_MOST = 600
Place = tuple[int, ...]


def check_reads(op: Op, xs: tuple[Shape, ...], y: Shape) -> None:
    """For each operand: the observed dependencies are those declared; fewer are allowed if they are not exact."""
    if any(x.layout is Layout.IDS for x in xs) or any(x.numel > _MOST for x in (*xs, y)):
        return
    if y.layout is Layout.SEQUENCE:
        xs = tuple(x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x for x in xs)
    for index, links in enumerate(op.reads_of(xs, y)):
        assert len(links) == xs[index].rank, f"{op} of {xs}: {links}"
        expected, exact = declared(links, xs[index], y)
        observed = _observed(op, xs, y, index)
        for place, sources in observed.items():
            assert not (extra := sources - expected[place]), f"{op} of {xs} at {place}: {sorted(extra)} are read, too"
        # Some layers have constant outputs: the normalization of a single number, a softmax over one.
        if exact and any(observed.values()) and not isinstance(op, Clamp):
            # The product with a single key does not matter: its weight is 1.
            weighs = isinstance(op, Attention) and op.values is not None and index == 0
            for place, sources in observed.items():
                if weighs and len(expected[place]) == 1:
                    continue
                missing = expected[place] - sources
                assert not missing, f"{op} of {xs} at {place}: {sorted(missing)} are not read"


def declared(links: Links, x: Shape, y: Shape) -> tuple[dict[Place, set[Place]], bool]:
    """For each output position, the input positions that are read, without channels; and whether that is exact."""
    found: dict[Place, set[Place]] = {}
    for place in _places(y):
        along = [_along(links, axis, x, y, place) for axis in range(x.rank) if axis != x.channel_axis]
        found[place] = set(product(*along))
    return found, not any(isinstance(reads, ReadsAll) and not reads.exact for _, reads in links)


def _along(links: Links, axis: int, x: Shape, y: Shape, place: Place) -> set[int]:
    own, reads = links[axis]
    side = x.dims[axis]
    if isinstance(reads, Unfolded):
        step = 0
        for size, at in zip(reads.spatial_size, place, strict=True):
            step = step * size + at
        return {step}
    if isinstance(reads, ReadsAll):
        return set(range(side))
    if own is None:
        positions = [0]
    elif own == y.channel_axis:
        positions = list(range(y.dims[own]))
    else:
        positions = [place[own - (own > y.channel_axis)]]
    if isinstance(reads, ReadsBefore):
        return set(range(max(positions) + 1))
    assert isinstance(reads, PeriodicReads)
    return {i for position in positions for i in reads.at(position, side)}


def _places(shape: Shape) -> list[Place]:
    return list(product(*(range(size) for axis, size in enumerate(shape.dims) if axis != shape.channel_axis)))


def _is_minimum(op: Op) -> bool:
    return isinstance(op, AxisMinimum | Minimum) or (isinstance(op, Reduce) and op.operation == "min")


@torch.no_grad()
def _observed(op: Op, xs: tuple[Shape, ...], y: Shape, index: int) -> dict[Place, set[Place]]:
    generator = torch.Generator().manual_seed(0)

    def numbers(*dims: int) -> torch.Tensor:
        return 0.2 + 0.3 * torch.rand(*dims, generator=generator, dtype=torch.float64)

    x = xs[index]
    sources = _places(x)
    inputs = [numbers(1, *each.dims).expand(len(sources) + 1, *each.dims).clone() for each in xs]
    perturbed = inputs[index].movedim(x.channel_axis + 1, 1) if x.rank else inputs[index]
    for row, source in enumerate(sources, 1):
        where: tuple[int | slice, ...] = (row, slice(None), *source)
        change = 0.5 + numbers(x.channels)
        # A larger number does not change a minimum.
        perturbed[where] += -change if _is_minimum(op) else change
    result: torch.Tensor = inputs[0]
    for step in op.steps(xs):
        module = make_module(step).double().eval() if isinstance(step, Module) else None
        # The tanh of a sum of positive numbers saturates at 1 and would hide dependencies.
        saturates = isinstance(op, Recurrent) and getattr(op, "activation", "tanh") == "tanh"
        for parameter in module.parameters() if module and not saturates else ():
            nn.init.uniform_(parameter, 0.1, 0.6, generator=generator)
        if isinstance(module, FixedConv):
            # Its window counts whole, also where a number of the filter is 0.
            nn.init.uniform_(module.weight, 0.1, 0.6, generator=generator)
        result = apply(step, module, inputs)
        inputs = [result, *inputs[1:]]
    same = torch.isclose(result[1:], result[:1], rtol=1e-11, atol=0, equal_nan=True)  # up to rounding
    changed = (~same).any(y.channel_axis + 1)
    return {place: {s for row, s in enumerate(sources) if changed[row][place]} for place in _places(y)}
