"""Statements of Python over one or several lines, as `ruff format` writes them."""

import ast

WIDTH = 88
"""The widest line. A wider call has one argument on each line and a comma after the last, so that it stays split."""


def laid_out(statement: str, indent: int = 0) -> list[str]:
    """A statement on one line if it fits, else with its calls over several lines."""
    if indent + len(statement) <= WIDTH or statement.startswith("#"):
        return [" " * indent + statement]
    head = statement.rstrip(":") if statement.startswith(("if ", "for ")) else statement
    try:
        (node,) = ast.parse(head).body
    except (SyntaxError, ValueError):
        return [" " * indent + statement]
    value = getattr(node, "value", None)
    if not isinstance(value, ast.Call):
        return [" " * indent + statement]
    source = _Source(statement)
    return source.broken(source.before(value), value, indent, source.after(value))


class _Source:
    def __init__(self, text: str) -> None:
        self.text = text
        self.bytes = text.encode()

    def segment(self, node: ast.expr) -> str:
        return self.bytes[node.col_offset : node.end_col_offset].decode()

    def before(self, node: ast.expr) -> str:
        return self.bytes[: node.col_offset].decode()

    def after(self, node: ast.expr) -> str:
        return self.bytes[node.end_col_offset :].decode()

    def broken(self, prefix: str, node: ast.expr, indent: int, suffix: str) -> list[str]:
        """A call over several lines."""
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            return [" " * indent + prefix + self.segment(node) + suffix]
        lines = [" " * indent + prefix + self.segment(node.func) + "("]
        only = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if isinstance(only, ast.Call) and (only.args or only.keywords):
            # A single argument that is a call has no comma after it.
            lines += self.broken("", only, indent + 4, "")
        else:
            for arg in node.args:
                lines += self.argument("", arg, indent + 4)
            for keyword in node.keywords:
                name = "**" if keyword.arg is None else f"{keyword.arg}="
                lines += self.argument(name, keyword.value, indent + 4)
        return [*lines, " " * indent + ")" + suffix]

    def argument(self, name: str, node: ast.expr, indent: int) -> list[str]:
        line = f"{name}{self.segment(node)},"
        if indent + len(line) <= WIDTH:
            return [" " * indent + line]
        return self.broken(name, node, indent, ",")
