"""Unseen kinds of errors: what people who come from PyTorch, Keras or a programming language write."""

from random import Random

from archdsl.syntax import ast

from .protocol import Valid, kind
from .unseen_edits import (
    after_keyword,
    appended,
    first_with_error,
    places,
    text_of,
    written,
)


@kind("number of channels given to a normalization")
def normalization_with_channels(random: Random, valid: Valid) -> str | None:
    """`layernorm 768`, `groupnorm 64 8`."""
    texts = []
    for layer in valid.layers("groupnorm", "layernorm", "rmsnorm", "instancenorm"):
        shape = valid.graph.shapes_in(valid.nodes(layer)[0])[0]
        size = shape.dims[0] if len(shape.dims) != 2 else shape.dims[-1]
        texts.append(after_keyword(valid, layer, str(size)))
    return first_with_error(random, texts)


@kind("repetition by a variable")
def repeated_by_name(random: Random, valid: Valid) -> str | None:
    """`unit 64 xn` for `repeat n { unit 64 }`."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.Repeat) and len(each.body.statements) == 1 and each.target is None:
            inner = each.body.statements[0]
            if isinstance(inner, ast.LayerStatement):
                count = text_of(valid, each.count).replace(" ", "")
                texts.append(valid.replace(each, f"{text_of(valid, inner)} x{count}"))
    return first_with_error(random, texts)


@kind("filters given to a depthwise convolution")
def depthwise_with_filters(random: Random, valid: Valid) -> str | None:
    """`dwconv 64 k3`, although the number of filters is that of the channels."""
    layers = valid.layers("dwconv")
    channels = [valid.graph.shapes_in(valid.nodes(each)[0])[0].dims[0] for each in layers]
    return first_with_error(random, (after_keyword(valid, a, str(c)) for a, c in zip(layers, channels, strict=True)))


@kind("condition as in C or Python")
def foreign_condition(random: Random, valid: Valid) -> str | None:
    """`&&`, `||`, `!`, `elif`."""
    texts = []
    for old, new in ((r"\bor\b", "||"), (r"\band\b", "&&"), (r"\bnot ", "!"), (r"\belse if\b", "elif")):
        texts += [written(valid, each.start(), each.end(), new) for each in places(valid, old)]
    return first_with_error(random, texts)


@kind("bias switched off as in PyTorch")
def bias_false(random: Random, valid: Valid) -> str | None:
    """`bias=False` or `use_bias=False` for `nobias`."""
    flags = places(valid, r"\bnobias\b")
    return first_with_error(
        random,
        (written(valid, each.start(), each.end(), new) for each in flags for new in ("bias=False", "use_bias=False")),
    )


@kind("inplace, as in PyTorch")
def inplace(random: Random, valid: Valid) -> str | None:
    """`relu inplace`."""
    layers = valid.layers("relu", "relu6", "leakyrelu", "dropout", "silu", "hardswish", "elu")
    return first_with_error(random, (appended(valid, each, "inplace") for each in layers))


@kind("shape read as in PyTorch")
def shape_as_in_torch(random: Random, valid: Valid) -> str | None:
    """`x.shape[1]` or `in_channels` for `@c`."""
    texts = []
    for axis, others in (("c", ("x.shape[1]", "in_channels")), ("h", ("x.shape[2]",)), ("t", ("x.size(1)",))):
        reads = places(valid, rf"@{axis}\b")
        texts += [written(valid, each.start(), each.end(), other) for each in reads for other in others]
    return first_with_error(random, texts)


@kind("types of parameters")
def typed_parameters(random: Random, valid: Valid) -> str | None:
    """`block basic(c: int, s: int = 1)`."""
    texts = []
    for owner in valid.statements:
        if isinstance(owner, ast.Block | ast.Net):
            text, first = valid.text, random.random() < 0.5
            for each in reversed(owner.parameters[:1] if first else owner.parameters):
                sort = "float" if each.default and "." in text_of(valid, each.default) else "int"
                text = f"{text[: each.name.span.end]}: {sort}{text[each.name.span.end :]}"
            texts += [text] if owner.parameters else []
    return first_with_error(random, texts)


@kind("loop as in Python")
def python_loop(random: Random, valid: Valid) -> str | None:
    """`for i in range(n) { … }`."""
    texts = []
    for each in (each for each in valid.statements if isinstance(each, ast.Repeat)):
        index = each.target.names[0].text if each.target else random.choice("i_")
        head = f"for {index} in range({text_of(valid, each.count)}) "
        texts.append(written(valid, each.span.start, each.body.span.start, head))
    return first_with_error(random, texts)


@kind("assignment as in Python")
def python_assignment(random: Random, valid: Valid) -> str | None:
    """`mid = c//4` without `let`, `e1 = double 16` for `double 16 as e1`."""
    lets = [each for each in valid.statements if isinstance(each, ast.Let)]
    texts = [written(valid, each.span.start, each.target.span.start, "") for each in lets]
    for each in valid.statements:
        if isinstance(each, ast.LayerStatement) and each.alias is not None:
            layer = text_of(valid, each).removesuffix(f" as {each.alias.text}")
            texts.append(valid.replace(each, f"{each.alias.text} = {layer}"))
    return first_with_error(random, texts)


@kind("line commented out")
def commented_out(random: Random, valid: Valid) -> str | None:
    """A line that somebody took out to try something, and that the rest needs; not one that makes a vector."""
    starts = {each.span.start for each in valid.statements}
    lines = places(valid, r"^ *((?!net|input|gap|gmp|flatten|tokens|use)\w[^{}\n]*)$")
    first = [each.start(1) for each in lines if each.start(1) in starts]
    return first_with_error(random, (written(valid, start, start, "# ") for start in first))
