"""Problems with writing files."""

import errno
from pathlib import Path

from .problem import Problem


class DiskFull(Problem):
    """No room to write a file; the existing content is unchanged."""

    def __init__(self, path: Path, kept: str = "") -> None:
        super().__init__(path)
        self.path, self.kept = path, kept

    def message(self) -> str:
        return f"no space left to write {self.path}" + (f"; {self.kept}" if self.kept else "")

    def help(self) -> tuple[str, ...]:
        return ("free some space, or choose another folder with --out",)


class CannotWrite(Problem):
    """A file that cannot be written, for a reason other than a full disk."""

    def __init__(self, path: Path, why: str, number: int | None = None) -> None:
        """`number` is the errno, if a system call failed."""
        super().__init__(path, why, number)
        self.path, self.why, self.number = path, why, number

    def message(self) -> str:
        return f"cannot write {self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        match self.number:
            case errno.EACCES | errno.EPERM | errno.EROFS:
                return ("make its folder writable, or choose another one",)
            case errno.EEXIST | errno.ENOTDIR:
                return ("delete or rename the file that is in the way, or choose another folder",)
            case errno.EISDIR | errno.ENOTEMPTY:
                return ("delete or rename the folder that is in the way, or choose another one",)
            case errno.ENAMETOOLONG:
                return ("choose a shorter name",)
            case _:
                return ("choose another folder",)


class NotUtf8(CannotWrite):
    """A text with the name of a file or folder that is not UTF-8."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "the name of a file or folder in it is not UTF-8 text")

    def help(self) -> tuple[str, ...]:
        return ("rename the file or folder",)


class SymbolicLinkRefused(CannotWrite):
    """A link in a place where a file or folder of a run is to be written or removed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "it is a symbolic link, and links are not followed for writing or deleting")

    def help(self) -> tuple[str, ...]:
        return ("delete the link, or replace it with a copy of its target",)
