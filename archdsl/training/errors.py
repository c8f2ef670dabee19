"""What can go wrong with data, settings and runs, as facts; the command line makes the exit code of them.

A mistake in the network's text is a `Diagnostic` with its place in the text. A `Problem` has no such place: a file that
is missing, a download that failed, a run that cannot be resumed.
"""

from abc import ABC, abstractmethod
from pathlib import Path


class Problem(Exception, ABC):
    """A mistake outside the network's text. Subclasses keep the facts and make the words."""

    @abstractmethod
    def message(self) -> str:
        """What is wrong, in one line."""

    def details(self) -> tuple[str, ...]:
        """Further lines to show under it, as they are."""
        return ()

    def help(self) -> tuple[str, ...]:
        """Ways out, the best first."""
        return ()

    def __str__(self) -> str:
        return self.message()


class UnknownData(Problem):
    """Neither a known data set nor a folder."""

    def __init__(self, name: str, known: tuple[str, ...], nearest: str | None) -> None:
        super().__init__(name)
        self.name, self.known, self.nearest = name, known, nearest

    def message(self) -> str:
        return f"`{self.name}` is neither a data set nor a folder"

    def help(self) -> tuple[str, ...]:
        nearest = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        return (
            *nearest,
            f"data sets: {', '.join(self.known)}; hf:OWNER/NAME; or a folder with one folder of images for each class",
        )


class DataMissing(Problem):
    """A file of a data set is not where the user said."""

    def __init__(self, name: str, folder: Path, looked_for: tuple[str, ...]) -> None:
        super().__init__(name, folder)
        self.name, self.folder, self.looked_for = name, folder, looked_for

    def message(self) -> str:
        return f"{self.name}: nothing of it in {self.folder}"

    def help(self) -> tuple[str, ...]:
        return (f"looked for {', '.join(self.looked_for)}", "without --data-dir it is downloaded and kept")


class DataCorrupt(Problem):
    """A file of a data set does not have the form that it must have."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def message(self) -> str:
        return f"{self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("remove the file, and it is downloaded again where it came from the net",)


class DownloadFailed(Problem):
    """No address gave the file with the right digest."""

    def __init__(self, name: str, folder: Path, attempts: tuple[tuple[str, str], ...]) -> None:
        super().__init__(name, attempts)
        self.name, self.folder, self.attempts = name, folder, attempts

    def message(self) -> str:
        tried = "; ".join(f"{url}: {why}" for url, why in self.attempts)
        return f"cannot download {self.name} ({tried})"

    def help(self) -> tuple[str, ...]:
        return (f"fetch {self.name} by other means, put it in a folder, and say `--data-dir FOLDER`",)


class DiskFull(Problem):
    """No room to write a file; what was there before is untouched."""

    def __init__(self, path: Path, kept: str = "") -> None:
        super().__init__(path)
        self.path, self.kept = path, kept

    def message(self) -> str:
        return f"no space left to write {self.path}" + (f"; {self.kept}" if self.kept else "")

    def help(self) -> tuple[str, ...]:
        return ("make room, or choose another place with --out",)


class BadImages(Problem):
    """A folder of images that cannot serve as a data set."""

    def __init__(self, folder: Path, why: str, way_out: str) -> None:
        super().__init__(folder, why)
        self.folder, self.why, self.way_out = folder, why, way_out

    def message(self) -> str:
        return f"{self.folder}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.way_out,)


class NoDevice(Problem):
    """A device that this machine, or this build of torch, does not have."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted

    def message(self) -> str:
        return f"`{self.wanted}`: torch finds no such device here"

    def help(self) -> tuple[str, ...]:
        return ("`--device cpu`, or `--device auto` to take what there is",)


class CannotResume(Problem):
    """A run that cannot be used: to go on, or for what it has learned."""

    def __init__(self, run: Path, why: str, way_out: str = "start a new run") -> None:
        super().__init__(run, why)
        self.run, self.why, self.way_out = run, why, way_out

    def message(self) -> str:
        return f"cannot use {self.run}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.way_out,)


