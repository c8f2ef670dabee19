"""What differs between two networks, layer by layer and tensor by tensor."""

from typing import Literal

from ...record import Record

Kind = Literal["same", "changed", "added", "removed"]


class DiffLayer(Record):
    """One layer of one of the networks.

    `arguments` are the values of its arguments as text. `macs` and `shape` are closed forms if there are symbolic
    dimensions. `inputs` are the names of the layers that it reads, `shares` is that of the layer whose weights it
    reuses, and `outputs` are its positions among the network's outputs, from 1. `field` is the receptive field, empty
    if no position has one. `scopes` are the enclosing stages and block uses, outermost first, each with its name and
    its source text.
    """

    id: int
    name: str
    text: str
    keyword: str
    line: int
    arguments: tuple[tuple[str, str], ...]
    shape: str
    inputs: tuple[str, ...]
    shares: str | None
    outputs: tuple[int, ...]
    parameters: int
    macs: int
    field: str
    scopes: tuple[tuple[str, str], ...]


class DiffRow(Record):
    """A layer of one or both networks.

    `changes` lists what differs: layer, output, inputs, shares, outputs, parameters, macs, field, name.
    """

    kind: Kind
    a: DiffLayer | None
    b: DiffLayer | None
    changes: tuple[str, ...] = ()

    @property
    def layer(self) -> DiffLayer:
        """The layer of the second network, or of the first if the second has none."""
        found = self.b or self.a
        assert found is not None
        return found


class NetworkTotals(Record):
    """The totals of one network."""

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
    """A tensor of one state dict."""

    name: str
    shape: tuple[int, ...]
    parameter: bool


class Pair(Record):
    """A tensor of the first network and the tensor of the second for the same layer."""

    a: Named
    b: Named


class Weights(Record):
    """Which tensors of the first state dict carry over to the second.

    `same` have the same name and shape; `renamed` the same shape under another name; `changed` belong to the same layer
    and have another shape. `new` are only in the second, `left` only in the first. `conflicting` are names in both for
    tensors of the same shape in different layers: loading by name would give them another layer's weights.
    """

    same: tuple[Named, ...]
    renamed: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    new: tuple[Named, ...]
    left: tuple[Named, ...]
    conflicting: tuple[str, ...]

    @property
    def carried(self) -> tuple[Named, ...]:
        """The tensors of the second network that the first one fills."""
        return (*self.same, *(pair.b for pair in self.renamed))

    @property
    def total(self) -> int:
        """The number of tensors of the second network."""
        return len(self.carried) + len(self.changed) + len(self.new)


class Diff(Record):
    """The differences between two networks."""

    a: NetworkTotals
    b: NetworkTotals
    rows: tuple[DiffRow, ...]
    weights: Weights

    @property
    def differs(self) -> bool:
        """Whether anything but the positions in the text differs."""
        sums = ("layers", "parameters", "trainable", "buffers", "macs", "field", "inputs", "outputs")
        figures = any(str(getattr(self.a, each)) != str(getattr(self.b, each)) for each in sums)
        return figures or any(row.kind != "same" or row.changes for row in self.rows)
