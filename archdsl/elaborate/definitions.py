"""Definitions of the whole file, collected before elaboration: the network's parameters, blocks, used files."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contract.layer import LayerOp
from ..diagnostics import Related, Sink
from ..diagnostics.catalog import file_errors, limit_errors, name_errors, structure_errors
from ..expressions.evaluator import Evaluator
from ..expressions.scope import UNKNOWN, Callee, ListValue, Scope
from ..expressions.show import show
from ..expressions.steps import Abort
from ..layers import registry
from ..limits import MAX_FILES
from ..syntax import ast, parse
from ..text.files import NotFound, UnreadableFile
from ..text.library import SUFFIX, Library, Outside, join
from ..text.names import SHORTHAND, nearest
from ..text.source import Source, Span
from .evaluation_context import LayerNames
from .shared_results import BlockDef
from .used_packages import UsedPackages, package_in


class File:
    """The parameters of one file, and the blocks and layers of packages that can be used in it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.blocks: dict[str, BlockDef] = {}
        self.layers: dict[str, type[LayerOp]] = {}
        """The layers of the packages that the file names, by keyword and synonym."""
        self.net: ast.Net | None = None


def as_list(items: list[Any]) -> ListValue:
    """A list from a caller as a value of the language."""
    return ListValue(as_list(item) if isinstance(item, list) else item for item in items)


def kind_of(value: Any) -> str | None:
    """The type of a network parameter's value: a number, a list or a layer; None if it is unknown."""
    if value is None or value is UNKNOWN:
        return None
    return "a list" if isinstance(value, ListValue) else "a layer" if isinstance(value, Callee) else "a number"


_STANDARD: dict[tuple[str, str, Path | None], tuple[ast.Program, Sink]] = {}
"""The blocks of `std` as parsed, by text, name and path: one process may elaborate many networks that use them."""


def _standard_tree(source: Source) -> tuple[ast.Program, Sink]:
    key = source.text, source.name, source.path
    if key not in _STANDARD:
        _STANDARD.clear()  # the text of an installation changes rarely
        _STANDARD[key] = _tree_of(source)
    return _STANDARD[key]


def _tree_of(source: Source) -> tuple[ast.Program, Sink]:
    found = Sink()
    return parse(source, found), found


