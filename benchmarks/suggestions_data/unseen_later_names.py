"""Later kinds by the author who has not seen the suggestions: one of several similar names in the place of another."""

from itertools import combinations
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_later_edits import every, exchanged, records, wrong

SIMILAR = {
    "upconv": ("upsample", "conv"),
    "upsample": ("resize", "upconv"),
    "resize": ("upsample", "reshape"),
    "reshape": ("resize", "flatten"),
    "tokens": ("flatten", "patches"),
    "flatten": ("tokens", "reshape"),
    "gap": ("avgpool", "mean"),
    "gmp": ("maxpool",),
    "take": ("slice", "crop"),
    "crop": ("slice", "pad"),
    "permute": ("reshape", "flatten"),
    "embedding": ("fc", "pos"),
    "fc": ("embedding",),
    "pixelshuffle": ("shuffle",),
    "shuffle": ("pixelshuffle",),
}
"""Layers that are mistaken for others."""


@kind("one of two similar layers")
def similar(random: Random, valid: Valid) -> str | None:
    """`upsample` for `upconv`, `tokens` for `flatten`: the arguments are those of the layer that was meant."""
    words = [layer.keyword for layer in valid.layers()]
    pairs = [(word.span, other) for word in words for other in SIMILAR.get(word.text, ())]
    return wrong(random, valid, (valid.replace(span, other) for span, other in pairs))


@kind("the other input")
def other_input(random: Random, valid: Valid) -> str | None:
    """`from question` where the image is meant."""
    names = [each.args[0].span.text for each in every(valid, ast.Input) if len(each.args) > 1]
    words = [each.name for each in every(valid, ast.From) if each.name.text in names]
    return wrong(random, valid, (valid.replace(word.span, name) for word in words for name in names))


def tensors_read(valid: Valid) -> list[Span]:
    """The names of the tensors that are operands of merges, or arguments of blocks."""
    spans = [word.span for merge in every(valid, ast.Merge) for word in merge.operands if isinstance(word, ast.Word)]
    for merge in every(valid, ast.Merge):
        bodies = [each for each in merge.operands if isinstance(each, ast.Body)]
        spans += [each.name.span for body in bodies for each in records(body) if isinstance(each, ast.From)]
    names = {alias.text for each in valid.statements if isinstance(alias := getattr(each, "alias", None), ast.Word)}
    spans += [arg.span for use in valid.uses() for arg in use.args if arg.span.text in names]
    return spans


@kind("two skip connections exchanged")
def two_skips(random: Random, valid: Valid) -> str | None:
    """The skip connections of an encoder in its order, not in the reverse."""
    pairs = combinations(tensors_read(valid), 2)
    return wrong(random, valid, (exchanged(valid, one, other) for one, other in pairs if one.text != other.text))
