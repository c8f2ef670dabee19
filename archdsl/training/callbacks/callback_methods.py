"""User callbacks: called when a training run starts, after each epoch, and when it ends."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..recipe.recipe import Recipe

if TYPE_CHECKING:
    from torch.nn import Module


class Callback:
    """The methods that a callback may have: a class need not derive from this one, and may omit some of them.

    Each method receives the `RunningTraining`. An exception in one of them ends the training with an error, whose cause
    is that exception.
    """

    def on_start(self, run: "RunningTraining") -> None:
        """The first epoch, or the first one of a resumed run, is about to begin."""

    def on_epoch(self, run: "RunningTraining", epoch: Mapping[str, Any]) -> None:
        """An epoch has ended: `epoch` is its line of metrics.jsonl, with values such as
        `epoch["validation"]["accuracy"]`.
        """

    def on_end(self, run: "RunningTraining") -> None:
        """The training has ended, was stopped or failed (`run.status`); after a failure, there may be no report."""


class RunningTraining:
    """A training run, as a callback sees it."""

    def __init__(self, folder: Path, network: str, data: str, recipe: Recipe, model: "Module") -> None:
        self.folder = folder
        """The folder of the run."""
        self.network = network
        """The name of the network."""
        self.data = data
        """The name of the data set."""
        self.model = model
        """The module being trained, with its current weights."""
        self.epochs = 0
        """The number of epochs of the whole training."""
        self.status = "running"
        """`running`, `finished`, `early`, `stopped`, `diverged` or `failed`."""
        self.result: Mapping[str, float] | None = None
        """The final scores by name, such as `test/accuracy`; None before the end."""
        self._recipe = recipe
        self._stops = False

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.folder.name

    @property
    def recipe(self) -> dict[str, Any]:
        """All settings of the recipe."""
        return self._recipe.model_dump(mode="json")

    @property
    def parameters(self) -> dict[str, bool | int | float | str]:
        """The settings of the recipe by name, such as `optimizer.lr`: numbers and strings; `off` for None."""
        return dict(flat(self.recipe))

    @property
    def stops(self) -> bool:
        """Whether `stop` was called."""
        return self._stops

    def stop(self) -> None:
        """Ask the training to end after this epoch. The best epoch's weights are then tested, and the report is
        written.
        """
        self._stops = True


def flat(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, bool | int | float | str]]:
    """The leaves of a tree of settings, by dotted names."""
    for name, value in tree.items():
        path = f"{before}{name}"
        if isinstance(value, dict):
            yield from flat(value, f"{path}.")
        else:
            yield path, value if isinstance(value, bool | int | float | str) else "off" if value is None else str(value)


def scalars(epoch: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of an epoch by name: `loss/train`, `accuracy/validation`, `learning rate`, `images per second`."""
    for part in ("train", "validation"):
        for name, value in (epoch[part] or {}).items():
            yield f"{name}/{part}", value
    yield "learning rate", epoch["lr"]
    if epoch["images_per_second"]:
        yield "images per second", epoch["images_per_second"]
