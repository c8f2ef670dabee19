"""Values of arguments near an error: other names, numbers, factors, dimensions and axes in expressions."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...expressions.operations import COMPARISONS
from ...graph import DraftNode
from ...shapes.symbolic import concrete
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, changed, only, rewritten
from ..written_arguments import remove_this
from .name_fixes import values_in_scope

_LETTERS = "chwtdl"
_MOST_PLACES = 8

_IMAGE = 3
"""The number of dimensions of an image."""


def expressions(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Other values for the expressions of the statements before an error."""
    for statement, distance in _places(context, site):
        if not context.owns(statement):
            continue
        names = list(dict.fromkeys(values_in_scope(context, statement)))
        indices = _loop_names(context, statement)
        for expr in _written_in(statement):
            yield from _variants(context, expr, names, indices, 1.5 + distance)


def _places(context: SuggestionContext, site: ErrorSite) -> Iterator[tuple[ast.Statement, float]]:
    """Statements around an error, the nearest first, with the penalty of a change there."""
    seen: set[int] = set()
    found: list[tuple[ast.Statement, float]] = []
    if site.statement is not None:
        found.append((site.statement, 0.0))
        inside = [each for each in context.statements.inside(site.statement) if each is not site.statement]
        found += [(each, 0.3) for each in inside]
        found += [(each, 0.3) for each in context.statements.ancestors(site.statement)]
        block = context.statements.block(site.statement)
        near = block.body.statements if block is not None else tuple(context.statements.before(site.statement))[:2]
        found += [(each, 0.4) for each in near if isinstance(each, ast.Let | ast.If | ast.Repeat)]
    for use in reversed(site.diagnostic.uses):
        statement = context.statements.at(use.span) if use.span.source is context.source else None
        if statement is not None:
            found.append((statement, 0.35))
    if site.node is not None:
        found += [(each, away(distance)) for each, _, distance in context.layers_before(site.node, 6)]
        for node, steps in context.ancestors_of(site.node, 4):
            found += [(each, away(steps)) for each in [_use_of(context, node)] if each is not None]
    for statement, distance in sorted(found, key=lambda each: each[1]):
        if id(statement) not in seen and len(seen) < _MOST_PLACES:
            seen.add(id(statement))
            yield statement, distance


def _use_of(context: SuggestionContext, node: DraftNode) -> ast.Statement | None:
    return next(
        (context.statements.at(use.span) for use in reversed(node.uses) if use.span.source is context.source), None
    )


def _written_in(statement: ast.Statement) -> Iterator[ast.Expr]:
    """The expressions of a statement itself, without those in its bodies."""
    match statement:
        case ast.LayerStatement() | ast.Merge() | ast.Moe():
            yield from (argument.value for argument in statement.args)
        case ast.If():
            yield statement.condition
        case ast.Residual() if statement.when is not None:
            yield statement.when
        case ast.Let():
            yield statement.value
        case ast.Repeat():
            yield statement.count
        case _:
            pass


def _inner(expr: ast.Expr, depth: int = 0) -> Iterator[ast.Expr]:
    yield expr
    if depth < 4:
        for each in ast.parts(expr):
            yield from _inner(each, depth + 1)


def _variants(
    context: SuggestionContext, whole: ast.Expr, names: list[str], indices: set[str], rank: float
) -> Iterator[Candidate]:
    compared = {id(one): other.span.text for each in _inner(whole) for one, other in _compared(each)}
    for expr in _inner(whole):
        for new, more in _others(context, expr, names, indices):
            text = expr.span.text
            if new not in (text, compared.get(id(expr))):
                title = f"write `{new}` instead of `{text}` on line {expr.span.line}"
                yield Candidate(
                    title=title,
                    edits=(Edit(span=expr.span, text=new),),
                    rank=rank + more,
                    kind=f"value {type(expr).__name__}",
                )


def _compared(expr: ast.Expr) -> tuple[tuple[ast.Expr, ast.Expr], ...]:
    """Each operand of a comparison, paired with the other one: comparing a value with itself is never meant."""
    if isinstance(expr, ast.Binary) and expr.op in COMPARISONS:
        return (expr.left, expr.right), (expr.right, expr.left)
    return ()


