"""Stateless torch calls in Keras."""

from collections.abc import Sequence
from math import prod
from typing import Any

from ...contract.call import Apply, Placeholder
from ..source.calls import OPERATORS, literal
from .keras_modules import axis, flatten
from .keras_values import KerasCode, Unsupported, Value
from .windows import zeros_around

Sizes = tuple[int, ...]

_MERGES = {
    "operator.add": "Add", "operator.mul": "Multiply", "operator.sub": "Subtract", "torch.maximum": "Maximum",
    "torch.minimum": "Minimum",
}  # fmt: skip
_ELEMENTWISE = {"exp", "log", "sqrt", "rsqrt", "square", "sin", "cos", "abs", "tanh", "sigmoid"}
_REDUCTIONS = {"mean": "mean", "sum": "sum", "amax": "max", "amin": "min"}


def function(code: KerasCode, step: Apply, values: Sequence[Value], dims: Sizes) -> Value:
    """The result of a call. `dims` are the sizes of the node's result. Raises Unsupported."""
    if step.target == "torch.cat":
        return _concat(code, step, values)
    if len(values) == 2 and step.target in _MERGES and _are_tensors(step.args):
        first, second = _alike(code, values)
        longer = first if len(first.dims) >= len(second.dims) else second
        sizes = tuple(map(max, first.dims, second.dims)) if len(first.dims) == len(second.dims) else longer.dims
        text = f"layers.{_MERGES[step.target]}()([{first.text}, {second.text}])"
        code.lines.append(f"{code.target} = {text}")
        return Value(code.target, sizes, first.last)
    if len(values) != 1:
        raise Unsupported(f"`{step.target.rpartition('.')[2]}` of several tensors is not translated to Keras")
    (value,) = values
    if step.target in OPERATORS:
        args = [value.text if isinstance(arg, Placeholder) else literal(arg, ()) for arg in step.args]
        return code.apply(f"{args[0]} {OPERATORS[step.target]} {args[1]}", value, value.dims)
    if step.target == "operator.getitem":
        return _item(code, step, value)
    return _method(code, step, value, dims)


def _are_tensors(args: Sequence[Any]) -> bool:
    return all(isinstance(arg, Placeholder) for arg in args)


def _alike(code: KerasCode, values: Sequence[Value]) -> list[Value]:
    """The tensors with their axes in the same order."""
    if len({value.last for value in values if len(value.dims) > 1}) > 1:
        raise Unsupported("tensors whose axes are in different orders are not translated to Keras")
    return list(values)


def _concat(code: KerasCode, step: Apply, values: Sequence[Value]) -> Value:
    dim = step.args[1] if len(step.args) > 1 else dict(step.kwargs).get("dim", 0)
    parts = _alike(code, values)
    index = dim % (len(parts[0].dims) + 1)
    sizes = list(parts[0].dims)
    sizes[index - 1] = sum(value.dims[index - 1] for value in parts)
    shown = axis(dim, parts[0])
    options = "" if shown == -1 else f"axis={shown}"
    code.lines.append(f"{code.target} = layers.Concatenate({options})([{', '.join(v.text for v in parts)}])")
    return Value(code.target, sizes, parts[0].last)


def _item(code: KerasCode, step: Apply, value: Value) -> Value:
    """A part of a tensor."""
    places = step.args[1] if isinstance(step.args[1], tuple) else (step.args[1],)
    value = code.channels_first(value) if any(isinstance(place, int) for place in places) else value
    whole = [*places, *(slice(None),) * (len(value.dims) + 1 - len(places))]
    if any(not isinstance(place, int | slice) for place in whole):
        raise Unsupported("this part of a tensor is not translated to Keras")
    sizes = [
        len(range(*place.indices(size)))
        for place, size in zip(whole[1:], value.dims, strict=True)
        if isinstance(place, slice)
    ]
    order = [whole[0], *whole[2:], whole[1]] if value.last else whole
    while len(order) > 1 and order[-1] == slice(None):
        order.pop()
    return code.apply(f"{{}}[{', '.join(map(_place, order))}]", value, sizes)


