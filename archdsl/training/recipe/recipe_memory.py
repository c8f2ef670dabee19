"""The settings of a training run that determine its memory: from the options, else from its `train` block."""

from typing import TYPE_CHECKING

from ...analysis.memory_options import PRECISION, MemoryOptions
from ...diagnostics import Sink
from ...graph import Graph

if TYPE_CHECKING:
    from .recipe import Recipe


def memory_options(
    graph: Graph,
    *,
    batch: int | None = None,
    optimizer: str | None = None,
    precision: str | None = None,
    shards: int | None = None,
) -> MemoryOptions:
    """The given settings, else those of the text's `train` block, else the recipe's defaults. Imports pydantic for a
    block.

    A block with errors, which `check` reports, is ignored.
    """
    found = _of_block(graph) if graph.training else MemoryOptions()
    if optimizer is not None and optimizer != found.optimizer:
        found = found.replace(optimizer=optimizer, momentum=None, other="adamw")
    return found.replace(batch=batch or found.batch, precision=precision or found.precision, shards=shards or 1)


def _of_block(graph: Graph) -> MemoryOptions:
    from .composition import compose

    recipe = compose(graph.training, {}, Sink())
    return MemoryOptions() if recipe is None else memory_options_of(recipe)


def memory_options_of(recipe: "Recipe", shards: int = 1) -> MemoryOptions:
    """The settings of a recipe."""
    optimizer = recipe.optimizer
    muon = optimizer if optimizer.name == "muon" else None
    momentum = muon.nesterov_momentum if muon else getattr(optimizer, "momentum", 0.0)
    return MemoryOptions(
        batch=recipe.batch,
        optimizer=optimizer.name,
        precision=PRECISION if recipe.precision == "auto" else recipe.precision,
        momentum=momentum > 0,
        other=muon.other if muon else "adamw",
        copies=(recipe.ema is not None) + (recipe.lookahead.every is not None),
        activation_checkpointing=recipe.activation_checkpointing,
        shards=shards,
    )
