"""Problems in the code of a user: losses, metrics, callbacks, loggers and data sets that are given to a training."""

from .problem import Problem


class CustomCodeFailed(Problem):
    """A loss, metric, callback, logger or data set that raised an exception, which is the cause, or that returned an
    invalid value.

    `kind` is what it is, `name` the name of the class or function, `why` a sentence about it in one line.
    """

    def __init__(self, kind: str, name: str, why: str, suggestion: str | None = None) -> None:
        super().__init__(kind, name, why)
        self.kind, self.name, self.why, self.suggestion = kind, name, why, suggestion

    def message(self) -> str:
        return f"the {self.kind} `{self.name}` {self.why}"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,) if self.suggestion else ()


class NoLogger(Problem):
    """No installed logger has this name."""

    exit_status = 2

    def __init__(self, name: str, known: tuple[str, ...], nearest: str | None) -> None:
        super().__init__(name)
        self.name, self.known, self.nearest = name, known, nearest

    def message(self) -> str:
        return f"there is no logger `{self.name}`"

    def help(self) -> tuple[str, ...]:
        found = f"loggers: {', '.join(self.known)}; packages add others with entry points `archdsl.loggers`"
        return (f"did you mean `{self.nearest}`?", found) if self.nearest else (found,)


class NotStored(Problem):
    """A data set that was given in Python, as arrays or objects, and is not part of the run."""

    exit_status = 2

    def __init__(self, data: str, suggestion: str) -> None:
        super().__init__(data)
        self.data, self.suggestion = data, suggestion

    def message(self) -> str:
        return f"the data set `{self.data}` was given in Python and is not stored in the run"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)
