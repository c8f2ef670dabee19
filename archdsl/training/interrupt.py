"""Stopping when the user, or the machine's owner, says so."""

import signal
import threading
from types import FrameType
from typing import Any, Self

from .watch import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopOnSignal(Stop):
    """Stops on Ctrl-C and on the signal that ends processes (as schedulers send it), after the step that is under way.

    A second Ctrl-C does not wait for it, unless one of several processes (`patient`): a launcher sends on to each the
    signal that the terminal has sent already. Signals are taken over only while it is entered, in the main thread.
    """

    def __init__(self, patient: bool = False) -> None:
        self._wanted, self._patient = False, patient
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self._wanted

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._wanted and number == signal.SIGINT and not self._patient:
            raise KeyboardInterrupt
        self._wanted = True
