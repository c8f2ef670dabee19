"""Problems during training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .problem import Problem


class Diverged(Problem):
    """The loss is NaN or infinite; `run` is the folder with the last finite weights, None if none are kept."""

    def __init__(
        self, loss: float, epoch: int, step: int, run: Path | None, lr: float, precision: str, clip: bool
    ) -> None:
        super().__init__(loss, epoch, step)
        self.loss, self.epoch, self.step, self.run, self.lr = loss, epoch, step, run, lr
        self.precision, self.clip = precision, clip

    def message(self) -> str:
        loss = "NaN" if self.loss != self.loss else str(self.loss)
        return f"the loss became {loss} in epoch {self.epoch}, step {self.step:,}, at a learning rate of {self.lr:g}"

    def help(self) -> tuple[str, ...]:
        suggestions = [f"a smaller learning rate: `--lr {self.lr / 10:g}`", "a warmup: `--warmup 0.1`"]
        if not self.clip:
            suggestions.append("gradient clipping: `--clip 1`")
        if self.precision != "fp32":
            suggestions.append("higher precision: `--precision fp32`")
        return (*suggestions, *((f"the last finite weights are in {self.run}",) if self.run is not None else ()))

    def without_run(self) -> "Diverged":
        """The same error for a training run that keeps nothing."""
        return Diverged(self.loss, self.epoch, self.step, None, self.lr, self.precision, self.clip)


class WrongTrainSize(Problem):
    """A network that cannot take images of the size of its random resized crops."""

    def __init__(self, size: int, why: str) -> None:
        super().__init__(size, why)
        self.size, self.why = size, why

    def message(self) -> str:
        return f"the network cannot take images of {self.size}x{self.size}, the size that `train_size` sets: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (
            "pool to a fixed size before the first linear layer: `gap`, or `adaptive_avgpool 1`",
            "or leave out `train_size`",
        )


class NotCausal(Problem):
    """A network that sees the IDs that it has to predict: the output at `step` depends on later inputs.

    `changes` are changes to the layers that may be the cause.
    """

    def __init__(self, step: int, changes: tuple[str, ...] = ()) -> None:
        super().__init__(step, changes)
        self.step, self.changes = step, changes

    def message(self) -> str:
        return f"the output at step {self.step} depends on later inputs, which it has to predict"

    def help(self) -> tuple[str, ...]:
        return self.changes or (
            "`causal` attention reads no later steps, and neither does an `lstm` or `gru` that is not bidirectional",
            "a `conv` reads no later steps if its input is padded on the left only",
        )


class NothingToTrain(Problem):
    """A network without trainable parameters."""

    def message(self) -> str:
        return "the network has no trainable parameters"

    def help(self) -> tuple[str, ...]:
        return ("add a layer with weights that are not frozen, such as `fc 10`",)


class ClassWithoutSamples(Problem):
    """A class that does not occur in the training data, so that it has no balanced weight."""

    def __init__(self, name: str, pixels: bool) -> None:
        super().__init__(name, pixels)
        self.name, self.pixels = name, pixels

    def message(self) -> str:
        what = "pixels" if self.pixels else "samples"
        return f"`class_weights balanced`: no training {what} are of the class `{self.name}`"

    def help(self) -> tuple[str, ...]:
        example = f"'{{\"{self.name}\": 1, …}}'" if "," in self.name else f'"{self.name}=1, …"'
        return (f"give the weights as numbers: `--class-weights {example}`",)


class BatchOfOne(Problem):
    """A batch of one image, in a network that normalizes over the images of a batch."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"cannot normalize over a batch of one image, which has no variance (torch: {self.why})"

    def help(self) -> tuple[str, ...]:
        return (
            "`--batch 2` or more, with at least two training images",
            "`layernorm` or `groupnorm` instead of `bn`",
        )


@contextmanager
def variance_needed() -> Iterator[None]:
    """Raise BatchOfOne if torch has only one value per channel to normalize."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise BatchOfOne(str(error)) from error
