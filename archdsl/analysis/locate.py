"""Find a node by the name of a module or a tensor, or by a line of the program."""

from collections.abc import Iterable, Mapping

from ..graph import Draft, DraftNode
from ..record import Record
from ..text.names import nearest


class NodeNotFound(LookupError):
    """There is no such node; the message suggests similar names."""


class LocatedNode(Record):
    """A node, and the other nodes that match the same name."""

    node: DraftNode
    others: tuple[DraftNode, ...] = ()


def locate(draft: Draft, wanted: str) -> LocatedNode:
    """The node for a name or a line number. Raises NodeNotFound."""
    return by_line(draft, int(wanted)) if wanted.isascii() and wanted.isdigit() else by_name(draft, wanted)


def by_name(draft: Draft, wanted: str) -> LocatedNode:
    """Find a node by the name of a module (or a suffix of it), a tensor, an input, an output, a stage or a block."""
    names = _names(draft)
    if wanted in names:
        return LocatedNode(node=names[wanted])
    ends = [node for node in draft.nodes if node.name.endswith(f".{wanted}") or node.alias == wanted]
    ends = ends or [node for name, node in names.items() if name.endswith(f".{wanted}")]
    if ends:
        return LocatedNode(node=ends[0], others=tuple(ends[1:]))
    known = list(dict.fromkeys([*names, *(name.rpartition(".")[2] for name in names)]))
    near = nearest(wanted, known)
    hint = f"did you mean `{near}`?" if near else _some(names)
    raise NodeNotFound(f"there is no layer or tensor `{wanted}`; {hint}")


def _some(names: Iterable[str]) -> str:
    """A few names to choose from."""
    some = list(dict.fromkeys(names))
    return (
        f"available: {', '.join(f'`{name}`' for name in some[:4])}{', …' if len(some) > 4 else ''}"
        if some
        else "there is none"
    )


def _names(draft: Draft) -> Mapping[str, DraftNode]:
    """All names that identify a node."""
    found: dict[str, DraftNode] = {}
    side = [path for path, kind in draft.scopes.items() if kind == "aux"]
    for node in draft.nodes:
        for depth in range(1, len(node.path)):
            path = node.path[:depth]
            # The name of a scope means its last node, except for an auxiliary branch in it.
            if path in draft.scopes and not any(node.path[: len(a)] == a and len(a) > depth for a in side):
                found[".".join(path)] = node
    found |= {name: draft.nodes[i] for name, i in draft.outputs}
    found |= {name: draft.nodes[i] for name, i in zip(draft.input_names, draft.inputs, strict=True)}
    return found | {node.name: node for node in draft.nodes}


def by_line(draft: Draft, line: int) -> LocatedNode:
    """The last layer on a line of the network's own file, in the first use of its block. Raises NodeNotFound."""
    lines = _lines(draft)
    if line not in lines:
        raise NodeNotFound(f"line {line} has no layer; {_near_lines(lines, line)}")
    groups: dict[tuple[object, ...], DraftNode] = {}
    for node in lines[line]:
        groups[_use(node, line)] = node
    first, *others = groups.values()
    return LocatedNode(node=first, others=tuple(others))


def _lines(draft: Draft) -> Mapping[int, list[DraftNode]]:
    """The nodes created by each line, directly or through the use of a block."""
    found: dict[int, list[DraftNode]] = {}
    own = draft.nodes[draft.inputs[0]].span.source if draft.inputs else None
    for node in draft.nodes:
        spans = [node.span, *(use.span for use in node.uses)]
        for line in dict.fromkeys(span.line for span in spans if span.source is own):
            found.setdefault(line, []).append(node)
    return found


def _use(node: DraftNode, line: int) -> tuple[object, ...]:
    """What distinguishes the uses of a line: the enclosing blocks."""
    if node.span.line != line:
        return ()
    return node.path[: _depth(node)]


def _depth(node: DraftNode) -> int:
    return len(node.path) - 1


def _near_lines(lines: Mapping[int, list[DraftNode]], line: int) -> str:
    """``nearest: line 3, `conv 6 k5` and line 9, `fc 10` ``."""
    before, after = max((n for n in lines if n < line), default=None), min((n for n in lines if n > line), default=None)
    near = [f"line {n}, `{lines[n][0].text}`" for n in (before, after) if n is not None]
    return f"nearest: {' and '.join(near)}" if near else "there is none in this file"
