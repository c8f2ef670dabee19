"""Wrong names: slips of the keyboard, renamings that were not finished, and copies that were not adapted."""

import re
from random import Random

from archdsl.syntax import ast

from .protocol import Valid, kind
from .unseen_third_edits import aliases, parameters, places, references, several, slips, wrong

_FLAGS = r"\b(?:nobias|same|causal|bilinear|bidirectional|ceil|keep|frozen)\b"
_ARGUMENTS = (
    r"\b(?:stride|padding|groups|kernel|layers|dropout|eps|momentum|axis|init|mode|from|mask|window|heads)(?==)"
)
_RENAMED = {
    "classes": "num_classes",
    "width": "base_channels",
    "filters": "out_channels",
    "growth": "growth_rate",
    "heads": "num_heads",
    "vocabulary": "vocab_size",
    "depth": "num_layers",
    "groups": "cardinality",
    "expand": "expansion",
    "ratio": "reduction",
    "c": "channels",
    "s": "stride",
    "n": "depth",
    "mid": "hidden",
    "out": "out_channels",
    "patch": "patch_size",
    "skip": "encoder",
    "hidden": "hidden_size",
}


@kind("name mistyped where it is used")
def name_mistyped(random: Random, valid: Valid) -> str | None:
    """Everybody who types `concat skip1` or `fc classes` ten lines below the name: `concat skpi1`, `fc clases`."""
    tensors = [span for span in references(valid) if len(span.text) > 2]
    numbers = [span for word, spans in parameters(valid) for span in spans if len(word.text) > 3]
    singular = [valid.replace(span, span.text[:-1]) for span in numbers if span.text.endswith("s")]
    texts = [valid.replace(span, slips(random, span.text)) for span in (*tensors, *numbers)]
    return wrong(random, [*singular, *texts])


@kind("layer keyword mistyped")
def layer_mistyped(random: Random, valid: Valid) -> str | None:
    """Everybody who types fast: `maxpol`, `fllatten`, `rleu`."""
    words = [each.keyword for each in valid.layers() if len(each.keyword.text) > 2]
    return wrong(random, (valid.replace(word.span, slips(random, word.text)) for word in words))


@kind("flag or argument name mistyped")
def flag_mistyped(random: Random, valid: Valid) -> str | None:
    """Everybody who types fast: `nobais`, `casual`, `stirde=2`."""
    spans = places(valid, f"{_FLAGS}|{_ARGUMENTS}")
    return wrong(random, (valid.replace(span, slips(random, span.text)) for span in spans))


@kind("tensor renamed only where it is named")
def tensor_renamed(random: Random, valid: Valid) -> str | None:
    """A student who tidies up names in the encoder, `as e1` to `as enc1`, and forgets the decoder."""
    used = {span.text for span in references(valid)}
    texts = []
    for word in (each for each in aliases(valid) if each.text in used):
        number = re.search(r"\d+$", word.text)
        stem = word.text[: number.start()] if number else word.text
        longer = {"e": "enc", "d": "dec", "s": "skip", "f": "feat", "c": "conv", "x": "feat"}.get(stem, f"{stem}_")
        new = longer + number[0] if number else f"{word.text}_features"
        texts.append(valid.replace(word.span, new))
    return wrong(random, texts)


@kind("parameter renamed only in its header")
def parameter_renamed(random: Random, valid: Valid) -> str | None:
    """An engineer who gives a parameter of `net` or `block` the name that PyTorch code has, and forgets its uses."""
    words = [word for word, uses in parameters(valid) if uses and word.text in _RENAMED]
    return wrong(random, (valid.replace(word.span, _RENAMED[word.text]) for word in words))


@kind("block renamed but for one use")
def block_renamed(random: Random, valid: Valid) -> str | None:
    """A researcher who renames a block with the editor's search, step by step, and skips one place."""
    texts = []
    for block in valid.program.blocks:
        uses = [each.keyword.span for each in valid.uses() if each.keyword.text == block.name.text]
        new = random.choice((f"{block.name.text}_block", f"{block.name.text}2", f"res_{block.name.text}"))
        for left in uses:
            renamed = [block.name.span, *(span for span in uses if span != left)]
            texts.append(several(valid, ((span, new) for span in renamed)))
    return wrong(random, texts)


@kind("name of the copied level kept")
def copied_name(random: Random, valid: Valid) -> str | None:
    """A student who copies a level of an encoder, or a stage, and adapts everything but its name."""
    names = [*aliases(valid), *(each.name for each in valid.statements if isinstance(each, ast.Stage))]
    texts = []
    for word in names:
        stem = word.text.rstrip("0123456789")
        earlier = [each.text for each in names if each.span.start < word.span.start and each.text != word.text]
        same = [text for text in earlier if text.rstrip("0123456789") == stem]
        texts += [valid.replace(word.span, same[-1])] if same else []
    return wrong(random, texts)


@kind("tensor not named")
def not_named(random: Random, valid: Valid) -> str | None:
    """A person who writes the decoder later, with `concat e2`, and forgets to add `as e2` in the encoder."""
    used = {span.text for span in references(valid)}
    spans = [span for span in places(valid, r" +as +([A-Za-z_]\w*)") if span.text.split()[-1] in used]
    return wrong(random, (valid.replace(span, "") for span in spans))
