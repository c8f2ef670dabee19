"""Lines that are not statements: definitions with another keyword, prose, marks of other tools, `return`."""

import re
from collections.abc import Iterator, Mapping, Set

from ...diagnostics import Edit
from ...diagnostics.catalog.syntax_errors import python_help
from ...layers import merges
from ...syntax.tokens import KEYWORDS
from ...text.source import Source, Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import indentation, line_of, line_start
from .definition_fixes import KIND
from .foreign_names import FOREIGN_NAMES

_DEFINING = r"def|define|fn|func|fun|function|class|module|sub|macro|component|struct|layer|type|proc"
_NETWORK = r"network|model|name|arch|architecture|class"
_HEADER = re.compile(rf"(\s*)({_DEFINING}|block|stage)\s+([A-Za-z_]\w*)([^{{]*)(?=\{{|$)")
_PLACES = re.compile(r"(?P<head>\b(?:net|block|stage|aux|as)\s+)(?P<name>\w+(?:[-. ]\w+){1,4})(?=\s*(?:[({;}]|$))")
_PUNCTUATION = re.compile(r"^[^\w{}@(\"]+")
_CONFLICT = re.compile(r"^(<{5,}|={5,}|>{5,}|\|{5,})[^\n]*\n?", re.MULTILINE)
_FOLLOWS: Mapping[str, Set[str]] = {"|": {"<"}, "=": {"<"}, ">": {"="}}
"""The mark of a merge conflict that comes before another, not necessarily right before."""
_IGNORED_WORDS = ("return", "pass", "end", "done", "begin", "break", "endblock", "fi", "continue", "yield")
_MOST_LINES = 6
_LONGEST = 200
"""The largest number of characters of a word of prose."""


