"""The numbers of a report by class and on average, and its information for reproducing the run."""

from pathlib import Path

import numpy as np
import pytest
import torch

from archdsl import loads
from archdsl.training.data.images import ImageSet
from archdsl.training.recipe.recipe import CrossEntropy
from archdsl.training.report.gather import gather_result
from archdsl.training.report.report_page import write_html
from archdsl.training.report.run_report import ResultReport, TrainingReport
from archdsl.training.tasks.class_scores import ClassScores
from tests.training.helpers import training

COUNTS = np.array([[3, 1, 0, 0], [0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]], np.int64)
"""One of four classes is never predicted, and one has no images."""


def made() -> ResultReport:
    labels, answers = (np.repeat(each, COUNTS.ravel()) for each in np.indices(COUNTS.shape).reshape(2, -1))
    scores = ClassScores(1.0, 5 / 8, 1.0, torch.from_numpy(COUNTS), torch.eye(4)[answers])
    images = ImageSet(np.zeros((8, 1, 8, 8), np.uint8), labels)
    return gather_result("test", scores, images, ("a", "b", "c", "d"), CrossEntropy())


def test_mean_scores_over_the_classes() -> None:
    result = made()
    assert [each.f1 for each in result.classes] == [pytest.approx(2 / 3), pytest.approx(0.8), 0.0, None]
    assert result.mean is not None
    assert result.mean.accuracy == pytest.approx((3 / 4 + 1 + 0) / 3)
    assert result.mean.precision == pytest.approx((3 / 5 + 2 / 3 + 0) / 3)
    assert result.mean.f1 == pytest.approx((2 / 3 + 0.8 + 0) / 3)


def test_page_shows_mean_scores_and_recipe_settings(tmp_path: Path) -> None:
    training(tmp_path / "run", epochs=1).start()
    report = TrainingReport.model_validate_json((tmp_path / "run/report.json").read_bytes())
    network = loads("net N(classes = 3)\ninput 1x8x8\nflatten; fc classes", classes=4)
    message = report.network.model_copy(update={"settings": {"classes": 4}})
    page = write_html(report.model_copy(update={"result": made(), "network": message}), network, COUNTS)
    assert "<code>classes = 4</code>" in page
    assert "mean over 4 classes" in page
    assert "48.89\u202f%" in page  # of F1, which appears nowhere else
    older = report.model_copy(update={"result": made().model_copy(update={"mean": None})})
    assert '<tfoot><tr><th scope="row">mean' not in write_html(older, network, COUNTS)
