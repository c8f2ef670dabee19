"""Layers with symbolic dimensions: what holds for the symbols holds for each size."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from archdsl.analysis.undecided_layers import calls_vary
from archdsl.contract.call import symbols_in
from archdsl.contract.layer import Op, Reject
from archdsl.shapes.shape import Shape
from archdsl.shapes.symbolic import Sym, Undecided, form_of, recording

from .oracle import check_equal_calls
from .strategies import integers

Draw = Callable[[st.SearchStrategy[Any]], Any]


def check_sizes(draw: Draw, op: Op, xs: tuple[Shape, ...]) -> str:
    """Make some sizes of an accepted input symbolic, and check the closed forms at other sizes.

    Returns how precise the conditions are: `exact` if they hold for exactly the sizes that the layer accepts, `narrow`
    if it accepts others too, `undecided` if there is no closed form.
    """
    example: dict[str, int] = {}
    unknown = tuple(_unknown(draw, x, example) for x in xs)
    with recording() as conditions:
        try:
            y = op.infer(unknown)
            macs = op.macs_of(unknown, y)
        except Undecided:
            return "undecided"
    known = op.infer(xs)
    assert tuple(map(int, y.dims)) == known.dims, f"{op} of {unknown}: {y.dims}, but {known.dims} for {example}"
    assert y.layout == known.layout
    reach = "exact"
    for _ in range(3):
        sizes = {name: draw(integers(1, 12)) for name in example}
        others = tuple(_given(x, sizes) for x in unknown)
        held = all(condition.holds(sizes) for condition in conditions)
        found = _infer(op, others)
        if found is None:
            assert not held, f"{op} refuses {others}, but for {unknown} it takes all with {conditions}"
            continue
        expected = tuple(form_of(dim).value(sizes) for dim in y.dims)
        if held:
            if not any(symbols_in(op.steps(unknown))) and not calls_vary(op, unknown):
                check_equal_calls(op.steps(unknown), op.steps(others), others)
            assert found.dims == expected, f"{op} of {others}: {found.dims}, but {y.dims} should hold for {sizes}"
            assert op.macs_of(others, found) == form_of(macs).value(sizes)
        elif found.dims == expected:
            reach = "narrow"
    return reach


def _infer(op: Op, xs: tuple[Shape, ...]) -> Shape | None:
    try:
        return op.infer(xs)
    except Reject:
        return None


def _unknown(draw: Draw, x: Shape, example: dict[str, int]) -> Shape:
    dims = list(x.dims)
    for axis, size in enumerate(x.dims):
        if draw(st.booleans()):
            name = f"S{len(example)}"
            example[name] = size
            dims[axis] = Sym.symbol(name, size)
    return Shape(*dims, layout=x.layout, vocabulary=x.vocabulary)


def _given(x: Shape, sizes: dict[str, int]) -> Shape:
    return Shape(*(form_of(dim).value(sizes) for dim in x.dims), layout=x.layout, vocabulary=x.vocabulary)
