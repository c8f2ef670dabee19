"""The receptive field of a clicked element: what it reads in the layers before it, back to the image."""

from collections.abc import Mapping, Sequence

from ..analysis.receptive_field import fields, support
from ..graph import Graph, Node
from ..network import loads
from .panels import Cell, LectureFigure, filled, grid, panel, panels
from .phrases import words

NETWORKS: Mapping[str, str] = {
    "three convolutions": "input 1x16x16; conv 8 k3 p1; conv 8 k3 p1; conv 8 k3 p1",
    "with pooling": "input 1x16x16; conv 8 k3 p1; maxpool 2; conv 16 k3 p1; maxpool 2; conv 32 k3 p1",
    "with stride": "input 1x16x16; conv 8 k3 s2 p1; conv 16 k3 s2 p1; conv 32 k3 p1",
    "large kernel": "input 1x16x16; conv 8 k7 p3",
    "dilated": "input 1x16x16; conv 8 k3 p1; conv 8 k3 d2 p2; conv 8 k3 d4 p4",
}
_CELL = 18


def figure(
    network: str = "with pooling", layer: int = 3, row: int = 3, column: int = 4, language: str = "en"
) -> LectureFigure:
    """For one element of a layer's output, the elements that it reads in each layer before it.

    `layer` counts from 1. Raises ValueError for an unknown network.
    """
    if network not in NETWORKS:
        raise ValueError(f"network is one of {', '.join(NETWORKS)}")
    graph = loads(NETWORKS[network]).graph
    nodes = (graph.nodes[graph.inputs[0]], *graph.layers)
    last = nodes[min(max(layer, 1), len(nodes) - 1)]
    at = tuple(min(max(each, 0), size - 1) for each, size in zip((row, column), last.shape.spatial_size, strict=True))
    chain = nodes[: nodes.index(last) + 1]
    sets = [frozenset(each) for each in read_by(chain, (at[0], at[1]))]
    texts = [item.strip() for item in NETWORKS[network].split(";")]
    translations = words(language)
    parts = [
        panel(f"{texts[i]} → {node.shape}", _grid(node, sets[i], "-" if node is last else ""))
        for i, node in enumerate(chain)
    ]
    (seen,) = fields(graph)[last.id]
    size = seen.dimensions[0].size
    text = translations["field"].format(
        row=at[0], column=at[1], layer=texts[len(chain) - 1], size=size, pixels=len(sets[0])
    )
    return LectureFigure(html=panels(*parts), text=text)


def read_by(chain: Sequence[Node], at: tuple[int, int]) -> list[set[tuple[int, ...]]]:
    """For each node of a chain, the positions that one position of the last node reads, the image first."""
    found = []
    for number in range(len(chain) - 1):
        part = graph_from(chain, number)
        found.append(support(part).rows(part.output.id, part.inputs[0], (None, *at)))
    return [*found, {at}]


def graph_from(chain: Sequence[Node], start: int) -> Graph:
    """The layers of a chain after a node, with its output as the input."""
    statements = "; ".join(node.text for node in chain[start + 1 :])
    return loads(f"input {'x'.join(map(str, chain[start].shape.dims))}; {statements}").graph


def _grid(node: Node, read: frozenset[tuple[int, ...]], target: str) -> str:
    height, width = node.shape.spatial_size

    def cell(r: int, c: int) -> Cell:
        return Cell(marks="value read" if (r, c) in read else "value")

    return grid(filled(height, width, cell), f"{node.shape}: {len(read)}", target=target, cell=_CELL)
