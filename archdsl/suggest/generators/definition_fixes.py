"""Definitions that are misplaced, repeated, missing, or have the wrong keyword."""

import re
from collections.abc import Iterator

from ...contract.arguments import ParameterSpec
from ...diagnostics import Edit
from ...diagnostics.catalog import name_errors, structure_errors
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, removed, written
from ..text_parts import words_of
from ..written_arguments import takes
from .name_fixes import near, values_in_scope

KIND = "definition"
"""The kind of a candidate that removes all errors that the definition explains."""
_FIRST = (ast.Net, ast.UseFile)
_NUMBERS = {"classes": "10", "out": "10", "dropout": "0.5", "drop": "0.1", "p": "0.5", "s": "1", "stride": "1"}
"""The usual value of a parameter with this name."""


def misplaced(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A definition where it belongs: `net` and `block` at the top, `output` at the end; without a second `net`."""
    statement = site.statement
    if statement is None:
        return
    chain = [statement, *context.statements.ancestors(statement)]
    match statement:
        case ast.Net():
            others = [
                each for each in context.program.statements if isinstance(each, ast.Net) and each is not statement
            ]
            for each in others:
                yield removed(context, statement, 0.3, f"line {each.span.line} has the name of the network")
                yield removed(context, each, 1.0)
            first = _first(context, ())
            if first is not None and first is not statement:
                yield _moved(context, statement, first, 0.5)
        case ast.Block() | ast.UseFile():
            yield from _hoisted(context, statement, chain[-1])
        case ast.Output():
            yield from outputs_last(context, site)
        case _:
            pass


def _first(context: SuggestionContext, after: tuple[type[ast.Statement], ...]) -> ast.Statement | None:
    """The first statement of the text that does not have to precede the definition."""
    return next((each for each in context.program.statements if not isinstance(each, after)), None)


def _hoisted(context: SuggestionContext, statement: ast.Statement, top: ast.Statement) -> Iterator[Candidate]:
    """A definition before its use, or before the statement that contains it."""
    first = _first(context, (*_FIRST, ast.Input, ast.Block, ast.Let))
    if first is not None and first is not statement and first is not top:
        yield _moved(context, statement, first, 0.7)
    if top is not statement:
        yield _moved(context, statement, top, 0.5)


def _moved(context: SuggestionContext, statement: ast.Statement, place: ast.Statement, rank: float) -> Candidate:
    """A statement, as written, on separate lines before another."""
    text = _unindented(statement)
    edits = (Edit(span=place.span.head, text=f"{text}\n"), *removed(context, statement, 0.0).edits)
    title = f"move `{_headline(statement)}` before `{_headline(place)}`"
    return Candidate(title=title, edits=edits, rank=rank, kind=KIND)


def _headline(statement: ast.Statement) -> str:
    return written(statement).partition("{")[0].strip()


def _unindented(statement: ast.Statement) -> str:
    source, start = statement.span.source, statement.span.start
    indentation = start - (source.text.rfind("\n", 0, start) + 1)
    before = source.text[start - indentation : start]
    return statement.span.text.replace("\n" + before, "\n") if not before.strip() else statement.span.text


def outputs_last(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """An `output` that comes before its tensors, moved after the last statement of a body that defines them."""
    statement = site.statement
    home = context.statements.position_of(statement) if statement is not None else None
    if not isinstance(statement, ast.Output) or home is None:
        return
    defined = {name for each in context.statements.all for name in _defines(each)}
    if not all(word.text in defined for word in statement.names):
        return
    body = context.statements.block(statement)
    lists = [home.siblings, context.program.statements, *(block.body.statements for block in context.program.blocks)]
    for rank, siblings in enumerate(lists):
        here = {name for each in siblings for inner in context.statements.inside(each) for name in _defines(inner)}
        last = siblings[-1] if siblings else None
        if last is None or last is statement or not all(word.text in here for word in statement.names):
            continue
        line = written(statement)
        separator = "; " if _shares_line(last) else "\n" + _indentation(last)
        edits = (*removed(context, statement, 0.0).edits, Edit(span=last.span.tail, text=f"{separator}{line}"))
        within = siblings is home.siblings or body is None
        yield Candidate(title=f"move `{line}` to the end", edits=edits, rank=0.2 + 0.3 * rank + (not within), kind=KIND)


def _shares_line(statement: ast.Statement) -> bool:
    source, start = statement.span.source, statement.span.start
    before = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    return "{" in before


def _indentation(statement: ast.Statement) -> str:
    source, start = statement.span.source, statement.span.start
    line = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    return line[: len(line) - len(line.lstrip())]


def _defines(statement: ast.Statement) -> Iterator[str]:
    """The names of tensors that a statement defines."""
    if isinstance(statement, ast.Stage | ast.Aux):
        yield statement.name.text
    alias = getattr(statement, "alias", None)
    if isinstance(alias, ast.Word):
        yield alias.text


def _words_defined(statement: ast.Statement) -> Iterator[ast.Word]:
    """The names of tensors and numbers that a statement defines, as written."""
    match statement:
        case ast.Stage() | ast.Aux():
            yield statement.name
        case ast.Let():
            yield from statement.target.names
        case ast.LayerStatement():
            yield from (word for word in (statement.alias, *statement.others) if word is not None)
        case _:
            alias = getattr(statement, "alias", None)
            yield from [alias] if isinstance(alias, ast.Word) else []


def inputs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For two inputs without names: only one of them, or both with names."""
    found = [each for each in context.program.statements if isinstance(each, ast.Input)]
    unnamed = [each for each in found if each.args and len([a for a in each.args if a.name is None]) == 1]
    # A merge that reads a named input combines it with another one.
    named = {each.args[0].value.span.text for each in found if each.args and each not in unnamed}
    merges = (each for each in context.statements.all if isinstance(each, ast.Merge))
    merged = any(isinstance(word, ast.Word) and word.text in named for each in merges for word in each.operands)
    for index, each in enumerate(() if merged else found):
        yield removed(context, each, 0.5 + 0.1 * index).replace(kind=f"{KIND} {index}")
    edits = tuple(Edit(span=each.args[0].span.head, text=f"x{found.index(each) + 1} ") for each in unnamed)
    if edits:
        yield Candidate(title="name the inputs", edits=edits, rank=1.2, kind=KIND)


def unused(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A `stage` instead of an unused block, and a `block` instead of a stage that is used as one."""
    words = {each.keyword.text for each in context.statements.all if isinstance(each, ast.LayerStatement)}
    # An unknown layer may be a stage, and an unknown tensor may be a block.
    unknown = site.span.text if isinstance(site.diagnostic, name_errors.UnknownLayer | name_errors.UnknownName) else ""
    for each in context.statements.all:
        if isinstance(each, ast.Block) and not each.parameters and each.name.text not in words:
            read = each.name.text == unknown
            yield _as(each, "block", "stage", 0.2 if read else 0.9)
        elif isinstance(each, ast.Stage) and each.name.text in words:
            yield _as(each, "stage", "block", 0.2)


def renamed(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For an unknown name, an unused definition: it may have been renamed."""
    word = site.span.text
    if site.statement is None or not word.isidentifier():
        return
    for rank, name in enumerate(_unused(context, site)):
        span, place = name.span, site.span
        ends = ((place, name.text), (span, word))
        # A misspelling is corrected in its place: in the definition if the name is used several times.
        is_near = any(True for _ in near(word, [name.text]))
        again = _occurrences(context, word) > 1 or word in _NUMBERS
        for index, (one, text) in enumerate((ends[1:] if again else ends[:1]) if is_near else ends):
            title = f"write `{text}` instead of `{one.text}`" + (f" on line {span.line}" if one is span else "")
            # With two unused definitions, either may be meant.
            later = 0.2 * (index == 0 and one is place and again) + 0.1 * index
            edit = Edit(span=one, text=text)
            yield Candidate(title=title, edits=(edit,), rank=0.35 + 0.3 * rank + later, kind=KIND)


def _occurrences(context: SuggestionContext, word: str) -> int:
    return len(re.findall(rf"\b{re.escape(word)}\b", context.source.text))


def _unused(context: SuggestionContext, site: ErrorSite) -> Iterator[ast.Word]:
    """The names of unused blocks, for an unknown layer; of unused parameters, for an unknown number."""
    assert site.statement is not None
    if isinstance(site.diagnostic, name_errors.UnknownLayer):
        used = {each.keyword.text for each in context.statements.all if isinstance(each, ast.LayerStatement)}
        unused = (block for block in context.program.blocks if block.name.text not in used)
        yield from (block.name for block in unused if takes(block, site.layer))
        return
    owners: list[ast.Block | ast.Net] = [each for each in context.program.statements if isinstance(each, ast.Net)]
    if (block := context.statements.block(site.statement)) is not None:
        owners.insert(0, block)
    for owner in owners:
        span = (
            owner.body.span
            if isinstance(owner, ast.Block)
            else Span(context.source, owner.span.end, len(context.source.text))
        )
        used = words_of(span.text)
        yield from (p.name for p in owner.parameters if p.name.text not in used)
    word = site.span.text
    if _occurrences(context, word) > 1:
        defined = (each for statement in context.statements.all for each in _words_defined(statement))
        alike = (each for each in defined if any(True for _ in near(word, [each.text])))
        yield from (each for each in alike if _occurrences(context, each.text) == 1)


def _as(statement: ast.Statement, old: str, new: str, rank: float) -> Candidate:
    span = Span(statement.span.source, statement.span.start, statement.span.start + len(old))
    title = f"write `{new} {getattr(statement, 'name').text}` instead of `{old} …`"  # noqa: B009  # either has one
    return Candidate(title=title, edits=(Edit(span=span, text=new),), rank=rank, kind=KIND)


def undeclared(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """An undeclared name as a parameter of the block or the network around it."""
    name = _parameter_name(context, site)
    if name is None or not name.isidentifier():
        return
    # A word that is similar to a name is most likely a misspelling of it.
    known = list(values_in_scope(context, site.statement)) if site.statement is not None else []
    known += [word for p in context.parameters(site.layer) for word in (p.name, *_flags(p))] if site.layer else []
    misspelled = 1.2 * any(True for _ in near(name, known)) + 2.0 * _names_next(context, site)
    block = _owner(context, site, name)
    found = (
        _parameter_of_net(context, name)
        if block is None
        else _parameter_of_block(context, block, name, _usual_value(context, site))
    )
    yield from (candidate.replace(rank=candidate.rank + misspelled) for candidate in found)


def _names_next(context: SuggestionContext, site: ErrorSite) -> bool:
    """Whether a word is the name of the value after it, as in `dropout rate 0.5`: the layer takes one value fewer."""
    args = site.layer.args if site.layer is not None else ()
    plain = [a for a in args if a.name is None]
    index = next((i for i, a in enumerate(args[:-1]) if a.span == site.span), None)
    if site.layer is None or index is None or not isinstance(args[index + 1].value, ast.Number):
        return False
    return len(plain) > sum(p.positional for p in context.parameters(site.layer))


def _usual_value(context: SuggestionContext, site: ErrorSite) -> str:
    """The default of the parameter that an undeclared name sets, or 1."""
    given = context.given(site.layer) if site.layer is not None else {}
    name = next((each for each, argument in given.items() if argument.value.span == site.span), None)
    default = next((p.default for p in context.parameters(site.layer) if p.name == name), None) if site.layer else None
    return str(default) if isinstance(default, int | float) and not isinstance(default, bool) else "1"


def _flags(p: ParameterSpec) -> list[str]:
    return [flag for flag, _ in p.words]


def _parameter_name(context: SuggestionContext, site: ErrorSite) -> str | None:
    text = site.span.text
    if site.layer is not None and isinstance(site.diagnostic, name_errors.UnknownName):
        return text
    block = context.blocks.get(site.layer.keyword.text) if site.layer is not None else None
    if block is not None and context.owns(block):
        return text
    return text if isinstance(site.statement, ast.Repeat | ast.If | ast.Let | ast.Residual | ast.Input) else None


def _owner(context: SuggestionContext, site: ErrorSite, name: str) -> ast.Block | None:
    """The block whose parameter a name would be: the one that it is passed to, or the one that contains it."""
    layer = site.layer
    named = layer is not None and any(a.name is not None and a.name.span == site.span for a in layer.args)
    if named and layer is not None:
        block = context.blocks.get(layer.keyword.text)
        return block if block is not None and context.owns(block) else None
    return context.statements.block(site.statement) if site.statement is not None else None


def _parameter_of_block(context: SuggestionContext, block: ast.Block, name: str, value: str) -> Iterator[Candidate]:
    """One more parameter, at the place where the uses have one value more than there are parameters.

    `value` is its default, unless the name has a usual one.
    """
    uses = [
        s for s in context.statements.all if isinstance(s, ast.LayerStatement) and s.keyword.text == block.name.text
    ]
    most = max((sum(a.name is None for a in use.args) for use in uses), default=0)
    named = bool(uses) and all(any(a.name is not None and a.name.text == name for a in use.args) for use in uses)
    default = f" = {_NUMBERS.get(name, value)}" if uses and not named and most <= len(block.parameters) else ""
    for index in range(len(block.parameters) + 1):
        words = [_as_written(p) for p in block.parameters]
        here = default or (" = 1" if index == len(words) and words and "=" in words[-1] else "")
        words.insert(index, name + here)
        order = index if most > len(block.parameters) else len(block.parameters) - index
        yield _header(block, words, name, 0.4 + 0.15 * order)


def _parameter_of_net(context: SuggestionContext, name: str) -> Iterator[Candidate]:
    """One more parameter of the network, with the usual value."""
    if name not in _NUMBERS and len(re.findall(rf"\b{re.escape(name)}\b", context.source.text)) < 2:
        return  # a single unknown word is a misspelling rather than a parameter
    net = next((each for each in context.program.statements if isinstance(each, ast.Net)), None)
    values = [_NUMBERS[name]] if name in _NUMBERS else []
    wanted = re.search(r"\bout == (\d+)\b(?!x)", context.source.text)
    values += [wanted[1]] if wanted else []
    for index, value in enumerate(dict.fromkeys([*values, "64", "10", "2", "1"])):
        if net is not None:
            words = [_as_written(p) for p in net.parameters]
            yield _header(net, [*words, f"{name} = {value}"], name, 0.6 + 0.2 * index)
        else:
            first = _first(context, ())
            if first is not None:
                line = f"net Network({name} = {value})"
                yield inserted_before(first, line, 0.8 + 0.2 * index).replace(kind=KIND)


def _as_written(parameter: ast.Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default.span.text}"
    return f"{parameter.name.text}{default}"


def _header(statement: ast.Block | ast.Net, words: list[str], name: str, rank: float) -> Candidate:
    """The definition with these parameters."""
    source, start = statement.span.source, statement.name.span.end
    stop = statement.body.span.start if isinstance(statement, ast.Block) else statement.span.end
    end = source.text.rfind(")", start, stop) + 1 or start
    edit = Edit(span=Span(source, start, end), text=f"({', '.join(words)})")
    title = f"declare `{name}`: `{source.text[statement.span.start : start]}{edit.text}`"
    return Candidate(title=title, edits=(edit,), rank=rank, kind=KIND)


GENERATORS = {
    structure_errors.Misplaced: (misplaced,),
    structure_errors.NeedsInputName: (inputs,),
}
"""The generators for errors that only definitions have."""
