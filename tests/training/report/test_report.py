"""The report of a run: its figures, its page, and unusual names and runs."""

import base64
import io
import itertools
import json
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from archdsl import loads
from archdsl.training import report as package
from archdsl.training.data.images import ImageSet
from archdsl.training.errors.loop_errors import Diverged
from archdsl.training.loop.callback import TrainingCallback
from archdsl.training.recipe.recipe import Bce, CrossEntropy, Mse
from archdsl.training.report.charts import Series, line_chart, nice_step
from archdsl.training.report.confusion_matrix import matrix
from archdsl.training.report.curves import draw_confusion
from archdsl.training.report.gather import gather_result, thumbnail, wilson
from archdsl.training.report.highlighting import highlight
from archdsl.training.report.markup import join, tag
from archdsl.training.report.report_page import write_html
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.session import Training
from archdsl.training.tasks.class_losses import class_probabilities
from archdsl.training.tasks.class_scores import ClassScores
from tests.training.helpers import Patches, StopAfter, training

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'&amp;<!--",
    "حصان",
    "\u202eexe\x00\x1b[31m",
    "]]></style><img src=x onerror=y>",
)


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """matplotlib takes longer than these trainings."""
    monkeypatch.setattr(package, "draw_curves", lambda *_: None)
    monkeypatch.setattr(package, "draw_confusion", lambda *_: None)


class Page(HTMLParser):
    """The elements of a page, and whether they are properly nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"br", "img", "meta", "source"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read(folder: Path) -> tuple[TrainingReport, Page]:
    report = TrainingReport.model_validate_json((folder / "report.json").read_bytes())
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert not page.open
    assert_self_contained(page)
    return report, page


def assert_self_contained(page: Page) -> None:
    """No script runs and nothing is fetched; images have alternative texts, tables headers, headings skip no level."""
    assert not {"script", "iframe", "object", "link", "form"} & {name for name, _ in page.elements}
    for name, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "srcset"):
            assert key not in attributes or str(attributes[key]).startswith("data:image/"), name
        assert not str(attributes.get("href", "#")).removeprefix("#").count(":")
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'; img-src data:;")
    assert all(thumbnail["alt"] for thumbnail in page.all("img"))
    assert all(thumbnail["aria-label"] for thumbnail in page.all("svg"))
    assert all(head.get("scope") for head in page.all("th"))
    levels = [int(name[1]) for name, _ in page.elements if name in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    anchors = {str(attributes["id"]) for _, attributes in page.elements if "id" in attributes}
    assert {str(link["href"])[1:] for link in page.all("a")} <= anchors


def test_report_contains_the_results_of_the_run(tmp_path: Path) -> None:
    outcome = training(tmp_path / "run", epochs=4).start()
    assert outcome.tested is not None
    report, page = read(tmp_path / "run")
    result = report.result
    assert result is not None
    assert (report.status, report.epochs, len(report.history)) == ("finished", 4, 4)
    assert report.best is not None
    assert report.weights == "best.safetensors"
    assert result.accuracy == outcome.tested[1].summary()["accuracy"]
    assert result.confusion == json.loads((tmp_path / "run/confusion.json").read_text())["matrix"]
    assert sum(each.images for each in result.classes) == result.count == 30
    assert sum(each.correct for each in result.classes) == result.count - result.wrong
    assert sum(pair.count for pair in result.pairs) == result.wrong == len(result.misclassified)
    assert all(pair.true != pair.predicted for pair in result.pairs)
    test = Patches().load(training(tmp_path / "run").resources.request).test
    assert test is not None
    for wrong_image in result.misclassified:
        assert ("left", "middle", "right")[test.labels[wrong_image.index]] == wrong_image.true != wrong_image.predicted
        assert wrong_image.probability >= wrong_image.probability_of_true
        thumbnail = Image.open(io.BytesIO(base64.b64decode(wrong_image.image.partition(",")[2])))
        assert np.array_equal(np.asarray(thumbnail), test.images[wrong_image.index, 0])
    for heading in ("Curves", "Confusion matrix", "Classes", "Errors", "Network", "Recipe"):
        assert heading in page.text
    assert f"test accuracy{100 * result.accuracy:.2f}" in page.text
    assert "input 1x8x8" in page.text
    assert len(page.all("svg")) == 3


def test_report_of_a_stopped_run(tmp_path: Path) -> None:
    training(tmp_path / "run", stop=StopAfter(9)).start()
    report, page = read(tmp_path / "run")
    assert (report.status, report.epochs, report.result) == ("stopped", 1, None)
    assert "Stopped by the user after 1 epoch, 8 steps in total" in page.text
    assert "Confusion" not in page.text
    training(tmp_path / "run").resume()
    report, _ = read(tmp_path / "run")
    assert report.status == "finished"


def test_report_of_a_run_stopped_in_its_first_epoch(tmp_path: Path) -> None:
    training(tmp_path / "run", stop=StopAfter(2)).start()
    _, page = read(tmp_path / "run")
    assert "No epoch is finished" in page.text
    training(tmp_path / "one", stop=StopAfter(1)).start()
    _, page = read(tmp_path / "one")
    assert "1 step in total" in page.text


@pytest.mark.parametrize(
    ("patience", "why"),
    [(1, "no improvement for 1 epoch"), (9, "a callback stopped it"), (None, "a callback stopped it")],
)
def test_report_names_the_reason_of_early_stopping(tmp_path: Path, patience: int | None, why: str) -> None:
    training(tmp_path / "run", epochs=2, patience=patience).start()
    report, _ = read(tmp_path / "run")
    assert report.best is not None
    best = report.best.model_copy(update={"epoch": 1})
    page = write_html(
        report.model_copy(update={"status": "early", "result": None, "best": best}), loads(report.text), None
    )
    assert f"Stopped early after 2 epochs: {why}." in page


def test_report_of_a_diverged_run(tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        training(tmp_path / "run", optimizer={"name": "sgd", "lr": 1e30}).start()
    report, page = read(tmp_path / "run")
    assert report.status == "diverged"
    assert "the loss became infinite or NaN" in page.text


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_report_of_one_epoch_without_validation_or_test(tmp_path: Path, loss: str) -> None:
    made = training(tmp_path / "run", epochs=1, loss={"name": loss})
    Training(made.model_spec, Patches(33, 0, 0), made.recipe, made.resources, made.callback).start()
    report, page = read(tmp_path / "run")
    assert report.best is None
    assert report.result is None
    assert "no test or validation images" in page.text
    assert {"mse": "mean squared error", "bce": "binary cross-entropy (nats)"}[loss] in page.text


def made_result(names: tuple[str, ...], images: int = 40, shape: tuple[int, int, int] = (1, 8, 8)) -> tuple[Any, Any]:
    """Scores of random predictions, and their confusion matrix."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(names), images)
    logits = torch.from_numpy(rng.normal(size=(images, len(names))).astype(np.float32))
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (labels, logits.argmax(1).numpy()), 1)
    scores = ClassScores(1.5, float(counts.trace() / images), 0.5, torch.from_numpy(counts), logits)
    pixels = rng.integers(0, 256, (images, *shape)).astype(np.uint8)
    return gather_result("test", scores, ImageSet(pixels, labels), names, CrossEntropy()), counts


