"""Read an SVG back by its data attributes: which nodes each box stands for, the arrows, the repetitions."""

from collections import Counter
from math import prod
from xml.etree import ElementTree

from archdsl.graph import Graph

SVG = "{http://www.w3.org/2000/svg}"


class ReadBox:
    """A box: its nodes, how often it is repeated by itself, the frame that it is in."""

    def __init__(self, group: ElementTree.Element) -> None:
        self.id = group.get("data-box", "")
        self.nodes = [int(node) for node in group.get("data-node", "").split()]
        self.times = int(group.get("data-times", 1))
        self.frame = group.get("data-in", "")
        self.letter = group.get("data-continues")
        self.role = group.get("class", "").split()[1].removeprefix("arch-")
        layers = [each for each in group.iter(f"{SVG}g") if "arch-layer" in each.get("class", "").split()]
        of_each = [[int(node) for node in each.get("data-node", "").split()] for each in layers]
        self.layers = [each for each in of_each if each] or [self.nodes]


class ReadFigure:
    """A figure as read from an SVG."""

    def __init__(self, svg: bytes) -> None:
        groups = list(ElementTree.fromstring(svg).iter(f"{SVG}g"))
        found = [ReadBox(group) for group in groups if group.get("data-box")]
        self.boxes = {box.id: box for box in found}
        assert len(self.boxes) == len(found), "an id occurs twice"
        self.frames = {g.get("data-frame", ""): int(g.get("data-times", 1)) for g in groups if g.get("data-frame")}
        self.drawn = {(g.get("data-from", ""), g.get("data-to", "")) for g in groups if g.get("data-from")}
        self.arrows = self._joined()

    def _joined(self) -> set[tuple[str, str]]:
        """The arrows from box to box: through the points and letters at which lines continue."""
        lettered = [box for box in self.boxes.values() if box.letter]
        starts, ends = ({arrow[side] for arrow in self.drawn} for side in (0, 1))
        steps = self.drawn | {
            (one.id, other.id)
            for one in lettered
            for other in lettered
            if one.letter == other.letter and one.id in ends and other.id in starts and one is not other
        }
        through = {box.id for box in self.boxes.values() if not box.nodes and box.role in ("port", "entry")}
        through |= {end for arrow in steps for end in arrow if end not in self.boxes}
        while more := {(a, c) for a, b in steps for other, c in steps if b == other and b in through} - steps:
            steps |= more
        return {(a, b) for a, b in steps if not {a, b} & through}

    def turns(self, box: ReadBox) -> int:
        """How many of each of its layers a box stands for."""
        return box.times * prod(times for frame, times in self.frames.items() if self._inside(box, frame))

    def repeated(self, one: ReadBox, other: ReadBox) -> bool:
        """Whether both are in the same repetition."""
        return any(
            times > 1 and self._inside(one, frame) and self._inside(other, frame)
            for frame, times in self.frames.items()
        )

    @staticmethod
    def _inside(box: ReadBox, frame: str) -> bool:
        return f"{box.frame}/".startswith(f"{frame}/")


def assert_quotient_graph(svg: bytes, found: Graph) -> None:
    """Assert that every box stands for nodes, and every arrow for arrows of the graph."""
    figure = ReadFigure(svg)
    assert Counter(node for box in figure.boxes.values() for node in box.nodes) == Counter(range(len(found.nodes)))
    owner = {node: box for box in figure.boxes.values() for node in box.nodes}
    ends = {(owner[made].id, f"y{index}") for index, (_, made) in enumerate(found.outputs)}
    # The row of `volumes` ends with the main output.
    ends = {(start, end) for start, end in ends if end in figure.boxes or any(a == start for a, _ in figure.arrows)}
    edges = {(owner[source].id, owner[node.id].id) for node in found.nodes for source in node.inputs}
    for start, end in edges:
        one, other = figure.boxes[start], figure.boxes[end]
        assert one is other or (start, end) in figure.arrows or figure.repeated(one, other), (start, end)
    assert ends <= figure.arrows
    assert figure.arrows <= edges | ends
    for box in figure.boxes.values():
        for layer in box.layers:
            exact = box.role in ("layers", "merge")
            assert len(layer) == figure.turns(box) if exact else len(layer) % figure.turns(box) == 0, box.id
