"""Every option of `train` and `sweep` belongs to one named group, which `--help` and docs/training.md list alike."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archdsl.cli.sweep import command as sweep
from archdsl.cli.train import command as train
from archdsl.training.recipe.grouped_options import GroupedOption
from archdsl.training.recipe.groups import OptionGroup

PAGE = Path(__file__).resolve().parents[3] / "docs" / "training.md"
HEADINGS = [group.value for group in OptionGroup]
COMMANDS = pytest.mark.parametrize("command", [train, sweep], ids=lambda command: command.name)


def options(command: click.Command) -> list[click.Option]:
    """The options of a command besides `--help`."""
    return [each for each in command.params if isinstance(each, click.Option)]


def declared(command: click.Command) -> dict[str, set[str]]:
    """The long names of the options by the heading of their group, as declared."""
    found: dict[str, set[str]] = {heading: set() for heading in HEADINGS}
    for option in options(command):
        assert isinstance(option, GroupedOption), option.name
        assert option.group is not None, option.name
        found[option.group.value].add(max(option.opts, key=len))
    return found


def listed(lines: list[str], heading: str, option: str) -> dict[str, list[str]]:
    """The options of a text by the heading above them; the patterns have a group for the heading and for the option."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if match := re.match(heading, line):
            current = found.setdefault(match[1], [])
        elif match := re.match(option, line):
            current.append(match[1])
    return found


@COMMANDS
def test_help_lists_each_option_once_under_its_group(command: click.Command) -> None:
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0, result.output
    sections = listed(result.output.splitlines(), r"(\S.*):$", r"  (?:-\w, )?(--[\w-]+)")
    other = sections.pop("Other options")
    assert other == ["--help"]
    assert list(sections) == [heading for heading in HEADINGS if heading in sections]
    for heading, names in declared(command).items():
        assert sorted(sections.get(heading, [])) == sorted(names), heading


@COMMANDS
def test_option_groups_are_nonempty_and_the_common_one_is_small(command: click.Command) -> None:
    sizes = {heading: len(names) for heading, names in declared(command).items()}
    assert all(size for heading, size in sizes.items() if heading != OptionGroup.OUTPUT.value), sizes
    assert sizes[OptionGroup.COMMON.value] <= 11


def test_training_page_lists_the_same_groups() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lines = text.partition("## The recipe")[2].splitlines()
    sections = listed(lines, r"### (.+)", r"\|.*?\| `(--[\w-]+)")
    assert list(sections) == HEADINGS
    assert {heading: set(names) for heading, names in sections.items()} == declared(train)
    names = [name for each in sections.values() for name in each]
    assert len(names) == len(set(names)) == len(options(train))