class Definitions:
    """Collects the definitions of a program and of the files that it uses."""

    def __init__(
        self,
        sink: Sink,
        library: Library,
        parsed: dict[str, tuple[ast.Program, Sink]] | None = None,
        used: dict[int, tuple[ast.Body, list[str]]] | None = None,
    ) -> None:
        self.sink = sink
        self.used = {} if used is None else used
        """What the bodies of blocks use, as found for this or another elaboration."""
        self.library = library
        self.parsed = {} if parsed is None else parsed
        """Used files by name, as parsed for this or another elaboration, with the diagnostics in them."""
        self.done: dict[str, File] = {}
        self.chain: list[str] = []
        self.names: set[str] = set()
        """The names, in all files, that look like a shorthand or a repetition."""
        self.packages = UsedPackages(sink, library)
        self.incomplete = False
        """Whether a used file could not be read, so that any unknown block may be defined in it."""

    @property
    def used_programs(self) -> list[ast.Program]:
        """The programs of the files that are used."""
        return [self.parsed[name][0] for name in self.done if name in self.parsed]

    def collect(self, program: ast.Program, settings: Mapping[str, Any]) -> File:
        """The definitions of one file, including those of the files that it uses."""
        file = File(Scope())
        self.names |= program.names
        # Before the blocks, which must not have the names of layers, and the parameters, whose values may be layers.
        for statement in program.statements:
            if isinstance(statement, ast.UseFile) and (wanted := package_in(statement)) is not None:
                self.incomplete |= not self.packages.add(file.layers, statement, wanted)
        for index, statement in enumerate(program.statements):
            match statement:
                case ast.Net():
                    self._net(file, statement, index == self._first(program), settings)
                case ast.UseFile() if package_in(statement) is None:
                    self._use(file, statement, program.source)
                case ast.Block():
                    self._block(file, statement)
                case ast.UnreadableStatement() if index < self._first(program):
                    _define_unreadable(file, statement)
                case _:
                    pass
        self._settings(file, program, settings)
        self._recursion(file)
        return file

    def _first(self, program: ast.Program) -> int:
        """The index at which `net` may be: that of the first statement that is neither `use` nor broken."""
        kinds = (ast.UseFile, ast.UnreadableStatement)
        return next((i for i, s in enumerate(program.statements) if not isinstance(s, kinds)), 0)

    def _net(self, file: File, net: ast.Net, first: bool, settings: Mapping[str, Any]) -> None:
        if not first:
            word = Span(net.span.source, net.span.start, net.span.start + len("net"))
            self.sink.emit(
                structure_errors.Misplaced(span=word, word="net", where="it belongs at the start of the file")
            )
            return
        file.net = net
        names, is_limited = LayerNames(file.layers), False
        for p in net.parameters:
            try:
                value = UNKNOWN if is_limited else self._value(file, p, settings, names)
            except Abort as abort:
                self.sink.emit(abort.error)
                value, is_limited = UNKNOWN, True
            before = file.scope.define(p.name.text, value, p.name.span)
            if before is not None:
                first_span = Related(span=before.span, shape="")
                self.sink.emit(name_errors.NameTaken(span=p.name.span, name=p.name.text, first=first_span))

    def _value(self, file: File, p: ast.Parameter, settings: Mapping[str, Any], names: LayerNames) -> Any:
        """The value of a network parameter: the one that was set, or its default. Raises Abort at a limit."""
        name, default = p.name.text, None
        if p.default is not None and (name not in settings or not isinstance(p.default, ast.Number)):
            ev = Evaluator(self.sink, file.scope, None, (), before_input=True, context=names)
            default = ev.value(p.default)
        if name not in settings:
            if p.default is None:
                self.sink.emit(structure_errors.NeedsSetting(span=p.name.span, name=name))
                return UNKNOWN
            return default
        value = settings[name]
        if isinstance(value, str):
            found = names.callee(value)
            if found is None:
                what = "neither a layer of the language nor one of a package that this file names"
                self.sink.emit(name_errors.UnknownName(span=p.name.span, name=value, nearest=None, what=what))
                return UNKNOWN
            value = found
        elif isinstance(value, list):
            value = as_list(value)
        wanted, given = kind_of(0 if isinstance(p.default, ast.Number) else default), kind_of(value)
        if wanted is not None and given != wanted:
            shown = show(value)
            self.sink.emit(name_errors.WrongSetting(span=p.name.span, name=name, wanted=wanted, value=shown))
            return UNKNOWN
        return value

    def _settings(self, file: File, program: ast.Program, settings: Mapping[str, Any]) -> None:
        known = tuple(p.name.text for p in file.net.parameters) if file.net else ()
        span = file.net.span if file.net else Span(program.source, 0, 0)
        for name in settings:
            if name not in known:
                near = nearest(name, known)
                self.sink.emit(name_errors.UnknownSetting(span=span, name=name, nearest=near, known=known))

    def _block(self, file: File, block: ast.Block) -> None:
        word = block.name
        before = file.blocks.get(word.text)
        layer = registry().get(word.text)
        if word.text in file.layers:
            why = f"is a layer of the package `{self.packages.owner(file.layers[word.text])}`"
            self.sink.emit(name_errors.NameTaken(span=word.span, name=word.text, why=why))
        elif layer is not None and not layer.overridable:
            self.sink.emit(name_errors.NameTaken(span=word.span, name=word.text, why="is a layer of the language"))
        if before is not None and before.block.span.source.file is word.span.source.file:
            first = Related(span=before.block.name.span, shape="")
            self.sink.emit(name_errors.NameTaken(span=word.span, name=word.text, first=first))
        else:
            # A block takes precedence over a block of the same name from a used file, a layer's synonym, and some
            # layers.
            file.blocks[word.text] = BlockDef(block=block, scope=file.scope, blocks=file.blocks, layers=file.layers)

    # --- used files ---

    def _use(self, file: File, use: ast.UseFile, source: Source) -> None:
        name = self._locate(use, source)
        if name is None:
            self.incomplete = True
            return
        if name in self.chain:
            chain = (*self.chain[self.chain.index(name) :], name)
            self.sink.emit(file_errors.UseCycle(span=use.target.span, chain=chain))
            return
        if name not in self.done:
            # Files that are being read are included: a file is done after those that it uses.
            if len(self.done) + len(self.chain) >= MAX_FILES:
                self.sink.emit(limit_errors.TooManyFiles(span=use.target.span, limit=MAX_FILES))
                self.incomplete = True
                return
            found = self._read(use, name)
            if found is None:
                self.incomplete = True
                return
            self.done[name] = found
        for block, definition in self.done[name].blocks.items():
            if block in file.layers:
                why = f"is a layer of the package `{self.packages.owner(file.layers[block])}` and a block of this file"
                self.sink.emit(name_errors.NameTaken(span=use.target.span, name=block, why=why))
            file.blocks.setdefault(block, definition)

    def _read(self, use: ast.UseFile, name: str) -> File | None:
        program = self._parsed(use, name)
        if program is None:
            return None
        self.chain.append(name)
        try:
            return self.collect(program, {})
        finally:
            self.chain.pop()

    def _parsed(self, use: ast.UseFile, name: str) -> ast.Program | None:
        """The tree of a used file; None after an error was reported."""
        target = use.target
        if name in self.parsed:
            program, found = self.parsed[name]
            self.sink.absorb(found)
            return program
        try:
            source = self.library.read(name)
        except Outside:
            self.sink.emit(file_errors.OutsideProject(span=target.span, path=target.text))
            return None
        except UnreadableFile as error:
            near = nearest(name, self.library.list(posixpath.dirname(name))) if isinstance(error, NotFound) else None
            self.sink.emit(
                file_errors.CannotRead(
                    span=target.span, path=target.text, why=str(error), nearest=self._from(use, near)
                )
            )
            return None
        self.parsed[name] = program, found = _standard_tree(source) if name == "std" else _tree_of(source)
        self.sink.absorb(found)
        return program

    def _from(self, use: ast.UseFile, name: str | None) -> str | None:
        """A name of the library as the text would write it."""
        folder = posixpath.dirname(use.span.source.key)
        return None if name is None else posixpath.relpath(name, folder or ".")

    def _locate(self, use: ast.UseFile, source: Source) -> str | None:
        """The name in the library of a file that a text uses; None after an error was reported."""
        target = use.target
        if not use.quoted and target.text == "std":
            return "std"
        why = f"only files that end in {SUFFIX} can be used"
        if not use.quoted:
            why = "a file name must be in quotes; only `std` is written without them"
        elif target.text.lower().endswith(SUFFIX):
            try:
                return join(source, target.text)
            except Outside:
                self.sink.emit(file_errors.OutsideProject(span=target.span, path=target.text))
                return None
        self.sink.emit(file_errors.CannotRead(span=target.span, path=target.text, why=why))
        return None

    # --- recursion ---

    def _recursion(self, file: File) -> None:
        """Report each block that can reach itself, and remove it, so that elaboration terminates."""
        reported: set[str] = set()
        for chain in _cycles(file.blocks, self.used):
            if not reported & set(chain):
                span = file.blocks[chain[0]].block.name.span
                self.sink.emit(limit_errors.RecursionFound(span=span, chain=tuple(chain)))
            reported.update(chain)
        for name in reported:
            block = file.blocks[name].block
            empty = block.replace(body=block.body.replace(statements=()))
            file.blocks[name] = file.blocks[name].replace(block=empty)


