"""The names that packages import to extend archdsl with layers, lints, data sets, tasks and backends. They are stable.

Importing this module imports neither torch nor numpy: `nn`, `F` and `torch` describe calls, and names that need numpy,
pydantic or torch, such as `ImageSet` and `Meter`, are loaded on first use.
"""

import importlib
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
    axis_links,
    mixing,
    pointwise,
    sliding,
    spatial_links,
)
from .contract.reasons import Reason, Reasons, reasons
from .contract.saves import INPUT, NO_SAVED_TENSORS, OUTPUT, VIEW, SavedTensor, Saves
from .diagnostics import Change, Diagnostic, Edit, Fix, Label, Severity, Sink
from .graph import Graph, Node
from .shapes.shape import Layout, Shape, Window
from .text.source import Span
from .training.data.dataset_spec import DataSpec, ImageShape, TaskFacts
from .training.tasks.metric import Metric
from .training.tasks.output_error import report_output
from .training.tasks.task import PIXEL_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from .training.data.images import ImageSet, Inputs, Request, Splits, TargetArray, hold_out
    from .training.recipe.recipe import AnyLoss
    from .training.tasks.meter import Gatherer, Loss, Meter, Scores
    from .training.tasks.presentation import Answer, Panel, Table, Tile

__all__ = [
    "ALL",
    "ARG",
    "ARG2",
    "ARGS",
    "INPUT",
    "MIXED",
    "NO_SAVED_TENSORS",
    "OUTPUT",
    "PIXEL_AUGMENTATIONS",
    "SAME",
    "VIEW",
    "Answer",
    "AnyFloat",
    "AnyInt",
    "AnyLoss",
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
    "Gatherer",
    "Graph",
    "ImageSet",
    "ImageShape",
    "Inputs",
    "Int",
    "Kind",
    "Label",
    "Layer",
    "LayerOp",
    "Layout",
    "Links",
    "Loss",
    "Meter",
    "Metric",
    "Module",
    "NaturalFloat",
    "NaturalInt",
    "NaturalSpatialInt",
    "Node",
    "OneOf",
    "Op",
    "Panel",
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
    "Scores",
    "Severity",
    "Shape",
    "Sink",
    "Sizes",
    "Span",
    "Splits",
    "Step",
    "Steps",
    "Table",
    "TargetArray",
    "Task",
    "TaskFacts",
    "Tensor",
    "Tile",
    "Weights",
    "Window",
    "argument",
    "axis_links",
    "costs",
    "hold_out",
    "init",
    "method",
    "mixing",
    "nn",
    "operator",
    "pointwise",
    "reasons",
    "report_output",
    "sliding",
    "spatial_links",
    "torch",
]

_ON_FIRST_USE = {
    **dict.fromkeys(("ImageSet", "Inputs", "Request", "Splits", "TargetArray", "hold_out"), "data.images"),
    "AnyLoss": "recipe.recipe",
    **dict.fromkeys(("Gatherer", "Loss", "Meter", "Scores"), "tasks.meter"),
    **dict.fromkeys(("Answer", "Panel", "Table", "Tile"), "tasks.presentation"),
}
"""The names that need other packages, with their modules in `training`."""


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".training.{_ON_FIRST_USE[name]}", __package__), name)
