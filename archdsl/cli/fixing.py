"""`archdsl check --fix` and `--diff`: apply fixes, or show them."""

import difflib
from collections.abc import Callable

import click

from ..diagnostics.fixes import Fixed, fix
from ..diagnostics.terminal import printable
from ..network import Analysis
from ..text.source import Source
from .common import usage
from .output import write_source


def apply_fixes(
    network: Analysis, check: Callable[[Source], Analysis], *, writable: bool, unsafe: bool, diff: bool
) -> Analysis:
    """Apply the fixes to a network's text and report them; returns the network of the fixed text.

    With `diff`, the changes are shown, nothing is written, and the network is returned unchanged.
    """
    source = network.source
    path = source.path
    if not writable and not diff:
        usage(f"{source.name} is not a file that fixes can be written to; --diff shows them")
    fixed = fix(source, network.diagnostics, lambda text: check(text).diagnostics, unsafe=unsafe)
    if diff or path is None:
        click.echo(_diff(source, fixed.source), nl=False)
        return network
    if not fixed.applied:
        return network
    write_source(source, fixed.source.text)
    _report(fixed)
    return check(fixed.source)


def _report(fixed: Fixed) -> None:
    count = len(fixed.applied)
    click.echo(f"{printable(fixed.source.name)}: {count} fix{'es' * (count > 1)} applied", err=True)
    for applied in fixed.applied:
        click.echo(f"  line {applied.line}: {printable(applied.title)} ({applied.code})", err=True)


def _diff(before: Source, after: Source) -> str:
    """The changes as a unified diff; control characters are escaped."""
    name = printable(before.name)
    old, new = ([printable(line) for line in source.text.splitlines()] for source in (before, after))
    lines = difflib.unified_diff(old, new, name, f"{name} (fixed)", lineterm="")
    return "".join(f"{line}\n" for line in lines)
