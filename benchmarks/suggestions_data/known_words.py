"""Kinds of errors in words and punctuation."""

import re
from collections.abc import Iterator
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .protocol import Valid, kind

_WORD = re.compile(r"[A-Za-z_]\w*")
_CODE = re.compile(r"#[^\n]*|([;{}])")


def _misspelt(random: Random, word: str) -> str:
    """A word with two letters swapped, one missing, or one twice."""
    at = random.randrange(len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return random.choice([swapped, word[:at] + word[at + 1 :], word[: at + 1] + word[at:]])


def _misspell_one(random: Random, valid: Valid, places: list[Span]) -> str | None:
    places = [place for place in places if len(place.text) > 2]
    if not places:
        return None
    place = random.choice(places)
    return valid.replace(place, _misspelt(random, place.text))


@kind("misspelt layer")
def misspelt_layer(random: Random, valid: Valid) -> str | None:
    return _misspell_one(random, valid, [layer.keyword.span for layer in valid.layers()])


@kind("misspelt merge or statement")
def misspelt_statement(random: Random, valid: Valid) -> str | None:
    merges = [each.keyword.span for each in valid.statements if isinstance(each, ast.Merge | ast.Residual)]
    words = [
        Span(each.span.source, each.span.start, each.span.start + len(_WORD.match(each.span.text)[0]))  # type: ignore[index]  # a statement begins with a word
        for each in valid.statements
        if isinstance(each, ast.From | ast.Stage | ast.Block | ast.Repeat | ast.Output)
    ]
    return _misspell_one(random, valid, merges + words)


@kind("misspelt block")
def misspelt_block(random: Random, valid: Valid) -> str | None:
    return _misspell_one(random, valid, [use.keyword.span for use in valid.uses()])


@kind("misspelt flag or argument")
def misspelt_argument(random: Random, valid: Valid) -> str | None:
    places = []
    for layer in valid.layers():
        known = {name for node in valid.nodes(layer) for name, span in node.arguments.items()}
        for argument in layer.args:
            if argument.name is not None:
                places.append(argument.name.span)
            elif isinstance(argument.value, ast.Variable) and argument.value.name not in known | _names(valid):
                places.append(argument.span)
    return _misspell_one(random, valid, places)


def _names(valid: Valid) -> set[str]:
    """The parameters and variables of a text."""
    found = {word.text for each in valid.statements if isinstance(each, ast.Let) for word in each.target.names}
    for each in valid.statements:
        if isinstance(each, ast.Net | ast.Block):
            found |= {parameter.name.text for parameter in each.parameters}
    return found


@kind("misspelt variable")
def misspelt_variable(random: Random, valid: Valid) -> str | None:
    names = _names(valid)
    places = []
    for layer in valid.statements:
        for argument in layer.args if isinstance(layer, ast.LayerStatement) else ():
            span = argument.value.span
            for word in _WORD.finditer(span.text):
                if word[0] in names and span.text[: word.start()][-1:] != "@":
                    places.append(Span(span.source, span.start + word.start(), span.start + word.end()))
    return _misspell_one(random, valid, places) if any(len(place.text) > 2 for place in places) else None


def _tensor_uses(valid: Valid) -> Iterator[ast.Word]:
    for each in valid.statements:
        if isinstance(each, ast.Merge):
            yield from (word for word in each.operands if isinstance(word, ast.Word))
        elif isinstance(each, ast.From | ast.Reuse):
            yield each.name
        elif isinstance(each, ast.Output):
            yield from each.names


@kind("misspelt tensor")
def misspelt_tensor(random: Random, valid: Valid) -> str | None:
    words = [word.span for word in _tensor_uses(valid)]
    numbered = [span for span in words if span.text[-1].isdigit()]
    if numbered and random.random() < 0.5:  # another number, as `e3` where there are two
        place = random.choice(numbered)
        return valid.replace(place, f"{place.text[:-1]}{int(place.text[-1]) + 4}")
    return _misspell_one(random, valid, words)


@kind("torch's or Keras' class name")
def class_name(random: Random, valid: Valid) -> str | None:
    names = {
        "conv": ["Conv2d", "Conv2D"],
        "fc": ["Linear", "Dense"],
        "bn": ["BatchNorm2d", "BatchNormalization"],
        "relu": ["ReLU"],
        "maxpool": ["MaxPool2d", "MaxPooling2D"],
        "avgpool": ["AvgPool2d", "AveragePooling2D"],
        "gap": ["GlobalAveragePooling2D", "AdaptiveAvgPool2d"],
        "lstm": ["LSTM"],
        "gru": ["GRU"],
        "dropout": ["Dropout"],
        "flatten": ["Flatten"],
        "embedding": ["Embedding"],
        "layernorm": ["LayerNorm", "LayerNormalization"],
        "upconv": ["ConvTranspose2d", "Conv2DTranspose"],
        "upsample": ["Upsample", "UpSampling2D"],
    }
    layers = valid.layers(*names)
    if not layers:
        return None
    layer = random.choice(layers)
    written = names[valid.nodes(layer)[0].op.keyword]
    # nobody writes `AdaptiveAvgPool2d keep`: its argument is a size
    likely = [name for name in written if not (name == "AdaptiveAvgPool2d" and layer.args)]
    return valid.replace(layer.keyword.span, random.choice(likely))


def _marks(valid: Valid, mark: str) -> list[int]:
    """Where a separator or brace stands, outside of comments."""
    return [found.start() for found in _CODE.finditer(valid.text) if found[1] == mark]


@kind("missing semicolon")
def missing_semicolon(random: Random, valid: Valid) -> str | None:
    places = _marks(valid, ";")
    if not places:
        return None
    at = random.choice(places)
    return valid.text[:at] + valid.text[at + 1 :]


@kind("comma for a semicolon")
def comma(random: Random, valid: Valid) -> str | None:
    places = _marks(valid, ";")
    if not places:
        return None
    at = random.choice(places)
    return valid.text[:at] + "," + valid.text[at + 1 :]


@kind("missing closing brace")
def missing_brace(random: Random, valid: Valid) -> str | None:
    places = _marks(valid, "}")
    if not places:
        return None
    at = random.choice(places)
    text = valid.text
    line = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    if text[line:end].strip() == "}":
        return text[:line] + text[end + 1 :]
    return text[:at].rstrip(" ") + text[at + 1 :]


@kind("extra closing brace")
def extra_brace(random: Random, valid: Valid) -> str | None:
    places = _marks(valid, "}")
    if not places:
        return None
    at = random.choice(places) + 1
    return valid.text[:at] + random.choice([" }", "\n}"]) + valid.text[at:]


@kind("missing opening brace")
def missing_opening_brace(random: Random, valid: Valid) -> str | None:
    headed = (ast.Stage, ast.Block, ast.Repeat, ast.Aux)
    bodies = [each.body for each in valid.statements if isinstance(each, headed)]
    if not bodies:
        return None
    at = random.choice(bodies).span.start
    return valid.text[:at].rstrip(" ") + valid.text[at + 1 :]


@kind("commas between arguments")
def commas(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.statements if isinstance(layer, ast.LayerStatement) and len(layer.args) > 1]
    if not layers:
        return None
    layer = random.choice(layers)
    spans = [argument.span for argument in layer.args]
    return valid.replace(spans[0].to(spans[-1]), ", ".join(span.text for span in spans))


@kind("parentheses of a call")
def parentheses(random: Random, valid: Valid) -> str | None:
    layers = [layer for layer in valid.layers() if layer.times == 1]
    layer = random.choice(layers)
    if not layer.args:
        return valid.replace(layer.keyword.span, f"{layer.keyword.text}()")
    words = ", ".join(argument.span.text for argument in layer.args)
    return valid.replace(layer.keyword.span.to(layer.args[-1].span), f"{layer.keyword.text}({words})")


@kind("forgotten name")
def forgotten_name(random: Random, valid: Valid) -> str | None:
    used = {word.text for word in _tensor_uses(valid)}
    named = [each for each in valid.statements if isinstance(each, ast.LayerStatement | ast.Merge | ast.Residual)]
    aliases = [each.alias for each in named if each.alias is not None and each.alias.text in used]
    if not aliases:
        return None
    span = random.choice(aliases).span
    before = valid.text[: span.start].rstrip(" ").removesuffix("as").rstrip(" ")
    return before + valid.text[span.end :]
