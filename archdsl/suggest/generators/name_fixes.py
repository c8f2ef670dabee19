"""Unknown names: similar known ones, unused ones first."""

import re
from collections.abc import Iterable, Iterator

from ...diagnostics import Edit
from ...diagnostics.catalog import name_errors
from ...elaborate.known_operations import is_operation
from ...expressions.operations import FUNCTIONS
from ...layers import find, merges, registry, synonyms
from ...syntax import ast
from ...text.library import standard_blocks
from ...text.names import distance
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, removed, written
from ..written_arguments import takes
from .foreign_names import FOREIGN_NAMES

_FAR, _SHORT = 3, 4
_LONGEST_ARGUMENT = 80
"""The largest number of characters of an argument's name and the signs after it."""
_LONGEST_NUMBER = 9
"""The largest number of digits at the end of a name that are counted up."""


def near(word: str, known: Iterable[str]) -> Iterator[tuple[str, float]]:
    """The known names that differ from a word in a few letters, with their distance."""
    low = word.lower()
    known = list(dict.fromkeys(known))
    known = [name for name in known if name.lower() == low] or known
    most = min(_FAR, max(1, len(low) // 2)) if len(low) < 2 * _SHORT else _FAR
    for name in known:
        other = name.lower()
        if len(low) < 2 and other != low:
            continue  # one letter is near every other one
        if name == word or abs(len(other) - len(low)) > most:
            continue
        steps = distance(low, other)
        if steps <= most and steps < max(len(low), 2):
            yield name, steps - (0.25 if other[:1] == low[:1] else 0.0)


def activations_near(word: str) -> Iterator[tuple[str, float]]:
    """The activation with this name, or those with a similar one, with a rank."""
    found = find(word)
    if found is not None:
        yield from [(word, 0.0)] if found.style == "activation" else []
        return
    names = (name for name, layer in registry().items() if layer.style == "activation")
    yield from ((name, 0.3 * steps) for name, steps in near(word, names) if steps <= max(1, len(word) // 3))


def layers(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Layers and blocks for an unknown word. A word that names an operation or is in `std` is not a misspelling."""
    diagnostic = site.diagnostic
    if not isinstance(diagnostic, name_errors.UnknownLayer) or diagnostic.in_std:
        return
    word = diagnostic.name
    if word not in context.blocks and re.search(rf"\bblock\s+{re.escape(word)}\b", context.source.text):
        return  # its definition cannot be read
    if (keyword := FOREIGN_NAMES.get(word.lower())) is not None:
        yield _renamed(site, keyword, 0.0).replace(why=f"`{keyword}` is its name here")
    if is_operation(word):
        return
    bare = re.sub(r"_?[123]d$", "", word.lower())
    if bare != word.lower() and (found := find(bare)) is not None:
        yield _renamed(site, bare if bare in registry() else found.keyword, 0.6)  # `Conv2D` for a signal
    used = {each.keyword.text for each in context.statements.all if isinstance(each, ast.LayerStatement)}
    own = [name for name, block in context.blocks.items() if context.owns(block) and takes(block, site.layer)]
    for name in (name for name in own if name in used and len(name) > 2 and (name in word or word in name)):
        yield _renamed(site, name, 0.5)
    for index, name in enumerate(name for name in own if name not in used):
        # A block that was renamed: the unused one.
        alike = word in name or name in word
        yield _renamed(site, name, (0.2 if alike else 0.8) + 0.2 * index)
    names = [*registry(), *synonyms(), *context.layers, *context.blocks, *merges(), *STATEMENTS]
    for name, steps in near(word, names):
        if steps > max(1, len(word) // 3) or (re.search(r"[a-z]\d{2,}$", word) and find(word.rstrip("0123456789"))):
            continue  # `conv32` is `conv 32`
        unused = name in context.blocks and name not in used
        candidate = _renamed(site, name, steps - 0.5 * unused - 0.25 * (name in used))
        yield candidate.replace(ambiguous=not diagnostic.is_certain)


def standard(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Blocks of `std` for a similar word, or for one of their names if the file does not use `std`."""
    diagnostic = site.diagnostic
    if not isinstance(diagnostic, name_errors.UnknownLayer) or is_operation(diagnostic.name):
        return
    word = diagnostic.name
    first = next((s for s in context.program.statements if not isinstance(s, ast.Net | ast.UseFile)), None)
    uses = any(isinstance(s, ast.UseFile) and s.target.text == "std" for s in context.program.statements)
    if first is None:
        return
    used = () if uses else inserted_before(first, "use std", 0.0).edits
    if diagnostic.in_std and used:
        yield Candidate(title="insert `use std`", edits=used, rank=0.0)
    for name, steps in near(word, sorted(standard_blocks() - {*context.blocks})):
        if steps <= max(1, len(word) // 3):
            renamed = _renamed(site, name, steps + 0.5 * (not uses))
            title = renamed.title + ("" if uses else ", with `use std`")
            candidate = renamed.replace(title=title, edits=(*used, *renamed.edits))
            yield candidate.replace(ambiguous=not diagnostic.is_certain)


def words(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Names of tensors, parameters and flags for an unknown word."""
    diagnostic = site.diagnostic
    statement = site.statement
    if not isinstance(diagnostic, name_errors.UnknownName) or statement is None:
        return
    word = diagnostic.name
    flags = [f for p in context.parameters(site.layer) for f, _ in p.words] if site.layer else []
    tensors = context.tensors(statement)
    values = list(values_in_scope(context, statement))
    yield from _renamed_values(context, site, values)
    short = (name for name in tensors if name not in context.used_names and _abbreviates(name, word))
    yield from (_renamed(site, name, 0.6) for name in short)
    if _is_activation(context, site):
        yield from (_renamed(site, name, rank) for name, rank in activations_near(word))
    for name, steps in near(word, [*tensors, *values, *flags, *diagnostic.known]):
        yield _renamed(site, name, steps + _unlikely(context, word, name, name in tensors))
    if isinstance(statement, ast.From | ast.Merge | ast.Reuse | ast.Output):
        # Not a misspelling, but a tensor that was renamed: the unused one.
        for index, name in enumerate(name for name in tensors if name not in context.used_names):
            yield _renamed(site, name, 3.0 + 0.2 * index)


def _is_activation(context: SuggestionContext, site: ErrorSite) -> bool:
    """Whether a word is the value of a parameter whose default, or whose other values, are activations."""
    found = re.search(r"\b(\w+)\s*=\s*$", context.source.text[: site.span.start][-_LONGEST_ARGUMENT:])
    if found is None:
        return False
    given = re.compile(rf"\b{found[1]}\s*=\s*([a-z]\w*)").findall(context.source.text)
    layers_given = (find(each) for each in given)
    return found[1] in ("act", "activation") or any(each and each.style == "activation" for each in layers_given)


def _abbreviates(one: str, other: str) -> bool:
    """Whether one of two words is the other with letters left out: `src`, `source`."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    rest = iter(long)
    return len(short) > 2 and short[0] == long[0] and all(letter in rest for letter in short)


def _renamed_values(context: SuggestionContext, site: ErrorSite, values: list[str]) -> Iterator[Candidate]:
    """Named numbers with a similar name, or that are unused; the value of a `let` elsewhere."""
    word, parameters = site.span.text, {p.name for p in context.parameters(site.layer)} if site.layer else set()
    for index, name in enumerate(dict.fromkeys(values)):
        alike = len(name) > 2 and (word in name or name in word)
        initial = name == word[0] and word in parameters  # `s` for `stride`
        if alike or initial or name not in context.variables:
            yield _renamed(site, name, (0.4 if alike or initial else 1.0) + 0.2 * index)
    for each in context.statements.all:
        if isinstance(each, ast.Let) and each.target.names[0].text == word and isinstance(each.value, ast.Number):
            text = each.value.span.text
            edit = Edit(span=site.span, text=text)
            why = f"`{word}` is not visible inside a block"
            yield Candidate(title=f"write `{text}` instead of `{word}`", edits=(edit,), rank=0.7, why=why)


def taken(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A new name for one that is already defined: the next of a series, `layer3` after `layer2`."""
    word = site.span.text
    # A name that other statements read and nothing defines.
    missing = sorted(context.used_names - context.given_names)
    yield from (_renamed(site, name, 0.2 + 0.1 * steps) for name, steps in near(word, missing))
    yield from (_renamed(site, name, 0.4) for name in missing if len(name) == len(word) == 1)
    stem = word.rstrip("0123456789")
    number = word[len(stem) :]
    if len(number) > _LONGEST_NUMBER:
        stem, number = word, ""
    count = int(number or 1) + 1
    while f"{stem}{count}" in context.variables:
        count += 1
    yield _renamed(site, f"{stem}{count}", 0.5)
    yield _renamed(site, f"{word}_2", 1.5)


STATEMENTS = ("from", "reuse", "output", "input", "stage", "residual", "repeat", "let", "assert")
"""Keywords that a word may be a misspelling of; the rest of the statement determines whether it can be parsed."""


def unnamed(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The undefined name, given to a tensor, most likely to one before a `from` or a pooling layer."""
    diagnostic, statement = site.diagnostic, site.statement
    if not isinstance(diagnostic, name_errors.UnknownName) or statement is None or not diagnostic.name.isidentifier():
        return
    if not isinstance(statement, ast.From | ast.Merge | ast.Reuse | ast.Output):
        return
    if context.find_layer(diagnostic.name) is not None:
        return  # a layer was meant, not a tensor
    found = []
    for each in context.statements.all:
        home = context.statements.position_of(each)
        if (
            not isinstance(each, ast.LayerStatement | ast.Merge | ast.Residual)
            or each.alias is not None
            or home is None
        ):
            continue
        if each.span.start >= statement.span.start or context.statements.block(each) is not context.statements.block(
            statement
        ):
            continue
        after = home.siblings[home.position + 1] if home.position + 1 < len(home.siblings) else None
        found.append((each, _unnamed_penalty(after)))
    found.reverse()
    # A word that is similar to a name is most likely a misspelling of it.
    misspelled = 1.5 * any(
        steps < 1.5 and _unlikely(context, diagnostic.name, n, True) < 1
        for n, steps in near(diagnostic.name, context.tensors(statement))
    )
    for index, (each, away) in enumerate(sorted(found, key=lambda item: item[1])[:6]):
        if away == 0.0 and _spatial(context, each):
            text = f"flatten as {diagnostic.name}"
            edit = Edit(span=each.span.tail, text=f"; {text}")
            rank = 1.55 + 0.15 * index + misspelled
            yield Candidate(title=f"add `{text}` after `{written(each)}`", edits=(edit,), rank=rank)
        edit = Edit(span=each.span.tail, text=f" as {diagnostic.name}")
        yield Candidate(
            title=f"name the tensor: `{written(each)} as {diagnostic.name}`",
            edits=(edit,),
            rank=1.5 + away + 0.15 * index + misspelled,
        )


def _spatial(context: SuggestionContext, statement: ast.Statement) -> bool:
    """Whether a statement makes a tensor with spatial dimensions."""
    nodes = context.nodes.get(id(statement), [])
    shape = context.shape(nodes[-1].id) if nodes else None
    return shape is not None and shape.spatial and shape.rank > 2


def _unnamed_penalty(after: ast.Statement | None) -> float:
    """How unlikely it is that the statement before this one has a name: a `from` or a pooling layer makes it likely."""
    match after:
        case ast.From() | ast.Input():
            return 0.0
        case ast.LayerStatement() if after.keyword.text in ("maxpool", "avgpool"):
            return 0.3
        case _:
            return 1.0


def late(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A `let` below the use of its name, moved before the statement."""
    diagnostic, statement = site.diagnostic, site.statement
    if not isinstance(diagnostic, name_errors.UnknownName) or statement is None:
        return
    for each in context.statements.all:
        if not isinstance(each, ast.Let) or each.span.start < statement.span.start:
            continue
        if all(word.text != diagnostic.name for word in each.target.names):
            continue
        home = context.statements.position_of(each)
        chain = [statement, *context.statements.ancestors(statement)]
        place = next((s for s in chain if home is not None and any(s is other for other in home.siblings)), None)
        if place is not None:
            text = written(each)
            edits = (*inserted_before(place, text, 0.0).edits, *removed(context, each, 0.0).edits)
            yield Candidate(title=f"move `{text}` before `{written(place)}`", edits=edits, rank=0.3)


def _unlikely(context: SuggestionContext, word: str, name: str, is_tensor: bool) -> float:
    """How unlikely a similar name is: a tensor that others use, or the next one of a series such as `e1`, `e2`."""
    if not is_tensor:
        return 0.0
    if name not in context.used_names:
        return -0.75
    return 1.5 if word.rstrip("0123456789") == name.rstrip("0123456789") else 0.75


def readings(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """An unambiguous form for each meaning of a word."""
    diagnostic = site.diagnostic
    if isinstance(diagnostic, name_errors.AmbiguousWord):
        for index, edit in enumerate(diagnostic.readings):
            title = f"write `{' '.join(edit.text.split())}`" if edit.text.strip(" ;") else "insert `;`"
            # Each has a separate kind, so that both are shown.
            yield Candidate(title=title, edits=(edit,), rank=0.1 * index, kind=f"reading {index}", ambiguous=True)


def functions(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Functions for an unknown function name."""
    diagnostic = site.diagnostic
    if isinstance(diagnostic, name_errors.UnknownFunction):
        for name, steps in near(diagnostic.name, FUNCTIONS):
            yield _renamed(site, name, steps)


def values_in_scope(context: SuggestionContext, statement: ast.Statement) -> Iterator[str]:
    """The named numbers that a statement can use."""
    block = context.statements.block(statement)
    if block is not None:
        yield from (p.name.text for p in block.parameters)
    for each in context.statements.all:
        match each:
            case ast.Net():
                yield from (p.name.text for p in each.parameters)
            case ast.Let() if context.statements.block(each) is block:
                yield from (word.text for word in each.target.names)
            case ast.Repeat(target=ast.Target() as target) if each in context.statements.ancestors(statement):
                yield from (word.text for word in target.names)


def _renamed(site: ErrorSite, name: str, rank: float) -> Candidate:
    return Candidate(
        title=f"write `{name}` instead of `{site.span.text}`",
        edits=(Edit(span=site.span, text=name),),
        rank=rank,
    )
