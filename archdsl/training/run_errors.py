"""More that can go wrong with a training, as facts: what it learns from, and where it writes. See errors.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Problem


class NothingToLearnFrom(Problem):
    """A split that leaves no image to learn from, of so many."""

    def __init__(self, split: float, images: int) -> None:
        super().__init__(split, images)
        self.split, self.images = split, images

    def message(self) -> str:
        return f"`split {self.split:g}` leaves none of {self.images:,} images to learn from"

    def help(self) -> tuple[str, ...]:
        enough = max(0.9, 1 / max(1, self.images))
        return (f"`split {enough:g}`: {round(self.images * enough):,} to learn from",)


class LonelyImage(Problem):
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


class CannotCompile(Problem):
    """torch.compile does not get along with what is installed, or with the network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"torch.compile failed: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("a new run without `--compile` trains the same", "on the CPU it needs a C++ compiler: `g++`")


class CannotWrite(Problem):
    """A file that the system does not let be written, for another reason than its size."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def message(self) -> str:
        return f"cannot write {self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("make its folder writable, or choose another place with --out",)


@contextmanager
def variance_needed() -> Iterator[None]:
    """Raises LonelyImage where torch finds nothing to normalise over."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise LonelyImage(str(error)) from error
