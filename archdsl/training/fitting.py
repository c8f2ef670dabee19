"""`archdsl.fit`: train a network from Python, as `archdsl train` does."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..extras import require

if TYPE_CHECKING:
    from ..network import Network
    from .data.images import DataSource
    from .recipe.recipe import Recipe
    from .trained_run import TrainedRun


def fit(
    network: "Network",
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
    progress: bool = False,
    **recipe: Any,
) -> "TrainedRun":
    """Train a network on a data set, and return the run, whose folder has the weights, the curves and the report.

    `data` is the name of a data set (`"digits"`, `"cifar10"`) or a folder of images with one subfolder per class; by
    default that of the text's `train { … }`. Further keywords are the options of `archdsl train`, with underscores:
    `fit(network, "digits", epochs=5, optimizer="sgd", lr=0.1)`; they override the text's recipe. `out` is the run's
    folder, by default a new one in `runs/`; `data_dir` is the folder of a data set that is not to be downloaded;
    `progress` shows a progress bar.

    Raises ArchError if the recipe or the network does not fit the data, TypeError for an unknown option, ValueError for
    an invalid value, FileExistsError if `out` is not empty, and `archdsl.training.errors.problem.Problem` if the data
    cannot be read or the training fails.
    """
    require("archdsl.fit", "train")
    from .loop.callback import TrainingCallback
    from .model_spec import model_spec_of
    from .runs.run_folder import Run, run_name
    from .session import RunResources, Training
    from .trained_run import load_run

    composed = _recipe(network, data, recipe)
    source = _source(network, composed, data)
    model_spec = model_spec_of(network, network.given, _sizes(network))
    run = Run.create(Path(out) if out else None, Path("runs"), run_name(network.name, source.spec.name))
    callback = _progress() if progress else TrainingCallback()
    resources = RunResources(_request(model_spec.shape, data_dir, callback), device, run)
    try:
        Training(model_spec, source, composed, resources, callback).start()
    except BaseException:
        run.discard_empty()
        raise
    return load_run(run.folder, device=device, allow=model_spec.packages)


def _recipe(network: "Network", data: str | Path | None, options: Mapping[str, Any]) -> "Recipe":
    """The recipe of the text with these options. Raises ArchError, TypeError, ValueError."""
    from ..diagnostics import Sink
    from ..network import ArchError
    from ..text.names import nearest
    from .network_check import check_names
    from .recipe.composition import BadOption, compose
    from .recipe.fields import recipe_fields

    fields = {entry.option.removeprefix("--").replace("-", "_"): entry.path for entry in recipe_fields()}
    for name in options:
        if name not in fields or name == "data":
            near = nearest(name, fields)
            raise TypeError(f"fit has no option `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    given = {fields[name]: value for name, value in options.items()}
    if data is not None:
        given["data", "name"] = str(data)
    sink = Sink()
    try:
        composed = compose(network.settings, given, sink)
    except BadOption as error:
        raise ValueError(f"{error.option.removeprefix('--').replace('-', '_')}: {error.why}") from None
    why = None if composed is None else check_names(network.graph, composed, sink)
    if why:
        raise ValueError(why.removeprefix("--").replace("output-losses", "output_losses"))
    if composed is None or sink.errors:
        raise ArchError(tuple(sink), network.program.source)
    if composed.data.name is None:
        raise TypeError('fit needs a data set: fit(network, "digits")')
    return composed


def _source(network: "Network", recipe: "Recipe", data: str | Path | None) -> "DataSource":
    """The data set, which the network fits. Raises ArchError, Problem."""
    from ..diagnostics import Sink
    from ..network import ArchError
    from .data.registry import find_source
    from .network_check import check

    path = network.program.source.path
    source = find_source(
        recipe.data.name or "", path.parent if path is not None and data is None else None, network.graph.packages
    )
    sink = Sink()
    check(network.graph, source.spec, recipe, sink)
    if sink.errors:
        raise ArchError(tuple(sink), network.program.source)
    return source


def _sizes(network: "Network") -> tuple[str, ...]:
    """The sizes of the input, as the option `--input` writes them."""
    return tuple("x".join(map(str, shape)) for shape in network.inputs.values())


def _request(shape: Any, data_dir: str | Path | None, download: Any) -> Any:
    from ..text import paths
    from .data.images import Request

    return Request(shape, paths.user_cache(), data_dir=Path(data_dir) if data_dir else None, download=download)


def _progress() -> Any:
    from rich.console import Console

    from .callbacks.progress import progress_for

    return progress_for(Console(highlight=False))
