"""Errors of data, settings and runs as structured data; the command line derives the exit status from them.

An error in the network's text is a `Diagnostic` with a position in the text. A `Problem` has no position: a file that
is missing, a download that failed, a run that cannot be resumed.
"""

from abc import ABC, abstractmethod
from typing import ClassVar


class Problem(Exception, ABC):
    """An error outside the network's text. Subclasses hold the facts and write the message.

    `exit_status` is the command's: 2 if the command names something that does not exist, 1 otherwise.
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
