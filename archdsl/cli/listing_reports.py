"""The JSON of listing commands and of `predict`: documented models, stable within their `schema_version`."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Literal

from pydantic import Field

from .. import zoo
from ..contract.layer import Op
from ..diagnostics import Sink
from ..diagnostics.diagnostic import Diagnostic
from ..diagnostics.json_models import Model
from ..network import analyze
from ..shapes.symbolic import concrete
from ..text.docstrings import docstring
from .standard_pages import StandardBlock


class ArgumentReport(Model):
    """An argument of a layer."""

    name: str
    positional: bool = Field(description="True if it may be written without its name.")
    letter: str | None = Field(description="The prefix of its short form: `k` for `k3`.")
    words: list[str] = Field(description="Words that set it.")
    required: bool
    default: str | None = Field(description="As written; null for none.")
    doc: str


class LayerDeclaration(Model):
    """A layer, a merge of branches, or a block (`use std`)."""

    keyword: str
    kind: Literal["layer", "merge", "block"]
    synonyms: list[str] = Field(description="Other names; for a merge, using one is an error.")
    doc: str
    arguments: list[ArgumentReport] = Field(description="Positional ones first. For a block, its parameters.")
    example: str = Field(description="For a block, its text.")


class LayersReport(Model):
    """What `archdsl layers` lists, or the one layer that was named."""

    schema_version: Literal[1] = 1
    layers: list[LayerDeclaration]


class DiagnosticKind(Model):
    """An error or a warning that archdsl reports."""

    code: str
    title: str
    severity: Literal["error", "warning"]
    pedantic: bool = Field(description="True if it is only reported with --pedantic.")
    meaning: str
    wrong: str = Field(description="A program that causes it.")
    right: str = Field(description="The corrected program.")


class ExplainReport(Model):
    """What `archdsl explain` lists, or the one diagnostic that was named."""

    schema_version: Literal[1] = 1
    diagnostics: list[DiagnosticKind]


class ZooNetwork(Model):
    """A network that ships with archdsl."""

    name: str = Field(description="`resnet50`, for zoo:resnet50.")
    parameters: int
    macs: int = Field(description="Multiply-accumulates of one sample, at the example sizes of symbolic dimensions.")
    task: str
    year: int
    authors: str
    title: str
    venue: str = Field(description="Where to find the paper: `arXiv 1512.03385`.")


class ZooReport(Model):
    """What `archdsl zoo` lists."""

    schema_version: Literal[1] = 1
    networks: list[ZooNetwork]


class DataFile(Model):
    """A file of a data set."""

    name: str
    sha256: str
    urls: list[str] = Field(description="Tried in this order.")
    kept: bool = Field(description="Whether it is in the cache.")


class DataSetReport(Model):
    """A built-in data set."""

    name: str
    train: int | None = Field(description="Number of training samples, before some are held out for validation.")
    test: int | None
    shape: list[int] | None = Field(description="The shape of one sample, such as channels, height and width.")
    targets: str = Field(description="What is predicted for each sample: `class`, `mask`, …")
    classes: list[str]
    license: str
    folder: str | None = Field(description="Where its files are kept; null if nothing is downloaded.")
    files: list[DataFile]


class DataReport(Model):
    """What `archdsl data` lists."""

    schema_version: Literal[1] = 1
    data: list[DataSetReport]


class CachePart(Model):
    """A part of the cache."""

    name: str
    meaning: str
    bytes: int
    entries: int = Field(description="Number of files and folders.")


class CacheReport(Model):
    """What `archdsl cache` lists."""

    schema_version: Literal[1] = 1
    folder: str
    parts: list[CachePart]


class BoxReport(Model):
    """An object in an image: its class, the score, and its box in pixels of the image's file."""

    name: str = Field(description="Its class.")
    score: float = Field(description="In 0..1.")
    left: float
    top: float
    right: float
    bottom: float


class PredictionReport(Model):
    """An element of the list that `archdsl predict` prints: an image or other input, and its prediction or error.

    Null fields are left out.
    """

    image: str
    error: str | None = Field(default=None, description="Why there is no prediction.")
    true: str | None = Field(default=None, description="The true class or target, if it is known.")
    classes: dict[str, float] | None = Field(
        default=None,
        description="Class → probability, the most likely first; for segmentation, class → fraction of the pixels.",
    )
    values: dict[str, float] | None = Field(default=None, description="Predicted numbers, or metrics such as the PSNR.")
    file: str | None = Field(default=None, description="The mask or image that was written.")
    boxes: list[BoxReport] | None = Field(
        default=None, description="For detection: the objects, the most likely first."
    )
    text: str | None = Field(default=None, description="A caption, or a language model's continuation of the text.")


def layers_report(
    layers: Iterable[type[Op]], merges: Iterable[type[Op]], blocks: Iterable[StandardBlock]
) -> LayersReport:
    """The declarations of layers, merges and blocks."""
    found = [_layer(each, "layer") for each in layers]
    found += [_layer(each, "merge") for each in merges]
    return LayersReport(layers=[*found, *map(_block, blocks)])


def _layer(layer: type[Op], kind: Literal["layer", "merge"]) -> LayerDeclaration:
    doc, _, example = docstring(layer).partition("Example:\n")
    arguments = [
        ArgumentReport(
            name=p.name,
            positional=p.positional,
            letter=p.letter or None,
            words=[word for word, _ in p.words],
            required=p.required,
            default=None if p.required or p.default in (None, ()) else str(p.default),
            doc=p.doc,
        )
        for p in sorted(layer.parameters, key=lambda p: not p.positional)
    ]
    return LayerDeclaration(
        keyword=layer.keyword,
        kind=kind,
        synonyms=list(layer.synonyms),
        doc=cleandoc(doc).strip(),
        arguments=arguments,
        example=cleandoc(example).strip(),
    )


def _block(block: StandardBlock) -> LayerDeclaration:
    arguments = [
        ArgumentReport(name=name, positional=True, letter=None, words=[], required=True, default=None, doc="")
        for name in block.parameters
    ]
    doc = "\n".join(block.comment)
    return LayerDeclaration(
        keyword=block.name, kind="block", synonyms=[], doc=doc, arguments=arguments, example=block.text
    )


def explain_report(kinds: Mapping[str, type[Diagnostic]]) -> ExplainReport:
    """The pages of diagnostics."""
    found = [
        DiagnosticKind(
            code=code,
            title=kind.title,
            severity="error" if kind.severity.value == "error" else "warning",
            pedantic=kind.pedantic,
            meaning=cleandoc(docstring(kind)),
            wrong=kind.wrong,
            right=kind.right,
        )
        for code, kind in kinds.items()
    ]
    return ExplainReport(diagnostics=found)


def zoo_report() -> ZooReport:
    """The zoo networks."""
    return ZooReport(networks=[_network(name, entry) for name, entry in zoo.entries().items()])


def _network(name: str, entry: zoo.ZooEntry) -> ZooNetwork:
    total, paper = analyze(entry.source(), Sink()).checked().costs.total, entry.citation()
    return ZooNetwork(
        name=name,
        parameters=total.parameters,
        macs=concrete(total.macs),
        task=entry.task,
        year=paper.year,
        authors=paper.authors,
        title=paper.title,
        venue=paper.venue,
    )
