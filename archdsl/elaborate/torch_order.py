"""Arguments in the order of torch's modules, rewritten in this language: `conv 1 16 5 1 2` is `conv 16 k5 p2`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..contract.arguments import InvalidValue, ParameterSpec
from ..contract.layer import Op, Reject
from ..expressions.scope import UNKNOWN
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import Undecided, concrete, recording
from ..syntax import ast

_IN = "the input channels"
_WINDOW = ("kernel", "stride", "padding")
_RECURRENT = (_IN, "units", "layers")

# Our names of the parameters in the orders of torch's modules, some also without the input channels, as in Keras.
_ORDERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "conv": (
        (_IN, "filters", "kernel", "stride", "padding", "dilation", "groups"),
        ("filters", "kernel", "stride", "padding", "dilation", "groups"),
    ),
    "upconv": (
        (_IN, "filters", "kernel", "stride", "padding", "output_padding", "groups"),
        ("filters", "kernel", "stride", "padding", "output_padding", "groups"),
    ),
    "dwconv": ((_IN, *_WINDOW), _WINDOW),
    "fc": ((_IN, "units"),),
    "embedding": (("vocabulary", "features"),),
    "bn": ((_IN, "eps", "momentum"),),
    "instancenorm": ((_IN, "eps"),),
    "layernorm": ((_IN, "eps"),),
    "rmsnorm": ((_IN, "eps"),),
    "groupnorm": (("groups", _IN, "eps"),),
    "prelu": ((_IN,),),
    "maxpool": ((*_WINDOW, "dilation"),),
    "avgpool": (_WINDOW,),
    "lppool": (("norm", "kernel", "stride"),),
    "lstm": (_RECURRENT,),
    "gru": (_RECURRENT,),
    "rnn": (_RECURRENT,),
    "attention": ((_IN, "heads"),),
    "lrn": (("size", "alpha", "beta", "k"),),
}


def rewritten(
    word: str, layer: type[Op], args: Sequence[ast.Argument], given: Mapping[str, Any], x: Shape | None
) -> str | None:
    """The rewritten statement, or None if the values are in no known order or the layer rejects them.

    `given` are the values of its other arguments: shorthands, named arguments and words.
    """
    values = [arg.value for arg in args if is_plain(arg)]
    if x is None or UNKNOWN in given.values():
        return None
    for order in _ORDERS.get(layer.keyword, ()):
        values_by_name = _values_by_name(order, [each for each in values if isinstance(each, ast.Number | ast.Size)], x)
        chosen = None if values_by_name is None else _chosen(layer, values_by_name, x)
        if chosen is not None and _takes(layer, {**given, **chosen}, x):
            rest = [arg.span.text for arg in args if not is_plain(arg)]
            return " ".join([word, *_written(layer.parameters, chosen), *rest])
    return None


def orders_of(keyword: str) -> tuple[tuple[str, ...], ...]:
    """The arguments in the orders in which other frameworks take them; the input channels have no argument here."""
    return _ORDERS.get(keyword, ())


def is_plain(arg: ast.Argument) -> bool:
    """Whether an argument is a bare number or size."""
    return arg.name is None and isinstance(arg.value, ast.Number | ast.Size)


def _values_by_name(order: tuple[str, ...], values: Sequence[ast.Number | ast.Size], x: Shape) -> dict[str, Any] | None:
    """The values by name; None if there are too many, or if the first is not the number of input channels.

    A kernel that is larger than the number of filters is rather that number, after wrong input channels.
    """
    if not 0 < len(values) <= len(order):
        return None
    found: dict[str, Any] = {
        name: value.value if isinstance(value, ast.Number) else value.dims
        for name, value in zip(order, values, strict=False)
    }
    filters, kernel = found.get("filters"), found.get("kernel")
    if order[0] == "filters" and isinstance(filters, int) and isinstance(kernel, int) and filters < kernel:
        return None
    return found if _IN not in found or found.pop(_IN) in _incoming(x) else None


def _incoming(x: Shape) -> list[int]:
    """The input channels or features; for two sizes that no layer has read yet, either."""
    axes = (0, 1) if x.layout is Layout.OPEN else (x.channel_axis,) if x.dims else ()
    return [concrete(x.dims[axis]) for axis in axes]


def _chosen(layer: type[Op], values_by_name: Mapping[str, Any], x: Shape) -> dict[str, Any] | None:
    """The values that differ from the layer's defaults, as their kinds store them; None if it rejects them."""
    found = {}
    for p in layer.parameters:
        known = p.name == "vocabulary" and values_by_name.get(p.name) == x.vocabulary
        if p.name in values_by_name and values_by_name[p.name] != p.default and not known:
            try:
                found[p.name] = p.kind.accept(values_by_name[p.name]) if p.kind else values_by_name[p.name]
            except InvalidValue:
                return None
    return found


def _takes(layer: type[Op], values: Mapping[str, Any], x: Shape) -> bool:
    """Whether the layer accepts these values and this input; with several inputs, whether it accepts the values."""
    if any(p.required and p.name not in values for p in layer.parameters):
        return False
    try:
        with recording():  # A trial imposes no condition on symbolic dimensions.
            op = layer.of(values)
            if not op.named_inputs():
                op.infer((x,))
    except (Reject, Undecided):
        return False
    return True


def _written(parameters: Sequence[ParameterSpec], chosen: Mapping[str, Any]) -> list[str]:
    """The arguments as text: the first positional one bare, then shorthands, then named ones."""
    ordered = sorted((p for p in parameters if p.name in chosen), key=lambda p: not p.positional)
    first = next((p for p in parameters if p.positional), None)
    words: list[str] = []
    for p in ordered:
        value = chosen[p.name]
        text = "x".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"
        if p is first:
            words.append(text)
        elif p.letter is not None and isinstance(value, int | tuple):
            words.append(f"{p.letter}{text}")
        else:
            words.append(f"{p.name}={text}")
    return words


# Names of arguments in torch and Keras that differ from those here.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "kernel_size": ("kernel",),
    "pool_size": ("kernel",),
    "kernel_shape": ("kernel",),
    "filter_size": ("kernel",),
    "strides": ("stride",),
    "pad": ("padding",),
    "dilation_rate": ("dilation",),
    "dilations": ("dilation",),
    "depth_multiplier": ("multiplier",),
    "out_channels": ("filters",),
    "out_features": ("units",),
    "hidden_size": ("units",),
    "num_units": ("units",),
    "num_layers": ("layers",),
    "num_heads": ("heads",),
    "num_groups": ("groups",),
    "num_embeddings": ("vocabulary",),
    "input_dim": ("vocabulary",),
    "output_dim": ("features",),
    "embedding_dim": ("features",),
    "embed_dim": ("features",),
    "padding_mode": ("pad_mode",),
    "value": ("pad_value", "value"),
    "rate": ("p",),
    "drop_prob": ("p",),
    "dropout": ("p",),
    "output_size": ("size",),
    "scale_factor": ("factor",),
    "upscale_factor": ("factor",),
    "epsilon": ("eps",),
    "ceil_mode": ("ceil",),
    "use_bias": ("bias",),
    "kernel_initializer": ("init",),
    "norm_type": ("norm",),
    "left": ("before",),
    "top": ("before",),
    "right": ("after",),
    "bottom": ("after",),
}


def argument_of(name: str, known: Sequence[str]) -> str | None:
    """The argument with this name in torch or Keras, if it is one of those known."""
    return next((each for each in _NAMES.get(name, ()) if each in known), None)
