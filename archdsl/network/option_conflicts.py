"""Conflicting options, of commands and functions: no option is silently overridden or ignored."""

from collections.abc import Iterable, Mapping

Conflict = tuple[str, str, str]
"""An option, with or without a value (`--format json`; empty: always), the options it excludes, and the reason."""


def first_conflict(conflicts: Iterable[Conflict], given: Mapping[str, object]) -> tuple[str, list[str]] | None:
    """The reason for the first conflict among the given options, and the options to leave out; None without one."""
    for option, excluded, why in conflicts:
        name, _, choice = option.partition(" ")
        if name and (name not in given or (choice and given[name] != choice)):
            continue
        clash = [each for each in excluded.split() if each in given]
        if clash:
            return why, clash
    return None
