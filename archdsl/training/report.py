"""What a run leaves for people: pictures, the confusion matrix, the result in one file."""

import json
from dataclasses import asdict

from .curves import draw_confusion, draw_curves
from .evaluate import Scores
from .run import Run
from .state import State


def write_report(run: Run, state: State, classes: tuple[str, ...], tested: tuple[str, Scores] | None) -> None:
    """Learning curves, if there are any, and of a finished run the confusion matrix and result.json. Raises DiskFull.

    `tested` is the name of the images that the final scores are of (test, or validation) and those scores.
    """
    best = state.best.epoch if state.best else None
    if state.history:
        draw_curves(state.history, best, run.folder / "curves")
    if tested is None:
        return
    name, scores = tested
    title = f"{scores.accuracy:.2%} of {int(scores.confusion.sum()):,} {name} images right"
    draw_confusion(scores.confusion.numpy(), classes, title, run.folder / "confusion")
    run.write_text(run.folder / "confusion.json", _confusion(scores, classes))
    result = {
        name: scores.summary(),
        "weights": run.best.name if run.best.is_file() else run.last.name,
        "best": asdict(state.best) if state.best else None,
        "epochs": state.epoch,
        "steps": state.step,
        "seconds": round(state.seconds, 3),
    }
    run.write_text(run.folder / "result.json", json.dumps(result, indent=2) + "\n")


def _confusion(scores: Scores, classes: tuple[str, ...]) -> str:
    """The matrix, a line a class: rows are true classes, columns answers."""
    rows = ",\n".join(f"    {json.dumps(row)}" for row in scores.confusion.tolist())
    return f'{{\n  "classes": {json.dumps(list(classes), ensure_ascii=False)},\n  "matrix": [\n{rows}\n  ]\n}}\n'
