"""`archdsl fmt`: format .arch files."""

import difflib
import sys
from collections.abc import Mapping
from typing import Any

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..layers import synonyms
from ..record import Record
from ..syntax import parse
from ..syntax.ast import FigureBlock, LayerStatement, Program, Train, same
from ..syntax.format import format_program, one_names
from ..text.source import Source, Span
from .common import refuse_both, use_color
from .folders import expanded
from .network_text import NetworkText, NetworkTexts, named_network
from .output import write_output, write_source
from .shell_completion import complete_network


@click.command("fmt")
@click.argument("files", nargs=-1, metavar="FILE…", shell_complete=complete_network)
@click.option("-e", "--expr", "expression", metavar="TEXT", help="Format this source text instead of a file.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; list the files that would change, and exit with status 1 if there are any.",
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show the changes.")
def command(files: tuple[str, ...], expression: str | None, check: bool, show_diff: bool) -> None:
    """Format FILEs in place, or all networks below a folder. Comments and meaning are preserved.

    The result for a text that is not an editable file (`-`, -e TEXT, zoo:NAME, REVISION:FILE in git, a run) is
    written to standard output. Files with syntax errors are left unchanged.
    """
    refuse_both(files[0] if files else None, expression)
    if not files and expression is None:
        raise click.UsageError("give the files to format, or source text with -e")
    changed = broken = unwritten = 0
    named = NetworkTexts(expanded(files))
    for network in [named_network(None, expression)] if expression is not None else named:
        source = network.source
        text = formatted(source)
        if text is None:
            broken += 1
            continue
        differs = text != source.text
        changed += differs
        if show_diff:
            click.echo(diff(source, text), nl=False)
        if check and differs:
            click.echo(f"{printable(source.name)} would change")
        if not check and not show_diff:
            unwritten += not write(network, text, differs)
    sys.exit(2 if named.missing or unwritten else bool(broken or (check and changed)))


def formatted(source: Source) -> str | None:
    """The formatted text; None if it has errors, which are shown."""
    sink = Sink()
    program = parse(source, sink)
    if sink.errors:
        found = tuple(sink)
        click.echo(f"{render(found, color=use_color(sys.stderr), root=source)}\n\n{summary(found)}", err=True)
        return None
    text = format_program(program, synonyms())
    if not _means(text, program):
        what = "formatting would change its meaning, so it is left unchanged; please report this as a bug"
        click.echo(f"archdsl: {printable(source.name)}: {what}", err=True)
        return None
    return text


def _means(text: str, program: Program) -> bool:
    """Whether a text parses to the same tree, apart from synonyms of layer names."""
    sink = Sink()
    again = parse(Source(text), sink)
    named = _named(program.statements, one_names(program, synonyms()))
    return not sink.errors and same(named, again.statements)


def _named(part: Any, names: Mapping[str, str]) -> Any:
    """A part of a tree, with its layers renamed, but not the settings of `train` and `figure`."""
    if isinstance(part, Train | FigureBlock):
        return part
    if isinstance(part, tuple) and not isinstance(part, Span):
        return tuple(_named(each, names) for each in part)
    if not isinstance(part, Record):
        return part
    if isinstance(part, LayerStatement) and part.keyword.text in names:
        part = part.replace(keyword=part.keyword.replace(text=names[part.keyword.text]))
    return part.replace(**{field: _named(value, names) for field, value in part})


def write(network: NetworkText, text: str, differs: bool) -> bool:
    """Replace the file's content atomically, or write to standard output if it is not a file of the user.

    False if the file cannot be written, which is reported.
    """
    source = network.source
    if not network.writable or source.path is None:
        write_output("-", text.encode())
    elif differs:
        try:
            write_source(source, text)
        except SystemExit:
            return False
        click.echo(f"{printable(source.name)}: formatted")
    return True


def diff(source: Source, text: str) -> str:
    """The changes as a unified diff."""
    name = printable(source.name)
    before, after = (part.splitlines(keepends=True) for part in (source.text, text))
    lines = difflib.unified_diff(before, after, name, f"{name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
