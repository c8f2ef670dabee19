"""Branches that do not fit together: a change made in one branch, a line copied from another one."""

from itertools import pairwise
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_third_edits import branches, places, references, substituted, swapped, weighted, wrong


@kind("stride missing in one branch")
def stride_in_one(random: Random, valid: Valid) -> str | None:
    """A student who makes a unit halve the size and forgets its shortcut, or the other way around."""
    texts = []
    for _, body in branches(valid):
        for each in weighted(body):
            for argument in each.args:
                if argument.span.text in ("s2", "s=s", "stride=s", "stride=2", "s=2"):
                    texts.append(valid.without(argument.span))
    return wrong(random, texts)


@kind("padding missing on one convolution")
def no_padding(random: Random, valid: Valid) -> str | None:
    """Everybody who types `conv 64 k3` in a residual branch or a U-Net, where all others have `p1` or `same`."""
    return wrong(random, substituted(valid, r"(\bconv\b[^;{}\n]*? k[357]\b[^;{}\n]*?) (?:p[123]|same)\b", r"\1"))


@kind("padding of a 3×3 on another kernel")
def copied_padding(random: Random, valid: Valid) -> str | None:
    """A person who copies `conv 64 k3 p1` and changes only the kernel: `k1 p1` in a shortcut, `k5 p1` in a branch."""
    texts = [
        *substituted(valid, r"(\bconv\b[^;{}\n]*? k1)\b(?! *p|x)", r"\1 p1"),
        *substituted(valid, r"(\b(?:dw)?conv\b[^;{}\n]*? k[57]\b[^;{}\n]*?) p[23]\b", r"\1 p1"),
    ]
    return wrong(random, texts)


@kind("padding not adapted to the dilation")
def dilation_padding(random: Random, valid: Valid) -> str | None:
    """A student who copies a dilated convolution, doubles its dilation and leaves its padding as it was."""
    texts = []
    for span in places(valid, r"\bd(\d+) p\d+\b"):
        dilation, padding = (int(part[1:]) for part in span.text.split())
        texts += [valid.replace(span, f"d{dilation} p{padding // 2}")] if padding > 1 else []
        texts += [valid.replace(span, f"d{dilation} p1")] if padding > 1 else []
    return wrong(random, texts)


@kind("digit mistyped in the channels of a branch")
def channel_digit(random: Random, valid: Valid) -> str | None:
    """Everybody: `46` for `64`, `1288` for `128`, `6` for `64`, in the layer whose result is added."""
    texts = []
    for statement, body in branches(valid):
        last = weighted(body)[-1:] if isinstance(statement, ast.Residual) or _adds(statement) else []
        for span in (each.args[0].span for each in last if each.args[0].span.text.isdigit()):
            number = span.text
            forms = {number[::-1], number + number[-1], number[:-1]} - {number, ""}
            texts += [valid.replace(span, form) for form in sorted(forms) if not form.startswith("0")]
    return wrong(random, texts)


def _adds(statement: ast.Statement) -> bool:
    """Whether a merge needs equal numbers of channels."""
    return isinstance(statement, ast.Merge) and statement.keyword.text in ("add", "sub", "mul", "maximum", "minimum")


@kind("last layer of a branch copied from its first")
def copied_first(random: Random, valid: Valid) -> str | None:
    """A person who writes the first layer of a branch, copies it and forgets to narrow it: `fc 4*c; gelu; fc 4*c`."""
    texts = []
    for _, body in branches(valid):
        found = weighted(body)
        if len(found) > 1 and found[0].keyword.text == found[-1].keyword.text:
            texts.append(valid.replace(found[-1].args[0].span, found[0].args[0].span.text))
    return wrong(random, texts)


@kind("one branch of another width")
def other_width(random: Random, valid: Valid) -> str | None:
    """A researcher who copies a unit of the next or the previous stage and adapts the widths of one branch only."""
    texts = []
    for statement, body in branches(valid):
        if isinstance(statement, ast.Residual) or _adds(statement):
            for span in (each.args[0].span for each in weighted(body)[-1:]):
                number = span.text
                texts += [valid.replace(span, f"2*{number}")] if not number.isdigit() else []
                texts += [valid.replace(span, str(2 * int(number)))] if number.isdigit() else []
    return wrong(random, texts)


@kind("sum for a concatenation, or the other way around")
def other_merge(random: Random, valid: Valid) -> str | None:
    """A student who confuses the skip connections of ResNet, which are added, with those of U-Net."""
    texts = [
        *substituted(valid, r"\bconcat\b(?= +[a-z{])", "add"),
        *substituted(valid, r"\badd\b(?= +[a-z{])", "concat"),
    ]
    return wrong(random, texts)


@kind("skip connection of another level")
def skip_of_another(random: Random, valid: Valid) -> str | None:
    """A student who copies a level of a decoder and keeps the name, or connects `e1` first, in the encoder's order."""
    uses = references(valid)
    pairs = [(a, b) for a, b in pairwise(uses) if a.text != b.text and _role(valid, a) == _role(valid, b)]
    copied = [valid.replace(b, a.text) for a, b in pairs]
    return wrong(random, [*copied, *(swapped(valid, *pair) for pair in pairs)])


def _role(valid: Valid, span: Span) -> str:
    """The keyword of the innermost statement that uses a name."""
    around = [each for each in valid.statements if each.span.start <= span.start and span.end <= each.span.end]
    return min(around, key=lambda each: each.span.end - each.span.start).span.text.split()[0]