def page_of(tmp_path: Path, names: tuple[str, ...], **changes: Any) -> Page:
    """The page of a small run with these classes and other numbers inserted."""
    training(tmp_path / "run", epochs=1).start()
    report = TrainingReport.model_validate_json((tmp_path / "run/report.json").read_bytes())
    result, counts = made_result(names, **changes)
    report = report.model_copy(update={"result": result})
    network = loads("# <b>no</b>\ninput 1x8x8\nflatten; fc 3")
    page = Page(write_html(report.model_copy(update={"text": network.text}), network, counts))
    assert not page.open
    assert_self_contained(page)
    return page


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    page = page_of(tmp_path, HOSTILE)
    assert all(name in page.text for name in HOSTILE[:3])
    assert "# <b>no</b>" in page.text
    assert "\x1b" not in page.text
    assert "b" not in {name for name, _ in page.elements}
    assert len(page.all("bdi")) > len(HOSTILE)


def test_report_of_a_thousand_classes_and_wide_images(tmp_path: Path) -> None:
    page = page_of(tmp_path, tuple(f"class {i}" for i in range(1000)), images=3000, shape=(3, 2, 900))
    image_paths = [p for p in page.all("img") if p.get("class") == "heat"]
    assert len(image_paths) == 1
    thumbnail = Image.open(io.BytesIO(base64.b64decode(str(image_paths[0]["src"]).partition(",")[2])))
    assert thumbnail.width == thumbnail.height <= 1000
    assert "The 30 of 1,000 classes with the lowest accuracy." in page.text
    assert "Most frequent confusions" in page.text


def test_thumbnails_are_small_and_keep_their_proportions() -> None:
    assert thumbnail(np.zeros((3, 20, 640), np.uint8)).size == (128, 4)
    assert thumbnail(np.zeros((3, 1, 5000), np.uint8)).size == (128, 1)
    assert thumbnail(np.zeros((1, 8, 8), np.uint8)).size == (8, 8)


