"""The outline of a document, and what can be folded."""

import re

from ..syntax import ast
from ..syntax.bodies import bodies
from .answers import Fold, Symbol, TextRange
from .document import Version
from .syntax_at import end_of, start_of, statements


def symbols(version: Version) -> tuple[Symbol, ...]:
    """The definitions of a document, nested like its bodies."""
    return _symbols(version, version.program.statements)


def _symbols(version: Version, found: tuple[ast.Statement, ...]) -> tuple[Symbol, ...]:
    made: list[Symbol] = []
    for statement in found:
        children = tuple(each for body in bodies(statement) for each in _symbols(version, body.statements))
        own = _own(version, statement, children)
        made += own or children
    return tuple(made)


def _own(version: Version, statement: ast.Statement, children: tuple[Symbol, ...]) -> list[Symbol]:
    passed = version.passed(statement)
    after = "" if passed is None or passed.after is None else str(passed.after)
    names: list[tuple[ast.Word, str]] = []
    match statement:
        case ast.Net():
            names = [(statement.name, "network")]
        case ast.Block():
            names, after = [(statement.name, "block")], ""
        case ast.Stage():
            names = [(statement.name, "stage")]
        case ast.Aux():
            names = [(statement.name, "aux")]
        case ast.Let():
            names, after = [(word, "number") for word in statement.target.names], ""
        case ast.Input(args=(first, _, *_)) if isinstance(first.value, ast.Variable):
            names = [(ast.Word(text=first.value.name, span=first.value.span), "input")]
        case _:
            alias = getattr(statement, "alias", None)
            words = (alias, *getattr(statement, "others", ()))
            names = [(word, "tensor") for word in words if word is not None]
    place = TextRange(start=start_of(statement.span), end=end_of(statement.span))
    return [
        Symbol(
            name=word.text,
            kind=kind,
            range=place,
            selection=TextRange(start=start_of(word.span), end=end_of(word.span)),
            detail=after,
            children=children if index == 0 else (),
        )
        for index, (word, kind) in enumerate(names)
    ]


def folds(version: Version) -> tuple[Fold, ...]:
    """Bodies of several lines, and runs of comments."""
    source = version.source
    found: list[Fold] = []
    for statement in statements(version.program):
        for body in bodies(statement):
            first, last = (source.position(at)[0] - 1 for at in (start_of(body.span), end_of(body.span) - 1))
            if last > first:
                found.append(Fold(first=first, last=last - 1 if last - 1 > first else last, kind="region"))
        if isinstance(statement, ast.Net):
            first, last = (source.position(at)[0] - 1 for at in (start_of(statement.span), end_of(statement.span)))
            found += [Fold(first=first, last=last, kind="region")] if last > first else []
    begun: int | None = None
    for line, text in enumerate([*version.text.split("\n"), ""]):
        if re.match(r"[ \t]*#", text):
            begun = line if begun is None else begun
        elif begun is not None:
            if line - 1 > begun:
                found.append(Fold(first=begun, last=line - 1, kind="comment"))
            begun = None
    return tuple(sorted(set(found), key=lambda fold: (fold.first, fold.last)))
