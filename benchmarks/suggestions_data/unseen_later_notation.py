"""Later kinds by the author who has not seen the suggestions: a notation from elsewhere, or a slip of the keyboard."""

import re
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_later_edits import SHORTHAND, every, inserted, matches, neighbors, substituted, wrong

FLAGS = ("keep", "ceil", "bidirectional", "causal", "frozen", "nobias", "bilinear", "relative")


@kind("arguments written together")
def together(random: Random, valid: Valid) -> str | None:
    """`k3s2p1`, as in the tables of papers."""
    found = matches(valid, rf"(?<= )({SHORTHAND.pattern}(?: {SHORTHAND.pattern})+)(?=[ ;\n])")
    return wrong(random, valid, (substituted(valid, match, match[0].replace(" ", "")) for match in found))


@kind("space within a shorthand")
def apart(random: Random, valid: Valid) -> str | None:
    """`k 3` for `k3`."""
    arguments = [each.span for each in every(valid, ast.Argument) if SHORTHAND.fullmatch(each.span.text)]
    return wrong(random, valid, (valid.replace(span, f"{span.text[0]} {span.text[1:]}") for span in arguments))


@kind("repetition in another notation")
def repetition(random: Random, valid: Valid) -> str | None:
    """`basic 64 *2`, `basic 64 2x`, `2 * basic 64`, `basic 64 ×2` for `basic 64 x2`."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.LayerStatement | ast.Merge | ast.Residual) and each.times > 1:
            for match in matches(valid, rf" x{each.times}\b", each.span)[-1:]:
                texts += [substituted(valid, match, new.format(each.times)) for new in (" *{}", " {}x", " ×{}")]
                statement = valid.text[each.span.start : match.start()] + valid.text[match.end() : each.span.end]
                texts.append(valid.replace(each, f"{each.times} * {statement}"))
    return wrong(random, valid, texts)


@kind("comment as in C")
def slashes(random: Random, valid: Valid) -> str | None:
    """`//` for `#`."""
    return wrong(random, valid, (substituted(valid, each, "//") for each in re.finditer(r"#", valid.text)))


@kind("comment without its sign")
def unmarked(random: Random, valid: Valid) -> str | None:
    """A line of a comment that was broken into two, or a title, without `#`."""
    found = re.finditer(r"^[ ]*(# *)\w", valid.text, re.MULTILINE)
    return wrong(random, valid, (substituted(valid, each, "", 1) for each in found))


@kind("parameters of a block without parentheses")
def bare_header(random: Random, valid: Valid) -> str | None:
    """`block double c {`, written like a use of the block."""
    found = matches(valid, r"\bblock \w+(\(([^()\n]*)\))")
    texts = [substituted(valid, each, " " + each[2].replace(",", random.choice(("", ","))), 1) for each in found]
    return wrong(random, valid, texts)


@kind("block defined as a function or class")
def function(random: Random, valid: Valid) -> str | None:
    """`def basic(filters)` for `block basic(filters)`."""
    words = ("def", "function", "fn", "class", "module", "define")
    return wrong(
        random, valid, (substituted(valid, each, random.choice(words), 1) for each in matches(valid, r"^(block) \w+"))
    )


@kind("return at the end of a block")
def returned(random: Random, valid: Valid) -> str | None:
    """`return x` as the last statement."""
    statement = random.choice(("return", "return x", "return out"))
    texts = []
    for block in valid.program.blocks:
        last = block.body.statements[-1].span
        one_line = "\n" not in block.body.span.text
        texts.append(inserted(valid, last.end, f"; {statement}" if one_line else f"\n  {statement}"))
    return wrong(random, valid, texts)


@kind("flag with a value")
def flag_value(random: Random, valid: Valid) -> str | None:
    """`bidirectional=true` for `bidirectional`."""
    spans = [each.span for each in every(valid, ast.Argument) if each.span.text in FLAGS]
    value = random.choice(("true", "True", "1", "yes"))
    return wrong(random, valid, (valid.replace(span, f"{span.text}={value}") for span in spans))


@kind("hyphen or space in the name of the network")
def hyphen(random: Random, valid: Valid) -> str | None:
    """`net U-Net`, `net LeNet 5`, as papers write it."""
    texts = []
    for net in every(valid, ast.Net):
        name = net.name.span
        for match in re.finditer(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[A-Z][a-z]", name.text):
            sign = random.choice("- ") if match[0].isdigit() else "-"
            texts.append(inserted(valid, name.start + match.start(), sign))
    return wrong(random, valid, texts)


@kind("outputs without a comma")
def outputs(random: Random, valid: Valid) -> str | None:
    """`output label box`, as merges list their operands."""
    found = [each.span for each in every(valid, ast.Output) if "," in each.span.text]
    return wrong(random, valid, (valid.replace(span, span.text.replace(",", "")) for span in found))


@kind("tensor as an argument of the layer that reads it")
def read_by_argument(random: Random, valid: Valid) -> str | None:
    """`conv e1 32 k3` for `from e1; conv 32 k3`, as in a call of a function."""
    texts = []
    for one, layer in neighbors(valid):
        if isinstance(one, ast.From) and isinstance(layer, ast.LayerStatement):
            word = layer.keyword.span
            end = layer.args[-1].span.end if layer.args else word.end
            head, tail = valid.text[: one.span.start], valid.text[end:]
            words = valid.text[word.end : end]
            texts.append(f"{head}{word.text} {one.name.text}{words}{tail}")
    return wrong(random, valid, texts)


@kind("second value of an argument left in")
def twice(random: Random, valid: Valid) -> str | None:
    """`k5 k3`, `same p1`: the older argument beside the new one."""
    texts = []
    for layer in valid.layers():
        for argument in layer.args:
            for other in _older(argument.span, valid, layer):
                texts += [inserted(valid, argument.span.end, f" {other}")]
                texts += [inserted(valid, argument.span.start, f"{other} ")]
    return wrong(random, valid, texts)


def _older(argument: Span, valid: Valid, layer: ast.LayerStatement) -> list[str]:
    """The argument that was at this place before it was changed."""
    if match := re.fullmatch(r"([kspdg])(\d+)", argument.text):
        return ["same"] if match[1] == "p" else [f"{match[1]}{int(match[2]) + 1 + (match[1] == 'k')}"]
    kernel = valid.argument(layer, "kernel")
    if argument.text == "same" and kernel is not None and (digits := re.search(r"\d+$", kernel.text)):
        return [f"p{int(digits[0]) // 2}"]
    return []
