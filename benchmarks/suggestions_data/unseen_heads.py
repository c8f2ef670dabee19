"""Unseen kinds of errors: how feature maps, sequences and vectors are converted into each other."""

from random import Random

from archdsl.syntax import ast

from .protocol import Valid, kind
from .unseen_edits import exchanged, first_with_error, neighbors, same_but_for_head, text_of


@kind("pooled to 1x1, but not flattened", right=same_but_for_head)
def pooled_not_flattened(random: Random, valid: Valid) -> str | None:
    """The head of a torchvision model without its `flatten`."""
    pools = [each for each in valid.layers("gap") if text_of(valid, each) == "gap"]
    return first_with_error(random, (valid.replace(each, "adaptive_avgpool 1") for each in pools))


@kind("flatten left before the pooling")
def flatten_left(random: Random, valid: Valid) -> str | None:
    """The head of VGG replaced by a global pooling, except for its `flatten`."""
    pools = valid.layers("gap", "gmp", "adaptive_avgpool")
    return first_with_error(random, (valid.replace(each, f"flatten; {text_of(valid, each)}") for each in pools))


@kind("layers of the head in the wrong order")
def head_exchanged(random: Random, valid: Valid) -> str | None:
    """`fc` before `gap`, `pos` before `embedding`: two neighbors exchanged."""
    movable = valid.layers("gap", "flatten", "tokens", "embedding", "cls", "reshape", "take", "to_image", "permute")
    pairs = [(a, b) for a, b in neighbors(valid) if a in movable and isinstance(b, ast.LayerStatement)]
    return first_with_error(random, (exchanged(valid, a, b) for a, b in pairs))
