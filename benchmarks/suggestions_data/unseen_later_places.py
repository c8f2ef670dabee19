"""Later kinds by the author who has not seen the suggestions: a line that was moved, pasted, or left where it was."""

import re
from itertools import pairwise
from random import Random

from archdsl.graph import Node
from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind
from .unseen_later_edits import (
    bodies,
    end_of_line,
    every,
    exchanged,
    inserted,
    matches,
    neighbors,
    same_types,
    substituted,
    wrong,
)

IMAGES = ("1x28x28", "3x32x32", "3x64x64", "3x224x224")


@kind("net line below the input")
def net_below(random: Random, valid: Valid) -> str | None:
    """The name of the network, added after the input."""
    inputs, nets = every(valid, ast.Input), every(valid, ast.Net)
    if not inputs or not nets or nets[0].span.start > inputs[0].span.start:
        return None
    net, end = nets[0].span, end_of_line(valid, inputs[-1].span.end)
    return valid.text[: net.start] + valid.text[end_of_line(valid, net.end) : end] + net.text + "\n" + valid.text[end:]


@kind("old input line left in")
def old_input(random: Random, valid: Valid) -> str | None:
    """The input of another data set, before or after the new one."""
    inputs = every(valid, ast.Input)
    if len(inputs) != 1 or not re.fullmatch(r"input [\dx]+", inputs[0].span.text):
        return None
    span = inputs[0].span
    sizes = [int(size) for size in span.text.split()[1].split("x")]
    others = IMAGES if len(sizes) == 3 else tuple("x".join([*map(str, sizes[:-1]), str(n)]) for n in (64, 100, 256))
    lines = [f"input {other}" for other in others if f"input {other}" != span.text]
    texts = [valid.replace(span, f"{line}\n{span.text}") for line in lines]
    return wrong(random, valid, texts + [valid.replace(span, f"{span.text}\n{line}") for line in lines])


@kind("net line of a second network")
def second_net(random: Random, valid: Valid) -> str | None:
    """Two networks were pasted one below the other: the second name is left in."""
    start = max((each.span.end for each in every(valid, ast.Input)), default=len(valid.text))
    starts = [each.span.start for each in valid.program.statements if each.span.start > start]
    places = [place for place in starts[1:] if valid.text[place - 1] == "\n"]
    name = random.choice(("Head", "Decoder", "Classifier", "Part2"))
    return wrong(random, valid, (inserted(valid, place, f"net {name}\n") for place in places))


@kind("block defined twice")
def block_twice(random: Random, valid: Valid) -> str | None:
    """Two files were merged, each with the same block."""
    texts = []
    starts = [each.span.start for each in valid.program.statements if valid.text[each.span.start - 1] == "\n"]
    for block in valid.program.blocks:
        texts += [inserted(valid, place, f"{block.span.text}\n") for place in starts if place >= block.span.end]
    return wrong(random, valid, texts)


@kind("block defined inside a stage")
def block_inside(random: Random, valid: Valid) -> str | None:
    """The block was moved to the stage that uses it."""
    texts = []
    for block in valid.program.blocks:
        for stage in every(valid, ast.Stage):
            if stage.span.start > block.span.end:
                brace = stage.body.span.start + 1
                text = inserted(valid, brace, f"\n  {block.span.text}\n ")
                texts.append(text[: block.span.start] + text[end_of_line(valid, block.span.end) :])
    return wrong(random, valid, texts)


@kind("outputs listed before they exist")
def outputs_first(random: Random, valid: Valid) -> str | None:
    """`output a, b` below the inputs, as a declaration."""
    inputs, outputs = every(valid, ast.Input), every(valid, ast.Output)
    if not inputs or not outputs:
        return None
    end = end_of_line(valid, inputs[-1].span.end)
    without = valid.without(outputs[0])
    return wrong(random, valid, [without[:end] + outputs[0].span.text + "\n" + without[end:]])


@kind("copied line keeps the name of its tensor")
def same_name(random: Random, valid: Valid) -> str | None:
    """The line with `as e1` was copied for the next level; its name was not changed to `e2`."""
    words = []
    for each in valid.statements:
        alias = getattr(each, "alias", None)
        if isinstance(alias, ast.Word):
            words.append(alias)
    pairs = pairwise(words)
    return wrong(random, valid, (valid.replace(later.span, first.text) for first, later in pairs))


