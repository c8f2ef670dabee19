"""Problems that show while a network is trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .problem import Problem


class Diverged(Problem):
    """The loss is no finite number any more."""

    def __init__(self, loss: float, epoch: int, step: int, run: Path, lr: float, precision: str, clip: bool) -> None:
        super().__init__(loss, epoch, step)
        self.loss, self.epoch, self.step, self.run, self.lr = loss, epoch, step, run, lr
        self.precision, self.clip = precision, clip

    def message(self) -> str:
        return (
            f"the loss became {self.loss} in epoch {self.epoch}, step {self.step:,}, at a learning rate of {self.lr:g}"
        )

    def help(self) -> tuple[str, ...]:
        ways = [f"a smaller learning rate: `--lr {self.lr / 10:g}`", "a slow start: `--warmup 0.1`"]
        if not self.clip:
            ways.append("a bound on the gradient: `--clip 1`")
        if self.precision != "fp32":
            ways.append("more exact numbers: `--precision fp32`")
        return (*ways, f"the last weights that were finite are in {self.run}")


class NothingToTrain(Problem):
    """A network without a parameter that trains."""

    def message(self) -> str:
        return "the network has no parameter that trains"

    def help(self) -> tuple[str, ...]:
        return ("give it a layer with weights that are not frozen: `fc 10`",)


class BatchOfOne(Problem):
    """A batch of one image, in a network that normalises over the images of a batch."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"a batch of one image has no variance to normalise by (torch: {self.why})"

    def help(self) -> tuple[str, ...]:
        return (
            "`--batch 2` or more, of at least two images to learn from",
            "or `layernorm` or `groupnorm` in place of `bn`",
        )


@contextmanager
def variance_needed() -> Iterator[None]:
    """Raises BatchOfOne where torch finds nothing to normalise over."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise BatchOfOne(str(error)) from error
