"""Expressions and short parts of statements as text: what the formatter writes on one line."""

from typing import assert_never

from . import ast

_COMPACT_OPERATORS = frozenset({"*", "/", "//", "%", "**"})
_LIST_WIDTH = 88
_SPACED_OUTSIDE_ARGUMENTS = frozenset({"+", "-"})


def expression(expr: ast.Expr, compact: bool = False) -> str:
    """An expression. `compact` omits spaces around operators, for layer arguments: `c+1`, not `c + 1`."""
    match expr:
        case ast.Binary():
            blank = "" if expr.op in _COMPACT_OPERATORS or (compact and expr.op in _SPACED_OUTSIDE_ARGUMENTS) else " "
            return f"{expression(expr.left, compact)}{blank}{expr.op}{blank}{expression(expr.right, compact)}"
        case ast.Unary():
            return f"{'not ' if expr.op == 'not' else '-'}{expression(expr.operand, compact)}"
        case ast.Choice():
            yes, condition, no = (expression(each, compact) for each in (expr.yes, expr.condition, expr.no))
            return f"{yes} if {condition} else {no}"
        case ast.Call():
            return f"{expr.function.text}({', '.join(map(expression, expr.args))})"
        case ast.Parenthesized():
            return f"({expression(expr.inner)})"
        case ast.Variable():
            return expr.name
        case ast.At():
            return f"{expr.of.text if expr.of else ''}@{expr.name}"
        case ast.Text():
            return f'"{expr.value}"'
        case ast.Size():
            return "x".join(f"({expression(d)})" if isinstance(d, ast.Expr) else str(d) for d in expr.dims)
        case ast.List():
            return _list(expr)
        case ast.Index():
            return f"{expression(expr.base, compact)}[{expression(expr.index)}]"
        case ast.SliceExpr():
            start, stop = (expression(each) if each else "" for each in (expr.start, expr.stop))
            return f"{expression(expr.base, compact)}[{start}:{stop}]"
        case ast.Comprehension():
            return f"[{expression(expr.item)} for {target(expr.target)} in {expression(expr.source)}]"
        case _:
            # A number as written: 1e-5 and 0.00001 have the same value.
            return expr.span.text


def _list(expr: ast.List) -> str:
    """`[3, 4]`; a list on several lines stays on several lines, with its entries on the same ones if they fit."""
    items = [expression(item) for item in expr.items]
    if "\n" not in expr.span.text or not items:
        return f"[{', '.join(items)}]"
    text = expr.span.source.text
    lines: list[str] = []
    at = expr.span.start
    for item, written in zip(expr.items, items, strict=True):
        ends = "" if item is expr.items[-1] else ","
        indented = written.replace("\n", "\n  ")
        if not lines or "\n" in text[at : item.span.start] or len(lines[-1]) + 1 + len(indented) > _LIST_WIDTH:
            lines.append(f"  {indented}{ends}")
        else:
            lines[-1] += f" {indented}{ends}"
        at = item.span.end
    return "\n".join(["[", *lines, "]"])


def target(names: ast.Target) -> str:
    """`d`, `[k, c]`."""
    words = ", ".join(word.text for word in names.names)
    return f"[{words}]" if names.unpacks else words


def parameter(each: ast.Parameter) -> str:
    """`name`, or `name = default`."""
    return each.name.text if each.default is None else f"{each.name.text} = {expression(each.default)}"


def carried(each: ast.Carried) -> str:
    """`name = initial value`."""
    return f"{each.name.text} = {expression(each.value)}"


def parameters(all_of_them: tuple[ast.Parameter, ...]) -> str:
    """`(a, b = 1)`; empty if there are none."""
    return f"({', '.join(map(parameter, all_of_them))})" if all_of_them else ""


def arguments(args: tuple[ast.Argument, ...]) -> str:
    """The arguments, each after a space."""
    named = ((f"{arg.name.text}=" if arg.name else "", arg.value) for arg in args)
    return "".join(f" {name}{expression(value, compact=True)}" for name, value in named)


def tail(times: int, *aliases: ast.Word | None) -> str:
    """` x3 as name`, ` as a, b`."""
    names = ", ".join(alias.text for alias in aliases if alias)
    return (f" x{times}" if times != 1 else "") + (f" as {names}" if names else "")


Plain = (
    ast.Net | ast.UseFile | ast.Input | ast.Output | ast.LayerStatement | ast.Let | ast.From | ast.Reuse | ast.Assert
)
"""The statements without a body."""


def plain(statement: Plain, keyword: str = "") -> str:
    """A statement without a body; `keyword` is the canonical name of a layer."""
    match statement:
        case ast.LayerStatement():
            return f"{keyword}{arguments(statement.args)}{tail(statement.times, statement.alias, *statement.others)}"
        case ast.Net():
            return f"net {statement.name.text}{parameters(statement.parameters)}"
        case ast.UseFile():
            return f'use "{statement.target.text}"' if statement.quoted else f"use {statement.target.text}"
        case ast.Input():
            return f"input{arguments(statement.args)}"
        case ast.Output():
            return f"output {', '.join(word.text for word in statement.names)}"
        case ast.Let():
            return f"let {target(statement.target)} = {expression(statement.value)}"
        case ast.From():
            return f"from {statement.name.text}"
        case ast.Reuse():
            return f"reuse {statement.name.text}{tail(1, statement.alias)}"
        case ast.Assert():
            return f"assert {expression(statement.condition)}"
        case _:
            assert_never(statement)


def lead(statement: ast.Statement) -> str:
    """The text of a statement before its first body."""
    match statement:
        case ast.Block():
            return f"block {statement.name.text}{parameters(statement.parameters)}"
        case ast.Stage():
            return f"stage {statement.name.text}"
        case ast.Aux():
            return f"aux {statement.name.text}"
        case ast.Train():
            return "train"
        case ast.FigureBlock():
            return "figure"
        case ast.Repeat():
            names = f" as {target(statement.target)}" if statement.target else ""
            passed_on = f" carry {', '.join(map(carried, statement.carried))}" if statement.carried else ""
            return f"repeat {expression(statement.count)}{names}{passed_on}"
        case ast.Residual():
            return "residual" + (f" when {expression(statement.when)}" if statement.when else "")
        case ast.Moe():
            return f"moe{arguments(statement.args)}"
        case ast.Scan():
            return f"scan carry {', '.join(map(carried, statement.carried))}"
        case ast.If():
            return f"if {expression(statement.condition)}"
        case _:
            raise AssertionError(statement)
