"""Commands that are printed for a network with a package."""

import click
import pytest
from click.testing import CliRunner

from archdsl.cli.allowing import allow_option, allow_words


@click.command()
@allow_option
def _command() -> None:
    click.echo(f"again{allow_words()}")


@pytest.mark.parametrize("words", ["", " --allow gempool", " --allow gempool --allow my-layers"])
def test_printed_commands_allow_the_same_packages(words: str) -> None:
    assert CliRunner().invoke(_command, words.split()).output == f"again{words}\n"
