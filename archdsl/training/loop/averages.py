"""Weight averaging: exponential moving averages of the weights, or Lookahead's slow weights."""

import torch
from torch import Tensor

from ..recipe.recipe import Lookahead, Recipe
from .tensor_parts import local, weights_of
from .training_state import TrainingState


class WeightAverages:
    """Keeps the state's `average` in step with the weights, including buffers."""

    def __init__(self, state: TrainingState) -> None:
        assert state.average is not None
        weights = weights_of(state.model)
        smooth = [name for name, tensor in weights.items() if tensor.is_floating_point()]
        self._means = [local(state.average[name]) for name in smooth]
        self._weights = [local(weights[name]) for name in smooth]
        self._counts = [
            (state.average[name], tensor) for name, tensor in weights.items() if not tensor.is_floating_point()
        ]

    @torch.no_grad()
    def step(self, recipe: Recipe, step: int, steps: int) -> None:
        """Apply the recipe's `ema` or `lookahead` after update number `step`, counted from 0, of `steps`."""
        if recipe.ema is not None:
            # faster at first, so that the initial weights are soon forgotten
            self._follow(1 - min(recipe.ema, (1 + step) / (10 + step)))
        elif recipe.lookahead.every is not None and (step + 1) % recipe.lookahead.every == 0:
            self._follow(slow_weight_fraction(recipe.lookahead, step + 1, steps))
            torch._foreach_copy_(self._weights, self._means)

    def _follow(self, part: float) -> None:
        torch._foreach_lerp_(self._means, self._weights, part)
        for mean, count in self._counts:
            mean.copy_(count)


def slow_weight_fraction(lookahead: Lookahead, done: int, steps: int) -> float:
    """The fraction of the distance that the slow weights move after `done` of `steps` updates: 1 is all of it."""
    over: float = (done / steps) ** lookahead.ramp
    return 1 - (1 - lookahead.alpha) * over


def start(recipe: Recipe, weights: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """The initial averages, if the recipe enables averaging."""
    if recipe.ema is None and recipe.lookahead.every is None:
        return None
    return {name: tensor.clone() for name, tensor in weights.items()}
