"""Sums, products and other operations of two tensors, or of a tensor and a number."""

from collections.abc import Mapping
from typing import Any

import torch

from ...shapes.shape import Layout
from ..arranging import aligned, materialized
from ..atoms import Group, View, has_batch, length
from ..building import Weight
from ..import_problem import NotExpressible
from ..values import Computed, ConstantTensor, SourceParameter, Tensor, evaluate, only_moves
from . import rule


@rule("add", "sub", "mul", "div", "true_divide", "multiply", "subtract", "maximum", "minimum", "rsub")
def binary(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """A merge of tensors, or a layer with a constant or learned numbers."""
    name = str(lifter.at.target).split(".")[1].rstrip("_")
    name = {"true_divide": "div", "multiply": "mul", "subtract": "sub"}.get(name, name)
    x, y = a["self"], a["other"]
    if name == "rsub":
        name, x, y = "sub", y, x
    if a.get("rounding_mode"):
        raise NotExpressible("a division that rounds")
    alpha = a.get("alpha", 1)
    if alpha != 1:
        y = y * alpha if isinstance(y, int | float) else scaled(lifter, lifter.tensor(y), float(alpha))
    x, y = _number(x), _number(y)
    if isinstance(y, int | float) and isinstance(x, Tensor):
        return _with_number(lifter, name, x, float(y))
    if isinstance(x, int | float):
        return _number_first(lifter, name, float(x), lifter.tensor(y))
    return combined(lifter, name, x, y)


@rule("addcmul")
def addcmul(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """A sum with a product."""
    product = combined(lifter, "mul", a["tensor1"], a["tensor2"])
    if a["value"] != 1:
        product = scaled(lifter, product, float(a["value"]))
    return combined(lifter, "add", a["self"], product)


def _number(value: Any) -> Any:
    """A constant of one number as that number."""
    if isinstance(value, ConstantTensor) and value.tensor.numel() == 1 and not value.tensor.is_complex():
        return value.tensor.item()
    if (
        isinstance(value, ConstantTensor)
        and value.tensor.numel()
        and bool((value.tensor == value.tensor.flatten()[0]).all())
    ):
        return value.tensor.flatten()[0].item()
    return value


def scaled(lifter: Any, x: Tensor, factor: float) -> Tensor:
    """A tensor times a number."""
    return x if factor == 1 else Tensor(lifter.made("scale", x.node, factor=factor), x.view)


def shifted(lifter: Any, x: Tensor, amount: float) -> Tensor:
    """A tensor plus a number."""
    return x if amount == 0 else Tensor(lifter.made("shift", x.node, amount=amount), x.view)


def _with_number(lifter: Any, name: str, x: Tensor, number: float) -> Tensor:
    match name:
        case "add":
            return shifted(lifter, x, number)
        case "sub":
            return shifted(lifter, x, -number)
        case "mul":
            return scaled(lifter, x, number)
        case "div":
            return scaled(lifter, x, 1 / number)
        case "maximum":
            return Tensor(lifter.made("clamp", x.node, min=number), x.view)
        case _:
            return Tensor(lifter.made("clamp", x.node, max=number), x.view)


def _number_first(lifter: Any, name: str, number: float, x: Tensor) -> Tensor:
    if name == "sub":
        return shifted(lifter, Tensor(lifter.made("neg", x.node), x.view), number)
    if name == "div":
        return scaled(lifter, Tensor(lifter.made("pow", x.node, exponent=-1.0), x.view), number)
    return _with_number(lifter, name, x, number)


def combined(lifter: Any, name: str, first: Any, second: Any) -> Tensor:
    """A merge of two tensors; `scale learned`, `shift learned` and `pos` where one of them is learned."""
    found = _with_learned(lifter, name, first, second)
    if found is not None:
        return found
    x, y = lifter.tensor(first), lifter.tensor(second)
    # The operand with all axes comes first in our layout; the order of the operands stays.
    for attempt in range(3):
        size_x, size_y = length(_flat(x)), length(_flat(y))
        main, other, swapped = (y, x, True) if size_y > size_x else (x, y, False)
        made = aligned(lifter.b, main, other)
        if made is None and size_x == size_y:
            made = aligned(lifter.b, other, main)
            main, other, swapped = other, main, not swapped
        if made is not None:
            node = made[0]
            merged = _merged(lifter, name, main.node, node, swapped)
            view = ((),) * (max(len(x.view), len(y.view)) - len(main.view)) + main.view
            return Tensor(merged, view)
        if attempt == 0:
            x, y = (_in_order(lifter, x), y) if size_x >= size_y else (x, _in_order(lifter, y))
        elif attempt == 1:
            x, y = _in_order(lifter, x), _in_order(lifter, y)
    if x.sizes == y.sizes:  # one is repeated, or its axes are computed in an order that the other does not have
        what = f"`{name}` of two tensors of shape {x.sizes}, both broadcast or with axes in different orders"
        raise NotExpressible(what, "axes in the same order, and at most one broadcast operand")
    raise NotExpressible(f"`{name}` of {x.sizes} and {y.sizes}", "an operand with the size of the result")


def _merged(lifter: Any, name: str, main: int, other: int, swapped: bool) -> int:
    b = lifter.b
    nodes = [other, main] if swapped else [main, other]
    try:
        return int(lifter.merged(name, nodes))
    except NotExpressible:
        if name != "add" or b.dims(main) == b.dims(other):
            raise
        # `add` repeats only one number for each channel; `sub` of the negative repeats along all axes.
        negative = lifter.made("neg", other)
        return int(lifter.merged("sub", [main, negative]))


def _in_order(lifter: Any, x: Tensor) -> Tensor:
    return materialized(lifter.b, x) if has_batch(x.view) else x


def _flat(x: Tensor) -> Group:
    return tuple(atom for group in x.view for atom in group)


def _with_learned(lifter: Any, name: str, first: Any, second: Any) -> Tensor | None:
    """`scale learned`, `shift learned` or `pos`; None if it is none of these."""
    if name not in ("mul", "add"):
        return None
    learned, x = (first, second) if isinstance(first, SourceParameter | Computed) else (second, first)
    if not isinstance(learned, SourceParameter | Computed) or not isinstance(x, Tensor) or not only_moves(learned):
        return None
    b = lifter.b
    shape = b.nodes[x.node].shape
    axes = _axes_of(b, x, learned.sizes)
    if axes is None:
        return None
    weights = "weight" if name == "mul" else "bias"
    if axes == {shape.channel_axis} and shape.layout is not Layout.OPEN:
        own = (shape.channels, *(1 for _ in shape.spatial_size)) if shape.spatial else (shape.channels,)
        weight = {weights: Weight((learned,), lambda tensor: tensor.reshape(own))}
        start = _start(lifter, learned, 1.0 if name == "mul" else 0.0)
        more = {} if start is None else {"factor" if name == "mul" else "amount": start}
        return Tensor(
            lifter.made("scale" if name == "mul" else "shift", x.node, weights=weight, learned=True, **more), x.view
        )
    if name == "add" and shape.layout is Layout.SEQUENCE and axes == {0, 1} and _same_order(x.view, learned.sizes):
        table = _table_of(learned)
        if table is not None:
            count = table.sizes[0]
            more = {} if count == shape.dims[0] else {"length": count}
            whole = Weight((table,), lambda t: t[None])
            return Tensor(lifter.made("pos", x.node, weights={"weight": whole}, **more), x.view)
        dims = (1, *shape.dims)
        return Tensor(
            lifter.made("pos", x.node, weights={"weight": Weight((learned,), lambda t: t.reshape(dims))}), x.view
        )
    return None


def _table_of(learned: Any) -> SourceParameter | None:
    """The table whose first rows make up a learned tensor, however its elements are rearranged after that."""
    while isinstance(learned, Computed):
        if not isinstance(learned.args[0], SourceParameter | Computed) or learned.name not in ("slice", *_PLAIN_MOVES):
            return None
        if isinstance(learned.args[0], SourceParameter):
            table = learned.args[0]
            rows = evaluate(learned, {table.name: torch.arange(float(table.sizes[0]))[:, None].expand(table.sizes)})
            starts = bool(
                (rows.flatten()[:: table.sizes[-1]] == torch.arange(float(rows.numel() // table.sizes[-1]))).all()
            )
            return table if len(table.sizes) == 2 and starts else None
        learned = learned.args[0]
    return None


_PLAIN_MOVES = ("unsqueeze", "squeeze", "clone", "contiguous", "expand", "view", "reshape", "to", "_to_copy")


def _start(lifter: Any, learned: Any, default: float) -> float | None:
    """The common value of all learned factors, if six digits represent it exactly; None for the default."""
    if not isinstance(learned, SourceParameter):
        return None
    values = lifter.state[learned.name].detach()
    if values.is_meta or not bool((values == values.flatten()[0]).all()):
        return None
    number = float(f"{float(values.flatten()[0]):.6g}")
    return None if number == default or float(torch.tensor(number)) != float(values.flatten()[0]) else number


def _axes_of(b: Any, x: Tensor, dims: tuple[int, ...]) -> set[int] | None:
    """Our axes that a tensor of these sizes covers completely; None if it covers parts of an axis."""
    view = x.view[len(x.view) - len(dims) :]
    if len(dims) > len(x.view):
        if any(size != 1 for size in dims[: len(dims) - len(x.view)]):
            return None
        dims, view = dims[len(dims) - len(x.view) :], x.view
    atoms = []
    for group, size in zip(view, dims, strict=True):
        if size != 1:
            if length(group) != size:
                return None
            atoms += list(group)
    if any(atom.axis < 0 for atom in atoms):
        return None
    own = b.dims(x.node)
    axes = {atom.axis for atom in atoms}
    for axis in axes:
        if length(tuple(atom for atom in atoms if atom.axis == axis)) != own[axis]:
            return None
        mine = [atom for atom in atoms if atom.axis == axis]
        if [atom.stride for atom in mine] != sorted((atom.stride for atom in mine), reverse=True):
            return None
    return axes


def _same_order(view: View, dims: tuple[int, ...]) -> bool:
    """Whether the source axes are steps, then features."""
    atoms = [atom for group in view[len(view) - len(dims) :] for atom in group if atom.axis >= 0]
    return [atom.axis for atom in atoms] == [0, 1]
