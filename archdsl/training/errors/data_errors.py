"""Problems with data sets: unknown, missing, corrupt, impossible to download, or too small."""

from pathlib import Path

from ...text.counts import counted
from ...text.names import nearest
from ...text.paths import user_cache
from .problem import Problem


class UnknownData(Problem):
    """A name that is neither a built-in data set nor a file or folder."""

    exit_status = 2

    def __init__(self, name: str, known: tuple[str, ...], nearest: str | None, exists: bool) -> None:
        super().__init__(name)
        self.name, self.known, self.nearest, self.exists = name, known, nearest, exists

    def message(self) -> str:
        if self.exists:
            return f"`{self.name}` is not a data set: this kind of file cannot be read as one"
        return f"there is no data set, file or folder `{self.name}`"

    def help(self) -> tuple[str, ...]:
        nearest = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        return (
            *nearest,
            f"data sets: {', '.join(self.known)}; hf:OWNER/NAME; or a folder or file of images, audio, numbers or text",
        )


class UnknownKind(Problem):
    """A data set without this kind of targets; `known` is empty if it has only one kind."""

    exit_status = 2

    def __init__(self, path: str, kind: str, known: tuple[str, ...]) -> None:
        super().__init__(path, kind, known)
        self.path, self.kind, self.known = path, kind, known

    def message(self) -> str:
        return f"`{self.path}` has no `{self.kind}`"

    def help(self) -> tuple[str, ...]:
        if not self.known:
            return (f"leave out `:{self.kind}`",)
        near = nearest(self.kind, self.known)
        return (
            *((f"did you mean `{self.path}:{near}`?",) if near else ()),
            f"it has {', '.join(f'`:{kind}`' for kind in self.known)}",
        )


class UnknownTask(Problem):
    """A task that is neither built in nor from a package that the network names."""

    exit_status = 2

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name, self.known = name, known

    def message(self) -> str:
        return f"there is no task `{self.name}`"

    def help(self) -> tuple[str, ...]:
        return (f"tasks: {', '.join(self.known)}",)


class PackageDataFailed(Problem):
    """A data set of a Python package whose code fails to provide it."""

    def __init__(self, package: str, why: str) -> None:
        super().__init__(package, why)
        self.package, self.why = package, why

    def message(self) -> str:
        return f"package `{self.package}`: {self.why}"


class DataMissing(Problem):
    """A file of a data set is not where the user specified."""

    def __init__(self, name: str, folder: Path, looked_for: tuple[str, ...]) -> None:
        super().__init__(name, folder)
        self.name, self.folder, self.looked_for = name, folder, looked_for

    def message(self) -> str:
        return f"{self.name}: none of its files are in {self.folder}"

    def help(self) -> tuple[str, ...]:
        return (f"looked for {', '.join(self.looked_for)}", "without --data-dir, it is downloaded and cached")


