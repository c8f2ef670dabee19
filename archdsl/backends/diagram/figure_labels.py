"""The labels that a `figure { … }` block gives to layers, stages, blocks and outputs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from ...graph import FigureLabel
from .engine import CannotDraw

Path = tuple[str, ...]


class FigureLabels:
    """Labels by the parts that they name. If several names match the same part, the one that matches the fewest parts
    wins.
    """

    def __init__(self, written: Sequence[FigureLabel] = ()) -> None:
        self.written = tuple(written)

    @cached_property
    def _ordered(self) -> list[FigureLabel]:
        return sorted(self.written, key=lambda label: -label.matches)

    @cached_property
    def _nodes(self) -> Mapping[int, FigureLabel]:
        return {node: label for label in self._ordered for node in label.nodes}

    @cached_property
    def _scopes(self) -> Mapping[Path, FigureLabel]:
        return {path: label for label in self._ordered for path in label.scopes}

    def of_nodes(self, copies: Iterable[int]) -> str | None:
        """The label of a layer and its repetitions; None if there is none. Raises CannotDraw if their labels differ."""
        return _common([self._nodes.get(node) for node in copies])

    def of_scopes(self, copies: Iterable[Path]) -> str | None:
        """The label of a stage or block and its repetitions; None if there is none. Raises CannotDraw if their labels
        differ.
        """
        return _common([self._scopes.get(path) for path in copies])

    def of_output(self, name: str) -> str | None:
        """The label of an output; None if there is none."""
        return next((label.text for label in self._ordered if name in label.outputs), None)

    def require_shown(
        self, nodes: Iterable[int], scopes: Iterable[Path], outputs: Iterable[str], view: str, hidden: frozenset[int]
    ) -> None:
        """Raise CannotDraw for a label whose target the view does not show, or the figure hides."""
        shown = set(nodes), set(scopes), set(outputs)
        for label in self.written:
            if not (label.nodes & shown[0] or label.scopes & shown[1] or label.outputs & shown[2]):
                if label.nodes and not label.scopes and label.nodes <= hidden:
                    raise CannotDraw(
                        f"the figure both labels and hides `{label.name}`: remove the label, or do not hide the layer"
                    )
                if label.of_group:
                    raise CannotDraw(
                        f"the view `{view}` does not show the group `{label.name}` of the figure: use the view `layers`"
                        ", or leave out the group"
                    )
                raise CannotDraw(
                    f"the view `{view}` does not show `{label.name}`, which the figure labels: use another view, or "
                    "label the stage or block that contains it"
                )


NO_LABELS = FigureLabels()


def _common(found: list[FigureLabel | None]) -> str | None:
    texts = {label.text if label is not None else None for label in found}
    if len(texts) > 1:
        name = next(label.name for label in found if label is not None)
        raise CannotDraw(
            f"`{name}` has its own label, but is shown once with its repetitions: label all of them by the name "
            "that they share, or use --no-fold"
        )
    return texts.pop() if texts else None