def corrections(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Edits of the whole line of an error, and of lines like it around it."""
    if site.span.source is not context.source:
        return
    line = line_of(site.span)
    yield from _headers(line)
    yield from _names(line)
    yield from _listed(line)
    yield from _returned(context, line)
    yield from _marked(line)
    yield from _conflict(site)
    yield from _comments(context, site, line)


def is_argument(word: str) -> bool:
    """Whether a word is an argument or a repetition, and thus not part of a name: `k3`, `x2`."""
    return re.fullmatch(r"[a-z]\d+(?:x\d+)*", word) is not None


def replaced(span: Span, text: str, rank: float, why: str = "", kind: str = "") -> Candidate:
    """A candidate that replaces a part of a line with other text."""
    old = " ".join(span.text.split())
    new = " ".join(text.split())
    title = f"write `{new}` instead of `{old}`" if new and old else f"remove `{old}`" if old else f"insert `{new}`"
    return Candidate(title=title, edits=(Edit(span=span, text=text),), rank=rank, why=why, kind=kind)


def _part(line: Span, start: int, end: int) -> Span:
    return Span(line.source, line.start + start, line.start + end)


def _headers(line: Span) -> Iterator[Candidate]:
    """`block NAME(a, b) {` for `def NAME(a, b):`, `stage NAME(a, b) {`, `block NAME a b {`."""
    found = _HEADER.match(line.text)
    if found is not None:
        word, name, rest = found[2], found[3], found[4]
        names = re.findall(r"[A-Za-z_]\w*(?:\s*=\s*[^\s,()]+)?", rest.replace(":", " ").replace("->", " "))
        names = [each for each in names if each not in ("self", "x")]
        bare = f"({', '.join(names)})" if names else ""
        tail = " " if rest.endswith(" ") or line.text[found.end() :] else ""
        span = _part(line, found.start(2), found.end(4))
        for keyword in ("block", "stage"):
            for given in dict.fromkeys((rest.strip(), bare)):
                new = f"{keyword} {name}{given}{tail}"
                if new != span.text and not (keyword == "stage" and given):
                    rank = 0.2 + 0.3 * (keyword == "stage") + 0.1 * (given == bare and rest.strip().startswith("("))
                    yield replaced(span, new, rank + 0.5 * (word == keyword), kind=KIND)
    net = re.match(rf"\s*({_NETWORK})\b", line.text)
    if net is not None:
        yield replaced(_part(line, net.start(1), net.end(1)), "net", 0.6, kind=KIND)


def _names(line: Span) -> Iterator[Candidate]:
    """A name of one word for `U-Net`, `LeNet 5`, `layer 1`."""
    for found in _PLACES.finditer(line.text):
        words = re.split(r"[-. ]", found["name"])
        if any(is_argument(word) or word in (*KEYWORDS, "carry") for word in words[1:]):
            continue
        span = _part(line, found.start("name"), found.end("name"))
        yield replaced(span, "".join(words), 0.1, "a name is one word", KIND)
        yield replaced(span, "_".join(words), 0.2, "a name is one word", KIND)


def _listed(line: Span) -> Iterator[Candidate]:
    """Single commas between the names of an `output` and between the parameters of a header."""
    found = re.match(r"(\s*output\s+)(\w+(?:[\s,;&+]+\w+)+)$", line.text)
    if found is not None:
        names = [word for word in re.findall(r"\w+", found[2]) if word != "and"]
        span = _part(line, found.start(2), found.end(2))
        yield replaced(span, ", ".join(names), 0.0, "outputs are separated by commas", KIND)
    header = re.search(r"\b(?:net|block)\s+\w+\(([^()]*)\)?", line.text)
    if header is not None:
        text = re.sub(r"\b([A-Za-z_]\w*)\s+(?=\d)", r"\1 = ", header[1])
        words = re.findall(r"[A-Za-z_]\w*(?:\s*=\s*[^\s,()]+)?", text)
        span = _part(line, header.start(1), header.end(1))
        are_kept = {*re.findall(r"\d+", span.text)} <= {*re.findall(r"\d+", ", ".join(words))}
        if text != header[1]:
            yield replaced(span, text, 0.05, "a default follows `=`", KIND)
        elif ", ".join(words) != span.text and are_kept:
            yield replaced(span, ", ".join(words), 0.3, "parameters are separated by commas", KIND)
        if not header[0].endswith(")"):
            yield replaced(_part(line, header.end(), header.end()), ")", 0.3, kind=KIND)


def _returned(context: SuggestionContext, line: Span) -> Iterator[Candidate]:
    """The line without `return x`, which a block does implicitly; `from NAME` or `output a, b` for another tensor."""
    for found in re.finditer(rf"(?:^|(?<=[;{{]))\s*({'|'.join(_IGNORED_WORDS)})\b([^;{{}}]*)", line.text):
        start, names = found.start(1), re.findall(r"[A-Za-z_]\w*", found[2])
        end = found.end()
        if re.search(r"[\d(]", found[2]):
            continue  # it computes something
        if found[1] in ("return", "yield") and names:
            text = f"output {', '.join(names)}" if len(names) > 1 else f"from {names[0]}"
            known = all(name in context.source.text[: line.start] for name in names)
            yield replaced(_part(line, start, end), f"{text} ", 1.0 + (not known), kind=KIND)
        before = line.text[:start].rstrip()
        after = line.text[end:].lstrip()
        why = "the last tensor of a body is its result"
        if before.endswith(";"):
            span = _part(line, len(before) - 1, start + len(line.text[start:end].rstrip()))
        elif after.startswith(";"):
            span = _part(line, start, end + line.text[end:].index(";") + 1)
        elif before or after:
            span = _part(line, start, end)
        else:
            yield _without_line(line, 0.4, why)
            continue
        yield replaced(span, "", 0.4, why, KIND)


def _without_line(line: Span, rank: float, why: str = "") -> Candidate:
    source = line.source
    stop = source.text.find("\n", line.end)
    end = len(source.text) if stop < 0 else stop + 1
    edit = Edit(span=Span(source, line.start, end), text="")
    title = f"remove `{' '.join(line.text.split())}`"
    return Candidate(title=title, edits=(edit,), rank=rank, why=why, kind=KIND)


def _marked(line: Span) -> Iterator[Candidate]:
    """The lines without the marks that a list, a diff, a prompt or line numbers put before each."""
    found = re.match(r"\s*(>>>|\.\.\.|[-+*>$•·–]+|\(?\d+[.):|]|\d+(?=\s+[a-z]))\s+", line.text)
    if found is not None:
        number = line.source.position(line.start)[0]
        indentation = re.match(r"\s*", line.text)
        start = len(indentation[0]) if indentation is not None else 0
        mine = Edit(span=_part(line, start, found.end()), text="")
        alike = [Edit(span=Span(line.source, a, b), text="") for a, b in _marks(line.source, found[1])]
        if len(alike) > 1:
            yield Candidate(title=f"remove `{found[1]}` from every line", edits=tuple(alike), rank=0.3, kind=KIND)
        yield Candidate(title=f"remove `{found[1]}` from line {number}", edits=(mine,), rank=0.5, kind=KIND)
    if (line.text.strip(" `~") == "" and line.text.strip()) or re.fullmatch(r"\s*[`~]{3}\w*", line.text):
        yield _without_line(line, 0.2)


def _marks(source: Source, mark: str) -> Iterator[tuple[int, int]]:
    """The spans of marks of the same kind at the starts of lines."""
    pattern = r"\(?\d+[.):|]?" if mark.strip("().:|").isdigit() else re.escape(mark)
    for found in re.finditer(rf"^[ \t]*({pattern}[ \t]+)(?=\S)", source.text, re.MULTILINE):
        yield found.span(1)


def _conflict(site: ErrorSite) -> Iterator[Candidate]:
    """One side of a merge conflict."""
    source = site.span.source
    marks: dict[str, re.Match[str]] = {}
    for found in _CONFLICT.finditer(source.text):
        mark = found[1][0]
        if mark == "<" or (mark in _FOLLOWS and _FOLLOWS[mark] & marks.keys()):
            marks = marks if mark != "<" else {}
            marks[mark] = found
        if mark == ">" and mark in marks:
            break
    if ">" not in marks:
        return
    whole = Span(source, marks["<"].start(), marks[">"].end())
    first = source.text[marks["<"].end() : marks.get("|", marks["="]).start()]
    second = source.text[marks["="].end() : marks[">"].start()]
    for rank, (text, words) in enumerate(((first, "the first version"), (second, "the second version"))):
        edit = Edit(span=whole, text=text)
        kind = f"{KIND} {rank + 1}"
        yield Candidate(title=f"keep {words} of the conflict", edits=(edit,), rank=0.1 + 0.1 * rank, kind=kind)


def _comments(context: SuggestionContext, site: ErrorSite, line: Span) -> Iterator[Candidate]:
    """Prose as a comment: the line alone, or with those around it that are not statements either."""
    source = site.span.source
    number = source.position(line.start)[0]
    heading = not source.text[: line.start].strip()
    if _is_description(context, line.text):
        return
    if not _is_prose(context, line.text) or not (_is_sentence(line.text) or heading) or python_help(line):
        return
    first = last = number
    while last - first < _MOST_LINES and last < source.lines and _is_prose(context, source.line_text(last + 1)):
        last += 1
    while last - first < _MOST_LINES and first > 1 and _is_prose(context, source.line_text(first - 1)):
        first -= 1
    for lines, more in ((range(first, last + 1), 0.0), (range(number, number + 1), 0.05)):
        edits = tuple(Edit(span=_start_of(source, each), text="# ") for each in lines)
        title = f"make line {lines[0]} a comment" if len(lines) == 1 else f"make lines {first} to {last} comments"
        yield Candidate(title=title, edits=edits, rank=0.2 + more + 0.5 * heading, kind=KIND)


def _start_of(source: Source, number: int) -> Span:
    """Where the first word of a line starts."""
    start = line_start(source, number) + indentation(source.line_text(number))
    return Span(source, start, start)


_WORDS = re.compile(r"\b(?:the|a|an|of|is|are|for|with|by|to|at|on|et|al|this|that|we|see|after)\b")
"""Common English words that are not words of this language."""


def _is_prose(context: SuggestionContext, text: str) -> bool:
    """Whether a line may be prose: its first word does not start a statement, and it has no braces."""
    words = text.split()
    if not words or text.lstrip().startswith("#") or set(text) & set("{}="):
        return False
    first = words[0]
    is_word = len(first) <= _LONGEST and re.fullmatch(r"[(\"'`]?[A-Za-z][\w'’-]*[.,:;)\"'`]*", first) is not None
    return is_word and _is_no_statement(context, first)


def _is_description(context: SuggestionContext, text: str) -> bool:
    """Whether prose describes a layer: it names one with a number, or consists mostly of such names."""
    words = re.findall(r"[a-z]+", text.lower())
    named = [word for word in words if context.find_layer(word) is not None or word in FOREIGN_NAMES]
    return bool(named) and (any(letter.isdigit() for letter in text) or 2 * len(named) >= len(words))


def _is_no_statement(context: SuggestionContext, word: str) -> bool:
    low = word.strip(".,:;()\"'`").lower()
    return (word != low and low in {*KEYWORDS, *merges()}) or not context.starts_statement(low)


def _is_sentence(text: str) -> bool:
    """Whether a line is most likely prose: several words, one of them common, or punctuation within."""
    words = re.findall(r"[A-Za-z']+", text)
    return len(words) > 2 and (len(_WORDS.findall(text.lower())) > 0 or re.search(r"[.,:]\s|[.:,]$", text) is not None)
