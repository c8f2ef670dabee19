"""Diagnostics as GitHub's workflow commands, which annotate the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterable

from .diagnostic import Finding
from .help_lines import help_lines
from .printable import printable


def render(found: Iterable[Finding]) -> str:
    """One command for each line."""
    return "\n".join(_command(item) for item in found)


def _command(item: Finding) -> str:
    each = item.diagnostic
    line, column = each.span.source.position(each.span.start)
    end_line, end_column = each.span.source.position(max(each.span.start, each.span.end - 1))
    properties = {"file": each.span.source.name, "line": line, "endLine": end_line}
    if line == end_line:
        # GitHub ignores the columns of a range over several lines. Its end is inclusive.
        properties |= {"col": column, "endColumn": end_column}
    properties["title"] = f"{each.code}: {each.title}"
    lines = [each.message() + (f": {each.label()}" if each.label() else "")]
    lines += [f"line {label.span.line}: {label.text}" for label in each.others()]
    lines += [f"help: {text}" for text in help_lines(item)]
    words = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{each.severity} {words}::{_data(chr(10).join(map(printable, lines)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
