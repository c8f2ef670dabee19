"""Darknet configurations (`.cfg`): sections of `key=value` lines, one layer each; read as text.

The sections are those of the published configurations of YOLOv2 to YOLOv4 and of classifiers (Redmon & Farhadi, 2018;
Bochkovskiy et al., 2020). A detection section, `[yolo]`, gives the tensor that it reads as an output.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..shapes.shape import Shape
from .building import Builder, make_op
from .darknet_options import check_options
from .import_problem import ImportFailed, ImportProblem, NotExpressible
from .imported import Imported
from .writing import written

_MOST_BYTES = 2**20


class Section(NamedTuple):
    """A section of the file: its name, its line, and its values by name."""

    name: str
    line: int
    values: dict[str, str]

    def number(self, key: str, default: int) -> int:
        """A value that is an integer. Raises NotExpressible."""
        (found, *others) = self.numbers(key) or [default]
        if others:
            raise NotExpressible(f"`{key}` with {len(others) + 1} numbers", "one number")
        return found

    def numbers(self, key: str) -> list[int]:
        """A value that is a list of integers; empty if it is not given. Raises NotExpressible."""
        parts = [part.strip() for part in self.values.get(key, "").split(",") if part.strip()]
        try:
            return [int(part) for part in parts]
        except ValueError:
            raise NotExpressible(f"`{key}={self.values[key]}`", "integers") from None


def import_darknet(path: Path, name: str, sizes: Sequence[int] | None) -> Imported:
    """Import a configuration, for an input of this size or that of its `[net]` section. Raises ImportFailed."""
    net, *layers = _sections(path)
    reader = _Reader(_input_size(path, net) if sizes is None else sizes)
    for section in layers:
        reader.read(section)
    made = written(reader.b, reader.ends(), name, reader.problems)
    made.check()
    # A configuration has no weights: there is nothing to compare.
    return Imported(made.text, made.network)


def _sections(path: Path) -> list[Section]:
    if path.stat().st_size > _MOST_BYTES:
        raise ImportFailed(f"{path.name} has more than {_MOST_BYTES:,} bytes, which no configuration needs")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ImportFailed(f"{path.name} is not a text file") from None
    found: list[Section] = []
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split(";")[0].strip()
        key, equals, value = words.partition("=")
        if words.startswith("[") and words.endswith("]"):
            found.append(Section(words[1:-1].strip(), number, {}))
        elif equals and found:
            # As in Darknet, the first of several equal keys counts.
            found[-1].values.setdefault(key.strip(), value.strip())
        elif words:
            raise ImportFailed(f"{path.name}, line {number}: `{words[:40]}` is neither [section] nor key=value")
    if len(found) < 2 or found[0].name not in ("net", "network"):
        raise ImportFailed(f"{path.name} is not a Darknet configuration: it needs [net] and layers")
    return found


def _input_size(path: Path, net: Section) -> tuple[int, int, int]:
    try:
        channels, height, width = (net.number(key, 0) for key in ("channels", "height", "width"))
    except NotExpressible as error:
        raise ImportFailed(f"{path.name}, line {net.line}: {error.what} in [net]") from None
    if min(channels, height, width) < 1:
        raise ImportFailed(f"{path.name}, line {net.line}: [net] states no input; specify it with --input")
    return channels, height, width


class _Reader:
    """The layers read so far: `made` has the node of each section after `[net]`."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.b = Builder(1)
        self.current = self.b.input("x", Shape(*sizes))
        self.made: list[int] = []
        self.outputs: list[int] = []
        self.problems: list[ImportProblem] = []

    def read(self, section: Section) -> None:
        """Add the layers of a section."""
        maker = _SECTIONS.get(section.name)
        try:
            if maker is None:
                raise NotExpressible(f"the section [{section.name}]")
            check_options(section.name, section.values)
            self.current = maker(self, section)
        except NotExpressible as error:
            where = f"line {section.line} [{section.name}]"
            self.problems.append(ImportProblem(where, error.what, error.needs))
        self.made.append(self.current)

    def ends(self) -> list[int]:
        """The outputs: those of detection sections, else the last layer's."""
        return list(dict.fromkeys(self.outputs)) or [self.current]

    def add(self, keyword: str, *inputs: int, **arguments: Any) -> int:
        """Add a layer."""
        return self.b.add(make_op(keyword, arguments), *inputs)

    def node(self, place: int) -> int:
        """The result of another section, by its number or relative to this one. Raises NotExpressible."""
        index = place if place >= 0 else len(self.made) + place
        if not 0 <= index < len(self.made):
            raise NotExpressible(f"the layer {place}", f"one of the {len(self.made)} layers before")
        return self.made[index]


def _activated(reader: _Reader, section: Section, node: int, default: str = "linear") -> int:
    word = section.values.get("activation", default)
    if word == "linear":
        return node
    if word == "leaky":
        return reader.add("leakyrelu", node, negative_slope=0.1)
    if word == "gelu":
        return reader.add("gelu", node, approximate="tanh")
    keyword = _ACTIVATIONS.get(word)
    if keyword is None:
        raise NotExpressible(f"`activation={word}`")
    return reader.add(keyword, node)


_ACTIVATIONS = {
    "elu": "elu",
    "logistic": "sigmoid",
    "mish": "mish",
    "relu": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "swish": "silu",
    "tanh": "tanh",
}


