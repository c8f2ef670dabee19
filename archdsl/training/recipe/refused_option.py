"""Errors of the network's check that come from an option rather than from the text."""

from collections.abc import Collection, Iterable

from ...diagnostics.catalog.task_errors import NotForTask
from ...diagnostics.diagnostic import Finding
from ...graph import Graph
from .composition import BadOption, option_at


def refused_option(found: Iterable[Finding], options: Collection[tuple[str, ...]], graph: Graph) -> BadOption | None:
    """The first setting that does not suit the task and was given as an option; `options` are the paths of those
    given.

    If a section is not in the text, its first option is reported for any of its settings: `--output-losses` may imply a
    loss that does not suit the task.
    """
    written = {line.name for line in graph.training}
    for each in found:
        if not isinstance(each.diagnostic, NotForTask):
            continue
        setting = each.diagnostic.setting
        section = [path for path in options if path[0] == setting[0] and setting[0] not in written]
        if setting in options or section:
            why = "; ".join((each.diagnostic.why, *each.diagnostic.help()))
            return BadOption(option_at(setting if setting in options else section[0]), why)
    return None
