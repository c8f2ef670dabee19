"""Kinds of errors in the arguments of one layer."""

from collections import Counter
from random import Random

from archdsl.graph import Graph
from archdsl.syntax import ast

from .protocol import Valid, kind

_WINDOWED = ("conv", "maxpool", "avgpool", "upconv", "dwconv")


def same_sorts(a: Graph, b: Graph) -> bool:
    """Whether two graphs have layers of the same sorts in the same order: for values that cannot be recovered."""
    return [(type(x.op), x.inputs) for x in a.nodes] == [(type(y.op), y.inputs) for y in b.nodes]


def same_weights(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same weights in the same order and the same outputs: for equal poolings."""
    return _weights(a) == _weights(b) and [a.nodes[i].shape for _, i in a.outputs] == [
        b.nodes[i].shape for _, i in b.outputs
    ]


def same_but_order(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same layers, and those with weights in the same order."""
    return same_weights(a, b) and _calls(a) == _calls(b)


def _calls(graph: Graph) -> Counter[str]:
    """The layers by what they call, which depends only on the channels of their inputs."""
    nodes = (node for node in graph.nodes if not node.is_input)
    return Counter(f"{node.op.keyword} {node.op.steps(graph.shapes_in(node))}" for node in nodes)


def _weights(graph: Graph) -> list[object]:
    found = ((type(node.op), node.op.weights_of(graph.shapes_in(node))) for node in graph.nodes)
    return [each for each in found if each[1]]


def _plain(layer: ast.LayerStatement) -> list[ast.Argument]:
    """The layer's arguments that are numbers alone, without a letter."""
    return [arg for arg in layer.args if arg.name is None and isinstance(arg.value, ast.Number)]


def _letter(layer: ast.LayerStatement, letter: str) -> str | None:
    """The number after a letter, as in `k3`."""
    found = (arg.span.text for arg in layer.args if arg.name is None and isinstance(arg.value, ast.Variable))
    return next((text[1:] for text in found if text[:1] == letter and text[1:].isdigit()), None)


def _rest(layer: ast.LayerStatement, used: set[str]) -> list[str]:
    """The arguments without the plain ones and those whose letter or word is in `used`."""
    plain = _plain(layer)
    texts = [arg.span.text for arg in layer.args if arg not in plain]
    return [text for text in texts if text not in used and not (text[:1] in used and text[1:].isdigit())]


def _channels(valid: Valid, layer: ast.LayerStatement) -> int | None:
    node = valid.nodes(layer)[0]
    size = valid.graph.shapes_in(node)[0]
    return int(size.dims[size.channel_axis]) if size.dims else None


def _rewritten(valid: Valid, layer: ast.LayerStatement, words: list[str]) -> str:
    end = layer.args[-1].span if layer.args else layer.keyword.span
    return valid.replace(layer.keyword.span.to(end), " ".join([layer.keyword.text, *words]))


@kind("torch's order of arguments")
def torch_order(random: Random, valid: Valid) -> str | None:
    layers = valid.layers("conv", "fc", "lstm", "gru", "bn", "embedding", "maxpool")
    random.shuffle(layers)
    for layer in layers:
        words = _torch_words(valid, layer)
        if words is not None:
            return _rewritten(valid, layer, words)
    return None


def _torch_words(valid: Valid, layer: ast.LayerStatement) -> list[str] | None:
    keyword, channels = valid.nodes(layer)[0].op.keyword, str(_channels(valid, layer))
    plain = [arg.span.text for arg in _plain(layer)]
    kernel, stride, padding = (_letter(layer, letter) for letter in "ksp")
    if keyword == "bn":
        return [channels, *_rest(layer, set())]
    if keyword == "embedding" and len(plain) == 1:
        vocabulary = valid.graph.shapes_in(valid.nodes(layer)[0])[0].vocabulary
        return [str(vocabulary), plain[0]]
    if keyword == "maxpool" and len(plain) == 1 and stride:
        return [plain[0], stride, *([padding] if padding else []), *_rest(layer, {"s", "p"})]
    if keyword in ("fc", "lstm", "gru") and len(plain) == 1:
        return [channels, plain[0], *_rest(layer, set())]
    if keyword == "conv" and len(plain) == 1 and kernel:
        values = [channels, plain[0], kernel]
        if stride or padding:
            values.append(stride or "1")
        return [*values, *([padding] if padding else []), *_rest(layer, {"k", "s", "p"})]
    return None


_KERAS = {"k": "kernel_size", "s": "strides", "d": "dilation_rate"}
_TORCH = {"k": "kernel_size", "d": "dilation"}


@kind("Keras' names of arguments")
def keras_names(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers(*_WINDOWED) if any(_letter(layer, letter) for letter in _KERAS)]
    if not layers:
        return None
    layer = random.choice(layers)
    words = []
    for text in (arg.span.text for arg in layer.args):
        name = _KERAS.get(text[:1]) if text[1:].isdigit() else None
        words.append(f"{name}={text[1:]}" if name else "padding=same" if text == "same" else text)
    return _rewritten(valid, layer, words)


@kind("torch's names of arguments")
def torch_names(random: Random, valid: Valid) -> str | None:
    first = {
        "conv": "out_channels",
        "upconv": "out_channels",
        "fc": "out_features",
        "lstm": "hidden_size",
        "gru": "hidden_size",
        "attention": "num_heads",
        "groupnorm": "num_groups",
        "embedding": "embedding_dim",
        "maxpool": "kernel_size",
    }
    layers = [layer for layer in valid.layers(*first) if layer.args and layer.args[0].name is None]
    if not layers:
        return None
    layer = random.choice(layers)
    words = [arg.span.text for arg in layer.args]
    words[0] = f"{first[valid.nodes(layer)[0].op.keyword]}={words[0]}"
    return _rewritten(valid, layer, ["bias=False" if word == "nobias" else word for word in words])


@kind("activation as an argument")
def activation_argument(random: Random, valid: Valid) -> str | None:
    found = []
    for first, second in zip(valid.statements, valid.statements[1:], strict=False):
        if (
            isinstance(first, ast.LayerStatement)
            and isinstance(second, ast.LayerStatement)
            and first in valid.layers("conv", "fc")
        ):
            between = valid.text[first.span.end : second.span.start]
            if second.keyword.text in ("relu", "tanh", "sigmoid", "gelu") and not between.strip("; \n"):
                found.append((first, second))
    if not found:
        return None
    first, second = random.choice(found)
    return valid.replace(first.span.to(second.span), f"{first.span.text} activation={second.keyword.text}")


@kind("kernel as a tuple")
def tuple_kernel(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers(*_WINDOWED) if _letter(layer, "k")]
    if not layers:
        return None
    layer = random.choice(layers)
    number = _letter(layer, "k")
    new = random.choice([f"({number}, {number})", f"kernel=({number}, {number})", f"({number},{number})"])
    return _rewritten(valid, layer, [new if arg.span.text == f"k{number}" else arg.span.text for arg in layer.args])


@kind("padding=same")
def padding_same(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("conv", "dwconv") if any(arg.span.text == "same" for arg in layer.args)]
    if not layers:
        return None
    layer = random.choice(layers)
    new = random.choice(["padding=same", 'padding="same"', "pad=same"])
    return _rewritten(valid, layer, [new if arg.span.text == "same" else arg.span.text for arg in layer.args])


@kind("same on a transposed convolution")
def same_upconv(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("upconv") if _letter(layer, "p")]
    if not layers:
        return None
    layer = random.choice(layers)
    words = [arg.span.text for arg in layer.args if not arg.span.text.startswith("output_padding")]
    return _rewritten(valid, layer, ["same" if word[:1] == "p" and word[1:].isdigit() else word for word in words])


@kind("missing argument", right=same_sorts)
def missing_argument(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers() if _plain(layer)]
    if not layers:
        return None
    layer = random.choice(layers)
    gone = _plain(layer)[0]
    return _rewritten(valid, layer, [arg.span.text for arg in layer.args if arg is not gone])


@kind("missing kernel")
def missing_kernel(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers("conv", "upconv") if _letter(layer, "k")]
    if not layers:
        return None
    layer = random.choice(layers)
    return _rewritten(valid, layer, [arg.span.text for arg in layer.args if arg.span.text[:1] != "k"])


def _default(valid: Valid, names: tuple[str, ...]) -> ast.Expr | None:
    nets = [each for each in valid.statements if isinstance(each, ast.Net)]
    found = [p.default for net in nets for p in net.parameters if p.name.text in names and p.default is not None]
    return found[0] if found else None


def _indivisible(
    random: Random, valid: Valid, keywords: tuple[str, ...], role: str, names: tuple[str, ...]
) -> str | None:
    """Another number where one divides something: beside the layer or as the default of a parameter."""
    places = [span for layer in valid.layers(*keywords) if (span := valid.argument(layer, role)) is not None]
    numbers = [span for span in places if span.text.lstrip("gh").isdigit() and span.text.lstrip("gh") != "1"]
    default = _default(valid, names)
    if default is not None and default.span.text.isdigit() and int(default.span.text) > 1:
        numbers.append(default.span)
    if not numbers:
        return None
    span = random.choice(numbers)
    old = int(span.text.lstrip("gh"))
    letter = span.text[: -len(str(old))]
    return valid.replace(span, f"{letter}{old + random.choice([-1, 1, 2])}")


@kind("groups that do not divide the channels")
def wrong_groups(random: Random, valid: Valid) -> str | None:
    return _indivisible(random, valid, ("conv", "groupnorm", "shuffle"), "groups", ("groups",))


@kind("heads that do not divide the features")
def wrong_heads(random: Random, valid: Valid) -> str | None:
    return _indivisible(random, valid, ("attention",), "heads", ("heads",))


@kind("features that the heads do not divide")
def wrong_width(random: Random, valid: Valid) -> str | None:
    default = _default(valid, ("width",)) if valid.layers("attention") else None
    if default is None or not default.span.text.isdigit():
        return None
    old = int(default.span.text)
    return valid.replace(default.span, str(old + random.choice([-2, 2, 4, 10])))


@kind("layer for another number of dimensions")
def wrong_dimensions(random: Random, valid: Valid) -> str | None:
    forms = {"conv": "conv{}d", "maxpool": "maxpool{}d", "avgpool": "avgpool{}d", "bn": "batchnorm{}d"}
    layers = valid.layers(*forms)
    if not layers:
        return None
    layer = random.choice(layers)
    node = valid.nodes(layer)[0]
    dims = len(valid.graph.shapes_in(node)[0].dims) - 1
    other = random.choice([n for n in (1, 2, 3) if n != dims])
    return valid.replace(layer.keyword.span, forms[node.op.keyword].format(other))
