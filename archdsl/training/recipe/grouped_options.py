"""Options in groups: `--help` lists each group under its heading."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .groups import OptionGroup

_OTHER = "Other options"
F = TypeVar("F", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option with its group; None for options without one."""

    def __init__(self, *args: Any, group: OptionGroup | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.group = group


def grouped_option(group: OptionGroup, *names: str, **settings: Any) -> Callable[[F], F]:
    """`click.option` for an option of a group."""
    return click.option(*names, cls=GroupedOption, group=group, **settings)


class GroupedCommand(click.Command):
    """A command whose help lists its options by group, in the order of `OptionGroup`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group that has options."""
        listed: dict[OptionGroup | None, list[tuple[str, str]]] = {group: [] for group in (*OptionGroup, None)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                listed[parameter.group if isinstance(parameter, GroupedOption) else None].append(record)
        for group, records in listed.items():
            if records:
                with formatter.section(group.value if group else _OTHER):
                    formatter.write_dl(records)
