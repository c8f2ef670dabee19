"""Other weights beside those that are trained: running means of them, or slow ones that they come back to."""

import torch
from torch import Tensor

from ..recipe.recipe import Lookahead, Recipe
from .training_state import State, weights_of


class Means:
    """The state's `average` in step with the weights, buffers included."""

    def __init__(self, state: State) -> None:
        assert state.average is not None
        weights = weights_of(state.model)
        smooth = [name for name, tensor in weights.items() if tensor.is_floating_point()]
        self._means = [state.average[name] for name in smooth]
        self._weights = [weights[name] for name in smooth]
        self._counts = [
            (state.average[name], tensor) for name, tensor in weights.items() if not tensor.is_floating_point()
        ]

    @torch.no_grad()
    def step(self, recipe: Recipe, step: int, steps: int) -> None:
        """After an update, counted from 0, of so many in all: as `ema` and `lookahead` of the recipe say."""
        if recipe.ema is not None:
            # faster at first, so that where it all started is soon forgotten
            self._follow(1 - min(recipe.ema, (1 + step) / (10 + step)))
        elif recipe.lookahead.every is not None and (step + 1) % recipe.lookahead.every == 0:
            self._follow(part_of_way(recipe.lookahead, step + 1, steps))
            torch._foreach_copy_(self._weights, self._means)

    def _follow(self, part: float) -> None:
        torch._foreach_lerp_(self._means, self._weights, part)
        for mean, count in self._counts:
            mean.copy_(count)


def part_of_way(lookahead: Lookahead, done: int, steps: int) -> float:
    """How far the slow weights go towards the fast ones after so many updates of all: 1 is the whole way."""
    over: float = (done / steps) ** lookahead.ramp
    return 1 - (1 - lookahead.alpha) * over


def start(recipe: Recipe, weights: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """The means at the start, where the recipe wants such."""
    if recipe.ema is None and recipe.lookahead.every is None:
        return None
    return {name: tensor.clone() for name, tensor in weights.items()}
