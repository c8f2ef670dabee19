"""Syntax errors: braces from the indentation, and the notation of other languages."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...diagnostics.catalog import syntax_errors
from ...diagnostics.fixes import edited_text
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import indentation, line_of, line_start, statement_start, within
from .foreign_names import FOREIGN_NAMES

_LOGIC: tuple[tuple[str, str, str], ...] = (
    (r"(?:(?<!\s)\s+)?\|\|\s*", " or ", "conditions are joined by `or`"),
    (r"(?:(?<!\s)\s+)?&&\s*", " and ", "conditions are joined by `and`"),
    (r"!(?=[\w(@])", "not ", "`not` negates"),
)
_RANGE = r"range\(\s*([^(){}\s](?:[^(){}]*[^(){}\s])?)\s*\)"
_FOREIGN_SYNTAX: tuple[tuple[str, str, str], ...] = (
    (r"(?<==)[(\[]\s*(\d+)\s*,\s*\1(?:\s*,)?\s*[)\]]", r"\1", "one number applies to all spatial dimensions"),
    (r"\(\s*(\d+)\s*,\s*(?!\1\b)(\d+)(?:\s*,)?\s*\)", r"\1x\2", "sizes are written with an x"),
    (r"\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)", r"\1x\2x\3", "sizes are written with an x"),
    (r"\[\s*(\d+)\s*,\s*(\d+)\s*\]", r"\1x\2", "sizes are written with an x"),
    (r"\(\s*(\d+)\s*,\s*\1(?:\s*,)?\s*\)", r"k\1", "one number applies to all spatial dimensions"),
    (r"\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]", r"\1x\2x\3", "sizes are written with an x"),
    (r"(?<=\d)\s*[×*]\s*(?=\d)", "x", "sizes are written with an x"),
    (r"(?:(?<!\s)\s+)?(?:→|->|=>|\|>|\|)\s*", "; ", "statements are separated by `;`"),
    (r"=\s*['\"](\w+)['\"]", r"=\1", "values take no quotes"),
    (r"['\"](same|valid)['\"]", r"\1", "flags take no quotes"),
    (r"\b(\w+)\s*:\s*(?=[\w@])", r"\1=", "named arguments take `=`"),
    (r"\b(\w+)=\s+", r"\1=", "no space after `=`"),
    (r",\s*", " ", "arguments are separated by spaces"),
    (r";\s*(?=;)", "", "one `;` is enough"),
    (r"(?:(?<!\s)\s+)?=\s*$", "", "the value is missing"),
    *_LOGIC,
    (r":\s*(?:int|float|bool|str|list|tuple)\b", "", "parameters have no types"),
    (rf"\bfor\s+(\w+)\s+in\s+{_RANGE}", r"repeat \2 as \1", "a loop is `repeat`"),
    (rf"\bfor\s+\w+\s+in\s+{_RANGE}", r"repeat \1", "a loop is `repeat`"),
    (r"\b\w+\.(?:shape|size)(?:\[1\]|\(1\))", "@c", "sizes of the current tensor have an @"),
    (r"\b\w+\.(?:shape|size)(?:\[(?:2|-2)\]|\((?:2|-2)\))", "@h", "sizes of the current tensor have an @"),
    (r"\b\w+\.(?:shape|size)(?:\[(?:3|-1)\]|\((?:3|-1)\))", "@w", "sizes of the current tensor have an @"),
    (r"\$", "", ""),
)
_WITH_BODY = {"for": "repeat", "loop": "repeat", "times": "repeat", "skip": "residual"}
_TAKES_NAME = re.compile(r"(?:\bas|\bfrom|\bblock|\bstage|=|\bconcat|\badd)$")
"""What a name follows rather than a statement."""


def corrections(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Edits of the line of a syntax error, and of braces around it."""
    diagnostic = site.diagnostic
    if isinstance(diagnostic, syntax_errors.UnclosedBrace):
        yield from _closed(site)
    elif isinstance(diagnostic, syntax_errors.NothingOpen):
        yield from _opened(site)
    elif isinstance(diagnostic, syntax_errors.MissingSeparator | syntax_errors.NoBody) and (
        site.span.text in syntax_errors.ELSE_IF
    ):
        yield from _else_if(site)
    elif isinstance(diagnostic, syntax_errors.MissingSeparator):
        yield from _named_last(site)
        yield from _separated(context, site)
        yield from _other_notation(site)
        yield from _single_commas(site)
        yield from _calls(site)
        yield from _assigned(context, site)
    elif isinstance(diagnostic, syntax_errors.Unexpected) and "`{`" in diagnostic.expected:
        line = line_of(site.span)
        edit = Edit(span=line.tail, text=" {")
        yield Candidate(title=f"insert `{{` at the end of line {site.line}", edits=(edit,), rank=0.5)
        yield from _braced(site, line)
        yield from _other_notation(site)
    elif isinstance(diagnostic, syntax_errors.NoBody) and (word := _WITH_BODY.get(diagnostic.word.lower())):
        edit = Edit(span=site.span, text=word)
        yield Candidate(title=f"write `{word}` instead of `{site.span.text}`", edits=(edit,), rank=0.0)
        yield from _other_notation(site)
    elif isinstance(diagnostic, syntax_errors.NoBody) and (word := FOREIGN_NAMES.get(diagnostic.word.lower())):
        edit = Edit(span=site.span, text=word)
        yield Candidate(title=f"write `{word}` instead of `{site.span.text}`", edits=(edit,), rank=0.0)
    elif isinstance(diagnostic, syntax_errors.ReservedName):
        statement = context.statements.at(site.span)
        if isinstance(statement, ast.From | ast.Merge | ast.Reuse | ast.Output):
            order = sorted(context.tensors(statement), key=lambda name: name in context.used_names)
            for index, name in enumerate(order[:4]):
                edit = Edit(span=site.span, text=name)
                title = f"write `{name}` instead of `{diagnostic.name}`"
                yield Candidate(title=title, edits=(edit,), rank=0.5 + 0.2 * index)
        if not diagnostic.is_value:
            edit = Edit(span=site.span, text=f"{diagnostic.name}_1")
            yield Candidate(title=f"write `{edit.text}`", edits=(edit,), rank=1.0)
    else:
        yield from _other_notation(site)
        yield from _single_commas(site)
        yield from _calls(site)
        yield from _assigned(context, site)


