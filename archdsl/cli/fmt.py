"""`archdsl fmt`: texts in the one way of writing."""

import difflib
import sys

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..layers import synonyms
from ..syntax import parse
from ..syntax.ast import same
from ..syntax.format import format_program
from ..text.source import Source
from .common import colourful, read_all, usage
from .output import write_output


@click.command("fmt")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--check", is_flag=True, help="Write nothing; list what would change, and end with 1 if anything would.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: tuple[str, ...], check: bool, show_diff: bool) -> None:
    """Write FILEs anew in the one way of writing: comments kept, meaning untouched.

    `-` reads standard input and writes to standard output. A file with mistakes in its writing is left as it is.
    """
    changed = broken = 0
    sources, whole = read_all(files)
    for source in sources:
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
            write(source, text, differs)
    sys.exit(bool(broken or (check and changed)) if whole else 2)


def formatted(source: Source) -> str | None:
    """The text written anew, or None after its mistakes were shown."""
    sink = Sink()
    program = parse(source, sink)
    if sink.errors:
        found = tuple(sink)
        click.echo(f"{render(found, colour=colourful(sys.stderr), root=source)}\n\n{summary(found)}", err=True)
        return None
    text = format_program(program, synonyms())
    again = parse(Source(format_program(program)), Sink())
    if not same(program.statements, again.statements):
        usage(f"{source.name}: formatting would change what it means, so it was left; please report this text")
    return text


def write(source: Source, text: str, differs: bool) -> None:
    """Put the text in the file's place in one step, or on standard output where it came from standard input."""
    if source.path is None:
        write_output("-", text.encode())
    elif differs:
        write_output(str(source.path.resolve()), text.encode())
        click.echo(f"{printable(source.name)}: formatted")


def diff(source: Source, text: str) -> str:
    """What would change, as a unified diff."""
    name = printable(source.name)
    before, after = (part.splitlines(keepends=True) for part in (source.text, text))
    lines = difflib.unified_diff(before, after, name, f"{name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
