"""What packages that extend archdsl import: for layers, lints, data sets and backends. These names are stable.

Importing this module imports neither torch nor numpy: `nn`, `F` and `torch` describe calls, and `ImageSet`, `Splits`
and `hold_out`, which need numpy, are loaded on first use.
"""

from typing import TYPE_CHECKING, Any

from .analysis.cost import Cost, Costs, costs
from .analysis.lint import Facts
from .contract.arguments import (
    AnyFloat,
    AnyInt,
    Either,
    Flag,
    Float,
    Int,
    Kind,
    NaturalFloat,
    NaturalInt,
    NaturalSpatialInt,
    OneOf,
    PositiveFloat,
    PositiveInt,
    PositiveSpatialInt,
    Probability,
    Sizes,
    Tensor,
    argument,
)
from .contract.call import ARG, ARG2, ARGS, Apply, F, Module, Step, Steps, init, method, nn, operator, torch
from .contract.layer import Layer, LayerOp, Op, Reject, Weights
from .contract.reads import (
    ALL,
    MIXED,
    SAME,
    Links,
    PeriodicReads,
    Reads,
    ReadsAll,
    ReadsBefore,
    along,
    mixing,
    pointwise,
    sliding,
    spatial_links,
)
from .contract.reasons import Reason, Reasons, reasons
from .contract.saves import INPUT, NOTHING, OUTPUT, VIEW, SavedTensor, Saves
from .diagnostics import Change, Diagnostic, Edit, Fix, Label, Severity
from .graph import Graph, Node
from .shapes.shape import Layout, Shape, Window
from .text.source import Span
from .training.data.dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from .training.data.images import ImageSet, Request, Splits, hold_out

__all__ = [
    "ALL",
    "ARG",
    "ARG2",
    "ARGS",
    "INPUT",
    "MIXED",
    "NOTHING",
    "OUTPUT",
    "SAME",
    "VIEW",
    "AnyFloat",
    "AnyInt",
    "Apply",
    "Change",
    "Cost",
    "Costs",
    "DataSpec",
    "Diagnostic",
    "Edit",
    "Either",
    "F",
    "Facts",
    "Fix",
    "Flag",
    "Float",
    "Graph",
    "ImageSet",
    "ImageShape",
    "Int",
    "Kind",
    "Label",
    "Layer",
    "LayerOp",
    "Layout",
    "Links",
    "Module",
    "NaturalFloat",
    "NaturalInt",
    "NaturalSpatialInt",
    "Node",
    "OneOf",
    "Op",
    "PeriodicReads",
    "PositiveFloat",
    "PositiveInt",
    "PositiveSpatialInt",
    "Probability",
    "Reads",
    "ReadsAll",
    "ReadsBefore",
    "Reason",
    "Reasons",
    "Reject",
    "Request",
    "SavedTensor",
    "Saves",
    "Severity",
    "Shape",
    "Sizes",
    "Span",
    "Splits",
    "Step",
    "Steps",
    "Tensor",
    "Weights",
    "Window",
    "along",
    "argument",
    "costs",
    "hold_out",
    "init",
    "method",
    "mixing",
    "nn",
    "operator",
    "pointwise",
    "reasons",
    "sliding",
    "spatial_links",
    "torch",
]

_OF_IMAGES = frozenset({"ImageSet", "Request", "Splits", "hold_out"})


def __getattr__(name: str) -> Any:
    if name not in _OF_IMAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .training.data import images

    return getattr(images, name)