def test_large_confusion_matrix_is_drawn_as_pixels() -> None:
    counts = np.diag(np.full(700, 5))
    counts[3, 600] = 5
    page = Page(matrix(counts, [str(i) for i in range(700)]))
    data = str(page.all("img")[0]["src"]).partition(",")[2]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert pixels.shape == (350, 350, 4)  # each the largest of four cells
    assert (pixels[..., 3].diagonal() > 0).all()
    assert pixels[1, 300].tolist() == [213, 94, 0, round(255 * math.sqrt(0.5))]


def test_accuracy_interval_is_the_wilson_interval() -> None:
    for right, count in ((0, 10), (9, 10), (950, 1000), (10, 10)):
        part = right / count
        for bound in wilson(right, count):  # each is 1.96 of its own standard deviations from the measured value
            assert abs(part - bound) == pytest.approx(1.959964 * math.sqrt(bound * (1 - bound) / count), abs=1e-6)
        assert 0 <= wilson(right, count)[0] <= part <= wilson(right, count)[1] <= 1


def test_class_probabilities_by_loss() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0]])
    assert class_probabilities(logits, CrossEntropy()).sum().item() == pytest.approx(1)
    assert class_probabilities(logits, Bce())[0].tolist() == pytest.approx([1 / (1 + math.exp(-v)) for v in (2, 0, -1)])
    assert class_probabilities(logits, Mse())[0].tolist() == [1, 0, 0]


def test_charts_of_any_values_stay_in_their_frame() -> None:
    for points in (
        [(1, 0.0)],
        [(1, 5.0), (2, 5.0)],
        [(1, 1e6), (2, 1e-3)],
        [(1, -2.0), (900, 3.0)],
        [(1, 0.0), (2, 1e9)],
    ):
        drawn = line_chart("t", "loss <nats>", [Series("training", "a", points), Series("none", "b", [])], str, None)
        page = Page(drawn)
        assert not page.open
        assert "loss <nats>" in page.text
        path = next(p["d"] for p in page.all("path") if "L" in str(p["d"]) or len(points) == 1)
        numbers = [
            float(n)
            for place in str(path).strip("M").replace("V", " ").replace("H", " ").split("L")
            for n in place.split()
        ]
        assert all(0 <= number <= 400 for number in numbers)
    assert "log scale" in Page(line_chart("t", "y", [Series("s", "a", [(1, 1e6), (2, 1e-3)])], str, None)).text
    assert [nice_step(rough) for rough in (0.011, 1.2, 49, 50, 51)] == pytest.approx([0.02, 2, 50, 50, 100])


def test_names_in_the_matrix_figure_are_not_parsed_as_math(tmp_path: Path) -> None:
    draw_confusion(np.eye(3, dtype=np.int64), ["$\\frac{$", "tab\there", "漢字" * 40], "t", tmp_path / "c")
    assert "frac" in (tmp_path / "c.svg").read_text() or (tmp_path / "c.svg").stat().st_size > 1000


def test_html_elements_escape_text_and_attributes() -> None:
    assert tag("a", "<&>", href='"x"') == '<a href="&quot;x&quot;">&lt;&amp;&gt;</a>'
    assert join("a<", None, tag("br")) == "a&lt;<br>"
    assert tag("img", alt="\ud800\x07", hidden=True, title=None) == '<img alt="\ufffd\ufffd" hidden>'


def test_source_text_is_complete_and_highlighted() -> None:
    text = 'net N(c = 10)  # a <comment>\ninput 3x8x8\nconv c k3; sdpfoj "x" @c\n'
    shown = highlight(text)
    assert "".join(Page(shown).words) == text
    for marked in (
        '<span class="keyword">net</span>',
        '<span class="comment"># a &lt;comment&gt;</span>',
        '<span class="number">3x8x8</span>',
        '<span class="layer">conv</span>',
        '<span class="at">@c</span>',
    ):
        assert marked in shown


def test_settings_at_their_defaults_are_collapsed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    training(folder, epochs=1).start()
    page = (folder / "report.html").read_text(encoding="utf-8")
    recipe = page[page.index('id="recipe"') : page.index('id="environment"')]
    shown, _, collapsed = recipe.partition("<details>")
    assert "<code>epochs</code>" in shown
    assert "<code>seed</code>" not in shown
    assert "<code>seed</code>" in collapsed
    assert "<code>epochs</code>" not in collapsed


def test_first_notes_report_the_number_of_steps(tmp_path: Path) -> None:
    notes: list[str] = []

    class Notes(TrainingCallback):
        def note(self, text: str) -> None:
            notes.append(text)

    training(tmp_path / "run", callback=Notes(), epochs=1.5).start()
    assert notes[-1] == "running on cpu fp32 channels_first; 6 steps per epoch, 9 in total"
