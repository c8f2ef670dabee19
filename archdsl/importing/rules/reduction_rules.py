"""Reductions along axes, and pooling."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...shapes.shape import Layout
from ..arranging import channels_first, materialized
from ..atoms import Atom, Group, View, whole
from ..import_problem import NotExpressible
from ..values import NoResult, Tensor
from . import rule
from .convolution_rules import compact


def own_axes(lifter: Any, x: Tensor, dims: Sequence[int]) -> tuple[int, list[int], View]:
    """A node in which source axes are separate axes: the node, its axes, and the view of it."""
    b = lifter.b
    dims = [dim % len(x.view) for dim in dims]
    found = _axes(b, x, dims)
    if found is not None:
        return x.node, found, x.view
    made = materialized(b, x)
    found = _axes(b, made, dims)
    if found is None:
        raise NotExpressible("an operation along the batch axis", "operations that process each sample independently")
    return made.node, found, made.view


def _axes(b: Any, x: Tensor, dims: Sequence[int]) -> list[int] | None:
    """The axes that consist of exactly these source axes."""
    own = b.dims(x.node)
    atoms = {atom for dim in dims for atom in x.view[dim]}
    if any(atom.axis < 0 for atom in atoms):
        return None
    axes = sorted({atom.axis for atom in atoms})
    for axis in axes:
        parts = [atom for atom in atoms if atom.axis == axis]
        count = 1
        for atom in parts:
            count *= atom.size
        if count != own[axis]:
            return None
    ones = [axis for axis, size in enumerate(own) if size == 1] if not axes else []
    return axes or ones[: len(dims)] or None


def reduced(lifter: Any, x: Tensor, dims: Any, keep: bool, keyword: str, **arguments: Any) -> Tensor:
    """A reduction along source axes; the mean over all positions is `gap`, the maximum `gmp`."""
    b = lifter.b
    if dims is None or dims == []:
        dims = list(range(len(x.view)))
    dims = [dim % len(x.view) for dim in (dims if isinstance(dims, list | tuple) else [dims])]
    long = [dim for dim in dims if x.view[dim]]
    if not long:
        return x if keep else Tensor(x.node, tuple(g for i, g in enumerate(x.view) if i not in dims))
    node, axes, view = own_axes(lifter, x, long)
    shape = b.nodes[node].shape
    left: list[Group] = [() if i in dims else group for i, group in enumerate(view)]
    places = {axis for axis in range(shape.rank) if axis != shape.channel_axis}
    everywhere = set(axes) == places and bool(axes) and shape.layout not in (Layout.OPEN,)
    if keyword in ("mean", "amax") and everywhere and shape.layout is not Layout.VECTOR:
        word = "gap" if keyword == "mean" else "gmp"
        kept = keep and shape.spatial
        made = lifter.made(word, node, **({"keep": True} if kept else {}))
        if not kept:
            left = _without(left, axes)
    else:
        if shape.rank == len(axes):
            raise NotExpressible("a reduction to a single number", "a tensor without axes")
        axis = axes[0] if len(axes) == 1 else tuple(axes)
        made = lifter.made(keyword, node, axis=axis, **({"keep": True} if keep else {}), **arguments)
        if not keep:
            left = _without(left, axes)
    return Tensor(made, tuple(left) if keep else tuple(g for i, g in enumerate(left) if i not in dims))


def _without(view: Sequence[Group], axes: Sequence[int]) -> list[Group]:
    """A view after axes are removed."""
    return [
        tuple(a._replace(axis=a.axis - sum(axis < a.axis for axis in axes)) if a.axis >= 0 else a for a in group)
        for group in view
    ]


@rule("mean", "sum", "amax", "amin")
def plain_reduction(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`mean`, `sum`, `amax` and `amin`; `gap` and `gmp` over all positions."""
    keyword = str(lifter.at.target).split(".")[1]
    return reduced(lifter, a["self"], a.get("dim"), bool(a.get("keepdim")), keyword)


