"""Weights that a user gives: the path of a file, or the name of published weights, which are downloaded."""

from pathlib import Path

import click

from ..diagnostics.terminal import printable
from ..text.word_lists import listed
from .common import usage
from .problems import fail, is_main_process, need


def weights_path(given: str, option: str = "") -> Path:
    """The path of the weights. Exits with 2 if they do not exist, and with 1 if they cannot be downloaded.

    `option` is the option that takes them, for messages.
    """
    from ..backends.published_weights import FORMS, is_published, resolved_weights
    from ..backends.weight_files import CannotLoad, UnknownWeights
    from ..training.errors.run_errors import UnusableWeights

    prefix = f"{option}: " if option else ""
    if not is_published(given):
        if not Path(given).exists():
            usage(f"{prefix}{given}: no such file; published weights are {listed(FORMS)}")
        return Path(given)
    kind = given.partition(":")[0]
    need(next(form for form in FORMS if form.startswith(f"{kind}:")), "hf" if kind == "hf" else "train")
    try:
        return resolved_weights(given, _report)
    except UnknownWeights as error:
        usage(f"{prefix}{error.why}; {error.help}")
    except CannotLoad as error:
        fail(UnusableWeights(error.why, error.details, error.help))


def _report(line: str) -> None:
    if is_main_process():
        click.echo(printable(line), err=True)
