"""Elementwise functions of one tensor."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from ..arranging import channels_first
from ..atoms import Atom, whole
from ..building import same
from ..import_problem import NotExpressible
from ..values import Computed, SourceParameter, Tensor, only_moves
from . import rule
from .reduction_rules import own_axes

_PLAIN = (
    "relu relu6 silu mish sigmoid tanh hardswish hardsigmoid selu abs neg exp log sqrt rsqrt square sin cos".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)


def _simple(keyword: str) -> Callable[[Any, Mapping[str, Any]], Tensor]:
    def function(lifter: Any, a: Mapping[str, Any]) -> Tensor:
        x = next(iter(a.values()))
        return Tensor(lifter.made(keyword, x.node), x.view)

    return function


for _keyword in _PLAIN:
    rule(_keyword)(_simple(_keyword))


def apply(lifter: Any, x: Tensor, keyword: str, **arguments: Any) -> Tensor:
    """A layer that acts on each element."""
    return Tensor(lifter.made(keyword, x.node, **arguments), x.view)


@rule("gelu")
def gelu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`gelu`, exact or with the tanh approximation."""
    arguments = {} if a["approximate"] == "none" else {"approximate": a["approximate"]}
    return apply(lifter, a["self"], "gelu", **arguments)


@rule("elu")
def elu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`elu`."""
    if (a["scale"], a["input_scale"]) != (1, 1):
        raise NotExpressible("a scaled elu", "`elu` with a scale")
    return apply(lifter, a["self"], "elu", **({} if a["alpha"] == 1 else {"alpha": float(a["alpha"])}))


@rule("celu")
def celu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`celu`."""
    return apply(lifter, a["self"], "celu", **({} if a["alpha"] == 1 else {"alpha": float(a["alpha"])}))


@rule("leaky_relu")
def leaky_relu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`leakyrelu`."""
    slope = float(a["negative_slope"])
    return apply(lifter, a["self"], "leakyrelu", **({} if slope == 0.01 else {"negative_slope": slope}))


@rule("softplus")
def softplus(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`softplus`."""
    changed = {name: float(a[name]) for name, default in (("beta", 1), ("threshold", 20)) if a[name] != default}
    return apply(lifter, a["self"], "softplus", **changed)


@rule("prelu", "_prelu_kernel")
def prelu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`prelu`."""
    weight = a["weight"]
    if not isinstance(weight, SourceParameter | Computed) or not only_moves(weight):
        raise NotExpressible("a slope that is not a learned tensor", "`prelu` with a computed slope")
    b = lifter.b
    node = channels_first(b, a["self"])
    count = prod(weight.sizes)
    arguments = {} if count == 1 else {"channelwise": True}
    made = lifter.made("prelu", node, weights={"weight": same(weight, (count,))}, **arguments)
    return Tensor(made, whole(b.dims(made), b.batch))


@rule("hardtanh")
def hardtanh(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`relu6`, or `clamp` to other bounds."""
    low, high = float(a["min_val"]), float(a["max_val"])
    if (low, high) == (0.0, 6.0):
        return apply(lifter, a["self"], "relu6")
    return apply(lifter, a["self"], "clamp", min=low, max=high)


@rule("clamp", "clamp_min", "clamp_max", "clip")
def clamp(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`clamp`."""
    bounds = {name: value for name in ("min", "max") if (value := a.get(name)) is not None}
    if not all(isinstance(value, int | float) for value in bounds.values()):
        raise NotExpressible("`clamp` between tensors", "`maximum` and `minimum`")
    return apply(lifter, a["self"], "clamp", **{name: float(value) for name, value in bounds.items()})


@rule("pow")
def power(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pow` and `square`."""
    exponent = a["exponent"]
    if not isinstance(exponent, int | float) or not isinstance(a["self"], Tensor):
        raise NotExpressible("a power with a tensor as its exponent", "`pow` with a tensor")
    if exponent == 2:
        return apply(lifter, a["self"], "square")
    return apply(lifter, a["self"], "pow", exponent=float(exponent))


@rule("reciprocal")
def reciprocal(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pow -1`."""
    return apply(lifter, a["self"], "pow", exponent=-1.0)


@rule("softmax", "log_softmax", "_softmax", "special_softmax")
def softmax(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`softmax` and `logsoftmax` along an axis."""
    keyword = "logsoftmax" if "log" in str(lifter.at.target) else "softmax"
    x, axes, view = own_axes(lifter, a["self"], [a["dim"]])
    shape = lifter.b.nodes[x].shape
    axis = axes[0] if len(axes) == 1 else axes
    arguments = {} if axis == shape.channel_axis and shape.layout.value != "signal or sequence" else {"axis": axis}
    return Tensor(lifter.made(keyword, x, **arguments), view)


@rule("glu")
def glu(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`glu` of the channels."""
    b, x = lifter.b, a["self"]
    dim = a["dim"] % len(x.view)
    node, axes, view = own_axes(lifter, x, [dim])
    shape = b.nodes[node].shape
    if axes != [shape.channel_axis]:
        raise NotExpressible("`glu` along an axis other than the channels", "`glu` with an axis")
    half = b.dims(node)[axes[0]] // 2
    return Tensor(
        lifter.made("glu", node),
        tuple((Atom(axes[0], 1, half),) if i == dim else group for i, group in enumerate(view)),
    )


@rule("dropout", "feature_dropout", "alpha_dropout", "native_dropout")
def dropout(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`dropout` and `dropout2d`; no layer for a probability of 0."""
    x = a.get("input", a.get("self"))
    if a["p"] == 0:
        return x  # type: ignore[no-any-return]  # the tensor itself
    if a["train"]:
        raise NotExpressible("dropout that is active in eval mode as well", "a module's `self.training`: `nn.Dropout`")
    name = str(lifter.at.target)
    if "alpha" in name:
        raise NotExpressible("alpha dropout")
    if "feature" in name:
        b = lifter.b
        made = lifter.made("dropout2d", channels_first(b, x), p=float(a["p"]))
        return Tensor(made, whole(b.dims(made), b.batch))
    return apply(lifter, x, "dropout", **({} if a["p"] == 0.5 else {"p": float(a["p"])}))


@rule("drop_path")
def drop_path(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`drop_path`, where a module had it."""
    # Rates that grow from block to block have rounding errors.
    return apply(lifter, a["x"], "drop_path", p=float(f"{a['p']:.6g}"))


@rule("detach")
def detached(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The same tensor; its gradient is no longer stopped."""
    lifter.note("`detach` is left out: gradients flow through it in training")
    return a["self"]  # type: ignore[no-any-return]  # a value of the network


@rule("contiguous", "clone", "alias", "to", "_to_copy", "type_as", "lift_fresh_copy", "float", "identity")
def unchanged(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The same tensor."""
    x = a.get("self", a.get("input"))
    before = next(iter(lifter.at.args)).meta["val"].dtype
    after = lifter.at.meta["val"].dtype
    if before.is_floating_point != after.is_floating_point:
        raise NotExpressible(f"a conversion from {before} to {after}".replace("torch.", ""), "a layer that rounds")
    return x  # type: ignore[no-any-return]  # a value of the network


@rule("_assert_tensor_metadata")
def assert_metadata(lifter: Any, a: Mapping[str, Any]) -> None:
    """A check during export, which has no layer."""