@rule("max", "min")
def extreme(lifter: Any, a: Mapping[str, Any]) -> tuple[Any, Any] | Tensor:
    """`amax` and `amin`; the indices have no counterpart."""
    keyword = "a" + str(lifter.at.target).split(".")[1]
    if "other" in a:
        raise NotExpressible("`max` of two tensors", "`maximum`")
    return reduced(lifter, a["self"], a.get("dim"), bool(a.get("keepdim")), keyword), _positions()


def _positions() -> NoResult:
    return NoResult("positions of the largest or smallest elements", "a layer that gives them")


@rule("std", "var")
def deviation(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`std`, and its square."""
    correction = a["correction"] if "correction" in a else int(a.get("unbiased", True))
    more = {} if correction in (None, 1) else {"correction": int(correction)}
    made = reduced(lifter, a["self"], a.get("dim"), bool(a.get("keepdim")), "std", **more)
    if "var" in str(lifter.at.target):
        return Tensor(lifter.made("square", made.node), made.view)
    return made


def _pooled(lifter: Any, x: Tensor, keyword: str, **arguments: Any) -> Tensor:
    b = lifter.b
    made = lifter.made(keyword, channels_first(b, x), **arguments)
    return Tensor(made, whole(b.dims(made), b.batch))


def _window(a: Mapping[str, Any]) -> dict[str, Any]:
    kernel = compact(a["kernel_size"])
    found: dict[str, Any] = {"kernel": kernel}
    stride = compact(a["stride"]) if a["stride"] else kernel
    if stride != kernel:
        found["stride"] = stride
    if compact(a["padding"]) != 0:
        found["padding"] = compact(a["padding"])
    if a["ceil_mode"]:
        found["ceil"] = True
    return found


@rule("max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices")
def max_pool(lifter: Any, a: Mapping[str, Any]) -> Any:
    """`maxpool`."""
    more = {} if compact(a["dilation"]) == 1 else {"dilation": compact(a["dilation"])}
    made = _pooled(lifter, a["self"], "maxpool", **_window(a), **more)
    if "indices" in str(lifter.at.target):
        return made, _positions()
    return made


@rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def avg_pool(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`avgpool`."""
    if a.get("divisor_override") is not None:
        raise NotExpressible("average pooling with `divisor_override`", "`avgpool` and `scale`")
    window = _window(a)
    # Without padding, there is none to count; with `ceil`, torch leaves out what is beyond the padding.
    more = {} if a["count_include_pad"] or "padding" not in window else {"count_include_pad": False}
    return _pooled(lifter, a["self"], "avgpool", **window, **more)


@rule("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_avg_pool(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`gap keep` for one position, no layer for the same size, else `adaptive_avgpool`."""
    return _adaptive(lifter, a, "gap", "adaptive_avgpool")


@rule("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_max_pool(lifter: Any, a: Mapping[str, Any]) -> Any:
    """`gmp keep` for one position, no layer for the same size, else `adaptive_maxpool`."""
    return _adaptive(lifter, a, "gmp", "adaptive_maxpool"), _positions()


def _adaptive(lifter: Any, a: Mapping[str, Any], globally: str, otherwise: str) -> Tensor:
    x = a["self"]
    wanted = tuple(a["output_size"])
    if x.sizes[-len(wanted) :] == wanted:
        return x  # type: ignore[no-any-return]  # the tensor itself
    if set(wanted) == {1}:
        b = lifter.b
        own = b.nodes[x.node].shape
        positions = x.view[2:]
        # Where the channels are last, the mean over the steps is global pooling as well.
        atoms = sorted(atom for group in positions for atom in group)
        channels = x.view[1]
        if (
            own.layout is Layout.SEQUENCE
            and channels == whole(own.dims, None)[1]
            and atoms == list(whole(own.dims, None)[0])
        ):
            made = lifter.made(globally, x.node)
            return Tensor(made, (x.view[0], (Atom(0, 1, own.dims[1]),), *((),) * len(wanted)))
        return _pooled(lifter, x, globally, keep=True)
    return _pooled(lifter, x, otherwise, size=compact(wanted))


@rule("lp_pool2d")
def lp_pool(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Not recognized: `lppool` has to be written by hand."""
    raise NotExpressible("power-average pooling", "`lppool`, written by hand")
