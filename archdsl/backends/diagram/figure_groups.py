"""The groups of a `figure { … }` block as scopes of the graph, so that every view treats them like stages."""

from collections.abc import Mapping
from typing import TypeVar

from ...graph import FigureGroup, FigureLabel, FigureSettings, Graph
from .reused_scopes import moved

Path = tuple[str, ...]
GROUP = "group"
"""The kind of the scope of a group."""
_T = TypeVar("_T")


def with_groups(graph: Graph) -> Graph:
    """The graph with a scope for each group, whose label is the title of the group."""
    settings = graph.figure
    for number, group in enumerate(settings.groups if settings is not None else ()):
        graph = _with_group(graph, group, (*group.scope, f"group {number + 1}"))
    return graph


def _with_group(graph: Graph, group: FigureGroup, path: Path) -> Graph:
    def inside(old: Path) -> bool:
        return any(old[: len(member)] == member for member in group.members)

    def new(old: Path) -> Path:
        return (*path, *old[len(group.scope) :]) if inside(old) else old

    def renamed(values: Mapping[Path, _T]) -> dict[Path, _T]:
        return {new(old): value for old, value in values.items()}

    settings = graph.figure or FigureSettings()
    entries = set(graph.inputs)
    labels = [label.replace(scopes=frozenset(map(new, label.scopes))) for label in settings.labels]
    labels.append(FigureLabel(name=group.title, text=group.title, scopes=frozenset([path]), of_group=True))
    return graph.replace(
        nodes=tuple(n if n.id in entries or not inside(n.path) else moved(n, new(n.path)) for n in graph.nodes),
        scopes={path: GROUP} | renamed(graph.scopes),
        calls=renamed(graph.calls),
        figure=settings.replace(labels=tuple(labels)),
    )


def module_name(graph: Graph, path: Path) -> str:
    """The name of a layer, a stage or a block in the text, which has no groups."""
    return ".".join(part for n, part in enumerate(path, 1) if graph.scopes.get(path[:n]) != GROUP)
