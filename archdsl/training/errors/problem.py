"""What can go wrong with data, settings and runs, as facts; the command line makes the exit status of them.

An error in the network's text is a `Diagnostic` with its place in the text. A `Problem` has no such place: a file that
is missing, a download that failed, a run that cannot be resumed.
"""

from abc import ABC, abstractmethod
from typing import ClassVar


class Problem(Exception, ABC):
    """An error outside the network's text. Subclasses keep the facts and make the message.

    `exit_status` is the command's: 2 where the command names something that is not there, 1 for all else.
    """

    exit_status: ClassVar[int] = 1

    @abstractmethod
    def message(self) -> str:
        """What is wrong, in one line."""

    def details(self) -> tuple[str, ...]:
        """Further lines to show under it, as they are."""
        return ()

    def help(self) -> tuple[str, ...]:
        """Suggestions, the best first."""
        return ()

    def __str__(self) -> str:
        return self.message()
