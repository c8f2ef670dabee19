"""The outputs of a network, and the loss over them."""

from dataclasses import dataclass, field

from torch import Tensor

from ...graph import Graph
from ..data.dataset_spec import TaskFacts
from ..recipe.part_names import FREE
from ..recipe.recipe import Recipe, loss_named
from .custom_code import CustomCode
from .main_output import main_output
from .meter import BatchWeight, Loss
from .task import Task


@dataclass(frozen=True)
class Term:
    """The loss of one output besides the main one: its index among the outputs, and its weight in the sum."""

    index: int
    weight: float
    loss: Loss


@dataclass(frozen=True)
class Objective:
    """What a step minimizes: the task's loss of the main output, plus those of other outputs, each with its weight.

    `batch_weight` is the task's `batch_weight` for the main loss; None unless the main loss is that of the recipe.
    """

    task: Task
    main: Loss
    others: tuple[Term, ...] = ()
    facts: TaskFacts = field(default_factory=TaskFacts)
    custom: CustomCode = field(default_factory=CustomCode)
    batch_weight: BatchWeight | None = None

    def __call__(self, outputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        """The mean over a batch, a scalar, from the outputs that have a loss."""
        total = self.main(outputs[0], targets)
        for term, output in zip(self.others, outputs[1:], strict=True):
            total = total + term.weight * term.loss(output, targets)
        return total

    def outputs(self, output: object) -> tuple[Tensor, ...]:
        """The outputs of a network that have a loss, the main one first, in 32 bits; outputs that the task joins count
        as one.
        """
        if not self.others:
            return (self.task.combined(output),)
        assert isinstance(output, tuple | list)
        return (self.task.combined(output), *(main_output(output[term.index]) for term in self.others))

    def without_free(self, output: object) -> object:
        """The outputs of a network, with None for those that have no loss."""
        if self.task.joins_outputs:
            return output
        if not self.others or not isinstance(output, tuple | list):
            return main_output(output)
        used = {0, *(term.index for term in self.others)}
        return tuple(each if index in used else None for index, each in enumerate(output))


def objective_of(
    task: Task,
    recipe: Recipe,
    graph: Graph | None = None,
    facts: TaskFacts | None = None,
    custom: CustomCode | None = None,
) -> Objective:
    """What a recipe's steps minimize for a task, with user-defined losses instead of those of the recipe; without a
    graph, only the loss of the main output.
    """
    facts, custom = facts or TaskFacts(), custom or CustomCode()
    losses, own = recipe.loss.by_output, task.loss(recipe.loss, facts)
    main = own
    outputs = graph.outputs if graph else ()
    if task.joins_outputs:
        return Objective(task, custom.losses.get(outputs[0][0], own) if outputs else own, (), facts, custom)
    terms = []
    for index, (name, _) in enumerate(outputs):
        given = losses.get(name)
        loss = task.loss(loss_named(given), facts) if isinstance(given, str) and given != FREE else own
        loss = custom.losses.get(name, loss)
        if index == 0:
            main = loss
        elif given is not None and given != FREE:
            terms.append(Term(index, given if isinstance(given, float) else 1.0, loss))
    batch_weight = task.batch_weight(recipe.loss, facts) if main is own else None
    return Objective(task, main, tuple(terms), facts, custom, batch_weight)
