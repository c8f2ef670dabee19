"""The parameters of a network on which its layers may depend, apart from their sizes."""

from collections.abc import Iterable, Iterator

from ..graph import Graph
from ..syntax import ast
from ..syntax.bodies import bodies

_DECIDING = frozenset({"==", "!=", "<", "<=", ">", ">=", "and", "or", "//", "%"})
"""The operators whose result may stay the same, or change in steps, when an operand changes."""


class DecidingNames:
    """The names that decide which layers a program has: in conditions, counts, comparisons, roundings and indices.

    Names are compared without their scopes, so that a parameter may be included although it decides nothing; one that
    decides something is always included.
    """

    def __init__(self, program: ast.Program, graph: Graph) -> None:
        used = {id(call.block): call.block for call in graph.calls.values()}
        others = [each for each in program.statements if not isinstance(each, ast.Block)]
        self._statements = tuple(_all([*others, *used.values()]))
        self._blocks = {block.name.text: block for block in used.values()}
        deciding = [expr for statement in self._statements for expr in _deciding(statement)]
        self.names = _names(deciding)
        """The names on which a decision depends, also through the values of other names."""
        self.sizes = _letters(deciding)
        """The letters of the dimensions on which a decision depends, as in `@c`."""
        definitions = list(self._definitions())
        while more := [each for each in definitions if each[0] & self.names]:
            definitions = [each for each in definitions if not each[0] & self.names]
            for _, values in more:
                self.names |= _names(values)
                self.sizes |= _letters(values)

    def _definitions(self) -> Iterator[tuple[set[str], list[ast.Expr]]]:
        """The names that a statement defines, and the expressions that determine their values."""
        for statement in self._statements:
            match statement:
                case ast.Let():
                    yield {word.text for word in statement.target.names}, [statement.value]
                case ast.Repeat() if statement.target is not None:
                    yield {word.text for word in statement.target.names}, [statement.count]
                case ast.Net() | ast.Block():
                    for parameter in statement.parameters:
                        if parameter.default is not None:
                            yield {parameter.name.text}, [parameter.default]
                case ast.LayerStatement() if statement.keyword.text in self._blocks:
                    block = self._blocks[statement.keyword.text]
                    yield {each.name.text for each in block.parameters}, [arg.value for arg in statement.args]
                case _:
                    pass


def _all(statements: Iterable[ast.Statement]) -> Iterator[ast.Statement]:
    """The statements and those in their bodies."""
    for statement in statements:
        yield statement
        for body in bodies(statement):
            yield from _all(body.statements)


def _deciding(statement: ast.Statement) -> Iterator[ast.Expr]:
    """The expressions of a statement on whose value its layers depend other than through a size."""
    conditions: list[ast.Expr] = []
    others: list[ast.Expr] = []
    match statement:
        case ast.If():
            rest: ast.Body | ast.If | None = statement
            while isinstance(rest, ast.If):
                conditions.append(rest.condition)
                rest = rest.orelse
        case ast.Residual():
            conditions += [statement.when] if statement.when is not None else []
        case ast.Repeat():
            conditions.append(statement.count)
            others += [each.value for each in statement.carried]
        case ast.Scan():
            others += [each.value for each in statement.carried]
        case ast.Let():
            others.append(statement.value)
        case ast.Net() | ast.Block():
            others += [each.default for each in statement.parameters if each.default is not None]
        case ast.LayerStatement() | ast.Merge() | ast.Moe():
            others += [arg.value for arg in statement.args]
        case ast.Input():
            # `int(V)` is the type of token IDs, not a function.
            others += [each for arg in statement.args for each in ast.parts(arg.value) or (arg.value,)]
        case _:
            pass
    yield from conditions
    for expr in others:
        yield from _stepwise(expr)


def _stepwise(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The parts of an expression that its value follows in steps."""
    match expr:
        case ast.Choice():
            yield expr.condition
        case ast.Binary() if expr.op in _DECIDING:
            yield expr
        case ast.Unary() if expr.op == "not":
            yield expr
        case ast.Call():
            yield expr
        case ast.Index():
            yield expr.index
        case ast.SliceExpr():
            yield from (each for each in (expr.start, expr.stop) if each is not None)
        case ast.Comprehension():
            yield expr.source
        case _:
            pass
    for part in ast.parts(expr):
        yield from _stepwise(part)


def _letters(exprs: Iterable[ast.Expr]) -> set[str]:
    """The letters of the sizes of tensors in expressions."""
    return {leaf.name for expr in exprs for leaf in ast.leaves(expr) if isinstance(leaf, ast.At)}


def _names(exprs: Iterable[ast.Expr]) -> set[str]:
    """The names in expressions."""
    found: set[str] = set()
    for expr in exprs:
        for leaf in ast.leaves(expr):
            if isinstance(leaf, ast.Variable):
                found.add(leaf.name)
            elif isinstance(leaf, ast.Size):
                found.update(dim for dim in leaf.dims if isinstance(dim, str))
    return found