def _cycles(blocks: Mapping[str, BlockDef], known: dict[int, tuple[ast.Body, list[str]]]) -> list[list[str]]:
    """Chains of uses that return to their start; without the blocks on them there are no cycles."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in blocks:
        path: dict[str, list[str]] = {} if start in done else {start: _uses(blocks[start].block.body, known)}
        # Depth first, with a list of the remaining blocks for each block on the path instead of Python's call stack.
        while path:
            name, left = next(reversed(path.items()))
            if not left:
                done.add(name)
                del path[name]
                continue
            used = left.pop()
            if used in path:
                chain = list(path)
                found.append([*chain[chain.index(used) :], used])
            elif used in blocks and used not in done:
                path[used] = _uses(blocks[used].block.body, known)
    return found


def _uses(body: ast.Body, known: dict[int, tuple[ast.Body, list[str]]]) -> list[str]:
    """What a body uses, in a new list; found once for each body, which is kept alive because `id` identifies it."""
    if id(body) not in known:
        known[id(body)] = body, _used(body)
    return list(known[id(body)][1])


def _used(node: Any) -> list[str]:
    """The keywords of all layer statements below an AST node."""
    found: list[str] = []
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.LayerStatement):
            found.append(item.keyword.text)
        elif isinstance(item, tuple) and not isinstance(item, Span):
            stack.extend(item)
        elif isinstance(item, ast.Statement | ast.Body):
            stack.extend(value for _, value in item)
    return found


_HEADER = re.compile(r"net\b|\S+[ \t]+\w+[ \t]*\(", re.ASCII)
"""The start of a `net` statement, or of one with parameters whose keyword is misspelled."""


def _define_unreadable(file: File, statement: ast.UnreadableStatement) -> None:
    """Define the parameters of a `net` that could not be read, whose values are unknown."""
    text, start = statement.span.text, statement.span.start
    header = _HEADER.match(text)
    for found in re.compile(r"[A-Za-z_]\w*", re.ASCII).finditer(text, header.end()) if header is not None else ():
        if not SHORTHAND.match(found[0]) and not file.scope.find(found[0]):
            span = Span(statement.span.source, start + found.start(), start + found.end())
            file.scope.define(found[0], UNKNOWN, span)