def _convolution(reader: _Reader, section: Section) -> int:
    kernel, groups = section.number("size", 1), section.number("groups", 1)
    dilation = 1 if kernel == 1 else section.number("dilation", 1)
    # The padding is stated for a dilation of 1, and multiplied by the dilation.
    padding = dilation * (kernel // 2 if section.number("pad", 0) else section.number("padding", 0))
    normed = bool(section.number("batch_normalize", 0) or section.number("cbn", 0))
    arguments: dict[str, Any] = {"kernel": kernel, "stride": _stride(section), "padding": padding, "dilation": dilation}
    filters = section.number("filters", 1)
    channels = reader.b.dims(reader.current)[0]
    arguments |= {"bias": False} if normed else {}
    if groups == channels and groups > 1 and filters % groups == 0:
        more = {} if filters == groups else {"multiplier": filters // groups}
        node = reader.add("dwconv", reader.current, **arguments, **more)
    else:
        node = reader.add("conv", reader.current, filters=filters, groups=groups, **arguments)
    return _activated(reader, section, reader.add("bn", node) if normed else node, "logistic")


def _stride(section: Section) -> int | tuple[int, int]:
    """The stride: one number, or those of height and width if they differ."""
    both = section.number("stride", 1)
    height, width = (section.number(key, both) for key in ("stride_y", "stride_x"))
    return height if height == width else (height, width)


def _connected(reader: _Reader, section: Section) -> int:
    normed = bool(section.number("batch_normalize", 0))
    node = reader.current
    if len(reader.b.dims(node)) > 1:
        node = reader.add("flatten", node)
    node = reader.add("fc", node, units=section.number("output", 1), **({"bias": False} if normed else {}))
    return _activated(reader, section, reader.add("bn", node) if normed else node, "logistic")


def _maxpool(reader: _Reader, section: Section) -> int:
    """Max pooling whose windows begin half of the padding before the image; odd padding has one more element at the
    end.
    """
    stride = _stride(section)
    size = section.number("size", section.number("stride", 1))
    padding = section.number("padding", size - 1)
    before, after = padding // 2, padding - padding // 2
    steps = (stride, stride) if isinstance(stride, int) else stride
    sides = zip(_image(reader), steps, strict=True)
    needed = [(length + padding - size) // step != (length - size) // step for length, step in sides]
    if before == after or (before == 0 and not any(needed)):
        own = {"padding": before} if before == after else {}
        return reader.add("maxpool", reader.current, kernel=size, stride=stride, **own)
    ends = {"before": before, "after": after} if before else {"after": after}
    padded = reader.add("pad", reader.current, **ends, value=-1e38)
    return reader.add("maxpool", padded, kernel=size, stride=stride)


def _image(reader: _Reader) -> tuple[int, int]:
    dims = reader.b.dims(reader.current)
    if len(dims) != 3:
        raise NotExpressible("pooling of a vector", "an image")
    return dims[1], dims[2]


def _route(reader: _Reader, section: Section) -> int:
    nodes = [reader.node(place) for place in section.numbers("layers")]
    if not nodes:
        raise NotExpressible("a route without `layers`", "the layers that it joins")
    groups, group = section.number("groups", 1), section.number("group_id", 0)
    if groups > 1:
        nodes = [_part(reader, node, groups, group) for node in nodes]
    return nodes[0] if len(nodes) == 1 else reader.add("concat", *nodes)


def _part(reader: _Reader, node: int, groups: int, group: int) -> int:
    channels = reader.b.dims(node)[0]
    if channels % groups or not 0 <= group < groups:
        raise NotExpressible(f"group {group} of {groups} of {channels} channels", "groups of equal size")
    size = channels // groups
    end = {} if group == groups - 1 else {"stop": (group + 1) * size}
    return reader.add("slice", node, start=group * size, **end)


def _shortcut(reader: _Reader, section: Section) -> int:
    node = reader.current
    for place in section.numbers("from"):
        other = reader.node(place)
        if reader.b.dims(other) != reader.b.dims(node):
            sizes = ("×".join(map(str, reader.b.dims(each))) for each in (node, other))
            raise NotExpressible(f"a shortcut from {' and '.join(sizes)}", "tensors of equal size")
        node = reader.add("add", node, other)
    return _activated(reader, section, node)


def _upsample(reader: _Reader, section: Section) -> int:
    return reader.add("upsample", reader.current, factor=section.number("stride", 2))


def _dropout(reader: _Reader, section: Section) -> int:
    if "probability" not in section.values:
        raise NotExpressible("a dropout without `probability`", "the probability, whose default depends on the version")
    try:
        probability = float(section.values["probability"])
    except ValueError:
        raise NotExpressible(f"`probability={section.values['probability']}`", "a number") from None
    return reader.add("dropout", reader.current, p=probability)


def _softmax(reader: _Reader, section: Section) -> int:
    """Softmax over all elements."""
    node = reader.current
    *_, height, width = (1, 1, *reader.b.dims(node)[1:])
    return reader.add("softmax", node, **({} if height == width == 1 else {"axis": (0, 1, 2)}))


def _detection(reader: _Reader, section: Section) -> int:
    reader.outputs.append(reader.current)
    return reader.current


_SECTIONS: Mapping[str, Callable[[_Reader, Section], int]] = {
    "avgpool": lambda reader, _: reader.add("gap", reader.current, keep=True),
    "connected": _connected,
    "conv": _convolution,
    "convolutional": _convolution,
    "cost": lambda reader, _: reader.current,
    "dropout": _dropout,
    "max": _maxpool,
    "maxpool": _maxpool,
    "region": _detection,
    "route": _route,
    "shortcut": _shortcut,
    "softmax": _softmax,
    "upsample": _upsample,
    "yolo": _detection,
}
