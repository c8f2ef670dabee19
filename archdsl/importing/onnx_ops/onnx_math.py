"""Elementwise operators, products and reductions."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..onnx_node import OnnxNode
from . import operator

_UNARY = {
    "Abs": torch.abs,
    "Cos": torch.cos,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "HardSwish": F.hardswish,
    "Log": torch.log,
    "Mish": F.mish,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Reciprocal": torch.reciprocal,
    "Relu": F.relu,
    "Sigmoid": torch.sigmoid,
    "Sin": torch.sin,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Sqrt": torch.sqrt,
    "Tanh": torch.tanh,
}

for _name, _function in _UNARY.items():
    operator(_name)(lambda node, x, function=_function: function(x))

_BINARY = {
    "Add": torch.add,
    "And": torch.logical_and,
    "Equal": torch.eq,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Mul": torch.mul,
    "Or": torch.logical_or,
    "Sub": torch.sub,
}

for _name, _both in _BINARY.items():
    operator(_name)(lambda node, x, y, function=_both: function(x, y))


@operator("Pow")
def power(node: OnnxNode, x: Tensor, y: Tensor) -> Tensor:
    """A power, by a number or by each element of a tensor."""
    return x ** node.number(1) if node.is_known(1) and y.numel() == 1 else x**y


@operator("Div")
def div(node: OnnxNode, x: Tensor, y: Tensor) -> Tensor:
    """Division; for integers, rounded toward zero."""
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


@operator("Mod")
def mod(node: OnnxNode, x: Tensor, y: Tensor) -> Tensor:
    """The remainder, with the sign of the divisor unless `fmod`."""
    return torch.fmod(x, y) if node.get("fmod", 0) else torch.remainder(x, y)


@operator("Sum", "Max", "Min", "Mean")
def variadic(node: OnnxNode, *x: Tensor) -> Tensor:
    """The sum, maximum, minimum or mean of any number of tensors."""
    found = x[0]
    functions: dict[str, Any] = {"Max": torch.maximum, "Min": torch.minimum}
    for each in x[1:]:
        found = functions.get(node.kind, torch.add)(found, each)
    return found / len(x) if node.kind == "Mean" else found


@operator("Erf")
def erf(node: OnnxNode, x: Tensor) -> Tensor:
    """The error function."""
    return torch.erf(x)


@operator("Gelu")
def gelu(node: OnnxNode, x: Tensor) -> Tensor:
    """GELU, exact or with the tanh approximation."""
    return F.gelu(x, approximate=node.get("approximate", "none"))


@operator("LeakyRelu", "Elu", "Celu", "ThresholdedRelu")
def with_alpha(node: OnnxNode, x: Tensor) -> Tensor:
    """Activations with a parameter."""
    alpha = node.get("alpha", 0.01 if node.kind == "LeakyRelu" else 1.0)
    if node.kind == "LeakyRelu":
        return F.leaky_relu(x, alpha)
    if node.kind == "ThresholdedRelu":
        return F.threshold(x, alpha, 0.0)
    return F.elu(x, alpha) if node.kind == "Elu" else F.celu(x, alpha)


@operator("Selu")
def selu(node: OnnxNode, x: Tensor) -> Tensor:
    """SELU with the constants of the paper."""
    if abs(node.get("alpha", 1.67326) - 1.67326) > 1e-3 or abs(node.get("gamma", 1.0507) - 1.0507) > 1e-3:
        node.refuse("`Selu` with constants other than those in the paper", "`selu` with constants")
    return F.selu(x)


@operator("PRelu")
def prelu(node: OnnxNode, x: Tensor, slope: Tensor) -> Tensor:
    """A leaky ReLU with one learned slope, or one for each channel."""
    if slope.numel() not in (1, x.shape[1]):
        node.refuse("`PRelu` with a slope for each position", "`prelu` with a slope for each position")
    return F.prelu(x, slope if slope.ndim == 1 else slope.reshape(-1))


@operator("HardSigmoid")
def hard_sigmoid(node: OnnxNode, x: Tensor) -> Tensor:
    """max(0, min(1, alpha·x + beta))."""
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return F.hardsigmoid(x)
    return torch.clamp(alpha * x + beta, 0.0, 1.0)


@operator("Swish")
def swish(node: OnnxNode, x: Tensor) -> Tensor:
    """x·sigmoid(alpha·x)."""
    alpha = node.get("alpha", 1.0)
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)


@operator("Softmax", "LogSoftmax")
def softmax(node: OnnxNode, x: Tensor) -> Tensor:
    """Softmax along an axis; before opset 13, along all axes from it to the last."""
    axis = node.get("axis", -1 if node.opset >= 13 else 1)
    function = F.softmax if node.kind == "Softmax" else F.log_softmax
    if node.opset < 13 and axis % x.ndim != x.ndim - 1:
        rows: Tensor = function(x.flatten(axis), -1)
        return rows.reshape(x.shape)
    along: Tensor = function(x, axis)
    return along


@operator("Clip")
def clip(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """Values limited to a range."""
    low = node.number(1) if node.has(1) else node.get("min", None)
    high = node.number(2) if node.has(2) else node.get("max", None)
    if (low, high) == (0.0, 6.0):
        return F.relu6(x)
    return torch.clamp(x, low, high)


@operator("MatMul")
def matmul(node: OnnxNode, x: Tensor, y: Tensor) -> Tensor:
    """A product; with a learned matrix, a linear layer."""
    return F.linear(x, y.t()) if node.is_learned(1) and y.ndim == 2 and x.ndim > 1 else x @ y


@operator("Gemm")
def gemm(node: OnnxNode, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    """alpha·A·B + beta·C."""
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    a = a.t() if node.get("transA", 0) else a
    weight = b if node.get("transB", 0) else b.t()
    if alpha == 1 and beta == 1 and (c is None or c.ndim == 1):
        return F.linear(a, weight, c)
    made = alpha * F.linear(a, weight)
    total: Tensor = made if c is None else made + beta * c
    return total


@operator("Einsum")
def einsum(node: OnnxNode, *x: Tensor) -> Tensor:
    """Einstein's summation."""
    made: Tensor = torch.einsum(node.get("equation", ""), *x)
    return made


@operator("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceProd")
def reduce(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """A reduction along axes, by default all."""
    axes = node.integers(1) if node.has(1) else list(node.get("axes", []))
    if not axes:
        if node.get("noop_with_empty_axes", 0):
            return x
        axes = list(range(x.ndim))
    keep = bool(node.get("keepdims", 1))
    match node.kind:
        case "ReduceMean":
            return x.mean(axes, keepdim=keep)
        case "ReduceSum":
            return x.sum(axes, keepdim=keep)
        case "ReduceMax":
            return x.amax(axes, keepdim=keep)
        case "ReduceMin":
            return x.amin(axes, keepdim=keep)
        case "ReduceL2":
            norm: Tensor = torch.linalg.vector_norm(x, dim=axes, keepdim=keep)
            return norm
        case _:
            for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
                x = x.prod(axis, keepdim=keep)
            return x
