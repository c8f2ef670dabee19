"""The words of a statement with an error: split, joined, reordered, in another notation, or removed."""

import re
import unicodedata
from collections.abc import Iterator

from ...contract.arguments import ParameterSpec
from ...diagnostics import Edit
from ...diagnostics.catalog import name_errors, syntax_errors
from ...layers import find
from ...syntax import ast
from ...syntax.tokens import KEYWORDS
from ...text.source import Span
from ..candidate import Candidate
from ..statements import covers
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, rewritten
from ..text_parts import line_of
from .definition_fixes import KIND
from .line_fixes import is_argument, replaced

_WORD = re.compile(r"\"[^\"\n]*\"|(?:[^\s;{}()\[\],]|\([^()\n]*\)|\[[^\[\]\n]*\])+")
_SHORTHANDS = re.compile(r"(?:[a-zA-Z]\d+[-_,/.:]?){2,}")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "none", "null")
_LONGEST = 200
"""The largest number of characters of a word that is corrected."""
_TYPOGRAPHIC = {
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\u00ad"), None),
}
"""Quotes, signs and invisible characters that editors insert, and what they stand for here."""
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DIGITS = str.maketrans("OoQlIiSsZzB", "00011155228")
"""Letters that are confused with digits."""


def corrections(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Edits of the word of an error, and of the words next to it."""
    if site.span.source is not context.source:
        return
    line = line_of(site.span)
    words = [Span(line.source, line.start + m.start(), line.start + m.end()) for m in _WORD.finditer(line.text)]
    here = next(
        (i for i, word in enumerate(words) if word.start <= site.span.start < max(word.end, word.start + 1)), None
    )
    if here is None:
        here = next((i for i, word in enumerate(words) if word.start >= site.span.start), len(words) - 1)
    if here < 0:
        return
    # The parser reads a percent sign as an operator, and reports the end of the statement.
    if any(len(each.text) > _LONGEST for each in words[max(0, here - 1) : here + 2]):
        return
    percent = here > 0 and words[here - 1].text.endswith("%") and words[here - 1].end <= site.span.start
    word = words[here - 1] if percent else words[here]
    exact = _exact(word.text)
    if exact is None and any(_is_other_number(each) for each in word.text):
        return  # any edit would change the value
    if exact is not None:
        # Any other edit would change the value.
        yield replaced(word, exact, 0.0, kind="words")
        known = [(each, _exact(each.text)) for each in words]
        pairs = [(each, new) for each, new in known if new is not None]
        if len(pairs) > 1:
            old = " ".join(f"`{each.text}`" for each, _ in pairs)
            news = " ".join(f"`{new}`" for _, new in pairs)
            edits = tuple(Edit(span=each, text=new) for each, new in pairs)
            yield Candidate(title=f"write {news} instead of {old}", edits=edits, rank=0.1, kind="words")
        return
    parameters = context.parameters(site.layer) if site.layer is not None else ()
    for distance, index in enumerate((here, here + 1, here - 1)):
        if 0 <= index < len(words):
            word = words[index]
            yield from _otherwise(word, parameters, 0.3 * distance)
            if index and _adjacent(words[index - 1], word):
                yield from _joined(words[index - 1], word, 0.2 * distance)
                if find(words[index - 1].text) is None:  # a layer comes before its arguments
                    yield _exchanged(words[index - 1], word, 1.9 + 0.1 * distance)
    yield from _left_out(context, words, here, site)
    yield from _tensors(context, site, words[here])


def _exact(text: str) -> str | None:
    """A word that means the same in other languages or scripts, in the notation of this one: `.5`, `20%`, `!x`."""
    fraction = re.fullmatch(r"((?:\w+=)?-?)([0-9]*)([^\x00-\x7f])", text)
    if fraction is not None and (number := _fraction(fraction[2], fraction[3])) is not None:
        return fraction[1] + number
    if (power := re.fullmatch(r"((?:\w+=)?\d+)([\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+)", text)) is not None:
        return f"{power[1]}**{unicodedata.normalize('NFKC', power[2])}"
    plain = unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHIC))
    if plain != text and plain.isascii() and plain:
        # A superscript is a power: `k3²` is not k32.
        is_power = any(unicodedata.decomposition(each).startswith("<super>") for each in text)
        return None if is_power else _exact(plain) or plain
    if text in _COUNTS:
        return str(_COUNTS.index(text) + 1)
    point = re.fullmatch(r"((?:\w+=)?-?)(\.\d+)", text)
    if point is not None:
        return f"{point[1]}0{point[2]}"
    percent = re.fullmatch(r"((?:\w+=)?-?)((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)%{1,2}", text)
    if percent is not None:
        return f"{percent[1]}{float(percent[2]) / 100:.15g}"
    negated = re.fullmatch(r"!(?!=)(.+)", text)
    return f"not {negated[1]}" if negated is not None else None


def _fraction(whole: str, sign: str) -> str | None:
    """The number that a character such as `½` is, after an integer or alone, if it is exact in three decimals."""
    if not unicodedata.decomposition(sign).startswith("<fraction>"):
        return None
    part = unicodedata.numeric(sign)
    return f"{whole or 0}{f'{part:g}'[1:]}" if part < 1 and part * 1000 % 1 == 0 else None


def _is_other_number(sign: str) -> bool:
    """Whether a character is a number, but none of the digits 0 to 9: `½`, `²`."""
    return not sign.isascii() and unicodedata.numeric(sign, None) is not None


def _adjacent(one: Span, other: Span) -> bool:
    return not one.source.text[one.end : other.start].strip(" \t")


def _otherwise(word: Span, parameters: tuple[ParameterSpec, ...], distance: float) -> Iterator[Candidate]:
    """A word in the notation of this language."""
    text = word.text
    flags = {flag for p in parameters for flag, _ in p.words}
    if _SHORTHANDS.fullmatch(text):
        parts = re.findall(r"[a-zA-Z]\d+(?:x\d+)*", text)
        yield replaced(word, " ".join(parts).lower(), 0.1 + distance, kind="words")
    lead = re.fullmatch(r"(\d+(?:x\d+)*)((?:[a-zA-Z]\d+)+)", text)
    if lead is not None:
        parts = re.findall(r"[a-zA-Z]\d+(?:x\d+)*", lead[2])
        yield replaced(word, " ".join([lead[1], *parts]), 0.6 + distance, kind="words")
    named = re.fullmatch(r"(\w+)\s*[=:]\s*\"?(\w*)\"?", text)
    if named is not None and named[1] in flags:
        if named[2].lower() in _TRUE:
            yield replaced(word, named[1], 0.05 + distance, kind="words")
        elif named[2].lower() in _FALSE:
            yield _removed(word, 0.1 + distance).replace(kind="words")
    if named is not None and named[2] in flags:
        yield replaced(word, named[2], 0.3 + distance, kind="words")
    thousands = re.fullmatch(r"(\d+)k", text)
    if thousands is not None:
        yield replaced(word, f"{thousands[1]}K", 0.05 + distance, kind="words")
        yield replaced(word, f"{thousands[1]}000", 0.3 + distance, kind="words")
    swapped = re.fullmatch(r"(\d+(?:x\d+)*)([a-z])|[×*xX·](\d+)|(\d+)[×*xX]|[xX×](\d+)[.)]?", text)
    if swapped is not None:
        number = next(group for group in (swapped[1], swapped[3], swapped[4], swapped[5]) if group is not None)
        letter = swapped[2] or "x"
        yield replaced(word, f"{letter}{number}", 0.1 + distance, kind="words")
        if letter == "x":
            yield replaced(word, number, 0.2 + distance, kind="words")
    sizes = re.fullmatch(r"([a-z])\((\d+(?:\s*,\s*\d+){0,2})\)", text)
    if sizes is not None:
        numbers = re.findall(r"\d+", sizes[2])
        size = numbers[0] if len({*numbers}) == 1 else "x".join(numbers)
        yield replaced(word, f"{sizes[1]}{size}", 0.05 + distance, kind="words")
    enclosed = re.fullmatch(r"\((\w+)\)", text)
    if enclosed is not None:
        yield replaced(word, enclosed[1], 0.1 + distance, kind="words")
        before = len(word.source.text[: word.start].rstrip(" \t"))
        span = Span(word.source, before, word.end)
        yield replaced(span, f"; {enclosed[1]}", 0.15 + distance, kind="words")
    for new, rank in _cleaned(text):
        if new != text and new:
            yield replaced(word, new, rank + distance, kind="words")
    repeated = re.fullmatch(r"(.*?)[×*]\s*(\d+)", text)
    if repeated is not None and repeated[1]:
        yield replaced(word, f"{repeated[1]} x{repeated[2]}", 0.6 + distance, kind="words")


def _cleaned(text: str) -> Iterator[tuple[str, float]]:
    """A word without quotes and punctuation, in lower case, with digits for letters that look similar."""
    bare = text.strip("\"'`´’.,:;!?\\/|&^~$%<>*+-")
    yield bare, 0.3
    if (shorthand := re.match(r"([a-z]\d+(?:x\d+)*)[^\w=(].*\W\d", bare)) is not None:
        yield shorthand[1], 0.7  # the part before a second sign: `s1.2.3`
    yield bare.replace("×", "x").replace("X", "x").replace("*", "x").replace("_", ""), 0.5
    yield bare.lower(), 0.4
    if re.fullmatch(r"\w+(?:-\w+)+", bare):
        yield bare.replace("-", "_"), 0.6
        yield bare.replace("-", ""), 0.7
    yield re.sub(r"^([a-zA-Z])[=:_-](\d)", r"\1\2", bare), 0.4
    yield from _rounded(bare)
    if "(" in bare and "," in bare:
        return
    yield re.sub(r"(?<=\d)\.0+\b|(?<=\d)\.(?=x|$)|(?<=\d)(?:px|ch)$", "", bare), 0.5
    if (any(letter.isdigit() for letter in bare) or len(bare) < 3) and not is_argument(bare):
        yield bare[:1].translate(_DIGITS) + bare[1:].translate(_DIGITS), 0.6
        yield bare[:1] + bare[1:].translate(_DIGITS), 0.5
        yield re.sub(r"(?<=\d)[,'_](?=\d)", "", bare), 0.6  # not an operator: `7/2` is not `72`
        if bare.count(".") != 1:  # `1.5` is a number
            size = re.sub(r"(?<=\d)[^\dx/%](?=\d)", "x", bare)
            if not re.search(r"(?<!\d)0+(?!\d)", size):
                yield size, 0.55


def _rounded(word: str) -> Iterator[tuple[str, float]]:
    """The integers next to a number with a fraction: `s1.5` as `s2`."""
    found = re.fullmatch(r"([a-z])(\d{1,9})\.\d*[1-9]0*", word)
    if found is not None:
        yield f"{found[1]}{int(found[2]) + 1}", 0.5
        yield f"{found[1]}{found[2]}", 0.55 + 2 * (int(found[2]) == 0)


def _joined(one: Span, other: Span, distance: float) -> Iterator[Candidate]:
    """Two words as one: `k 3`, `x 2`, `max pool`, `s =2`; or with the sign that is missing between them."""
    span = Span(one.source, one.start, other.end)
    a, b = one.text, other.text
    if len(a) == 1 and a.isalpha() and b[:1].isdigit():
        yield replaced(span, f"{a.lower()}{b}", 0.1 + distance, kind="words")
    elif is_argument(a) and b == "x":
        return  # a repetition follows
    elif a.isidentifier() and b.isidentifier() and not ({a, b} & KEYWORDS or is_argument(b)):
        yield replaced(span, f"{a}{b}", 0.9 + distance, kind="words")
        yield replaced(span, f"{a}_{b}", 1.0 + distance, kind="words")
    elif a.isidentifier() and b[:1].isdigit():
        yield replaced(span, f"{a}{b}", 1.2 + distance, kind="words")
        yield replaced(span, f"{a}={b}", 1.0 + distance, kind="words")
    elif a.endswith("=") or b.startswith("="):
        yield replaced(span, f"{a}{b}", 0.2 + distance, kind="words")
    if a in ("*", "x", "X", "×", "times") and b.isdigit():
        yield replaced(span, f"x{b}", 0.1 + distance, kind="words")
    if a.isdigit() and b in ("x", "X", "×", "times", "*"):
        yield replaced(span, f"x{a}", 0.2 + distance, kind="words")


def _exchanged(one: Span, other: Span, rank: float) -> Candidate:
    edits = (Edit(span=one, text=other.text), Edit(span=other, text=one.text))
    title = f"write `{other.text} {one.text}` instead of `{one.text} {other.text}`"
    return Candidate(title=title, edits=edits, rank=rank, kind="order of words")


def _removed(word: Span, rank: float, statement: ast.Statement | None = None) -> Candidate:
    source, start = word.source, word.start
    while start and source.text[start - 1] in " \t":
        start -= 1
    edit = Edit(span=Span(source, start, word.end), text="")
    if isinstance(statement, ast.LayerStatement) and covers(statement.span, edit.span):
        return rewritten(statement, (edit,), rank).replace(kind="words left out")
    return Candidate(title=f"remove `{word.text}`", edits=(edit,), rank=rank, kind="words left out")


def _left_out(context: SuggestionContext, words: list[Span], here: int, site: ErrorSite) -> Iterator[Candidate]:
    """The text without the word of the error or one next to it, never a statement's first; without a factor `2 *`."""
    statement = site.statement
    first = statement.span.start if statement is not None else -1
    unread = isinstance(site.diagnostic, syntax_errors.BadWord) and isinstance(statement, ast.LayerStatement)
    for index, rank in ((here, 1.8), (here + 1, 2.4), (here - 1, 2.6)):
        if not 0 <= index < len(words) or (index and words[index - 1].text in ("as", "from", "reuse")):
            continue  # the name that the keyword needs
        if unread and index == here and words[here].text[:1].isdigit() and words[index - 1].start == first:
            continue  # the value that the layer needs
        if words[index].start != first and not context.starts_statement(words[index].text):
            # Before a word that starts a statement, a separator is missing: the word is not superfluous.
            # An argument whose value is unknown is rarely the superfluous one.
            unknown = "=" in words[index].text and isinstance(site.diagnostic, name_errors.UnknownName)
            yield _removed(words[index], rank + 0.8 * unknown, statement)
    source = site.span.source
    times = re.match(r"(\d+)\s*(?:[×*x]|times)\s*\{", source.text[words[here].start :])
    if times is not None:
        span = Span(source, words[here].start, words[here].start + times.end())
        yield replaced(span, f"repeat {times[1]} {{", 0.2, kind="words")
    factor = re.match(r"(\d+)\s*[×*x]\s*(?=[a-z])", source.text[words[here].start :])
    line_start = source.text.rfind("\n", 0, words[here].start) + 1
    found = factor or re.match(r"\s*(\d+)\s*[×*x]\s*(?=[a-z])", source.text[line_start:])
    if found is not None:
        start = (words[here].start if factor else line_start) + (len(found[0]) - len(found[0].lstrip()))
        end = (words[here].start if factor else line_start) + found.end()
        stop = re.compile(r"(?<!\s)\s*(?:[;}#\n]|$)").search(source.text, end)
        tail = stop.start() if stop is not None else len(source.text)
        if "{" not in source.text[end:tail]:
            edits = (
                Edit(span=Span(source, start, end), text=""),
                Edit(span=Span(source, tail, tail), text=f" x{found[1]}"),
            )
            title = f"write `{source.text[end:tail]} x{found[1]}`"
            yield Candidate(title=title, edits=edits, rank=0.2, why="a repetition goes at the end", kind="words")
        else:
            span = Span(source, start, end)
            yield replaced(span, f"repeat {found[1]} {{ ", 1.0, kind="words")


def _tensors(context: SuggestionContext, site: ErrorSite, word: Span) -> Iterator[Candidate]:
    """`from NAME` before a layer that is given a tensor like a function."""
    statement = site.statement
    if not isinstance(statement, ast.LayerStatement | ast.Residual) or statement.span.source is not context.source:
        return
    names = context.tensors(statement)
    for name in names:
        found = re.search(rf"(?<=\s){re.escape(name)}(?=[\s;}}]|$)|\(\s*{re.escape(name)}\s*\)", statement.span.text)
        if found is None or "{" in statement.span.text[: found.start()]:
            continue
        start, end = statement.span.start + found.start(), statement.span.start + found.end()
        cut = _removed(Span(statement.span.source, start, end), 0.0).edits
        into = inserted_before(statement, f"from {name}", 0.0).edits
        new = " ".join((statement.span.text[: found.start()] + statement.span.text[found.end() :]).split())
        title = f"write `from {name}; {new}`"
        yield Candidate(title=title, edits=(*into, *cut), rank=0.4, kind="tensor before the layer")


__all__ = ["KIND", "corrections"]
