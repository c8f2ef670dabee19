"""Errors of data, settings and runs as structured data; the command line derives the exit status from them.

An error in the network's text is a `Diagnostic` with a position in the text. A `Problem` has no position; examples are
a missing file, a failed download, and a run that cannot be resumed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar


class Problem(Exception, ABC):
    """An error outside the network's text. Subclasses hold the facts and write the message.

    `exit_status` is that of the command: 2 for an error in the command itself, such as a name that does not exist,
    otherwise usually 1. Problems can be pickled, which process pools require.
    """

    exit_status: ClassVar[int] = 1

    @abstractmethod
    def message(self) -> str:
        """The error, in one line."""

    def details(self) -> tuple[str, ...]:
        """Additional lines to show below it, unchanged."""
        return ()

    def help(self) -> tuple[str, ...]:
        """Suggestions, the best one first."""
        return ()

    def __str__(self) -> str:
        return self.message()

    def __reduce__(self) -> tuple[Callable[..., "Problem"], tuple[type["Problem"], tuple[Any, ...], dict[str, Any]]]:
        # By default, an exception is pickled with the arguments of Exception, which are not those of a subclass.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[Problem], args: tuple[Any, ...], values: dict[str, Any]) -> Problem:
    """A problem with these attributes."""
    problem = kind.__new__(kind, *args)
    problem.__dict__.update(values)
    return problem
