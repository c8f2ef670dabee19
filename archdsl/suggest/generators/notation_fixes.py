"""Layers in the notation of papers: `conv3-64`, `3x3 conv, 64, /2`, `7×7, 64, stride 2`, `FC-4096`, `dropout0.5`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ...contract.arguments import ParameterSpec
from ...diagnostics.catalog.name_errors import UnknownLayer
from ...elaborate.torch_order import argument_of
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import statement_of
from ..written_arguments import rendered, usual_order
from .foreign_names import FOREIGN_NAMES
from .line_fixes import replaced

_TOKEN = re.compile(
    r"(?P<size>(?<![A-Za-z])\d+(?:\*|\s*[x×]\s*)\d+(?:(?:\*|\s*[x×]\s*)\d+)?|\d+[x×*]\d+(?:[x×*]\d+)?)(?![\w.])"
    r"|/\s*(?P<stride>\d+)(?![\w.])"
    r"|(?P<percent>\d+(?:\.\d+)?|\.\d+)\s*%"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)(?:-?[dD](?![\w]))?(?![A-Za-z_.])"
    r"|(?P<word>[A-Za-z_]+(?:[123][dD](?![A-Za-z]))?)"
    r"|(?P<separator>[\s,@:=()\[\]+]|(?<!\s)-|-(?!\.?\d))"
)
_NAMED = {
    "stride": "stride",
    "s": "stride",
    "pad": "padding",
    "padding": "padding",
    "p": "padding",
    "k": "kernel",
    "kernel": "kernel",
}
_ARGUMENTS = ("kernel", "stride", "padding", "dilation", "groups", "filters", "units", "heads", "layers")
_NOUNS = re.compile(r"filters?|kernels|channels|features?|maps?|units?|neurons|outputs")
"""What a number counts: `64 filters`, `64 feature maps`."""
_FILLERS = ("of", "with", "and", "then")
"""Words that join the parts of a description: `8 filters of 3x3`."""
_BEFORE_NAMES = ("a", "an", "the", "size", "apply", "use", "using")
"""Words before a name or a number in a description: `apply a convolution with 8 filters of size 3x3`."""
_AS = re.compile(r"(?<!\s)\s+as\s+[A-Za-z_]\w*\s*$")
_LONGEST = 4
"""The largest number of words in the name of a layer: `global average pooling layer`."""
_MOST_TOKENS = 60
"""The largest number of words and numbers in a statement that is read."""


class _Token(NamedTuple):
    """A part of a statement; `is_glued` if it follows the previous part without a space."""

    kind: str
    text: str
    is_glued: bool


@dataclass
class _Read:
    """A layer in a paper's notation: its word, sizes, numbers, arguments with names, and the layers that follow."""

    keyword: str = ""
    sizes: list[str] = field(default_factory=list)
    numbers: list[_Token] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """Whether each part has one meaning."""
        names = [name for name, _ in self.named]
        return len(self.sizes) < 2 and len(self.numbers) < 3 and len(names) == len(set(names))


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The statement around an error, read in the notation of papers. A candidate uses all of its words and numbers."""
    if site.span.source is not context.source or _is_operation_in_dimensions(site):
        return
    span = statement_of(site.span)
    alias = _AS.search(span.text)
    text = span.text if alias is None else span.text[: alias.start()]
    for index, new in enumerate(readings(context, text)):
        word, *rest = text.split()
        if new.split()[1:] != rest or word[-1] in ":,":  # else only the word is unknown
            yield replaced(span, new + (alias[0].rstrip() if alias else ""), 0.05 + 0.6 * index)


def readings(context: SuggestionContext, text: str) -> Iterator[str]:
    """The statements for a text in the notation of papers, the likeliest first; then with the padding `same`."""
    read = _read(context, text)
    if read is not None:
        yield from _written(context, read)


def _is_operation_in_dimensions(site: ErrorSite) -> bool:
    """Whether the word is an operation with its number of dimensions: `conv4d` is not `conv 4`."""
    found = site.diagnostic
    return isinstance(found, UnknownLayer) and found.is_operation and re.search(r"\d[dD]$", found.name) is not None


def _tokens(text: str) -> list[_Token] | None:
    """The parts of a statement, without separators; None if a part is unknown, or if there are too many."""
    found, at, glued = list[_Token](), 0, False
    while at < len(text):
        if len(found) > _MOST_TOKENS:
            return None
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return None
        kind, value = match.lastgroup, match[match.lastgroup].rstrip("_")
        if kind == "size":
            value = re.sub(r"\s*[x×*]\s*", "x", value)
        elif kind == "percent":
            kind, value = "number", f"{Decimal(value) / 100:f}"
        if kind != "separator":
            found.append(_Token(kind, value, glued))
        glued = kind != "separator"
        at = match.end()
    return found


def _read(context: SuggestionContext, text: str) -> _Read | None:
    """A statement as a layer; None if a part of it has no meaning."""
    tokens = _tokens(text)
    read = _Read()
    while tokens:
        token = tokens.pop(0)
        word = token.text.lower()
        if token.kind == "size":
            read.sizes.append(token.text)
        elif token.kind == "stride":
            read.named.append(("stride", token.text))
        elif token.kind != "word":
            read.numbers.append(token)
        elif _names_argument(word) and tokens and tokens[0].kind in ("number", "size"):
            read.named.append((_NAMED.get(word, word), tokens.pop(0).text))
        elif _joins(context, word, tokens, text):
            continue
        elif word in ("same", "valid"):
            read.flags.append(word)
        elif not (_NOUNS.fullmatch(word) and read.numbers):
            keyword, count = _layer(context, [token, *tokens])
            del tokens[: count - 1]
            if not keyword or (read.keyword and tokens and tokens[0].kind != "word"):
                return None  # the number of another layer
            if read.keyword:
                read.after.append(keyword)
            read.keyword = read.keyword or keyword
    return read if tokens is not None and read.is_clear else None


def _joins(context: SuggestionContext, word: str, after: Sequence[_Token], text: str) -> bool:
    """Whether a word only joins the parts of a description."""
    if word in ("pad", "padding"):
        return _is_mode(after)
    is_before_name = word in _BEFORE_NAMES and bool(after) and word not in context.given_names and "=" not in text
    return word in _FILLERS or is_before_name


def _is_mode(tokens: Sequence[_Token]) -> bool:
    """Whether the next word is a mode of padding."""
    return bool(tokens) and tokens[0].text.lower() in ("same", "valid")


def _names_argument(word: str) -> bool:
    return word in (*_NAMED, *_ARGUMENTS) or argument_of(word, _ARGUMENTS) is not None


def _layer(context: SuggestionContext, tokens: Sequence[_Token]) -> tuple[str, int]:
    """The layer that the first words name, and the number of these words; an empty word and 0 if they name none."""
    words = []
    for token in tokens[:_LONGEST]:
        if token.kind != "word":
            break
        words.append(token.text.lower())
    for count in range(len(words), 0, -1):
        for joint in ("_", ""):
            name = joint.join(words[:count])
            layer = context.find_layer(name)
            keyword = layer.keyword if layer is not None else FOREIGN_NAMES.get(name)
            if keyword is not None and context.find_layer(keyword) is not None:
                return keyword, count
    return "", 0


def _written(context: SuggestionContext, read: _Read) -> Iterator[str]:
    """The statements for a layer, the likeliest first."""
    keyword = read.keyword or ("conv" if read.sizes and len(read.numbers) == 1 else "")
    layer = context.find_layer(keyword)
    if layer is None:
        return
    parameters = layer.parameters
    values = _values(parameters, read)
    flags = [flag for flag in read.flags if flag != "valid"]
    if values is None or any(flag not in {word for p in parameters for word, _ in p.words} for flag in flags):
        return
    words = [*_words(parameters, values, read), *flags]
    after = "".join(f"; {name}" for name in read.after)
    yield " ".join([keyword, *words]) + after
    # Tables of networks leave out the padding of a convolution.
    is_silent = not read.flags and not {"kernel", "padding"} & dict(read.named).keys()
    if is_silent and "filters" in values and values.get("kernel", "1") != "1":
        yield " ".join([keyword, *words, "same"]) + after


def _words(parameters: Sequence[ParameterSpec], values: Mapping[str, str], read: _Read) -> Iterator[str]:
    """The arguments as this language writes them; those with a name keep it."""
    given = [p for p in parameters if p.name in values]
    names = dict(read.named)
    for p in sorted(given, key=lambda p: (not p.positional, () if p.positional else usual_order(p))):
        value = values[p.name]
        yield f"{p.letter}{value}" if p.name in names and p.letter else rendered(p, parameters, value)


def _values(parameters: Sequence[ParameterSpec], read: _Read) -> dict[str, str] | None:
    """The value of each parameter; None if a number belongs to none."""
    names = [p.name for p in parameters]
    found = {argument_of(name, names) or name: value for name, value in read.named}
    if len(found) < len(read.named) or (read.sizes and "kernel" in found) or (read.flags and "padding" in found):
        return None  # given twice
    first = next((p.name for p in parameters if p.positional), None)
    numbers = [token.text for token in read.numbers]
    size = read.sizes[0].split("x") if read.sizes else []
    if len(size) == 3 and not numbers and first != "kernel":
        numbers.append(size.pop())  # 3x3x64: a kernel and the filters
    if size:
        found["kernel"] = size[0] if len(set(size)) == 1 else "x".join(size)
    elif len(numbers) == 2 and "kernel" not in found and read.numbers[0].is_glued and first != "kernel":
        found["kernel"] = numbers.pop(0)
    if len(numbers) > 1 or (numbers and (first is None or first in found)):
        return None
    if numbers and first is not None:
        found[first] = numbers[0]
    return found if all(name in names for name in found) else None
