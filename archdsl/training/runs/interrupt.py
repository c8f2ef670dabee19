"""Stopping a training run on signals from the user or the machine's administrator."""

import contextlib
import os
import signal
import stat
import threading
from types import FrameType
from typing import Any, Self

from ..loop.callback import StopRequest

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopOnSignal(StopRequest):
    """Stops on Ctrl-C, on SIGTERM (as schedulers send it) and on the loss of the terminal, after the current step.

    A signal that is ignored (by `nohup`, in the background of a script) remains ignored. A second Ctrl-C does not wait
    for the step, except in one of several processes (`waits_for_step`): a launcher forwards the signal that the
    terminal has already sent to each. Signals are handled only while the context is active, in the main thread.
    """

    def __init__(self, waits_for_step: bool = False) -> None:
        self._requested, self._waits_for_step = False, waits_for_step
        self._before: dict[int, Any] = {}
        self._hangup_signal: int | None = None

    def __call__(self) -> bool:
        return self._requested

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in _SIGNALS}
            # None is a handler that was not set by Python and could not be restored
            self._before = {n: handler for n, handler in before.items() if handler not in (signal.SIG_IGN, None)}
            for number in self._before:
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            # after the system's hangup signal, the shell sends another, which would interrupt writing the output
            signal.signal(number, signal.SIG_IGN if number == self._hangup_signal else handler)
        self._before = {}

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._requested and number == signal.SIGINT and not self._waits_for_step:
            raise KeyboardInterrupt
        self._requested = True
        if number == getattr(signal, "SIGHUP", None):
            self._hangup_signal = number
            _leave_terminal()


def _leave_terminal() -> None:
    """Discard output to a terminal that is gone, where each write would raise an error."""
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream)
                os.close(nowhere)
