"""The groups of a figure: each is a connected part of one stage, block or network, and shares no layer with another."""

from collections.abc import Mapping, Sequence

from ...diagnostics import Sink
from ...diagnostics.catalog import figure_errors
from ...graph import Draft, FigureGroup, Graph
from ...record import Record
from ...text.source import Span
from .figure_names import FigureNames

Path = tuple[str, ...]


class WrittenGroup(Record):
    """A group as written: its members by name with their spans, and the last member if `to=` gives it."""

    title: str
    span: Span
    members: tuple[tuple[str, Span], ...]
    end: tuple[str, Span] | None = None


def read_groups(
    written: Sequence[WrittenGroup], names: FigureNames, graph: Draft | Graph, sink: Sink
) -> tuple[FigureGroup, ...]:
    """The groups that can be drawn as frames; the others are reported."""
    taken: dict[Path, Span] = {}
    found: list[FigureGroup] = []
    for group in written:
        for scope, members in _placed(group, names, sink).items():
            twice = next((path for path in members if path in taken), None)
            if twice is not None:
                sink.emit(_overlap(group, twice, taken[twice]))
                continue
            if len(_parts(graph, members)) > 1:
                sink.emit(_separate(group, graph, members))
                continue
            if (error := _interrupted(group, names, scope, members)) is not None:
                sink.emit(error)
                continue
            taken |= dict.fromkeys(members, group.span)
            found.append(FigureGroup(title=group.title, scope=scope, members=tuple(members)))
    return tuple(found)


def _placed(group: WrittenGroup, names: FigureNames, sink: Sink) -> Mapping[Path, list[Path]]:
    """The members of a group, for each scope that contains all of them. If none does, that is reported."""
    wanted = [*group.members, *([group.end] if group.end else [])]
    found = {name: names.siblings([name]) for name, _ in wanted}
    first, *others = found.values()
    scopes = [scope for scope in first if all(scope in other for other in others)]
    if not scopes:
        around = next(iter(first))
        name, span = next((name, span) for name, span in wanted if around not in found[name])
        inside = f"`{'.'.join(around)}`" if around else "the network"
        why = f"`{name}` is not directly in {inside}, where other layers of the group are"
        advice = "name layers of one stage or block, or the stages and blocks that contain them"
        sink.emit(figure_errors.GroupNotConnected(span=span, why=why, advice=advice))
    placed = {}
    for scope in scopes:
        members = [path for path in names.inside(scope) if any(path in found[name][scope] for name, _ in wanted)]
        placed[scope] = names.between(scope, members[0], members[-1]) if group.end else members
    return placed


def _overlap(group: WrittenGroup, path: Path, first: Span) -> figure_errors.GroupsOverlap:
    name, span = next(
        ((name, span) for name, span in group.members if path[-len(name.split(".")) :] == tuple(name.split("."))),
        (path[-1], group.span),
    )
    start = span.start
    while span is not group.span and span.source.text[start - 1 : start].isspace():
        start -= 1
    return figure_errors.GroupsOverlap(span=span, name=name, first=first, without=Span(span.source, start, span.end))


def _parts(graph: Draft | Graph, members: Sequence[Path]) -> list[set[Path]]:
    """The members in connected parts: two are connected if one reads the other."""
    owner = {node.id: path for node in graph.nodes for path in members if node.path[: len(path)] == path}
    parts = {path: {path} for path in members}
    for node in graph.nodes:
        for source in node.inputs:
            one, other = owner.get(node.id), owner.get(source)
            if one is not None and other is not None and parts[one] is not parts[other]:
                joined = parts[one] | parts[other]
                parts |= dict.fromkeys(joined, joined)
    return list({id(part): part for part in parts.values()}.values())


def _interrupted(
    group: WrittenGroup, names: FigureNames, scope: Path, members: Sequence[Path]
) -> figure_errors.GroupNotConnected | None:
    """The error if other statements are between those of a group, which would then have only a part of a repetition."""
    others = [path for path in names.between(scope, members[0], members[-1]) if path not in members]
    if not others:
        return None
    return figure_errors.GroupNotConnected(
        span=group.span,
        why=f"`{others[0][-1]}` is between the layers of the group in the text, but not in the group",
        advice=f"add it: `{members[0][-1]} to={members[-1][-1]}`",
    )


def _separate(group: WrittenGroup, graph: Draft | Graph, members: Sequence[Path]) -> figure_errors.GroupNotConnected:
    one, other, *_ = _parts(graph, members)
    names = [next(path[-1] for path in members if path in part) for part in (one, other)]
    return figure_errors.GroupNotConnected(
        span=group.span,
        why=f"nothing connects `{names[0]}` and `{names[1]}` in the group",
        advice=f"add the layers between them: `{members[0][-1]} to={members[-1][-1]}`",
    )
