"""Normalization."""

from collections.abc import Mapping
from typing import Any

from ...shapes.shape import Layout
from ..arranging import arranged, channels_first, features
from ..atoms import BATCH, Atom, View, merged, whole
from ..building import Weight, same
from ..import_problem import NotExpressible
from ..values import SourceParameter, Tensor
from . import rule


def scale_and_shift(weight: Any, bias: Any) -> tuple[dict[str, Weight], dict[str, Any]]:
    """The weights of a normalization, and `affine` or `bias` where they are missing. Raises NotExpressible."""
    if weight is None and bias is None:
        return {}, {"affine": False}
    if not isinstance(weight, SourceParameter) or not (bias is None or isinstance(bias, SourceParameter)):
        raise NotExpressible("a scale that is not a learned tensor", "a normalization that computes its scale")
    found = {"weight": same(weight, (weight.sizes[0],) if len(weight.sizes) == 1 else None)}
    if bias is None:
        return found, {"bias": False}
    return found | {"bias": same(bias)}, {}


@rule("batch_norm")
def batch_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`bn`; also for samples and steps in one axis, which it normalizes together."""
    b, x = lifter.b, a["input"]
    names = [lifter.name_of(a[name]) for name in ("running_mean", "running_var")]
    if None in names or a["training"]:
        raise NotExpressible("batch normalization with the statistics of each batch", "`track_running_stats=True`")
    if a["momentum"] == 0 and lifter.cumulative is None:
        lifter.note("an exported program has `momentum=0` for `momentum=None` as well, a mean over all batches")
    elif lifter.cumulative and names[0] in lifter.cumulative:
        raise NotExpressible("running statistics that are means over all batches (`momentum=None`)", "a `momentum`")
    weights, arguments = scale_and_shift(a["weight"], a["bias"])
    if a["bias"] is None and a["weight"] is not None:
        raise NotExpressible("batch normalization that scales but does not shift", "`bn` with a scale alone")
    weights |= {name: same(SourceParameter(a[name].name, a[name].sizes)) for name in ("running_mean", "running_var")}
    arguments |= {"eps": a["eps"]} if a["eps"] != 1e-5 else {}
    arguments |= {"momentum": a["momentum"]} if a["momentum"] != 0.1 else {}
    node, view = _channels_first_view(b, x)
    made = lifter.made("bn", node, weights=weights, **arguments)
    return Tensor(made, view)


def _channels_first_view(b: Any, x: Tensor) -> tuple[int, View]:
    """A node with its channels first, and the view of it; the channels are the second source axis."""
    own = b.nodes[x.node].shape
    channels = x.view[1]
    if own.layout is not Layout.SEQUENCE and channels == ((Atom(0, 1, own.dims[0]),) if own.dims[0] > 1 else ()):
        return x.node, x.view
    steps = tuple(atom for atom in x.view[0] if atom.axis != BATCH)
    if len(x.view) == 2 and steps:
        node = arranged(b, x.node, (channels, steps), Layout.SIGNAL)
        first = merged((*(atom for atom in x.view[0] if atom.axis == BATCH), *whole(b.dims(node), None)[1]))
        return node, (first, whole(b.dims(node), None)[0])
    if len(x.view) == 2:
        node = arranged(b, x.node, (channels,))
        return node, whole(b.dims(node), b.batch)
    node = channels_first(b, x)
    return node, whole(b.dims(node), b.batch)


@rule("layer_norm")
def layer_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`layernorm` over the features; over a whole sample without a scale, `groupnorm 1`."""
    b, x = lifter.b, a["input"]
    if len(a["normalized_shape"]) != 1:
        if a["weight"] is None and len(a["normalized_shape"]) == len(x.view) - 1:
            node = channels_first(b, x)
            made = lifter.made("groupnorm", node, groups=1, affine=False, eps=a["eps"])
            return Tensor(made, whole(b.dims(made), b.batch))
        raise NotExpressible("layer normalization over several axes", "`layernorm` over several axes")
    weights, arguments = scale_and_shift(a["weight"], a["bias"])
    if a["eps"] != 1e-5:
        arguments["eps"] = a["eps"]
    return over_features(lifter, x, "layernorm", weights, arguments)


@rule("rms_norm")
def rms_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`rmsnorm` over the features."""
    if len(a["normalized_shape"]) != 1:
        raise NotExpressible("normalization over several axes", "`rmsnorm` over several axes")
    weights: dict[str, Weight] = {}
    arguments: dict[str, Any] = {} if a["eps"] is None else {"eps": a["eps"]}
    if a["weight"] is None:
        arguments["affine"] = False
    elif isinstance(a["weight"], SourceParameter):
        weights["weight"] = same(a["weight"])
    else:
        raise NotExpressible("a scale that is not a learned tensor", "a normalization that computes its scale")
    return over_features(lifter, a["input"], "rmsnorm", weights, arguments)


def over_features(
    lifter: Any, x: Tensor, keyword: str, weights: Mapping[str, Weight], arguments: Mapping[str, Any]
) -> Tensor:
    """A normalization over the last source axis."""
    b = lifter.b
    node, view, axis = features(b, x)
    shape = b.nodes[node].shape
    wanted = shape.rank - 1 if shape.layout in (Layout.SEQUENCE, Layout.VECTOR, Layout.OPEN) else 0
    if axis != wanted:
        node, view = with_features(b, x)
    return Tensor(lifter.made(keyword, node, weights=dict(weights), **arguments), view)


def with_features(b: Any, x: Tensor) -> tuple[int, View]:
    """A node whose features are the last source axis: a sequence, or channels first."""
    *others, last = x.view
    kept = [tuple(atom for atom in group if atom.axis != BATCH) for group in others]
    kept = [group for group in kept if group]
    if len(kept) == 1:
        node = arranged(b, x.node, (kept[0], last), Layout.SEQUENCE)
        steps, channels = whole(b.dims(node), None)
        spread = iter([steps])
    elif len(kept) in (2, 3):
        node = arranged(b, x.node, (last, *kept))
        channels, *rest = whole(b.dims(node), None)
        spread = iter(rest)
    else:
        raise NotExpressible("features that are not the last axis of a tensor", "a tensor with fewer axes")
    view = []
    for group in others:
        batch = tuple(atom for atom in group if atom.axis == BATCH)
        own = tuple(atom for atom in group if atom.axis != BATCH)
        view.append(merged((*batch, *next(spread))) if own else batch)
    return node, (*view, channels)


@rule("group_norm")
def group_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`groupnorm`."""
    b = lifter.b
    weights, arguments = scale_and_shift(a["weight"], a["bias"])
    if a["eps"] != 1e-5:
        arguments["eps"] = a["eps"]
    node, view = _channels_first_view(b, a["input"])
    return Tensor(lifter.made("groupnorm", node, weights=weights, groups=a["num_groups"], **arguments), view)


@rule("instance_norm")
def instance_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`instancenorm`."""
    if a["running_mean"] is not None:
        raise NotExpressible("instance normalization with running statistics", "`track_running_stats=False`")
    weights, arguments = scale_and_shift(a["weight"], a["bias"])
    arguments = {"affine": True} if weights else {}
    if a["eps"] != 1e-5:
        arguments["eps"] = a["eps"]
    node, view = _channels_first_view(lifter.b, a["input"])
    return Tensor(lifter.made("instancenorm", node, weights=weights, **arguments), view)


@rule("linalg_vector_norm")
def vector_norm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`norm` along axes."""
    from .reduction_rules import reduced

    p = float(a["ord"])
    return reduced(lifter, a["self"], a["dim"], a["keepdim"], "norm", **({} if p == 2.0 else {"p": p}))
