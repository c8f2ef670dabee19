"""Several layers in one line, as in papers and other languages: `conv3-8 -> relu`, `GAP + FC 10`, `[3x3, 8] x2`.

Also one layer with marks of LaTeX, of Netron or of a printed module around it.
"""

import re
from collections.abc import Iterator, Sequence

from ...layers import merges
from ...syntax.tokens import KEYWORDS
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import indentation, line_of
from .line_fixes import replaced
from .notation_fixes import readings
from .python_calls import split, statements_of

_LATEX = re.compile(r"[$\\&⟨<]|_\{")
_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"\\\\\s*$|\\[,;! ]", ""),
        (r"\$([^$]*)\$", r"\1"),
        (r"\s*\\(?:times|cdot)(?![A-Za-z])\s*", "x"),
        (r"\\(?:rightarrow|to|longrightarrow)\b", "->"),
        (r"\\(?:text|mathrm|mathbf|textbf|mathit|operatorname)\{([^{}]*)\}", r"\1"),
        (r"_\{([^{}]*)\}", r" \1"),
        (r"\s*&\s*", ", "),
        (r"\b(?P<key>[a-z]\w*)=(?P<size>\d+)(?:,(?P=size))+(?!\d)", r"\g<key>=\g<size>"),
        (r"(?i)\bbi-?(lstm|gru|rnn)\b(.*)$", r"\1\2 bidirectional"),
    )
)
"""What other notations write around words, and what it stands for here."""
_WEIGHTS = re.compile(
    r"(?P<layer>Conv|Gemm)\w*\s+W?\s*[<⟨](?P<first>\d+)[x×]\d+(?P<kernel>(?:[x×]\d+){0,3})[>⟩](?:\s*B?\s*[<⟨]\d+[>⟩])?"
)
"""A layer in Netron, with the sizes of its weights: `Conv W⟨32×16×3×3⟩ B⟨32⟩`."""
_GROUP = re.compile(
    r"(?:(?P<before>\d+)\s*[x×*]?\s*)?(?P<open>[\[(])(?P<inside>.*)[\])]\s*(?:(?:[x×*^]|times)?\s*(?P<after>\d+)\s*x?)?"
)
_JOINT = re.compile(r"\s*(?:-->|->|→|⟶|⇒|=>|>>|\|>|\||;|(?<=\s)[+/>](?=\s)|\b(?:and then|and|then|followed by)\b)\s*")
"""What stands between two layers; commas may also be between the values of one."""
_LABEL = re.compile(r"\(?(?P<name>[A-Za-z_]\w*|\d+)\)?:\s+(?=\S)")
"""The name of a layer in a printed module: `(conv1): Conv2d(3, 64, 3)`."""
_WORD = re.compile(r"[a-z]\d+(?:x\d+)*|\d+(?:\.\d+)?|\d+(?:x\d+)+|[a-z_]+=[\w.]+|x\d+")
_NAME = re.compile(r"[a-z_]\w*")
_ACTIVATION = re.compile(r"(?:activation|act|nonlinearity)\b[\s=:(]*[\"']?(?P<layer>[A-Za-z]\w*)[\"']?\)?")
_MOST_PARTS = 40
_LONGEST = 2000
"""The largest number of characters of a line that is read."""

