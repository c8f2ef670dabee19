"""Names of a program: where each is defined and used, by the scopes of the language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..contract.arguments import ParameterSpec, parameter_of_word
from ..contract.layer import LayerOp
from ..graph.block_call import block_parameters
from ..layers import find
from ..syntax import ast
from ..syntax.bodies import bodies
from ..text.names import SHORTHAND
from ..text.source import Span

_SYMBOL = re.compile(r"[A-Z]\d*$")


class DefinedName:
    """A name with its definitions and uses. `kind`: parameter, number, tensor, block, input, aux, dimension, entry.

    `shorthands` are the arguments that begin with the name, if it is one letter: `c64` for the block's parameter `c`.
    """

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.kind = kind
        self.definitions: list[Span] = []
        self.uses: list[Span] = []
        self.shorthands: list[Span] = []

    def all(self) -> Iterator[Span]:
        """Every occurrence of the name, except shorthands."""
        yield from self.definitions
        yield from self.uses


class _Scope:
    def __init__(self, parent: "_Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, DefinedName] = {}

    def find(self, text: str) -> DefinedName | None:
        scope: _Scope | None = self
        while scope is not None:
            if text in scope.names:
                return scope.names[text]
            scope = scope.parent
        return None


class DefinedNames:
    """All names of a program, and the name at a position."""

    def __init__(self, program: ast.Program, layers: Mapping[str, type[LayerOp]]) -> None:
        self.layers = layers
        """The layers of the packages that the program names."""
        self.all: list[DefinedName] = []
        self.blocks: dict[str, DefinedName] = {}
        self._parameters: dict[str, dict[str, DefinedName]] = {}
        self._specs: Mapping[str, Sequence[ParameterSpec]] = {}
        self._file = _Scope()
        self._walk(program)

    def _walk(self, program: ast.Program) -> None:
        self._specs = {block.name.text: block_parameters(block) for block in program.blocks}
        for block in program.blocks:
            name = self.blocks.get(block.name.text)
            if name is None:
                name = self.blocks[block.name.text] = self._new(block.name.text, "block")
            name.definitions.append(block.name.span)
            # Uses may name the parameters of blocks that are defined further down.
            self._parameters.setdefault(
                block.name.text, {p.name.text: DefinedName(p.name.text, "parameter") for p in block.parameters}
            )
        for statement in program.statements:
            if isinstance(statement, ast.Net):
                self._define_parameters(statement.parameters, self._file)
        self._statements(program.statements, _Scope(self._file))

    def _new(self, text: str, kind: str) -> DefinedName:
        name = DefinedName(text, kind)
        self.all.append(name)
        return name

    def _define(self, word: ast.Word, kind: str, scope: _Scope) -> DefinedName:
        name = scope.names.get(word.text)
        if name is None:
            name = scope.names[word.text] = self._new(word.text, kind)
        name.definitions.append(word.span)
        return name

    def _use(self, text: str, span: Span, scope: _Scope) -> bool:
        name = scope.find(text) or self.blocks.get(text)
        if name is not None:
            name.uses.append(span)
        return name is not None

    def _define_parameters(self, parameters: Iterable[ast.Parameter], scope: _Scope) -> None:
        for each in parameters:
            if each.default is not None:
                self._expr(each.default, scope)
            self._define(each.name, "parameter", scope)

    # --- statements ---

    def _statements(self, statements: Iterable[ast.Statement], scope: _Scope) -> None:
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, statement: ast.Statement, scope: _Scope) -> None:
        match statement:
            case ast.Block():
                self._block(statement)
            case ast.LayerStatement():
                self._layer(statement, scope)
            case ast.Merge() | ast.Residual() | ast.Moe():
                self._with_branches(statement, scope)
            case ast.Scan() | ast.Repeat():
                self._loop(statement, scope)
            case ast.Stage():
                self._statements(statement.body.statements, scope)
                self._define(statement.name, "tensor", scope)
            case ast.Aux():
                self._new(statement.name.text, "aux").definitions.append(statement.name.span)
                self._statements(statement.body.statements, _Scope(scope))
            case ast.If():
                self._cases(statement, scope)
                self._alias(statement.alias, scope)
            case ast.Let():
                self._expr(statement.value, scope)
                for word in statement.target.names:
                    self._define(word, "number", scope)
            case ast.Input():
                self._input(statement, scope)
            case _:
                self._short(statement, scope)

    def _short(self, statement: ast.Statement, scope: _Scope) -> None:
        match statement:
            case ast.From():
                self._use(statement.name.text, statement.name.span, scope)
            case ast.Reuse():
                self._use(statement.name.text, statement.name.span, scope)
                self._alias(statement.alias, scope)
            case ast.Output():
                for word in statement.names:
                    self._use(word.text, word.span, scope)
            case ast.Assert():
                self._expr(statement.condition, scope)
            case ast.FigureBlock():
                for each in statement.body.statements:
                    for arg in each.args if isinstance(each, ast.LayerStatement) else ():
                        self._expr(arg.value, scope)
            case ast.Train():
                for each in statement.body.statements:
                    for arg in each.args if isinstance(each, ast.LayerStatement) else ():
                        self._expr(arg.value, self._file)
            case ast.UnreadableStatement():
                self._unreadable(statement, scope)
            case _:
                pass

    def _unreadable(self, statement: ast.UnreadableStatement, scope: _Scope) -> None:
        """Record the words of a statement with a syntax error that are names in this scope."""
        defined = {word.span.start for word in statement.names}
        for found in re.finditer(r"(?<![\w@])[A-Za-z_]\w*", statement.span.text):
            start = statement.span.start + found.start()
            if start not in defined:
                self._use(found[0], Span(statement.span.source, start, start + len(found[0])), scope)
        for word in statement.names:
            self._define(word, "tensor", scope)

    def _block(self, block: ast.Block) -> None:
        scope = _Scope(self._file)
        own = self._parameters.get(block.name.text, {})
        for each in block.parameters:
            if each.default is not None:
                self._expr(each.default, scope)
            name = own.get(each.name.text) or DefinedName(each.name.text, "parameter")
            if name not in self.all:
                self.all.append(name)
            name.definitions.append(each.name.span)
            scope.names[each.name.text] = name
        self._statements(block.body.statements, scope)

    def _layer_named(self, word: str) -> type[LayerOp] | None:
        return self.layers.get(word) or find(word)

    def _layer(self, statement: ast.LayerStatement, scope: _Scope) -> None:
        word = statement.keyword
        if self._layer_named(word.text) is None or scope.find(word.text) is not None or word.text in self.blocks:
            self._use(word.text, word.span, scope)
        self._arguments(statement.args, word.text, scope)
        for alias in (statement.alias, *statement.others):
            self._alias(alias, scope)

    def _with_branches(self, statement: ast.Merge | ast.Residual | ast.Moe, scope: _Scope) -> None:
        match statement:
            case ast.Merge():
                for operand in statement.operands:
                    if isinstance(operand, ast.Body):
                        self._statements(operand.statements, _Scope(scope))
                    else:
                        self._use(operand.text, operand.span, scope)
                self._arguments(statement.args, statement.keyword.text, scope)
            case ast.Residual():
                if statement.when is not None:
                    self._expr(statement.when, scope)
                for body in (statement.body, statement.shortcut):
                    if body is not None:
                        self._statements(body.statements, _Scope(scope))
            case ast.Moe():
                self._arguments(statement.args, statement.keyword.text, scope)
                self._statements(statement.body.statements, _Scope(scope))
        self._alias(statement.alias, scope)

    def _loop(self, statement: ast.Scan | ast.Repeat, scope: _Scope) -> None:
        """A carried name and the name that the body gives to the value for the next iteration are the same."""
        if isinstance(statement, ast.Repeat):
            self._expr(statement.count, scope)
        for carried in statement.carried:
            self._expr(carried.value, scope)
        outer = scope if isinstance(statement, ast.Repeat) else _Scope(scope)
        inner = _Scope(outer)
        for carried in statement.carried:
            inner.names[carried.name.text] = self._define(carried.name, "tensor", outer)
        if isinstance(statement, ast.Repeat) and statement.target is not None:
            for word in statement.target.names:
                self._define(word, "number", inner)
        self._statements(statement.body.statements, inner)
        self._alias(statement.alias, scope)

    def _cases(self, statement: ast.If, scope: _Scope) -> None:
        self._expr(statement.condition, scope)
        self._statements(statement.body.statements, scope)
        if isinstance(statement.orelse, ast.If):
            self._cases(statement.orelse, scope)
        elif statement.orelse is not None:
            self._statements(statement.orelse.statements, scope)

    def _alias(self, word: ast.Word | None, scope: _Scope) -> None:
        if word is not None:
            self._define(word, "tensor", scope)

    def _input(self, statement: ast.Input, scope: _Scope) -> None:
        values = [arg.value for arg in statement.args if arg.name is None]
        others = [value for value in values[1:] if not isinstance(value, ast.Call)]
        for index, value in enumerate(values):
            if index == 0 and isinstance(value, ast.Variable):
                is_size = not others and (_SYMBOL.match(value.name) or scope.find(value.name))
                if not is_size:
                    self._define(ast.Word(text=value.name, span=value.span), "input", scope)
                    continue
            self._expr(value, scope)

    # --- arguments and expressions ---

    def _arguments(self, args: Iterable[ast.Argument], keyword: str, scope: _Scope) -> None:
        layer = self._layer_named(keyword)
        own = self._parameters.get(keyword, {})
        specs = self._specs.get(keyword) or (layer.parameters if layer is not None else ())
        for arg in args:
            value = arg.value
            if arg.name is not None and arg.name.text in own:
                own[arg.name.text].uses.append(arg.name.span)
            if arg.name is None and isinstance(value, ast.Variable):
                short = SHORTHAND.match(value.name)
                if scope.find(value.name) is None and parameter_of_word(specs, value.name) is not None:
                    if short and short[1] in own:
                        own[short[1]].shorthands.append(value.span)
                    continue
            self._expr(value, scope)

    def _expr(self, expr: ast.Expr, scope: _Scope) -> None:
        match expr:
            case ast.Variable():
                self._use(expr.name, expr.span, scope)
            case ast.At(of=ast.Word() as tensor):
                self._use(tensor.text, tensor.span, scope)
            case ast.Size():
                for found in re.finditer(r"(?<![A-Za-z0-9_])[A-Z]\d*|(?<=x)[A-Z]\d*", expr.span.text):
                    if found[0] in expr.dims:
                        start = expr.span.start + found.start()
                        self._use(found[0], Span(expr.span.source, start, start + len(found[0])), scope)
            case ast.Comprehension():
                self._expr(expr.source, scope)
                inner = _Scope(scope)
                for word in expr.target.names:
                    self._define(word, "number", inner)
                self._expr(expr.item, inner)
                return
            case _:
                pass
        for each in ast.parts(expr):
            self._expr(each, scope)


def visible(program: ast.Program, chain: Sequence[ast.Statement], before: int) -> dict[str, str]:
    """The names that a statement may use, with their kinds: those defined before an offset, in the bodies around it.

    `chain` has the statements around the place, the outermost first; `before` is its offset in the file.
    """
    found: dict[str, str] = {}
    for statement in program.statements:
        if isinstance(statement, ast.Net):
            found |= {p.name.text: "parameter" for p in statement.parameters}
    block = next((each for each in chain if isinstance(each, ast.Block)), None)
    if block is not None:
        found |= {p.name.text: "parameter" for p in block.parameters}
    levels = [program.statements if block is None else block.body.statements]
    for each in chain:
        if isinstance(each, ast.Repeat) and each.target is not None:
            found |= {word.text: "number" for word in each.target.names}
        if isinstance(each, ast.Repeat | ast.Scan):
            found |= {carried.name.text: "tensor" for carried in each.carried}
        levels += [body.statements for body in bodies(each)]
    for statements in levels:
        _collect(statements, before, found)
    return found


def _collect(statements: Iterable[ast.Statement], before: int, found: dict[str, str]) -> None:
    for statement in statements:
        if statement.span.source.start + statement.span.end > before and not isinstance(statement, ast.Input):
            continue
        match statement:
            case ast.Let():
                found |= {word.text: "number" for word in statement.target.names}
            case ast.Stage():
                _collect(statement.body.statements, before, found)
                found[statement.name.text] = "tensor"
            case ast.If():
                for body in bodies(statement):
                    _collect(body.statements, before, found)
            case ast.Input(args=(first, *_)) if isinstance(first.value, ast.Variable):
                found[first.value.name] = "tensor"
            case ast.UnreadableStatement():
                found |= {word.text: "tensor" for word in statement.names}
            case _:
                pass
        alias = getattr(statement, "alias", None)
        others = getattr(statement, "others", ())
        found |= {word.text: "tensor" for word in (alias, *others) if word is not None}
