"""The errors of an import."""

from collections.abc import Iterable
from typing import NamedTuple


class ImportProblem(NamedTuple):
    """An operation without a counterpart: its module, what it does, and what would be needed, if known."""

    module: str
    what: str
    needs: str = ""

    def __str__(self) -> str:
        return f"{self.module or 'forward of the network'}: {self.reason}"

    @property
    def reason(self) -> str:
        """Why the operation is not imported."""
        return f"{self.what}; this would require {self.needs}" if self.needs else f"{self.what} is not supported"


class NotExpressible(Exception):
    """An operation that the language cannot express: `what` it does, and what would be needed (`needs`), if known."""

    def __init__(self, what: str, needs: str = "") -> None:
        super().__init__(f"{what}; {needs}" if needs else what)
        self.what = what
        self.needs = needs


class ImportFailed(ValueError):
    """A network that cannot be imported: unreadable input, or operations without a counterpart (`problems`)."""

    def __init__(self, message: str, problems: Iterable[ImportProblem] = (), *, rest: bool = False) -> None:
        self.message = message
        self.rest = rest
        """Whether the rest of the network can be written."""
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {problem}" for problem in self.problems)]))


class UnusableSource(ValueError):
    """A source that names nothing that can be imported: an error in the command, with a suggestion."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        self.message = message
        self.suggestion = suggestion
        super().__init__(f"{message}; {suggestion}" if suggestion else message)


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return next(iter(str(error).strip().splitlines()), "without a message")
