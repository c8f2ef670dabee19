"""Problems with writing files."""

from pathlib import Path

from .problem import Problem


class DiskFull(Problem):
    """No room to write a file; what was there before is untouched."""

    def __init__(self, path: Path, kept: str = "") -> None:
        super().__init__(path)
        self.path, self.kept = path, kept

    def message(self) -> str:
        return f"no space left to write {self.path}" + (f"; {self.kept}" if self.kept else "")

    def help(self) -> tuple[str, ...]:
        return ("make room, or choose another place with --out",)


class CannotWrite(Problem):
    """A file that the system does not let be written, for another reason than its size."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def message(self) -> str:
        return f"cannot write {self.path}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("make its folder writable, or choose another place with --out",)


class LinkInTheWay(CannotWrite):
    """A link where a file or a folder of a run is to be written or removed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "it is a link, and nothing is written or removed through one")

    def help(self) -> tuple[str, ...]:
        return ("remove the link, or copy what it points to in its place",)
