"""Problems with the folder of a run or a sweep."""

from pathlib import Path

from .problem import Problem


class CannotResume(Problem):
    """A run that can be used neither to resume training nor for its weights."""

    def __init__(self, run: Path, why: str, suggestion: str = "start a new run") -> None:
        super().__init__(run, why)
        self.run, self.why, self.suggestion = run, why, suggestion

    def message(self) -> str:
        return f"cannot use {self.run}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class NoRun(Problem):
    """A folder that does not exist, or that is not a run (or sweep) folder."""

    exit_status = 2

    def __init__(self, folder: Path, why: str, suggestion: str) -> None:
        super().__init__(folder, why)
        self.folder, self.why, self.suggestion = folder, why, suggestion

    def message(self) -> str:
        return f"cannot use {self.folder}: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


class NetworkChanged(Problem):
    """The text of a network differs from that of the run to resume."""

    def __init__(self, run: Path, difference: tuple[str, ...]) -> None:
        super().__init__(run)
        self.run, self.difference = run, difference

    def message(self) -> str:
        return f"the network differs from the one in {self.run}"

    def details(self) -> tuple[str, ...]:
        return self.difference

    def help(self) -> tuple[str, ...]:
        return (
            f"`archdsl train --resume {self.run}` resumes with the run's network",
            "a command without --resume starts a new run",
        )


class UnusableWeights(Problem):
    """A file of initial weights that cannot be read, or that does not fit the network."""

    def __init__(self, why: str, facts: tuple[str, ...], suggestion: str | None) -> None:
        super().__init__(why)
        self.why, self.facts, self.suggestion = why, facts, suggestion

    def message(self) -> str:
        return f"cannot use the weights: {self.why}"

    def details(self) -> tuple[str, ...]:
        return self.facts

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,) if self.suggestion else ()
