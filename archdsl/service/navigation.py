"""Where a name is defined and used, and the edits that rename it."""

import re

from ..diagnostics import Sink
from ..elaborate.used_packages import package_in
from ..graph import Draft, Node
from ..layers import find
from ..network import analyze
from ..syntax import ast
from ..syntax.tokens import KEYWORDS
from ..text.files import UnreadableFile
from ..text.library import SUFFIX, Outside, join
from ..text.names import SHORTHAND
from ..text.source import Source, Span
from .answers import Location, Refused, TextEdit, TextRange
from .defined_names import DefinedName, DefinedNames
from .document import Version
from .hover import name_at
from .syntax_at import covers, end_of, position_at, start_of, word_at

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


def definition(version: Version, offset: int) -> tuple[Location, ...]:
    """Where the name at a position is defined, in this file or a used one; for `use`, the start of the file."""
    here = position_at(version, offset).innermost
    if isinstance(here, ast.UseFile) and covers(here.target.span, offset):
        key = _key(version, here)
        return () if key is None else (Location(range=TextRange(start=0, end=0), file=key),)
    name = _at(version, offset)
    if name is not None and name.definitions:
        return tuple(Location(range=_range(span)) for span in name.definitions)
    start, end = word_at(version.text, offset)
    block = version.blocks.get(version.text[start:end])
    if block is None or version.place(block.name.span) is not None:
        return ()
    span = block.name.span
    return (Location(range=TextRange(start=span.start, end=span.end), file=span.source.key),)


def _key(version: Version, use: ast.UseFile) -> str | None:
    """The name of a used file in the library; None if there is no such file."""
    target = use.target.text
    if package_in(use) is not None:
        return None
    try:
        key = "std" if not use.quoted and target == "std" else join(version.source, target)
        return version.library.read(key).key if key == "std" or key.lower().endswith(SUFFIX) else None
    except (Outside, UnreadableFile):
        return None


def references(version: Version, offset: int, *, with_definition: bool = True) -> tuple[TextRange, ...]:
    """The uses of the name at a position in this file."""
    name = _at(version, offset)
    if name is None:
        return ()
    spans = [*(name.definitions if with_definition else ()), *name.uses, *name.shorthands]
    return tuple(sorted(map(_range, spans), key=lambda each: each.start))


def renamed_range(version: Version, offset: int) -> TextRange:
    """The word that a rename at a position changes. Raises Refused if it is not a name of this file."""
    name = _at(version, offset)
    if name is None or not name.definitions:
        start, end = word_at(version.text, offset)
        word = version.text[start:end]
        if word in version.layers:
            raise Refused(f"`{word}` is a layer of a package")
        if find(word) is not None or word in KEYWORDS:
            raise Refused(f"`{word}` is a word of the language")
        if word in version.blocks:
            raise Refused(f"`{word}` is defined in another file")
        raise Refused("there is no name here")
    start, end = word_at(version.text, offset)
    return TextRange(start=start, end=end)


def rename(version: Version, offset: int, new: str) -> tuple[TextEdit, ...]:
    """The edits that rename the name at a position. Raises Refused if the network would change."""
    renamed_range(version, offset)
    name = _at(version, offset)
    assert name is not None
    if new == name.text:
        return ()
    _refuse_word(new)
    if version.has_syntax_errors:
        raise Refused("the text has syntax errors, so not every use of the name is known")
    edits = [TextEdit(range=_range(span), text=new) for span in dict.fromkeys(name.all())]
    for span in name.shorthands:
        value = span.text[len(name.text) :]
        edits.append(
            TextEdit(range=_range(span), text=f"{new}{value}" if re.fullmatch("[a-z]", new) else f"{new}={value}")
        )
    _refuse_change(version, name, new, edits)
    return tuple(sorted(edits, key=lambda edit: edit.range.start))


def _refuse_word(new: str) -> None:
    if not _NAME.match(new):
        raise Refused(f"`{new}` is not a name: letters, digits and underscores, not starting with a digit")
    if new in KEYWORDS:
        raise Refused(f"`{new}` is a keyword")
    if new.startswith("__"):
        raise Refused("names that start with two underscores are reserved by Python")
    if SHORTHAND.match(new):
        raise Refused(f"`{new}` looks like a shorthand or a repetition")


def _refuse_change(version: Version, name: DefinedName, new: str, edits: list[TextEdit]) -> None:
    """Refuse edits after which the text has other errors or describes a different network."""
    text = version.text
    for edit in sorted(edits, key=lambda edit: edit.range.start, reverse=True):
        text = text[: edit.range.start] + edit.text + text[edit.range.end :]
    source = version.source
    after = analyze(Source(text, name=source.name, path=source.path, key=source.key), Sink(), library=version.library)
    before = analyze(
        Source(version.text, name=source.name, path=source.path, key=source.key), Sink(), library=version.library
    )
    # If the network changes, the name was already taken or hides another.
    if after.errors != before.errors or _described(after.draft) != _described(before.draft):
        raise Refused(f"`{new}` already means something else where `{name.text}` is used")
    again = [n for n in DefinedNames(after.program, version.layers).all if n.text == new]
    sizes = {len(n.definitions) + len(n.uses) + len(n.shorthands) for n in again}
    if len(name.definitions) + len(name.uses) + len(name.shorthands) not in sizes:
        raise Refused(f"`{new}` already means something else where `{name.text}` is used")


def _described(draft: Draft) -> list[object]:
    """The nodes of a network without their names."""
    return [(repr(node.op), node.inputs, node.shape if isinstance(node, Node) else None) for node in draft.nodes]


def _at(version: Version, offset: int) -> DefinedName | None:
    start, end = word_at(version.text, offset)
    if start == end:
        return None
    names = DefinedNames(version.program, version.layers)
    found = name_at(names, start)
    if found is not None:
        return found
    return next((n for n in names.all for span in n.shorthands if start_of(span) <= offset <= end_of(span)), None)


def _range(span: Span) -> TextRange:
    return TextRange(start=start_of(span), end=end_of(span))
