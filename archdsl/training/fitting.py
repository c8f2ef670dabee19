"""`archdsl.fit`: train a network from Python, as `archdsl train` does."""

import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..extras import require
from ..text.given_path import recorded_path

if TYPE_CHECKING:
    from torch import nn

    from ..diagnostics.diagnostic import Finding
    from ..network import Network
    from .trained_run import TrainedRun


def fit(
    network: "Network | nn.Module | str | Path",
    data: Any = None,
    *,
    loss: Any = None,
    metrics: Mapping[str, Any] | Sequence[Any] = (),
    callbacks: Sequence[Any] = (),
    loggers: Sequence[str] = (),
    classes: Sequence[str] | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    initial: "str | Path | nn.Module | None" = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
    progress: bool = False,
    allow: Collection[str] = (),
    **recipe: Any,
) -> "TrainedRun":
    """Train a network on data, and return the run, whose folder has the weights, the curves and the report.

    `network` is a network, a source text, the path of a file, or a module that `to_torch` made, whose weights are then
    the initial weights. `data` is the name of a data set (`"digits"`, `"cifar10"`), a folder, arrays `(inputs,
    targets)`, a `torch.utils.data.Dataset`, an iterable of pairs, or a dictionary of these by split; by default, it is
    the data set that the text's `train { … }` names. `classes` names the classes of arrays.

    Further keywords are the options of `archdsl train`, with underscores: `fit(network, "digits", epochs=5,
    optimizer="sgd", lr=0.1)`; they override the text's recipe. `loss` is the name of a loss, a function of an output
    and the targets, or a dictionary of these by output. `metrics` are functions, or objects with `reset`, `update` and
    `compute`, such as those of torchmetrics. `callbacks` have the methods of `archdsl.Callback`, and `loggers` are
    names.

    `out` is the run's folder, by default a new one in `runs/`; `resume` continues the run in a folder, with the same
    network, data, loss and metrics. `initial` are weights to start from: a file, a run, or a module. `data_dir` is the
    folder with the files of a data set, which is then not downloaded; `progress` shows a progress bar; `allow` lists
    packages that may run.

    Emits the warnings of `archdsl check` as `archdsl.ArchWarning`. Raises ArchError if the recipe or the network does
    not fit the data, TypeError for an unknown option, ValueError for an invalid value, FileExistsError if `out` is not
    empty, and `archdsl.training.errors.problem.Problem` if the data cannot be read, the training fails, or the code of
    a loss, metric or callback does.
    """
    require("archdsl.fit", "train")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise RuntimeError("fit trains in one process; start several with `torchrun … -m archdsl train`")
    from .fit_options import given_items, given_weights, network_of
    from .fit_steps import FitArguments, prepared, trained

    folder = None if out is None else recorded_path("out", out)
    resumed = None if resume is None else recorded_path("resume", resume)
    found = network_of(network, allow)
    if initial is None and not isinstance(network, str | Path) and network is not found:
        initial = network  # type: ignore[assignment]  # the module whose network was found
    arguments = FitArguments(
        data=data,
        loss=loss,
        metrics=metrics,
        callbacks=given_items("callbacks", callbacks, "objects with the methods of `archdsl.Callback`"),
        loggers=(loggers,) if isinstance(loggers, str) else tuple(map(str, given_items("loggers", loggers, "names"))),
        classes=classes,
        initial=given_weights(initial),
        data_dir=None if data_dir is None else recorded_path("data_dir", data_dir),
        device=str(device),
        progress=progress,
        recipe=recipe,
    )
    if resumed is not None and folder is not None:
        raise ValueError("out: a resumed run keeps its folder; give `out` or `resume`")
    with _help_as_notes():
        ready = prepared(found, arguments, resumed)
    if ready.findings:
        warnings.warn(_shown(ready.findings, found), _warning(), stacklevel=2)
    with _help_as_notes():
        return trained(ready, folder)


@contextmanager
def _help_as_notes() -> Iterator[None]:
    """Add the details and suggestions of a Problem as notes, which a traceback shows."""
    from .errors.problem import Problem

    try:
        yield
    except Problem as problem:
        for line in (*problem.details(), *(f"help: {suggestion}" for suggestion in problem.help())):
            problem.add_note(line)
        raise


def _shown(findings: "Sequence[Finding]", network: "Network") -> str:
    from ..diagnostics.terminal import render

    return "\n" + render(tuple(findings), root=network.program.source)


def _warning() -> type[Warning]:
    from ..network import ArchWarning

    return ArchWarning