class NoSuchFile(Problem):
    """A file that is named as data, or by the pattern of its shards, does not exist."""

    exit_status = 2

    def __init__(self, path: Path, suggestion: str, why: str = "there is no such file") -> None:
        super().__init__(path, suggestion, why)
        self.path, self.suggestion, self.why = path, suggestion, why

    def message(self) -> str:
        return f"{self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class DataCorrupt(Problem):
    """A file of a data set does not have the required format."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def message(self) -> str:
        return f"{self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        if self.path.resolve().is_relative_to(user_cache().resolve()):
            return ("delete the file; the next run downloads it again",)
        return ("replace the file with an intact copy; archdsl did not download it",)


class DownloadFailed(Problem):
    """No URL provided the file with the right digest."""

    def __init__(self, name: str, folder: Path, attempts: tuple[tuple[str, str], ...]) -> None:
        super().__init__(name, attempts)
        self.name, self.folder, self.attempts = name, folder, attempts

    def message(self) -> str:
        tried = "; ".join(f"{url}: {why}" for url, why in self.attempts)
        return f"cannot download {self.name} ({tried})"

    def help(self) -> tuple[str, ...]:
        return (f"download {self.name} by other means, put it in a folder, and use `--data-dir FOLDER`",)


class BadImages(Problem):
    """A folder of images that cannot be used as a data set; `files` are the unreadable files, with the reasons."""

    def __init__(self, folder: Path, why: str, suggestion: str, files: tuple[str, ...] = ()) -> None:
        super().__init__(folder, why)
        self.folder, self.why, self.suggestion, self.files = folder, why, suggestion, files

    def details(self) -> tuple[str, ...]:
        return self.files

    def message(self) -> str:
        return f"{self.folder}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class UndecodableImage(Problem):
    """Images that cannot be decoded during a training run: their names, and the reasons."""

    def __init__(self, failures: tuple[tuple[str, str], ...]) -> None:
        super().__init__(failures)
        self.failures = failures

    def message(self) -> str:
        shown = ", ".join(f"{name} ({why})" for name, why in self.failures[:3])
        more = f" and {len(self.failures) - 3:,} more, listed below" if len(self.failures) > 3 else ""
        return f"cannot read {shown}{more}"

    def details(self) -> tuple[str, ...]:
        return tuple(f"{name} ({why})" for name, why in self.failures) if len(self.failures) > 3 else ()

    def help(self) -> tuple[str, ...]:
        return ("replace the listed images with readable ones of the same names; `--resume` continues the run",)


class DecoderEnded(Problem):
    """A process that decodes images has ended; a negative status is the number of a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def message(self) -> str:
        how = f"was killed by signal {-self.status}" if self.status < 0 else f"ended with status {self.status}"
        return f"a process that decodes images {how}"

    def help(self) -> tuple[str, ...]:
        if self.status == -9:
            return ("signal 9 often means that memory ran out: use fewer processes, `--workers 1`, or smaller batches",)
        return ("decode in the training process: `--workers 0`",)


class BadAudio(Problem):
    """Audio files that cannot be used as data; `files` are the unreadable files, with the reasons."""

    def __init__(self, path: Path, why: str, suggestion: str, files: tuple[str, ...] = ()) -> None:
        super().__init__(path, why, suggestion)
        self.path, self.why, self.suggestion, self.files = path, why, suggestion, files

    def details(self) -> tuple[str, ...]:
        return self.files

    def message(self) -> str:
        return f"{self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class BadTable(Problem):
    """A CSV or Parquet file that cannot be used as data."""

    def __init__(self, path: Path, why: str, suggestion: str, line: int | None = None) -> None:
        super().__init__(path, why)
        self.path, self.why, self.suggestion, self.line = path, why, suggestion, line

    def message(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line is not None else ''}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class BadText(Problem):
    """A text that cannot be used as data, or as a prompt."""

    def __init__(self, path: Path, why: str, suggestion: str) -> None:
        super().__init__(path, why, suggestion)
        self.path, self.why, self.suggestion = path, why, suggestion

    def message(self) -> str:
        return f"{self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class DecodingStopped(Problem):
    """Ctrl-C was pressed while images were being decoded."""

    exit_status = 130

    def __init__(self, name: str, decoded: int, images: int) -> None:
        super().__init__(name)
        self.name, self.decoded, self.images = name, decoded, images

    def message(self) -> str:
        return (
            f"{self.name}: stopped after decoding {self.decoded:,} of {counted(self.images, 'image')}, which are kept"
        )

    def help(self) -> tuple[str, ...]:
        return ("the same command continues with the others",)


class HubFailed(Problem):
    """A data set of the Hugging Face Hub that cannot be downloaded, or that has no images with classes."""

    def __init__(self, name: str, why: str, suggestion: str) -> None:
        super().__init__(name, why)
        self.name, self.why, self.suggestion = name, why, suggestion

    def message(self) -> str:
        return f"hf:{self.name}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class NothingToLearnFrom(Problem):
    """A split that leaves no training images."""

    def __init__(self, split: float, images: int) -> None:
        super().__init__(split, images)
        self.split, self.images = split, images

    def message(self) -> str:
        return f"`split {self.split:g}` leaves none of the {counted(self.images, 'image')} for training"

    def help(self) -> tuple[str, ...]:
        enough = max(0.9, 1 / max(1, self.images))
        return (f"`split {enough:g}` leaves {round(self.images * enough):,}",)


class OtherData(Problem):
    """Images that a run cannot be evaluated on."""

    def __init__(self, data: str, why: str, suggestion: str) -> None:
        super().__init__(data, why)
        self.data, self.why, self.suggestion = data, why, suggestion

    def message(self) -> str:
        return f"{self.data}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)
