"""Calls the callbacks of the user and the loggers."""

import copy
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, final

from ...text.names import nearest
from ..errors.custom_errors import CustomCodeFailed, custom_code, import_path
from ..errors.loop_errors import Diverged
from ..loop.callback import TrainingCallback
from ..report import REPORT
from ..runs.run_folder import Run
from .callback_methods import Callback, RunningTraining

if TYPE_CHECKING:
    from torch import nn

METHODS = tuple(name for name in vars(Callback) if name.startswith("on_"))
"""The methods of a callback."""


def refuse_unknown_methods(callback: object, kind: str = "callback") -> None:
    """Raise TypeError for a class, and for an object without a callback's methods or with an unknown method `on_…`."""
    if isinstance(callback, type):
        raise TypeError(f"the {kind} `{callback.__name__}` is a class: pass an instance, `{callback.__name__}()`")
    own = [name for name in dir(callback) if name.startswith("on_") and callable(getattr(callback, name, None))]
    name = import_path(callback)
    if not own:
        raise TypeError(f"the {kind} `{name}` has none of the methods {', '.join(METHODS)}")
    for method in own:
        if method not in METHODS:
            near = nearest(method, METHODS)
            words = f"did you mean `{near}`?" if near else f"the methods are {', '.join(METHODS)}"
            raise TypeError(f"the {kind} `{name}` has a method `{method}`, which is never called; {words}")


@final
class UserCallbacks(TrainingCallback):
    """Calls the methods of callbacks, in order. `on_end` is called for each callback whose `on_start` was called."""

    def __init__(self, callbacks: Sequence[object], run: Run, kind: str = "callback") -> None:
        for each in callbacks:
            refuse_unknown_methods(each, kind)
        self._callbacks, self._run, self._kind = tuple(callbacks), run, kind
        self._model: nn.Module | None = None
        self._running: RunningTraining | None = None
        self._started: list[object] = []

    def model(self, module: "nn.Module") -> None:
        self._model = module

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        settings = self._run.read_settings()
        assert self._model is not None
        run = RunningTraining(self._run.folder, settings.network.name, settings.data.name, settings.recipe, self._model)
        run.epochs, self._running = epochs, run
        for each in self._callbacks:
            self._started.append(each)
            self._call(each, "on_start", run)

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        for each in self._callbacks:
            self._call(each, "on_epoch", self._running, copy.deepcopy(line))  # a copy: the callback may change it

    def should_stop(self) -> bool:
        return self._running is not None and self._running.stops

    def report_written(self) -> None:
        if self._running is None:
            return
        self._running.status = json.loads((self._run.folder / REPORT).read_bytes())["status"]
        if self._running.status != "stopped":
            path = self._run.folder / "result.json"
            found = json.loads(path.read_bytes()) if path.is_file() else {}
            scores = {split: found[split] for split in ("test", "validation") if split in found}
            self._running.result = {
                f"{split}/{name}": value for split, named in scores.items() for name, value in named.items()
            }
        while self._started:
            self._call(self._started.pop(0), "on_end", self._running)

    def failed(self, error: BaseException) -> None:
        if self._running is None:
            return
        self._running.status = "diverged" if isinstance(error, Diverged) else "failed"
        while self._started:
            try:
                self._call(self._started.pop(0), "on_end", self._running)
            except CustomCodeFailed as another:  # the first error is the one to report
                error.add_note(str(another))

    def _call(self, callback: object, method: str, *args: object) -> None:
        function = getattr(callback, method, None)
        if function is not None:
            with custom_code(self._kind, callback):
                function(*args)
