"""`archdsl check --fix` and `--diff`: what can be mended, mended, shown or written."""

import codecs
import difflib
from collections.abc import Callable

import click

from ..diagnostics.fixes import Fixed, fix
from ..diagnostics.terminal import printable
from ..network import Analysis
from ..text.source import Source
from .common import usage
from .output import write_output


def mend(network: Analysis, check: Callable[[Source], Analysis], *, unsafe: bool, diff: bool) -> Analysis:
    """Apply what can be fixed in a network's text, and say what was done; the network of the mended text.

    With `diff` the changes are shown, nothing is written, and the network stays.
    """
    source = network.source
    path = source.path
    if path is None and not diff:
        usage(f"{source.name} is no file that could be written; --diff shows what would change")
    if source.name.startswith("zoo:") and not diff:
        usage(f"{source.name} ships with archdsl and stays as it is")
    fixed = fix(source, network.diagnostics, lambda text: check(text).diagnostics, unsafe=unsafe)
    if diff or path is None:
        click.echo(_diff(source, fixed.source), nl=False)
        return network
    if not fixed.applied:
        return network
    start = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
    write_output(str(path), start + fixed.source.text.encode())
    _tell(fixed)
    return check(fixed.source)


def _tell(fixed: Fixed) -> None:
    count = len(fixed.applied)
    click.echo(f"{printable(fixed.source.name)}: {count} thing{'s' * (count > 1)} mended", err=True)
    for applied in fixed.applied:
        click.echo(f"  line {applied.line}: {printable(applied.title)} ({applied.code})", err=True)


def _diff(before: Source, after: Source) -> str:
    """What would change, as a unified diff; control characters are shown, not sent."""
    name = printable(before.name)
    old, new = ([printable(line) for line in source.text.splitlines()] for source in (before, after))
    lines = difflib.unified_diff(old, new, name, f"{name} (mended)", lineterm="")
    return "".join(f"{line}\n" for line in lines)