def _else_if(site: ErrorSite) -> Iterator[Candidate]:
    """`else if` for this word, or also for later ones, which are errors as soon as this one is corrected."""
    source, word = site.span.source, site.span.text
    title = f"write `else if` instead of `{word}`"
    yield Candidate(title=title, edits=(Edit(span=site.span, text="else if"),), rank=0.0)
    later = re.compile(rf"\}}\s*({word})\b").finditer(source.text, site.span.end)
    spans = [site.span, *(Span(source, each.start(1), each.end(1)) for each in later)]
    if len(spans) > 1:
        edits = tuple(Edit(span=span, text="else if") for span in spans)
        yield Candidate(title=f"write `else if` instead of each `{word}`", edits=edits, rank=0.1)


def _named_last(site: ErrorSite) -> Iterator[Candidate]:
    """`conv 4 k1 as a x3` as `conv 4 k1 x3 as a`: the name comes after the arguments."""
    source = site.span.source
    found = re.search(r"\bas\s+[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*(?=[ \t]+$)", source.text[: site.span.start])
    arguments = re.compile(r"(?:[a-z]\d+(?:x\d+)*|\w+=[^\s;{}#]+)(?:[ \t]+[^\s;{}#]+)*").match(
        source.text, site.span.start
    )
    if found is None or arguments is None:
        return
    before = source.text[statement_start(source.text, found.start()) : found.start()]
    if re.fullmatch(r"x\d+", arguments[0]) and re.search(r"\sx\d+\s*$", before):
        end = found.start() + len(found[0])
        edit = Edit(span=Span(source, end, arguments.end()), text="")
        yield Candidate(title=f"remove `{arguments[0]}`", edits=(edit,), rank=0.0, why="it is repeated already")
    else:
        span, new = Span(source, found.start(), arguments.end()), f"{arguments[0]} {found[0]}"
        title = f"write `{new}` instead of `{' '.join(span.text.split())}`"
        yield Candidate(title=title, edits=(Edit(span=span, text=new),), rank=-0.5)