def _others(
    context: SuggestionContext, expr: ast.Expr, names: list[str], indices: set[str]
) -> Iterator[tuple[str, float]]:
    """Possible replacements of an expression, with their penalties."""
    match expr:
        case ast.Variable(name=name) if name in indices:
            yield from ((f"({name} - 1)", 0.0), (f"({name} + 1)", 0.05), (f"{name} - 1", 0.1), (f"{name} + 1", 0.1))
        case ast.Variable(name=name) if name in names:
            others = [other for other in names if other != name]
            yield from (
                (other, 0.1 * i + (0.3 if other in context.variables else -0.4)) for i, other in enumerate(others)
            )
            yield from (
                (text, 0.6 + 0.1 * i) for i, text in enumerate((f"2*{name}", f"4*{name}", f"{name}//2", f"{name}//4"))
            )
        case ast.At(name=name, of=None):
            yield from ((f"@{letter}", 0.0 if letter == "c" else 0.2) for letter in _LETTERS if letter != name)
            yield from ((other, 0.3) for other in names[:4])
        case ast.Binary(op="+" | "-", left=left, right=ast.Number(value=1)):
            yield left.span.text, 0.0
            yield f"{left.span.text} {'-' if expr.op == '+' else '+'} 1", 0.05
        case ast.Binary(op="*" | "//", left=left, right=right):
            other = "//" if expr.op == "*" else "*"
            yield left.span.text, 0.3
            if expr.op == "*":
                yield right.span.text, 0.3
            yield f"{left.span.text}{other}{right.span.text}", 0.5
        case ast.Binary(op="==" | "!=" | "<" | ">" | "<=" | ">=" as op, left=left, right=right):
            yield from (
                (f"{left.span.text} {sign} {right.span.text}", 0.5)
                for sign in ("==", "!=", ">", "<", ">=")
                if sign != op
            )
        case ast.Number(value=int() as number) if number > 2:
            yield from ((name, 0.15 + 0.1 * i) for i, name in enumerate(names[:5]))
        case ast.Parenthesized():
            yield from ((f"{expr.span.text}*{name}", 0.5) for name in names[:5])
        case _:
            pass


def _loop_names(context: SuggestionContext, statement: ast.Statement) -> set[str]:
    """The index names of the repetitions around a statement."""
    around = [statement, *context.statements.ancestors(statement)]
    return {
        word.text
        for each in around
        if isinstance(each, ast.Repeat) and each.target is not None
        for word in each.target.names
    }


_DIVISIONS = ("/", "//", "%")


