"""The bodies of a statement: the parts in braces, which have statements of their own."""

from . import ast


def bodies(statement: ast.Statement) -> list[ast.Body]:
    """The bodies of a statement, in the order of the text."""
    match statement:
        case _ if isinstance(statement, ast.WithOneBody):
            return [statement.body]
        case ast.Merge():
            return [each for each in statement.operands if isinstance(each, ast.Body)]
        case ast.Residual():
            return [statement.body, *([statement.shortcut] if statement.shortcut else [])]
        case ast.If():
            rest = statement.orelse
            return [statement.body, *(bodies(rest) if isinstance(rest, ast.If) else [rest] if rest else [])]
        case _:
            return []
