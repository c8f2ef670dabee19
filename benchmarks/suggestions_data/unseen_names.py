"""Unseen kinds of errors: names, after text was copied, moved or renamed."""

import re
from itertools import pairwise
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_edits import (
    first_with_error,
    operand_names,
    places,
    tensor_names,
    text_of,
    uses_of,
    written,
)

_OTHER_NAMES = {
    "c": ("channels", "filters", "out"),
    "filters": ("c", "channels", "out_channels"),
    "out": ("c", "filters"),
    "s": ("stride",),
    "k": ("kernel",),
    "p": ("padding",),
    "n": ("depth", "layers"),
    "classes": ("num_classes", "n_classes"),
    "width": ("dim", "d_model", "embed_dim"),
    "heads": ("num_heads", "n_head"),
    "growth": ("growth_rate", "k"),
    "mid": ("hidden", "inner"),
    "code": ("latent", "z"),
    "units": ("hidden",),
    "groups": ("cardinality",),
}
_OTHERWISE = ("dim", "channels", "size")

_OWN_NAMES = {
    "kernel": "kernel_size",
    "padding": "padding_size",
    "stride": "step",
    "filters": "filters_out",
    "units": "hidden_units",
    "eps": "epsilon",
    "momentum": "bn_momentum",
    "rate": "drop_rate",
    "heads": "num_heads",
}


@kind("stage copied with its name")
def copied_stage_name(random: Random, valid: Valid) -> str | None:
    """The line of a stage copied and changed, except for the name."""
    stages = [each for each in valid.statements if isinstance(each, ast.Stage)]
    whole = Span(valid.source, 0, len(valid.text))
    unread = [each for each in stages if len(places(valid, rf"\b{each.name.text}\b", whole)) == 1]
    pairs = [(a, b) for a, b in pairwise(stages) if b in unread]
    return first_with_error(random, (valid.replace(b.name.span, a.name.text) for a, b in pairs))


@kind("parameter by the name it has elsewhere")
def parameter_by_another_name(random: Random, valid: Valid) -> str | None:
    """A line from another file, whose block uses another name for the same thing: `filters` for `c`."""
    texts = []
    for owner in valid.statements:
        if isinstance(owner, ast.Block | ast.Net):
            body = owner.body.span if isinstance(owner, ast.Block) else Span(valid.source, 0, len(valid.text))
            taken = {each.name.text for each in owner.parameters}
            for name in taken:
                others = [each for each in _OTHER_NAMES.get(name, _OTHERWISE) if each not in taken]
                uses = uses_of(valid, name, body)
                texts += [written(valid, use.start(), use.end(), other) for use in uses for other in others[:1]]
    return first_with_error(random, sorted(texts))


@kind("constant in a variable that blocks do not see")
def variable_outside_block(random: Random, valid: Valid) -> str | None:
    """A number in several blocks, moved into a `let` at the top."""
    inputs = [each for each in valid.statements if isinstance(each, ast.Input)]
    texts = []
    for block in (each for each in valid.statements if isinstance(each, ast.Block)):
        for layer in (each for each in valid.layers() if block.span.start <= each.span.start < block.span.end):
            for argument, name in _OWN_NAMES.items():
                span = valid.argument(layer, argument)
                number = re.fullmatch(r"(?:[a-z]+=|[a-z])?([\d.e-]+)", text_of(valid, span)) if span else None
                if span and number and inputs and inputs[-1].span.end <= block.span.start:
                    edited = written(valid, span.start, span.end, f"{argument}={name}")
                    end = inputs[-1].span.end
                    texts.append(f"{edited[:end]}\nlet {name} = {number[1]}{edited[end:]}")
    return first_with_error(random, texts)


@kind("default of a block parameter removed")
def default_removed(random: Random, valid: Valid) -> str | None:
    """A block whose stride must be given from now on, and a use that relied on the default."""
    texts = []
    for block in (each for each in valid.statements if isinstance(each, ast.Block)):
        for parameter in block.parameters:
            if parameter.default is not None:
                texts.append(written(valid, parameter.name.span.end, parameter.default.span.end, ""))
    return first_with_error(random, texts)


@kind("parameter renamed, shorthand kept")
def shorthand_of_renamed(random: Random, valid: Valid) -> str | None:
    """`s` of a block renamed to `stride` in the block, while its uses still say `s2`."""
    texts = []
    for block in (each for each in valid.statements if isinstance(each, ast.Block)):
        head = Span(valid.source, block.name.span.end, block.body.span.start)
        for parameter in block.parameters:
            name = parameter.name.text
            new = {"s": "stride", "k": "kernel", "p": "padding", "t": "expand", "n": "count"}.get(name)
            if new is not None:
                spans = [(m.start(), m.end()) for m in uses_of(valid, name, block.body.span)]
                spans += [(m.start(), m.end()) for m in places(valid, rf"\b{name}\b", head)]
                text = valid.text
                for start, end in sorted(spans, reverse=True):
                    text = text[:start] + new + text[end:]
                texts.append(text)
    return first_with_error(random, texts)


@kind("block by the name it has elsewhere")
def block_by_other_name(random: Random, valid: Valid) -> str | None:
    """The use of a block under the name that another repository gives it."""
    others = {
        "basic": "basic_block",
        "double": "double_conv",
        "unit": "conv_bn_relu",
        "bottleneck": "inverted_residual",
        "transform": "branch",
        "encoder": "encoder_layer",
        "decoder": "decoder_layer",
        "fire": "fire_module",
        "up": "up_block",
        "down": "down_block",
        "norm": "norm_act",
        "squeeze": "se_block",
        "se": "squeeze_excite",
        "dense": "dense_layer",
        "transition": "transition_layer",
    }
    renamed = ((use, others.get(use.keyword.text, f"{use.keyword.text}_block")) for use in valid.uses())
    return first_with_error(random, (valid.replace(use.keyword.span, new) for use, new in renamed))


@kind("tensor by the name it has elsewhere")
def tensor_by_other_name(random: Random, valid: Valid) -> str | None:
    """A skip connection copied with the name that the encoder has in another file."""
    words = [each.span for merge in valid.statements if isinstance(merge, ast.Merge) for each in operand_names(merge)]
    words += [each.name.span for each in valid.statements if isinstance(each, ast.From | ast.Reuse)]
    words += [name.span for each in valid.statements if isinstance(each, ast.Output) for name in each.names]
    names = tensor_names(valid)
    words += [each.span for use in valid.uses() for each in use.args if text_of(valid, each) in names]
    others = ("enc1", "skip", "shortcut", "features_out", "hidden_states")
    return first_with_error(random, (valid.replace(each, other) for each in words for other in others))


@kind("arguments of a block exchanged")
def arguments_exchanged(random: Random, valid: Valid) -> str | None:
    """Two neighboring arguments of a block, in the order of another implementation."""
    pairs = [(a, b) for use in valid.uses() for a, b in pairwise(use.args)]
    swapped = (written(valid, a.span.start, b.span.end, f"{text_of(valid, b)} {text_of(valid, a)}") for a, b in pairs)
    return first_with_error(random, swapped)


def _between(valid: Valid, a: ast.Statement, b: ast.Statement) -> str:
    return valid.text[a.span.end : b.span.start]