class NetworkChanged(Problem):
    """The text of a network is another one than that of the run that is to go on."""

    def __init__(self, run: Path, difference: tuple[str, ...]) -> None:
        super().__init__(run)
        self.run, self.difference = run, difference

    def message(self) -> str:
        return f"the network is not the one that {self.run} trains"

    def details(self) -> tuple[str, ...]:
        return self.difference

    def help(self) -> tuple[str, ...]:
        return (f"`archdsl train --resume {self.run}` goes on with the run's own", "without --resume a new run begins")


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


class OutOfMemory(Problem):
    """The device has no room for a batch. `fits` is the largest that the analysis says would, `free` bytes there were.

    Both are None where that is not known.
    """

    def __init__(self, batch: int, device: str, fits: int | None = None, free: int | None = None) -> None:
        super().__init__(batch, device)
        self.batch, self.device, self.fits, self.free = batch, device, fits, free

    def message(self) -> str:
        known = f"; {self.free / 1e9:.2f} GB were free" if self.free is not None else ""
        return f"{self.device} has no memory for a batch of {self.batch}{known}"

    def help(self) -> tuple[str, ...]:
        if self.fits == 0:
            return ("by the analysis not even one image fits: make the network or its input smaller",)
        fits = self.fits if self.fits is not None and self.fits < self.batch else max(1, self.batch // 2)
        parts = next((n for n in range(-(-self.batch // fits), self.batch + 1) if self.batch % n == 0), self.batch)
        if parts > 2 * -(-self.batch // fits):  # an awkward number: nearly the same steps will do
            parts = -(-self.batch // fits)
        way = f"`--batch {self.batch // parts} --accumulate {parts}` makes the same steps from smaller batches"
        if fits == self.fits:
            way = f"by the analysis a batch of {fits} fits; {way}"
        return (way, "`--precision bf16`")


class NothingToTrain(Problem):
    """A network without a parameter that trains."""

    def message(self) -> str:
        return "the network has no parameter that trains"

    def help(self) -> tuple[str, ...]:
        return ("give it a layer with weights that are not frozen: `fc 10`",)


class CannotJoin(Problem):
    """One of several processes that does not find the others."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"cannot join the other processes of the training: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (
            "`torchrun --nproc-per-node=2 -m archdsl train …` starts several that find each other",
            "unset WORLD_SIZE to train in one",
        )


class PeerLost(Problem):
    """Another process of the training has ended before its time."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"another process of the training is gone, so this one ends too ({self.why})"

    def help(self) -> tuple[str, ...]:
        return ("see what the other said; `--resume RUN`, in as many processes, goes on from the newest checkpoint",)


class PeerFailed(Problem):
    """Another process of the training could not begin; that one has said why."""

    def message(self) -> str:
        return "another process of the training could not begin"


class BatchTooSmall(Problem):
    """A batch with fewer images than processes."""

    def __init__(self, batch: int, processes: int) -> None:
        super().__init__(batch, processes)
        self.batch, self.processes = batch, processes

    def message(self) -> str:
        return f"a batch of {self.batch} cannot be divided among {self.processes} processes"

    def help(self) -> tuple[str, ...]:
        return (f"the batch is that of all processes together: `--batch {32 * self.processes}` gives each 32 images",)


class MissingExtra(Problem):
    """Something that needs packages which are not installed."""

    def __init__(self, what: str, packages: tuple[str, ...], extra: str) -> None:
        super().__init__(what, packages, extra)
        self.what, self.packages, self.extra = what, packages, extra

    def message(self) -> str:
        return f"{self.what} needs {', '.join(self.packages)}, not installed here"

    def help(self) -> tuple[str, ...]:
        return (f"pip install 'archdsl[{self.extra}]'",)


class HubFailed(Problem):
    """A data set of the Hugging Face Hub that cannot be had, or that is no set of images with classes."""

    def __init__(self, name: str, why: str, way_out: str) -> None:
        super().__init__(name, why)
        self.name, self.why, self.way_out = name, why, way_out

    def message(self) -> str:
        return f"hf:{self.name}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.way_out,)
