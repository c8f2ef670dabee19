"""Statements that are missing, in the wrong place or duplicated."""

import re
from itertools import pairwise
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_third_edits import lines, parameters, references, swapped, wrong


@kind("line left commented out")
def commented_out(random: Random, valid: Valid) -> str | None:
    """A researcher who switches a layer off for an ablation, and forgets it: `# upsample 2`."""
    found = [span for span in lines(valid) if not span.text.lstrip().startswith(("input", "net", "#"))]
    whole = [span for span in found if span.text.count("{") == span.text.count("}")]
    texts = []
    for span in whole:
        indent = len(span.text) - len(span.text.lstrip())
        texts.append(valid.replace(span, f"{span.text[:indent]}# {span.text[indent:]}"))
    return wrong(random, texts)


@kind("marker of a merge conflict left")
def conflict_marker(random: Random, valid: Valid) -> str | None:
    """An engineer who resolves a conflict by hand and deletes only some of the three markers."""
    found = lines(valid)
    span = random.choice(found)
    marker = random.choice(("<<<<<<< HEAD\n", "=======\n", ">>>>>>> wider-stem\n"))
    return wrong(random, [valid.text[: span.start] + marker + valid.text[span.start :]])


@kind("line kept twice in a merge")
def line_twice(random: Random, valid: Valid) -> str | None:
    """An engineer who takes both sides of a conflict, although they have the same line."""
    found = [span for span in lines(valid) if span.text.count("{") == span.text.count("}")]
    return wrong(random, (valid.replace(span, f"{span.text}\n{span.text}") for span in found))


@kind("merge before its resampling")
def merge_before_upsample(random: Random, valid: Valid) -> str | None:
    """A student who writes a decoder: `concat e2; upsample 2`, and the skip connection has twice the size."""
    return wrong(random, _exchanged(valid, ("upsample", "upconv", "resize"), ("concat", "add")))


def _exchanged(valid: Valid, first: tuple[str, ...], then: tuple[str, ...]) -> list[str]:
    """The texts with two neighbors exchanged: a layer in `first`, followed by one in `then`."""
    found = sorted(valid.statements, key=lambda each: each.span.start)
    texts = []
    for one, other in pairwise(found):
        words = [getattr(getattr(each, "keyword", None), "text", None) for each in (one, other)]
        if words[0] in first and words[1] in then and one.span.end <= other.span.start:
            texts.append(swapped(valid, one.span, other.span))
    return texts


@kind("branch without `from`")
def no_from(random: Random, valid: Valid) -> str | None:
    """A person who starts the second branch or head, and forgets that the current tensor is the end of the first."""
    found = [each for each in valid.statements if isinstance(each, ast.From)]
    return wrong(random, (valid.without(each) for each in found))


@kind("flatten or pooling forgotten before the head")
def no_flatten(random: Random, valid: Valid) -> str | None:
    """A student who goes from the last convolution to `fc` directly, as a framework with lazy shapes allows it."""
    found = valid.layers("flatten", "gap", "gmp")
    return wrong(random, (valid.without(each) for each in found))


@kind("layout not converted")
def no_conversion(random: Random, valid: Valid) -> str | None:
    """A person who forgets that recurrent layers and attention read sequences: no `tokens`, no `permute 1 0`."""
    found = valid.layers("tokens", "permute", "to_image")
    return wrong(random, (valid.without(each) for each in found))


@kind("resampling of one level forgotten")
def no_resampling(random: Random, valid: Valid) -> str | None:
    """A student who copies a level of a decoder or an encoder, and loses the `upsample 2` or the `maxpool 2`."""
    found = valid.layers("upsample", "maxpool")
    same = [each for each in found if sum(each.span.text == other.span.text for other in found) > 1]
    return wrong(random, (valid.without(each) for each in same))


@kind("parameter missing in a block's header")
def no_parameter(random: Random, valid: Valid) -> str | None:
    """A researcher who makes a number of a block adjustable: in its body and its uses, not yet in its header."""
    texts = []
    for block in valid.program.blocks:
        header = Span(valid.source, block.name.span.end, block.body.span.start)
        last = re.search(r"\(\w+(?: *= *1)?\)(?= *$)|, *\w+(?: *= *1)?(?=\) *$)", header.text)
        if last is not None:
            start = header.start + last.start()
            texts.append(valid.replace(Span(valid.source, start, start + len(last[0])), ""))
    return wrong(random, texts)


@kind("argument of a block forgotten at one use")
def no_block_argument(random: Random, valid: Valid) -> str | None:
    """A person who uses a block as before, although it takes one more argument now: `up 32` for `up 32 e2`."""
    names = {span.text for span in references(valid)} | {word.text for word, _ in parameters(valid)}
    found = [argument for each in valid.uses() for argument in each.args]
    return wrong(random, (valid.without(each.span) for each in found if each.span.text in names))