def _place(place: int | slice) -> str:
    if isinstance(place, int):
        return str(place)
    start, stop, step = ("" if end is None else str(end) for end in (place.start, place.stop, place.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _method(code: KerasCode, step: Apply, value: Value, dims: Sizes) -> Value:
    name = step.target.rpartition(".")[2]
    args, kwargs = step.args[1:], dict(step.kwargs)
    match name:
        case "pad" if not kwargs and len(args) == 1:
            return _padded(code, args[0], value)
        case "flatten" if args == (1,) and not kwargs:
            return flatten(code, value)
        case "flatten" if not kwargs:
            return _flattened(code, args, value)
        case "unflatten":
            return _unflattened(code, args, value)
        case "permute" | "transpose":
            return _permuted(code, name, args, value)
        case "squeeze":
            value = code.channels_first(value)
            squeezed = args[0] % (len(value.dims) + 1)
            sizes = [size for i, size in enumerate(value.dims, 1) if i != squeezed]
            return code.layer("Reshape", (tuple(sizes),), value, sizes)
        case _ if name in _ELEMENTWISE and not args and not kwargs:
            return code.apply(f"ops.{name}({{}})", value, value.dims)
        case _ if name in _REDUCTIONS:
            return _reduced(code, _REDUCTIONS[name], args, kwargs, value)
        case _:
            raise Unsupported(f"`{name}` is not translated to Keras")


def _padded(code: KerasCode, sizes: Sequence[int], value: Value) -> Value:
    """The tensor with zeros around it: `sizes` starts with the number before and after the last axis."""
    value = code.channels_last(value)
    pairs = [(sizes[i], sizes[i + 1]) for i in range(0, len(sizes), 2)][::-1]
    if len(pairs) != value.spatial or any(size < 0 for pair in pairs for size in pair):
        raise Unsupported("this padding is not translated to Keras")
    return zeros_around(code, value, pairs)


def _flattened(code: KerasCode, args: Sequence[int], value: Value) -> Value:
    """The tensor with several axes flattened into one."""
    value = code.channels_first(value)
    first, last = args[0], (args[1] if len(args) > 1 else -1) % (len(value.dims) + 1)
    sizes = list(value.dims)
    sizes[first - 1 : last] = [prod(sizes[first - 1 : last])]
    return code.layer("Reshape", (tuple(sizes),), value, sizes)


def _unflattened(code: KerasCode, args: Sequence[Any], value: Value) -> Value:
    """The tensor with one axis split into several; the size of one of these may follow from the others."""
    value = code.channels_first(value)
    dim = args[0] % (len(value.dims) + 1)
    known = prod(size for size in args[1] if size > 0)
    inner = [size if size > 0 else value.dims[dim - 1] // known for size in args[1]]
    sizes = [*value.dims[: dim - 1], *inner, *value.dims[dim:]]
    return code.layer("Reshape", (tuple(sizes),), value, sizes)


def _permuted(code: KerasCode, name: str, args: Sequence[int], value: Value) -> Value:
    """The tensor with its axes in another order."""
    value = code.channels_first(value)
    order = list(range(len(value.dims) + 1))
    if name == "permute":
        order = list(args)
    else:
        a, b = (arg % len(order) for arg in args)
        order[a], order[b] = order[b], order[a]
    return code.layer("Permute", (tuple(order[1:]),), value, [value.dims[i - 1] for i in order[1:]])


def _reduced(code: KerasCode, name: str, args: Sequence[Any], kwargs: dict[str, Any], value: Value) -> Value:
    given = kwargs.get("dim", args[0] if args else None)
    if given is None:
        raise Unsupported("a reduction over the batch is not translated to Keras")
    dims = [dim % (len(value.dims) + 1) for dim in (given if isinstance(given, tuple) else (given,))]
    keep = kwargs.get("keepdim", False)
    if not keep:
        value = code.channels_first(value)
    axes = tuple(sorted(axis(dim, value) % (len(value.dims) + 1) for dim in dims))
    sizes = [1 if i in dims else size for i, size in enumerate(value.dims, 1) if keep or i not in dims]
    options = ", keepdims=True" if keep else ""
    shown = axes[0] if len(axes) == 1 else axes
    return code.apply(f"ops.{name}({{}}, axis={shown}{options})", value, sizes)