@kind("stage for a block")
def stage_for_block(random: Random, valid: Valid) -> str | None:
    """`stage basic(filters)`: a block is defined with the other keyword."""
    return wrong(random, valid, (substituted(valid, each, "stage", 1) for each in matches(valid, r"^(block) \w+")))


@kind("block for a stage")
def block_for_stage(random: Random, valid: Valid) -> str | None:
    """`block features { … }`, which is then never used."""
    return wrong(random, valid, (substituted(valid, each, "block", 1) for each in matches(valid, r"^(stage) \w+")))


@kind("two sections exchanged")
def sections(random: Random, valid: Valid) -> str | None:
    """Two stages, or two parts that each start with `from`, were moved past each other."""
    stages = [each for each in valid.program.statements if isinstance(each, ast.Stage)]
    texts = [exchanged(valid, one.span, other.span) for one, other in pairwise(stages)]
    starts = [match.start() for match in matches(valid, r"^from ")]
    for first, second, end in zip(starts, starts[1:], [*starts[2:], len(valid.text)], strict=False):
        one, other = Span(valid.source, first, second), Span(valid.source, second, end)
        texts.append(exchanged(valid, one, other))
    return wrong(random, valid, texts)


@kind("layer after a merge inside its braces")
def swallowed(random: Random, valid: Valid) -> str | None:
    """The closing brace comes one layer too late."""
    texts = []
    for merge, after in neighbors(valid):
        closes = merge.span.text.endswith("}") and isinstance(merge, ast.Merge | ast.Residual)
        if closes and isinstance(after, ast.LayerStatement) and after.alias is None:
            brace = merge.span.end - 1
            gap = valid.text[merge.span.end : after.span.start]
            head = valid.text[:brace].rstrip(" ")
            if head.endswith("{"):
                continue
            if head.endswith("\n"):
                indent = " " * (brace - len(head))
                inside = f"{head}{indent}  {after.span.text}\n{indent}}}"
            else:
                inside = f"{head}; {after.span.text} }}"
            rest = valid.text[after.span.end :].lstrip(" ")
            texts.append(inside + (gap + rest[1:].lstrip() if rest.startswith(";") else rest))
    return wrong(random, valid, texts)


@kind("line pasted twice")
def pasted(random: Random, valid: Valid) -> str | None:
    """A line that changes the shape appears twice."""
    texts, start = [], 0
    for line in valid.text.split("\n"):
        end = start + len(line) + 1
        words = re.findall(r"\w+", line.partition("#")[0])
        balanced = line.count("{") == line.count("}")
        if words and balanced and not {"pool", "maxpool", "avgpool", "as", "stage", "net", "input"} & {*words}:
            texts.append(inserted(valid, end, line + "\n"))
        start = end
    return wrong(random, valid, texts)


@kind("parameter left out of the header", right=same_types)
def undeclared(random: Random, valid: Valid) -> str | None:
    """A parameter is used, or given a value, but not declared."""
    texts = []
    for match in matches(valid, r"^(?:net|block) \w+(\(([^()\n]*)\))"):
        names = match[2].split(", ")
        for name in names:
            rest = ", ".join(other for other in names if other != name)
            texts.append(substituted(valid, match, f"({rest})" if rest else "", 1))
    return wrong(random, valid, texts)


@kind("last convolution or dense layer of a branch left out", right=same_types)
def left_out(random: Random, valid: Valid) -> str | None:
    """The layer that makes the branch's shape."""
    texts = []
    merges = [*every(valid, ast.Merge), *every(valid, ast.Residual)]
    branches = [each for merge in merges for _, part in merge for each in bodies(part)]
    for branch in branches:
        layers = [each for each in branch.statements if _is_weighted(valid, each)]
        texts += [valid.without(each) for each in layers[-1:]]
    return wrong(random, valid, texts)


def _is_weighted(valid: Valid, statement: ast.Statement) -> bool:
    made: list[Node] = valid.nodes(statement)
    return any(node.op.keyword in ("conv", "fc", "dwconv", "upconv") for node in made)