def divisors(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For a division by a parameter of the network that is 0 by default: 1."""
    statement = site.statement
    if statement is None:
        return
    names = {
        expr.right.name
        for whole in _written_in(statement)
        for expr in _inner(whole)
        if isinstance(expr, ast.Binary) and expr.op in _DIVISIONS and isinstance(expr.right, ast.Variable)
    }
    for net in (each for each in context.program.statements if isinstance(each, ast.Net)):
        for p in net.parameters:
            if p.name.text in names and isinstance(p.default, ast.Number) and p.default.value == 0:
                edit = Edit(span=p.default.span, text="1")
                yield Candidate(title=f"set `{p.name.text} = 1`", edits=(edit,), rank=1.0)


def axes(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Another `axis` for a layer or merge near an error, a missing one, or none."""
    if site.node is None:
        return
    own = [(site.statement, site.node, 0)] if isinstance(site.statement, ast.Merge) else []
    for statement, maker, distance in [*own, *context.layers_before(site.node, 5)]:
        if maker.op is None or not maker.inputs or not hasattr(maker.op, "axis") or statement is None:
            continue
        if not isinstance(statement, ast.LayerStatement | ast.Merge):
            continue
        argument = next((a for a in statement.args if a.name is not None and a.name.text == "axis"), None)
        shape = context.shape(maker.inputs[0])
        rank = 1.0 + away(distance)
        alike = [a.span.text for s in context.statements.all if s is not statement for a in _axis_of(statement, s)]
        options = [*dict.fromkeys(alike), *(f"axis={n}" for n in range(shape.rank if shape is not None else 2))]
        options += [f"axis={letter}" for letter in ("c", "t", "hw")]
        for index, text in enumerate(dict.fromkeys(options)):
            more = 0.05 * index + (0.0 if text in alike else 0.4)
            if argument is not None:
                yield rewritten(statement, (Edit(span=argument.span, text=text),), rank + more).replace(kind="axis")
            elif isinstance(statement, ast.LayerStatement):
                end = statement.args[-1].span.tail if statement.args else statement.keyword.span.tail
                # Images are flattened or pooled before they are mapped along an axis.
                unusual = 0.1 if shape is None or shape.rank < _IMAGE or text in alike else 2.0
                edits = (Edit(span=end, text=f" {text}"),)
                yield rewritten(statement, edits, rank + unusual + more).replace(kind="axis")
        if argument is not None and isinstance(statement, ast.LayerStatement):
            yield rewritten(statement, (remove_this(statement, argument),), rank + 0.2).replace(kind="axis")


def _axis_of(mine: ast.Statement, other: ast.Statement) -> Iterator[ast.Argument]:
    words = (getattr(each, "keyword", None) for each in (mine, other))
    one, two = (word.text if isinstance(word, ast.Word) else "" for word in words)
    if one == two and isinstance(other, ast.LayerStatement | ast.Merge):
        yield from (a for a in other.args if a.name is not None and a.name.text == "axis")


def batch(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Sizes, axes and patterns without the batch dimension, which no text of this language has."""
    places = [site.layer] if site.layer is not None else []
    if site.node is not None:
        places += [each for each, _, _ in context.layers_before(site.node, 30) if each is not site.layer]
    for depth, statement in enumerate(places):
        word = statement.keyword.text
        if not statement.args:
            continue
        span = statement.args[0].span.to(statement.args[-1].span)
        numbers = [a.span.text for a in statement.args if a.name is None]
        rank = 0.5 + 0.08 * depth
        if word == "permute" and len(numbers) > 1 + ("0" in numbers) and all(n.isdigit() for n in numbers):
            less = [str(int(n) - 1) for n in numbers if n != "0"]
            yield rewritten(statement, (Edit(span=span, text=" ".join(less)),), rank, "without the batch")
        if word in ("reshape", "view"):
            sizes = "x".join(numbers).split("x")
            for kept in (sizes[1:], [size for size in sizes if size not in ("-1", "@b")]):
                if len(sizes) > 1 and kept and all(size.isidentifier() or size.isdigit() for size in kept):
                    edit = Edit(span=span, text="x".join(kept))
                    yield rewritten(statement, (edit,), rank, "without the batch")
        for argument in statement.args:
            if isinstance(argument.value, ast.Text) and "->" in argument.value.value:
                left, _, right = argument.value.value.partition("->")
                first = left.split()[0] if left.split() else ""
                text = " -> ".join(
                    re.sub(rf"(?<![\w]){re.escape(first)}(?![\w])\s*", "", p).strip() for p in (left, right)
                )
                yield rewritten(statement, (Edit(span=argument.span, text=f'"{text}"'),), rank, "without the batch")


def indices(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The last index instead of one that is out of range: `take -1`."""
    layer, node = site.layer, site.node
    if layer is None or node is None or node.op is None or not hasattr(node.op, "index") or not node.inputs:
        return
    yield from only(changed(context, layer, {"index": "-1"}, 0.3))
    yield from only(changed(context, layer, {"index": "0"}, 0.8))


def asserted(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The actual output shape, for an assertion with the same sizes in another order, or with the batch."""
    statement, node = site.statement, site.node
    if not isinstance(statement, ast.Assert) or node is None:
        return
    shape = context.shape(node.id)
    if shape is None:
        return
    dims = [concrete(dim) for dim in shape.dims]
    for expr in _inner(statement.condition):
        if isinstance(expr, ast.Size) and all(isinstance(dim, int) for dim in expr.dims):
            given = sorted(dim for dim in expr.dims if isinstance(dim, int) and dim != 1)
            if given == sorted(dim for dim in dims if dim != 1):
                new = "x".join(map(str, dims))
                why = "channels first, without the batch"
                yield rewritten(statement, (Edit(span=expr.span, text=new),), 0.2, why)
