"""The documented model of `archdsl check --format json`, stable within a `schema_version`.

Within a version, fields may be added, but none is removed or changes its meaning.
"""

import json
from typing import Any, Literal

from pydantic import Field, RootModel

from ..diagnostics.json_models import DiagnosticReport, Model

ID = "urn:archdsl:schema:check:2"


class FieldReport(Model):
    """A receptive field along one dimension of an input, in elements, ignoring the borders."""

    size: int | None = Field(
        description="Length from the first element read to the last; null for the whole dimension."
    )
    read: int | None = Field(description="How many elements in it are read, without the gaps.")
    jump: float | None = Field(
        description="Distance between the fields of neighboring positions; null where it varies."
    )
    start: float | None = Field(
        description="The center of the first position's field; the center of the first element is 0.5."
    )


class ReceptiveFieldReport(Model):
    """The part of an input that one position of a layer depends on."""

    input: int = Field(description="The id of the input's node.")
    exact: bool = Field(description="Whether the field is exact; otherwise it is an upper bound.")
    has_positions: bool = Field(description="True if the layer has positions that each depend on a part of the input.")
    dimensions: list[FieldReport] = Field(description="The union of all paths, for each dimension of the input.")


class PathsReport(Model):
    """The receptive fields of the paths that lead to a layer, where branches merge."""

    input: int = Field(description="The id of the input's node.")
    complete: bool = Field(
        description="Whether all distinct paths are listed, or only those whose field lies in no other's."
    )
    paths: list[list[FieldReport]] = Field(
        description="For each distinct path, one field per dimension; empty for a single path."
    )


class ShareReport(Model):
    """A layer's shares of the network's totals, from 0 to 1."""

    parameters: float
    macs: float
    memory: float = Field(description="Share of what training keeps for the backward pass.")


class MemoryReport(Model):
    """Memory in bytes that training takes, for a batch size, an optimizer and a precision."""

    batch: int
    optimizer: str
    precision: str
    parameters: int
    buffers: int
    gradients: int
    optimizer_state: int
    running_means: int = Field(description="Averaged copies of all weights, for `ema` and `lookahead`.")
    activations: int = Field(description="Everything that autograd keeps for the backward pass.")
    activation_gradients: int = Field(description="Peak size of the activation gradients in the backward pass.")
    shards: int = Field(
        1, description="With --shards: the number of processes that shard the weights; the bytes are per process."
    )
    gathered: int = Field(
        0,
        description="With --shards: the peak size of the unsharded weights and gradients that a process holds.",
    )
    total: int


class LayerReport(Model):
    """One node of the graph. Fields that an error leaves unknown are null."""

    id: int
    name: str = Field(description="The dotted path: the module's name in torch.")
    keyword: str = Field(description="The layer's keyword; `input` for an input, `?` for an unknown layer.")
    text: str = Field(description="The statement as written, on one line.")
    line: int
    inputs: list[int] = Field(description="The ids of the nodes that it reads.")
    shape: list[int | str] | None = Field(
        description="Sizes without the batch; closed forms if they depend on symbolic dimensions."
    )
    layout: str | None = Field(
        description="`vector`, `sequence`, `signal`, `signal or sequence`, `image`, `volume` or `ids`."
    )
    parameters: int | None = Field(description="Number of its parameters; 0 if it reuses the weights of another layer.")
    trainable: int | None
    buffers: int | None
    macs: int | str | None = Field(
        description="Multiply-accumulates per sample; a closed form if they depend on symbolic dimensions."
    )
    arithmetic: list[str] | None = Field(None, description="With --explain: the arithmetic of its spatial dimensions.")
    receptive_field: list[ReceptiveFieldReport] | None = Field(
        None,
        description="With --columns rf: the part of each input with spatial dimensions that a position depends on.",
    )
    paths: list[PathsReport] | None = Field(None, description="With --columns paths.")
    memory: int | None = Field(None, description="With --columns memory or --batch: bytes that autograd keeps for it.")
    share: ShareReport | None = Field(None, description="With --columns share.")
    columns: dict[str, str] | None = Field(
        None, description="Other columns requested with --columns, by name, as text."
    )


class Totals(Model):
    """Totals of the network."""

    parameters: int
    trainable: int
    buffers: int
    macs: int | str = Field(description="Multiply-accumulates per sample; FLOPs = 2 × MACs.")
    weight_bytes: int = Field(description="Bytes of parameters and buffers in float32.")
    receptive_field: int | None = Field(
        None, description="With --columns rf: the largest receptive field of any layer whose output has positions."
    )
    memory: MemoryReport | None = Field(
        None, description="With --columns memory or --batch: the memory that training takes."
    )


class NetworkReport(Model):
    """What `archdsl check` reports about one network."""

    schema_version: Literal[2] = 2
    file: str
    name: str
    ok: bool = Field(description="True if there are no errors.")
    settings: dict[str, int | float | str | list[Any]] = Field(description="Parameter → value, as for --set.")
    inputs: dict[str, int] = Field(description="Input name → node id.")
    outputs: dict[str, int] = Field(description="Output name → node id.")
    layers: list[LayerReport]
    valid_sizes: list[str] | None = Field(
        description="The sizes for which the network is valid, in words; null where all sizes are known."
    )
    totals: Totals | None = Field(description="Null where the network has errors.")
    diagnostics: list[DiagnosticReport]


class SeveralReports(Model):
    """What `archdsl check` reports about several files."""

    schema_version: Literal[2] = 2
    networks: list[NetworkReport] = Field(description="In the order of the files.")


class CheckReport(RootModel[NetworkReport | SeveralReports]):
    """One network for a single file; an object with a list of networks for several files or a folder."""


def schema() -> str:
    """The JSON schema of the report."""
    found = CheckReport.model_json_schema(mode="validation")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ID, **found}, indent=2)
