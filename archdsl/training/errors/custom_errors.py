"""Problems in user code: losses, metrics, callbacks, loggers and data sets that are given to a training run."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...packages.failures import described
from .problem import Problem


class CustomCodeFailed(Problem):
    """A loss, metric, callback, logger or data set that raised an exception, which is the cause, or that returned an
    invalid value.

    `kind` is one of these words, `name` is the name of the class or function, and `why` explains the error in one line.
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

    def __init__(self, suggestion: str) -> None:
        super().__init__(suggestion)
        self.suggestion = suggestion

    def message(self) -> str:
        return "the data of this run were given in Python and are not stored in the run"

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)


def import_path(value: object) -> str:
    """`package.module.name` of a function or class, or of the class of an object."""
    named = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", None)  # generators have none
    return f"{module}.{named.__qualname__}" if module else str(named.__qualname__)


def short_name(value: object) -> str:
    """The name of a function or class, or of the class of an object."""
    return import_path(value).rpartition(".")[2]


@contextmanager
def custom_code(kind: str, value: object) -> Iterator[None]:
    """Raise exceptions of the user's code as CustomCodeFailed, with the exception as its cause."""
    try:
        yield
    except (Problem, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":  # torch's own error, which the memory budget explains
            raise
        raise CustomCodeFailed(kind, import_path(value), f"raised {described(error)}") from error
