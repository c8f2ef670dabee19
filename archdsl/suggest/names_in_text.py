"""The names that statements define and use."""

from collections.abc import Iterable, Iterator

from ..syntax import ast
from ..syntax.bodies import bodies

_NAMING = ast.LayerStatement | ast.Merge | ast.Residual | ast.Reuse | ast.Repeat | ast.If


def names_used(statements: Iterable[ast.Statement]) -> Iterator[str]:
    """The names of tensors that statements use."""
    for each in statements:
        match each:
            case ast.From() | ast.Reuse():
                yield each.name.text
            case ast.Merge():
                yield from (o.text for o in each.operands if isinstance(o, ast.Word))
            case ast.Output():
                yield from (word.text for word in each.names)
            case ast.LayerStatement():
                yield from (a.value.name for a in each.args if isinstance(a.value, ast.Variable))
            case _:
                pass


def names_given(statements: Iterable[ast.Statement]) -> Iterator[str]:
    """The names that statements define: of tensors, numbers and parameters."""
    for each in statements:
        match each:
            case ast.Stage() | ast.Aux():
                yield each.name.text
            case ast.Net() | ast.Block():
                yield from (p.name.text for p in each.parameters)
            case ast.Let():
                yield from (word.text for word in each.target.names)
            case ast.Input() if each.args:
                yield each.args[0].span.text
            case _:
                alias = getattr(each, "alias", None)
                yield from [alias.text] if isinstance(alias, ast.Word) else []


def names_before(statements: tuple[ast.Statement, ...], until: ast.Statement, around: set[int]) -> Iterator[str]:
    """The tensors that are named before a statement, including in the bodies around it."""
    for each in statements:
        if each.span.start >= until.span.start:
            return
        if isinstance(each, ast.Block):
            continue
        if isinstance(each, ast.Repeat) or (isinstance(each, ast.Scan) and id(each) in around):
            yield from (carried.name.text for carried in each.carried)
        if id(each) in around:
            for body in bodies(each):
                yield from names_before(body.statements, until, around)
            return
        if isinstance(each, ast.Stage):
            yield each.name.text
        elif isinstance(each, ast.Input):
            values = [a.value for a in each.args]
            if len(values) > 1 and isinstance(values[0], ast.Variable):
                yield values[0].name
        elif isinstance(each, _NAMING) and each.alias is not None:
            yield each.alias.text
            if isinstance(each, ast.LayerStatement):
                yield from (word.text for word in each.others)
