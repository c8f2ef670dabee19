"""The names by which a figure refers to layers, stages, blocks, inputs and outputs."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from ...graph import Draft, Graph

Path = tuple[str, ...]


class FigureNames:
    """The names of a network: each layer by the last parts of its path, a block also by the name of its definition."""

    def __init__(self, graph: Draft | Graph) -> None:
        self._graph = graph
        self._inputs = dict(zip(graph.input_names, graph.inputs, strict=True))
        self._outputs = [name for name, _ in graph.outputs]

    @cached_property
    def _scopes(self) -> Mapping[Path, str]:
        """The stages and blocks, which have a frame or a box."""
        return {path: kind for path, kind in self._graph.scopes.items() if kind != "branch"}

    @cached_property
    def paths(self) -> Mapping[Path, int | None]:
        """The layers with their nodes, and the stages and blocks."""
        inputs = set(self._graph.inputs)
        layers: dict[Path, int | None] = {n.path: n.id for n in self._graph.nodes if n.id not in inputs}
        return layers | dict.fromkeys(self._scopes)

    def _named(self, name: str) -> list[Path]:
        """The layers, stages and blocks with a name: the one with this path, or those whose paths end with it."""
        whole = tuple(name.split("."))
        return [whole] if whole in self.paths else [path for path in self.paths if path[-len(whole) :] == whole]

    def nodes(self, name: str) -> frozenset[int]:
        """The layers and inputs with a name."""
        found = {node for path in self._named(name) if (node := self.paths[path]) is not None}
        return frozenset(found | ({self._inputs[name]} if name in self._inputs else set()) | self._only_input(name))

    def _only_input(self, name: str) -> set[int]:
        """The only input, if the name is `input`."""
        return set(self._graph.inputs) if name == "input" and len(self._graph.inputs) == 1 else set()

    def scopes(self, name: str) -> frozenset[Path]:
        """The stages and blocks with a name, and the uses of a block."""
        named = [path for path in self._named(name) if path in self._scopes]
        exact = tuple(name.split(".")) in self.paths
        return frozenset([*named, *(path for path, kind in self._scopes.items() if kind == name and not exact)])

    def outputs(self, name: str) -> frozenset[str]:
        """The output with a name."""
        return frozenset(each for each in self._outputs if each == name)

    @cached_property
    def all(self) -> tuple[str, ...]:
        """All names of a single part: inputs, outputs, blocks, and the last parts of paths."""
        last = [path[-1] for path in self.paths]
        kinds = [kind for kind in self._scopes.values() if kind not in ("stage", "aux")]
        return tuple(dict.fromkeys([*self._inputs, *self._outputs, *kinds, *last]))

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The last parts of the names of layers, stages and uses of blocks."""
        return tuple(dict.fromkeys(path[-1] for path in self.paths))

    def siblings(self, names: Iterable[str]) -> Mapping[Path, list[Path]]:
        """The paths of several names, by the scope that contains them."""
        wanted = list(names)
        found: dict[Path, list[Path]] = {}
        for path in (path for name in wanted for path in self._named(name)):
            found.setdefault(self._parent(path), []).append(path)
        return found

    def _parent(self, path: Path) -> Path:
        """The stage or block directly around a path, or the branch."""
        return max((path[:n] for n in range(len(path)) if path[:n] in self._graph.scopes), key=len, default=())

    def between(self, scope: Path, first: Path, last: Path) -> list[Path]:
        """The layers, stages and blocks directly in a scope from one to another, in the order of the network."""
        inside = self.inside(scope)
        start, end = inside.index(first), inside.index(last)
        return inside[min(start, end) : max(start, end) + 1]

    def inside(self, scope: Path) -> list[Path]:
        """The layers, stages, blocks and branches directly in a scope, in the order of the network."""
        inputs, kinds = set(self._graph.inputs), self._graph.scopes
        found: dict[Path, None] = {}
        for node in self._graph.nodes:
            if node.id not in inputs and node.path[: len(scope)] == scope:
                lengths = range(len(scope) + 1, len(node.path))
                found[next((node.path[:n] for n in lengths if node.path[:n] in kinds), node.path)] = None
        return list(found)