Readings = tuple[str, ...]
"""The statements that a text may stand for, the likeliest first."""


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The line of an error, or the part of it between separators that are not in brackets, as statements."""
    if site.span.source is not context.source:
        return
    line = line_of(site.span)
    if line.end - line.start > _LONGEST:
        return
    part = part_around(line, site.span.start)
    for span in dict.fromkeys((line, part) if _LATEX.search(line.text) else (part,)):
        text = span.text
        for index, new in enumerate(dict.fromkeys(_statements(context, text))):
            if new != text:
                yield replaced(span, new, 0.08 + 0.3 * index, kind="statements for a line")


def part_around(line: Span, at: int) -> Span:
    """The part of a line around a position, between separators that are not in round or square brackets."""
    text, depth, start, end = line.text, 0, 0, len(line.text)
    for index, letter in enumerate(text):
        depth = max(0, depth + (letter in "([") - (letter in ")]"))
        if letter in "{}" or (letter == ";" and depth == 0):
            if index >= at - line.start:
                end = index
                break
            start = index + 1
    inside = text[start:end]
    return Span(line.source, line.start + start + indentation(inside), line.start + start + len(inside.rstrip()))


def _statements(context: SuggestionContext, text: str) -> Readings:
    plain = text.rstrip(" ,;")
    for pattern, new in _PLAIN:
        plain = pattern.sub(new, plain)
    plain = " ".join(plain.split()).rstrip(" ,;")
    activation = _ACTIVATION.fullmatch(plain)
    if activation is not None:
        layer = context.find_layer(activation["layer"].lower())
        return (layer.keyword,) if layer is not None and layer.style == "activation" else ()
    weights = _WEIGHTS.fullmatch(plain)
    if weights is not None:
        return _from_weights(weights)
    label = _LABEL.match(plain)
    if label is not None and context.find_layer(label["name"]) is None and label["name"] not in KEYWORDS:
        rest = _joined(_parts(context, plain[label.end() :]))
        alias = [] if label["name"].isdigit() else [f" as {label['name']}"]
        return tuple(each + end for each in rest[:1] for end in (*alias, ""))
    group = _GROUP.fullmatch(plain)
    if group is not None and (times := group["before"] or group["after"]) and not (group["before"] and group["after"]):
        inside = _joined(_parts(context, group["inside"]))
        return tuple(f"repeat {times} {{ {each} }}" for each in reversed(inside))
    parts = _parts(context, plain)
    return _joined(parts) if len(parts) > 1 or plain != text or _JOINT.search(plain) or "/" in text else ()


def _from_weights(found: re.Match[str]) -> Readings:
    sizes = re.findall(r"\d+", found["kernel"])
    if found["layer"] == "Gemm":
        return (f"fc {found['first']}",) if not sizes else ()
    return (f"conv {found['first']} k{sizes[0] if len({*sizes}) == 1 else 'x'.join(sizes)}",) if sizes else ()


def _joined(parts: Sequence[Readings]) -> Readings:
    """The statements of all parts, each by its first reading; then by the last."""
    found = ("; ".join(each[0] for each in parts), "; ".join(each[-1] for each in parts))
    return tuple(dict.fromkeys(found)) if parts else ()


def _parts(context: SuggestionContext, text: str) -> list[Readings]:
    """The readings of each layer in a text; none if a part has no meaning."""
    found: list[Readings] = []
    pieces = _between_joints(text)
    for number, piece in enumerate(pieces):
        rest = [_read(context, each) for each in _between_layers(context, piece)]
        if rest and all(rest):
            found += rest
        elif number and number == len(pieces) - 1 and _is_new_name(context, piece):
            found[-1] = tuple(f"{each} as {piece}" for each in found[-1])
        else:
            return []
    return _with_global_pooling(found) if len(found) <= _MOST_PARTS else []


def _between_joints(text: str) -> list[str]:
    """The pieces between arrows and other signs that are not in brackets."""
    pieces, depth, start, at = [], 0, 0, 0
    for found in re.finditer(rf"[()\[\]{{}}]|{_JOINT.pattern}", text):
        sign = found[0].strip()
        if sign in tuple("()[]{}"):
            depth += 1 if sign in "([{" else -1
        elif depth == 0:
            pieces.append(text[start : found.start()])
            start = found.end()
        at = found.end()
    return [*pieces, text[start:]] if at else [text]


def _between_layers(context: SuggestionContext, text: str) -> list[str]:
    """The pieces between commas, each from one that names a layer up to the next: `3x3 conv, 64` is one."""
    pieces: list[str] = []
    names_layer = False
    for part in split(text):
        names = re.search(r"[A-Za-z]{2,}", part) is not None and bool(_read(context, part, values=False))
        if pieces and not (names and names_layer):
            pieces[-1] += f", {part}"
        else:
            pieces.append(part)
        names_layer = names_layer or names
    return pieces


def _read(context: SuggestionContext, text: str, values: bool = True) -> Readings:
    """The readings of one layer, or of several that follow each other without a sign."""
    text = text.strip()
    if not text or _brackets(text):
        return ()
    if _is_statement(context, text):
        return (text,)
    if "(" in text and (call := next(statements_of(context, text), None)) is not None:
        return (call,)
    return tuple(readings(context, text)) if "=" not in text or values else ()


def _brackets(text: str) -> bool:
    """Whether brackets do not match."""
    return any(text.count(a) != text.count(b) for a, b in ("()", "[]", "{}"))


def _is_statement(context: SuggestionContext, text: str) -> bool:
    """Whether a text is a statement of this language already, by its words."""
    keyword, *words = text.split()
    layer = context.find_layer(keyword)
    if layer is None and keyword not in context.blocks:
        return False
    first = next((p.name for p in layer.parameters if p.positional), None) if layer is not None else None
    if words and "x" in words[0] and words[0][0].isdigit() and first == "filters":
        return False
    flags = {flag for p in layer.parameters for flag, _ in p.words} if layer is not None else set()
    return all(word in flags or _WORD.fullmatch(word) for word in words)


def _is_new_name(context: SuggestionContext, text: str) -> bool:
    return (
        _NAME.fullmatch(text) is not None
        and not context.starts_statement(text)
        and text not in merges()
        and text not in context.given_names
        and not re.search(r"\d$", text)
    )


def _with_global_pooling(parts: list[Readings]) -> list[Readings]:
    """An average pooling without a size before a fully connected layer is a global one."""
    return [
        ("gap",) if each[0] == "avgpool" and after[0].startswith("fc") else each
        for each, after in zip(parts, [*parts[1:], ("",)], strict=True)
    ]
