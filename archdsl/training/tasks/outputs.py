"""The outputs of a network, and the loss over them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..recipe.recipe import Recipe
from .meter import Loss
from .task import Task


@dataclass(frozen=True)
class Term:
    """The loss of one output besides the main one: its index among the outputs, its weight in the sum."""

    index: int
    weight: float
    loss: Loss


@dataclass(frozen=True)
class Objective:
    """What a step minimizes: the task's loss of the main output, plus those of other outputs, each with its weight."""

    task: Task
    main: Loss
    others: tuple[Term, ...] = ()

    def __call__(self, outputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        """The mean over a batch, a scalar, from the outputs in 32 bits."""
        total = self.main(outputs[0], targets)
        for term in self.others:
            total = total + term.weight * term.loss(outputs[term.index], targets)
        return total

    def outputs(self, output: object) -> tuple[Tensor, ...]:
        """The outputs that have a loss, at their indices; free ones before the last of those are among them."""
        if not self.others:
            return (main_output(output),)
        assert isinstance(output, tuple | list)
        last = max(term.index for term in self.others)
        return tuple(main_output(each) for each in output[: last + 1])


def objective_of(task: Task, recipe: Recipe) -> Objective:
    """What a recipe's steps minimize for a task."""
    return Objective(task, task.loss(recipe.loss))


def main_output(output: object) -> Tensor:
    """The first output of a network, in 32 bits; auxiliary outputs follow it in a tuple."""
    main = output[0] if isinstance(output, tuple | list) else output
    assert isinstance(main, torch.Tensor)
    return main.float()
