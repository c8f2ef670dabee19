"""The report as one HTML file that needs nothing else: no script, no address outside of it."""

import numpy as np
from numpy.typing import NDArray

from ...network import Network
from . import setup_sections, training_sections
from .markup import Markup, head, join, tag, text
from .run_report import TrainingReport

_STATUS = {
    "finished": "Finished: {epochs} epochs.",
    "early": "Ended early, after {epochs} epochs: no better one for as long as the patience.",
    "stopped": "Stopped by the user after {epochs} epochs, {steps:,} steps in all; it can go on with --resume.",
    "diverged": "Diverged after {epochs} epochs: the loss was no finite number any more.",
}
# Nothing is fetched and nothing runs, whatever a name in the page may hold.


def write_html(report: TrainingReport, network: Network, confusion: NDArray[np.int64] | None) -> str:
    """The page of a report. `confusion` is K×K, true classes by answers; None for a run without final scores."""
    title = f"{report.network.name} on {report.data.name}"
    parts = [training_sections.curves(report)]
    if report.result is not None and confusion is not None:
        result = report.result
        parts += [training_sections.confusion(result, confusion), training_sections.classes(result)]
        parts.append(training_sections.mistakes(result, report.recipe.loss))
    parts += [
        setup_sections.network(report, network),
        setup_sections.recipe(report),
        setup_sections.circumstances(report),
    ]
    page = tag("html", head(title), tag("body", _top(title, report, parts), tag("main", *parts), _foot()), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _top(title: str, report: TrainingReport, parts: list[Markup]) -> Markup:
    status = _STATUS[report.status].format(epochs=report.epochs, steps=report.steps)
    status = status.replace(" 1 epochs", " 1 epoch").replace(" 1 steps", " 1 step")
    if report.result is None and report.status in ("finished", "early"):
        status += " There were no images to test with, or to validate on."
    told = tag("p", tag("span", report.status, class_=f"status {report.status}"), " ", status)
    links = [tag("a", heading, href=f"#{anchor}") for anchor, heading in _ANCHORS if f'id="{anchor}"' in join(*parts)]
    return tag(
        "header",
        tag("h1", tag("bdi", title)),
        told,
        training_sections.figures(report),
        tag("nav", *links, aria_label="Parts"),
    )


_ANCHORS = (
    ("curves", "Curves"),
    ("confusion", "Confusion"),
    ("classes", "Classes"),
    ("mistakes", "Mistakes"),
    ("network", "Network"),
    ("recipe", "Recipe"),
    ("circumstances", "Circumstances"),
)


def _foot() -> Markup:
    return tag("footer", text("Made by archdsl. The same figures, for programs, are in report.json."))