def _separated(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """`;` before each layer of a line that has several with nothing between them."""
    line = line_of(site.span)
    places = []
    for found in re.finditer(r"(?<=[^\s;{}])([ \t]+)([a-z]\w*)", line.text):
        word, before = found[2], _TAKES_NAME.search(line.text, max(0, found.start() - 8), found.start())
        starts = context.find_layer(word) is not None or word in context.blocks
        if starts and before is None:
            places.append((line.start + found.start(1), word))
    if len(places) > 1:
        edits = tuple(Edit(span=Span(line.source, at, at), text=";") for at, _ in places)
        words = [f"`{word}`" for _, word in places]
        title = f"insert `;` before {', '.join(words[:-1])} and {words[-1]}"
        yield Candidate(title=title, edits=edits, rank=0.1)


def _braced(site: ErrorSite, line: Span) -> Iterator[Candidate]:
    """Braces around what follows a keyword on its line: `residual conv 16 k3` is `residual { conv 16 k3 }`."""
    rest = line.source.text[site.span.start : line.end].rstrip()
    if site.span.text == ":" and rest.strip(": ") and not set(rest) & set("{}"):
        text = f"{{ {rest[1:].strip()} }}"
        span = Span(line.source, site.span.start, site.span.start + len(rest))
        yield Candidate(title=f"write `{' '.join(text.split())}`", edits=(Edit(span=span, text=f" {text}"),), rank=0.15)
        return
    if rest.count("}") > rest.count("{"):
        edit = Edit(span=site.span.head, text="{ ")
        yield Candidate(title=f"insert `{{` before `{site.span.text}`", edits=(edit,), rank=0.2)
    if not rest or set(rest) & set("{}"):
        return
    end = site.span.start + len(rest)
    before, after = site.span.head, Span(line.source, end, end)
    title = f"write `{' '.join(line.source.text[line.start : site.span.start].split())} {{ {' '.join(rest.split())} }}`"
    yield Candidate(title=title, edits=(Edit(span=before, text="{ "), Edit(span=after, text=" }")), rank=0.2)


def _assigned(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """`x = conv 64 k3` as `conv 64 k3 as x`."""
    statement = context.statements.at(site.span)
    if statement is None or site.span.text != "=":
        return
    source = statement.span.source
    found = re.match(r"\s*([A-Za-z_]\w*)\s*=\s*", source.text[statement.span.start :])
    if found is None or statement.span.start + found.end() > statement.span.end:
        return
    end = statement.span.end
    while source.text[end - 1] in " \t":
        end -= 1
    start = statement.span.start + len(found[0]) - len(found[0].lstrip())
    edits = (
        Edit(span=Span(source, start, statement.span.start + found.end()), text=""),
        Edit(span=Span(source, end, end), text=f" as {found[1]}"),
    )
    text = source.text[statement.span.start + found.end() : end]
    if text[:1].isdigit() and context.find_layer(found[1]) is None:
        edit = Edit(span=Span(source, start, start), text="let ")
        yield Candidate(title=f"write `let {found[1]} = {text}`", edits=(edit,), rank=0.2)
    if context.find_layer(found[1]) is not None:
        edit = Edit(span=Span(source, start + len(found[1]), statement.span.start + found.end()), text=" ")
        yield Candidate(title=f"write `{found[1]} {text}`", edits=(edit,), rank=0.2)
    yield Candidate(title=f"write `{text} as {found[1]}`", edits=edits, rank=0.3)


def _other_notation(site: ErrorSite) -> Iterator[Candidate]:
    line = line_of(site.span)
    commas = list(re.finditer(r"(?<=\d)\s*,\s*(?=\d)", line.text)) if line.text.lstrip().startswith("input") else []
    if commas:
        spans = [Span(line.source, line.start + each.start(), line.start + each.end()) for each in commas]
        edits = tuple(Edit(span=span, text="x") for span in spans)
        yield _rewritten(line, edits, 0.4, "sizes are written with an x")
    yield from _conditions(line)
    logic = sorted(
        (found.start(), found, new) for pattern, new, _ in _LOGIC for found in re.finditer(pattern, line.text)
    )
    if len(logic) > 1:
        edits = tuple(
            Edit(span=Span(line.source, line.start + each.start(), line.start + each.end()), text=each.expand(new))
            for _, each, new in logic
        )
        yield _rewritten(line, edits, 0.5, "conditions are joined by words")
    for index, (pattern, new, why) in enumerate(_FOREIGN_SYNTAX):
        found = list(re.finditer(pattern, line.text))
        if not found:
            continue
        edits = tuple(
            Edit(span=Span(line.source, line.start + each.start(), line.start + each.end()), text=each.expand(new))
            for each in found
        )
        yield _rewritten(line, edits, 1.0 + 0.05 * index, why)
    word = site.span
    if word.text.lower() != word.text and word.text[1:].replace("x", "").isdigit():
        yield _rewritten(line, (Edit(span=word, text=word.text.lower()),), 0.8, "")


def _conditions(line: Span) -> Iterator[Candidate]:
    """`==` for a comparison written with `=`, and braces for `if COND then STATEMENT`."""
    start = re.match(r"(?:.*[\s;{}])?(?:if|assert|when)\b", line.text)
    if start is None:
        return
    end = line.text.find("{", start.end()) if "{" in line.text[start.end() :] else len(line.text)
    signs = re.compile(r"(?<![=!<>:\s])\s*=(?!=)\s*").finditer(line.text, start.end(), end)
    edits = tuple(
        Edit(span=Span(line.source, line.start + each.start(), line.start + each.end()), text=" == ") for each in signs
    )
    if edits:
        yield _rewritten(line, edits, 0.2, "a comparison is `==`")
    then = re.compile(r"\s*\bthen\b:?\s*([^{};]*[^{};\s])\s*$").search(line.text, start.end())
    if then is not None:
        span = Span(line.source, line.start + then.start(), line.end)
        yield _rewritten(line, (Edit(span=span, text=f" {{ {then[1]} }}"),), 0.1, "a body is in braces")


def _single_commas(site: ErrorSite) -> Iterator[Candidate]:
    """One comma of the line as `;`, then all of them."""
    line = line_of(site.span)
    places = [m.start() for m in re.finditer(",", line.text)]
    edits = [Edit(span=Span(line.source, line.start + at, line.start + at + 1), text=";") for at in places]
    for edit in edits[:3]:
        yield _rewritten(line, (edit,), 1.9, "statements are separated by `;`")
    if len(edits) > 1:
        yield _rewritten(line, tuple(edits), 1.95, "statements are separated by `;`")


def _calls(site: ErrorSite) -> Iterator[Candidate]:
    """`conv(64, 3)` as `conv 64 3`."""
    line = line_of(site.span)
    call = re.search(r"\b([A-Za-z_]\w*)\s*\(([^()]*)\)", line.text)
    if call:
        arguments = " ".join(part.strip() for part in call[2].split(","))
        span = Span(line.source, line.start + call.start(), line.start + call.end())
        yield _rewritten(
            line, (Edit(span=span, text=f"{call[1]} {arguments}".rstrip()),), 1.5, "layers take no parentheses"
        )


def _rewritten(line: Span, edits: tuple[Edit, ...], rank: float, why: str) -> Candidate:
    text = edited_text(line.text, within(line, edits))
    return Candidate(title=f"write `{' '.join(text.split())}`", edits=edits, rank=rank, why=why)


def _closed(site: ErrorSite) -> Iterator[Candidate]:
    """A `}` where the indentation returns to that of the line with the `{`; else at the end."""
    source = site.span.source
    if source.text[site.span.end : site.span.end + 1] == "{":
        yield Candidate(title="remove one `{`", edits=(Edit(span=site.span, text=""),), rank=0.0)
    first = site.span.line
    base = indentation(source.line_text(first))
    inner = None
    rank = 0.5
    rest = source.text[site.span.end : line_start(source, first) + len(source.line_text(first))]
    if rest.strip():
        end = line_start(source, first) + len(source.line_text(first).rstrip())
        yield Candidate(
            title=f"insert `}}` at the end of line {first}",
            edits=(Edit(span=Span(source, end, end), text=" }"),),
            rank=0.4,
        )
    for number in range(first + 1, source.lines + 1):
        text = source.line_text(number)
        if not text.strip():
            continue
        if inner is None and indentation(text) > base:
            inner = number
        if text.lstrip().startswith(("shortcut", "else")):
            start = line_start(source, number)
            edit = Edit(span=Span(source, start, start + indentation(text)), text=f"{' ' * base}}} ")
            yield Candidate(title=f"insert `}}` before `{text.split()[0]}`", edits=(edit,), rank=0.2)
        if inner is not None and indentation(text) <= base:
            start = line_start(source, number)
            if text.lstrip().startswith("}"):
                continue
            edit = Edit(span=Span(source, start, start), text=f"{' ' * base}}}\n")
            yield Candidate(title=f"insert `}}` before line {number}", edits=(edit,), rank=rank)
            rank += 0.4
            if rank > 3:
                break
    end = len(source.text.rstrip())
    yield Candidate(
        title="insert `}` at the end of the file",
        edits=(Edit(span=Span(source, end, end), text="\n" + " " * base + "}"),),
        rank=2.0,
    )


def _opened(site: ErrorSite) -> Iterator[Candidate]:
    """The text without this `}`, or without an earlier one whose indentation is not that of the line with its `{`."""
    source = site.span.source
    yield _without(site.span, 1.0)
    opened: list[int] = []
    for found in re.finditer(r"[{}]|#[^\n]*", source.text[: site.span.start]):
        if found[0] == "{":
            opened.append(source.position(found.start())[0])
        elif found[0] == "}" and opened:
            line = opened.pop()
            here = source.position(found.start())[0]
            alone = source.line_text(here).strip() == "}"
            if alone and indentation(source.line_text(here)) != indentation(source.line_text(line)):
                yield _without(Span(source, found.start(), found.end()), 0.6)


def _without(brace: Span, rank: float) -> Candidate:
    source, start, end = brace
    line = source.position(start)[0]
    if source.line_text(line).strip() == "}":
        start = line_start(source, line)
        end = min(len(source.text), start + len(source.line_text(line)) + 1)
    else:
        while start > 0 and source.text[start - 1] in " \t":
            start -= 1
    return Candidate(title="remove this `}`", edits=(Edit(span=Span(source, start, end), text=""),), rank=rank)
