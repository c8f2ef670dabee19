"""The JSON of `archdsl diff --format json`: a documented model, stable within a `schema_version`."""

from typing import Literal

from pydantic import Field

from ...diagnostics.json_models import Model
from ...shapes.symbolic import concrete
from .differences import Diff, DiffLayer, Named, NetworkTotals, Pair


class LayerSide(Model):
    """A layer in one of the two networks."""

    id: int
    name: str = Field(description="The dotted path: the module's name in torch.")
    keyword: str
    text: str = Field(description="The statement as written, on one line.")
    line: int
    arguments: dict[str, str]
    shape: str = Field(description="Sizes without the batch, closed forms for symbolic dimensions.")
    inputs: list[str] = Field(description="The names of the layers that it reads.")
    shares: str | None = Field(description="The name of the layer whose weights it reuses.")
    outputs: list[int] = Field(description="Its positions among the network's outputs, from 1.")
    parameters: int
    macs: int | str
    receptive_field: str = Field(
        description="`11`, `11×5` or `whole`; empty if the layer has no positions, as after `flatten`."
    )


class RowReport(Model):
    """A layer of both networks, or of one."""

    kind: Literal["same", "changed", "added", "removed"]
    changes: list[str] = Field(
        description="What differs: `layer` (keyword or arguments), `output` (shape), `parameters`, `macs`, `field` "
        "(receptive field), `name`, `inputs`, `shares`, `outputs`."
    )
    a: LayerSide | None
    b: LayerSide | None


class SideReport(Model):
    """The totals of one network."""

    file: str
    name: str
    layers: int
    parameters: int
    trainable: int
    buffers: int
    macs: int | str
    receptive_field: int | None
    inputs: list[str]
    outputs: list[str]


class TensorReport(Model):
    """An entry of a state dict."""

    name: str
    shape: list[int]
    parameter: bool = Field(description="False for a buffer.")


class TensorPairReport(Model):
    """An entry of the first state dict and the entry of the second that belongs to the same layer."""

    a: TensorReport
    b: TensorReport


class WeightsReport(Model):
    """Which entries of the first state dict carry over to the second."""

    same: list[TensorReport]
    renamed: list[TensorPairReport] = Field(description="The same shape under a different name.")
    changed: list[TensorPairReport] = Field(description="The same layer, with a different shape.")
    new: list[TensorReport] = Field(description="Only in the second.")
    left: list[TensorReport] = Field(description="Only in the first.")
    conflicting: list[str] = Field(description="Names that both have, with the same shape, for different layers.")


class DiffReport(Model):
    """The report of `archdsl diff`."""

    schema_version: Literal[1] = 1
    differs: bool
    a: SideReport
    b: SideReport
    layers: list[RowReport]
    weights: WeightsReport


def report(diff: Diff) -> DiffReport:
    """The model of a difference."""
    weights = diff.weights
    return DiffReport(
        differs=diff.differs,
        a=_side(diff.a),
        b=_side(diff.b),
        layers=[
            RowReport(kind=row.kind, changes=list(row.changes), a=_layer(row.a), b=_layer(row.b)) for row in diff.rows
        ],
        weights=WeightsReport(
            same=[_tensor(each) for each in weights.same],
            renamed=[_pair(each) for each in weights.renamed],
            changed=[_pair(each) for each in weights.changed],
            new=[_tensor(each) for each in weights.new],
            left=[_tensor(each) for each in weights.left],
            conflicting=list(weights.conflicting),
        ),
    )


def _side(figures: NetworkTotals) -> SideReport:
    return SideReport(
        file=figures.file,
        name=figures.name,
        layers=figures.layers,
        parameters=figures.parameters,
        trainable=figures.trainable,
        buffers=figures.buffers,
        macs=_number(figures.macs),
        receptive_field=figures.field,
        inputs=list(figures.inputs),
        outputs=list(figures.outputs),
    )


def _layer(layer: DiffLayer | None) -> LayerSide | None:
    if layer is None:
        return None
    return LayerSide(
        id=layer.id,
        name=layer.name,
        keyword=layer.keyword,
        text=layer.text,
        line=layer.line,
        arguments=dict(layer.arguments),
        shape=layer.shape,
        inputs=list(layer.inputs),
        shares=layer.shares,
        outputs=list(layer.outputs),
        parameters=layer.parameters,
        macs=_number(layer.macs),
        receptive_field=layer.field,
    )


def _number(count: int) -> int | str:
    return count if concrete(count) is count else str(count)


def _tensor(named: Named) -> TensorReport:
    return TensorReport(name=named.name, shape=list(named.shape), parameter=named.parameter)


def _pair(pair: Pair) -> TensorPairReport:
    return TensorPairReport(a=_tensor(pair.a), b=_tensor(pair.b))
