"""Problems of a sweep that several processes share."""

from pathlib import Path

from .problem import Problem


class OtherSweep(Problem):
    """A sweep with settings other than those of the command; `differences` are lines for the user."""

    exit_status = 2

    def __init__(self, sweep: Path, differences: tuple[str, ...], suggestion: str) -> None:
        super().__init__(sweep)
        self.sweep, self.differences, self.suggestion = sweep, differences, suggestion

    def message(self) -> str:
        return f"{self.sweep} is a sweep with other settings"

    def details(self) -> tuple[str, ...]:
        return self.differences

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class OtherVersion(Problem):
    """A sweep that another version of archdsl started."""

    def __init__(self, sweep: Path, theirs: str, mine: str) -> None:
        super().__init__(sweep, theirs, mine)
        self.sweep, self.theirs, self.mine = sweep, theirs, mine

    def message(self) -> str:
        return f"{self.sweep} was started with archdsl {self.theirs}, but this is archdsl {self.mine}"

    def help(self) -> tuple[str, ...]:
        return (
            f"use archdsl {self.theirs} on all machines: trials of different versions cannot be compared",
            "start a new sweep",
        )


class BadStorage(Problem):
    """A database URL that cannot be used. The message omits any part of the URL that may contain a password."""

    exit_status = 2

    def __init__(self, why: str, suggestion: str) -> None:
        super().__init__(why)
        self.why, self.suggestion = why, suggestion

    def message(self) -> str:
        return f"--storage: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class StorageFailed(Problem):
    """A database that does not respond, or that refuses the request; `where` is its URL without the password."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.where, self.why = where, why

    def message(self) -> str:
        return f"cannot use the database {self.where}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (
            "check that it runs, and give --storage with the password: a sweep does not store passwords",
            "finished trials are kept; resume when the database answers",
        )
