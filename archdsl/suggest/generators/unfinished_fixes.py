"""Statements in which a part is missing: a closing bracket, an operator or separator, the value of an argument."""

import re
from collections.abc import Iterator

from ...contract.arguments import ParameterSpec
from ...diagnostics import Edit
from ...diagnostics.catalog import argument_errors, name_errors, syntax_errors
from ...syntax import ast
from ...syntax.tokens import KEYWORDS
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, changed, only, rewritten
from ..text_parts import statement_of, statement_start
from ..written_arguments import rendered, value_text
from .line_fixes import replaced

_CLOSING = {"(": ")", "[": "]"}
_COMPUTED = re.compile(r"[-+*/%,]|\w\(")
"""What brackets are meant for, rather than a single value."""
_WORD_BEFORE = re.compile(r"(?P<word>[A-Za-z_]\w*|\d\w*|[)\]])(?P<space>[ \t]+)$")
_USUAL = {"kernel": "3", "stride": "2", "padding": "1", "dilation": "2", "groups": "2"}
"""The value of an argument that no other statement has."""


def brackets(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The brackets that are missing before an error, or the text without the one that nothing closes."""
    diagnostic, source = site.diagnostic, site.span.source
    if not isinstance(diagnostic, syntax_errors.Unexpected) or not {"`)`", "`]`"} & {*diagnostic.expected}:
        return
    text = source.text
    opened: list[int] = []
    for at in range(statement_start(text, site.span.start), site.span.start):
        if text[at] in _CLOSING:
            opened.append(at)
        elif text[at] in _CLOSING.values():
            del opened[-1:]
    if not opened:
        return
    end = len(text[: site.span.start].rstrip())
    missing = "".join(_CLOSING[text[at]] for at in reversed(opened))
    is_computed = _COMPUTED.search(text, max(0, opened[0] - 1), end) is not None
    edit = Edit(span=Span(source, end, end), text=missing)
    word = text[:end].split()[-1]
    yield Candidate(title=f"insert `{missing}` after `{word}`", edits=(edit,), rank=0.1 if is_computed else 0.6)
    if not is_computed:
        whole = Span(source, opened[-1], end)
        yield replaced(whole, whole.text[1:], 0.3)


def joined_words(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A separator within a word, `2aux` as `2; aux`; an operator between two, `2 n` as `2*n`; one word of two."""
    source, span = site.span.source, site.span
    if isinstance(site.diagnostic, syntax_errors.BadWord):
        found = re.fullmatch(r"(\d[\dx.]*)([a-z_]\w*)", span.text)
        if found is not None and context.starts_statement(found[2]):
            yield replaced(span, f"{found[1]}; {found[2]}", 0.1)
    if not isinstance(site.diagnostic, syntax_errors.MissingSeparator) or context.starts_statement(span.text):
        return
    statement = statement_of(span)
    before = _WORD_BEFORE.search(source.text[statement.start : span.start])
    if before is None:
        return
    gap = Span(source, statement.start + before.start("space"), span.start)
    if before["word"] == span.text:
        edit = Edit(span=Span(source, gap.start, span.end), text="")
        yield Candidate(title=f"remove one `{span.text}`", edits=(edit,), rank=0.05)
    if statement.text.startswith("let "):
        for rank, sign in enumerate("*+-"):
            title = f"insert `{sign}` before `{span.text}`"
            yield Candidate(title=title, edits=(Edit(span=gap, text=f" {sign} "),), rank=0.5 + 0.2 * rank)


def valueless(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A value for an argument that is written without one: `conv 8 k3 s` as `conv 8 k3 s2`."""
    layer, word = site.layer, site.span.text
    if layer is None or not isinstance(site.diagnostic, name_errors.UnknownName):
        return
    argument = next((each for each in layer.args if each.name is None and each.span == site.span), None)
    parameters = context.parameters(layer)
    p = next((p for p in parameters if word in (p.letter, p.name)), None)
    if argument is None or p is None:
        return
    for rank, value in enumerate(_values(context, layer, p)):
        text = rendered(p, parameters, value)
        if text == value and p.name in context.given(layer):
            text = f"{p.name}={value}"
        yield rewritten(layer, (Edit(span=argument.span, text=text),), 0.2 + 0.3 * rank)


def called(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another layer for the parameter of a block, if the one that its use gives needs arguments of its own."""
    layer = site.layer
    if layer is None or not isinstance(site.diagnostic, argument_errors.MissingArgument) or not site.diagnostic.uses:
        return
    span = site.diagnostic.uses[-1].span
    use = context.statements.at(span) if span.source is context.source else None
    if not isinstance(use, ast.LayerStatement):
        return
    p = next((p for p in context.parameters(use) if p.name == layer.keyword.text), None)
    for rank, value in enumerate(_values(context, use, p) if p is not None else ()):
        if p is not None:
            yield from only(changed(context, use, {p.name: value}, 0.6 + 0.3 * rank))


def keywords(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another value for an argument whose value is a keyword."""
    layer = site.layer
    if layer is None or site.span.text not in KEYWORDS:
        return
    argument = next((each for each in layer.args if each.value.span == site.span), None)
    parameters = context.parameters(layer)
    p = next((p for p in parameters if argument is not None and context.given(layer).get(p.name) is argument), None)
    if argument is None or p is None:
        return
    for rank, value in enumerate(_values(context, layer, p)):
        yield rewritten(layer, (Edit(span=argument.value.span, text=value),), 0.4 + 0.3 * rank)


def _values(context: SuggestionContext, layer: ast.LayerStatement, p: ParameterSpec) -> list[str]:
    """Values for an argument: those of other uses of the layer or block, the default of a block, the usual one."""
    others = (
        each
        for each in context.statements.by_distance(layer)
        if isinstance(each, ast.LayerStatement) and each is not layer and each.keyword.text == layer.keyword.text
    )
    written = [value_text(given, p) for each in others if (given := context.given(each).get(p.name)) is not None]
    default = [p.default.span.text] if isinstance(p.default, ast.Expr) else []
    usual = [_USUAL[p.name]] if p.name in _USUAL else []
    return list(dict.fromkeys([*default, *written, *usual]))[:2]


def headers(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The name of a stage or block that has none, or the count of a repetition."""
    before = re.search(r"\b(stage|block|aux|repeat)[ \t]*$", site.span.source.text[: site.span.start])
    if site.span.text != "{" or before is None:
        return
    missing = sorted(context.used_names - context.given_names)
    word = before[1]
    for rank, name in enumerate(["2"] if word == "repeat" else [*missing[:1], f"{word}1"]):
        edit = Edit(span=Span(site.span.source, before.end(1), site.span.start), text=f" {name} ")
        found = Candidate(title=f"write `{word} {name} {{`", edits=(edit,), rank=0.2 + 0.2 * rank)
        yield found.replace(ambiguous=word == "repeat")  # any count is valid
