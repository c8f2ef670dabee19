"""The labels of a diagram: layers, numbers, and names as the program spells them."""

import re
from typing import Any

from ...contract.arguments import ParameterSpec
from ...contract.axes import AxisName
from ...contract.layer import Layer, Op
from ...layers.cut import Pad
from ...shapes.shape import Shape, Window, times
from ...shapes.symbolic import Sym


def layer_words(op: Op, x: Shape | None) -> str:
    """The layer as papers write it: `conv 64 5×5 /2`, `fc 10`, `dropout 0.5`; x is the shape of its input.

    The kernel has all its dimensions, and a stride above 1 follows a slash. Padding (which follows from the shapes),
    arguments without a shorthand except how often the layer contains something, and flags are left out.
    """
    windows = op.windows(x) if isinstance(op, Layer) and x is not None else ()
    given = [_positional(op, parameter, windows, x) for parameter in op.parameters]
    lettered = [_lettered(parameter, op.value_of(parameter), windows) for parameter in op.parameters]
    axes = [_axes(parameter, op.value_of(parameter)) for parameter in op.parameters]
    counts = [_counted(parameter, op.value_of(parameter)) for parameter in op.parameters]
    return " ".join(word for word in (op.keyword, *given, stride_words(windows), *lettered, *axes, *counts) if word)


def stride_words(windows: tuple[Window, ...]) -> str:
    """`/2`, or `/2×1` if the dimensions differ; empty for a stride of 1."""
    strides = [window.stride for window in windows]
    if all(stride == 1 for stride in strides):
        return ""
    return f"/{strides[0]}" if len(set(strides)) == 1 else f"/{times(tuple(strides))}"


def _positional(op: Op, parameter: ParameterSpec, windows: tuple[Window, ...], x: Shape | None) -> str:
    value = op.value_of(parameter)
    if not parameter.positional or value is None:
        return ""
    if isinstance(op, Pad) and (op.before is not None or op.after is not None):
        return "+".join(_value(value if end is None else end, "×") for end in (op.before, op.after))
    if parameter.name == "kernel" and windows:
        return times(tuple(window.kernel for window in windows))
    if parameter.name == "kernel" and x is not None and isinstance(value, int):
        return times((value,) * len(x.spatial_size))
    return _value(value, " " if parameter.many else "×")


def _axes(parameter: ParameterSpec, value: Any) -> str:
    """The axes of a layer that works along axes: `mean hw`."""
    if not isinstance(parameter.kind, AxisName) or value is None or value == parameter.default:
        return ""
    return value if isinstance(value, str) else f"axis {_value(value, '×')}"


_COUNTS = frozenset({"experts", "top", "layers"})
"""Arguments without a shorthand that are in the label: how often a layer contains something."""


def _counted(parameter: ParameterSpec, value: Any) -> str:
    """A count with its name: `experts=8`."""
    shown = parameter.name in _COUNTS and not parameter.positional and value != parameter.default
    return f"{parameter.name}={value}" if shown else ""


def _lettered(parameter: ParameterSpec, value: Any, windows: tuple[Window, ...]) -> str:
    shown_elsewhere = parameter.positional or (parameter.name == "stride" and windows) or parameter.name == "padding"
    if shown_elsewhere or not parameter.letter or value is None or value == parameter.default:
        return ""
    return parameter.letter + _value(value, "x")


def _value(value: Any, separator: str) -> str:
    match value:
        case tuple():
            return separator.join(_value(each, separator) for each in value)
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)


def count(number: int, noun: str) -> str:
    """`1,234 parameters`, `1 parameter`; `parameters by H, W` for a number that depends on symbolic dimensions."""
    if isinstance(number, Sym):
        return f"{noun}s by {_symbols(number)}"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(number: int, noun: str) -> str:
    """Three digits and a prefix: `61.7K MACs`, `4.09G MACs`; all digits below a thousand."""
    if isinstance(number, Sym):
        return count(number, noun)
    scaled, prefix = float(number), ""
    for larger in ("K", "M", "G", "T", "P"):
        if abs(scaled) < 999.5:
            break
        scaled, prefix = scaled / 1000, larger
    return f"{scaled:.3g}{prefix} {noun}s" if prefix else count(number, noun)


def _symbols(number: Sym) -> str:
    """The symbolic dimensions in a number: `H, W`."""
    return ", ".join(sorted(set(re.findall(r"[A-Z][0-9]*", str(number)))))


def shape_words(shape: Shape) -> str:
    """A shape, with floor(x/2) as in the language: `8×(H − 1)//2`. Not every font has the floor brackets."""
    words, before = str(shape), ""
    while words != before:
        words, before = re.sub(r"⌊([^⌊⌋]*)/(\d+)⌋", r"\1//\2", words), words
    return words


def decimal(number: float) -> str:
    """At most two decimals: `3`, `0.5`, `12.25`."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
