"""The files of a run for its user: figures, the confusion matrix, the result, and the report."""

import json
from collections.abc import Collection

from ...network import Network
from ..data.dataset_spec import TaskFacts
from ..data.images import Splits
from ..loop.loop import Ending
from ..loop.training_state import TrainingState
from ..runs.loaded_run import read_network
from ..runs.run_folder import Run
from ..tasks.choice import task_of
from ..tasks.class_scores import ClassScores
from ..tasks.meter import Scores
from ..tasks.metric import METRICS, loss_label
from .curves import draw_confusion, draw_curves
from .gather import gather, gather_result, gather_scores
from .report_page import write_html
from .run_report import ResultReport, ScoresReport, Status

_STATUS: dict[Ending | None, Status] = {
    Ending.FINISHED: "finished",
    Ending.EARLY: "early",
    Ending.STOPPED_BY_CALLBACK: "early",
    Ending.STOPPED: "stopped",
    None: "diverged",
}
REPORT, PAGE = "report.json", "report.html"


def write_report(
    run: Run,
    state: TrainingState,
    facts: TaskFacts,
    tested: tuple[str, Scores] | None,
    splits: Splits,
    ending: Ending | None = None,
    allow: Collection[str] = (),
) -> None:
    """Write the learning curves, if there are any, the report, and for a finished run the confusion matrix and
    result.json.

    `tested` is the name of the split of the final scores (test, or validation) and the scores. `ending` is None for a
    run that diverged. `allow` names the packages that the network may run. Raises DiskFull.
    """
    settings = run.read_settings()
    network = read_network(run, settings, allow)
    best = state.best.epoch if state.best else None
    if state.history:
        metric = METRICS[task_of(settings.recipe.task, network.graph.packages).metric]
        label = loss_label(settings.recipe.loss.name, settings.custom.loss)
        draw_curves(state.history, best, run.folder / "curves", label, metric)
    if tested is not None:
        _write_scores(run, state, facts.classes, *tested)
    _write_pages(run, network, state, facts, tested, splits, _STATUS[ending])


def _write_scores(run: Run, state: TrainingState, classes: tuple[str, ...], name: str, scores: Scores) -> None:
    if isinstance(scores, ClassScores):
        title = f"{scores.accuracy:.2%} of {int(scores.confusion.sum()):,} {name} samples correct"
        draw_confusion(scores.confusion.numpy(), classes, title, run.folder / "confusion")
        run.write_text(run.folder / "confusion.json", _confusion(scores, classes))
    result = {
        name: scores.values(),
        "weights": run.best.name if run.best.is_file() else run.last.name,
        "best": state.best.record() if state.best else None,
        "epochs": state.epoch,
        "steps": state.step,
        "seconds": round(state.seconds, 3),
    }
    run.write_text(run.folder / "result.json", json.dumps(result, indent=2) + "\n")


def _write_pages(
    run: Run,
    network: Network,
    state: TrainingState,
    facts: TaskFacts,
    tested: tuple[str, Scores] | None,
    splits: Splits,
    status: Status,
) -> None:
    """Write report.json and report.html."""
    settings = run.read_settings()
    result: ResultReport | ScoresReport | None = None
    confusion = None
    if tested is not None:
        name, scores = tested
        images = splits.test if name == "test" else splits.validation
        assert images is not None
        if isinstance(scores, ClassScores):
            result = gather_result(name, scores, images, facts.classes, settings.recipe.loss)
            confusion = scores.confusion.numpy()
        else:
            result = gather_scores(name, scores, images, facts, task_of(settings.recipe.task, network.graph.packages))
    report = gather(run, network, settings, state, status, result)
    run.write_text(run.folder / REPORT, report.model_dump_json(indent=2) + "\n")
    run.write_text(run.folder / PAGE, write_html(report, network, confusion))


def _confusion(scores: ClassScores, classes: tuple[str, ...]) -> str:
    """The matrix, one line per class: rows are true classes, columns predictions."""
    rows = ",\n".join(f"    {json.dumps(row)}" for row in scores.confusion.tolist())
    return f'{{\n  "classes": {json.dumps(list(classes), ensure_ascii=False)},\n  "matrix": [\n{rows}\n  ]\n}}\n'
