"""What differs between two networks, layer by layer and tensor by tensor."""

from typing import Literal

from ...record import Record

Kind = Literal["same", "changed", "added", "removed"]


class DiffLayer(Record):
    """One layer as it is on one side.

    `arguments` are the values of its arguments as text. `macs` and `shape` are closed forms where sizes are not known.
    `field` is the receptive field, empty where no position has one. `scopes` are the stages and uses of blocks around
    it, outermost first, each with its name and how it is written.
    """

    id: int
    name: str
    text: str
    keyword: str
    line: int
    arguments: tuple[tuple[str, str], ...]
    shape: str
    parameters: int
    macs: int
    field: str
    scopes: tuple[tuple[str, str], ...]


class DiffRow(Record):
    """A layer of both sides, or of one; `changes` names what differs: layer, output, parameters, macs, field, name."""

    kind: Kind
    a: DiffLayer | None
    b: DiffLayer | None
    changes: tuple[str, ...] = ()

    @property
    def here(self) -> DiffLayer:
        """The layer of the second side, or of the first where the second has none."""
        found = self.b or self.a
        assert found is not None
        return found


class NetworkTotals(Record):
    """The sums of one side."""

    file: str
    name: str
    layers: int
    parameters: int
    trainable: int
    buffers: int
    macs: int
    field: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Named(Record):
    """A tensor of one side's state dict."""

    name: str
    shape: tuple[int, ...]
    parameter: bool


class Pair(Record):
    """A tensor of the first side and the one of the second that holds the same layer's weights."""

    a: Named
    b: Named


class Weights(Record):
    """Which tensors of the first side's state dict serve in the second.

    `same` have the name and the shape that they had; `renamed` the shape, under another name; `changed` are of the same
    layer in another shape. `new` are in the second alone, `left` in the first alone. `conflicting` are names that both
    have for tensors of one shape in different layers: loading by name would fill them with another layer's weights.
    """

    same: tuple[Named, ...]
    renamed: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    new: tuple[Named, ...]
    left: tuple[Named, ...]
    conflicting: tuple[str, ...]

    @property
    def carried(self) -> tuple[Named, ...]:
        """The tensors of the second side that the first one fills."""
        return (*self.same, *(pair.b for pair in self.renamed))

    @property
    def total(self) -> int:
        """How many tensors the second side has."""
        return len(self.carried) + len(self.changed) + len(self.new)


class Diff(Record):
    """Two networks side by side."""

    a: NetworkTotals
    b: NetworkTotals
    rows: tuple[DiffRow, ...]
    weights: Weights

    @property
    def differs(self) -> bool:
        """Whether anything but the places in the text differs."""
        sums = ("layers", "parameters", "trainable", "buffers", "macs", "field", "inputs", "outputs")
        figures = any(str(getattr(self.a, each)) != str(getattr(self.b, each)) for each in sums)
        return figures or any(row.kind != "same" or row.changes for row in self.rows)
