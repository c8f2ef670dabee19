"""The figures of the tutorial: numbers agree with torch and the training; every setting is accepted or refused."""

import inspect
import re
from html.parser import HTMLParser
from itertools import product
from math import ceil
from typing import Any

import pytest
import torch

import archdsl
from archdsl.analysis.receptive_field import support
from archdsl.lecture import batches, filters, lenet5_maps, receptive_field, window
from archdsl.lecture.controls import CONTROLS, FIGURES, Control, interactive
from archdsl.lecture.panels import png
from archdsl.lecture.photograph import photograph
from archdsl.lecture.phrases import ENGLISH, KOREAN
from archdsl.lecture.stored_lenet5 import digit
from archdsl.training.data.images import divide


def numbers(text: str) -> list[float]:
    return [float(each.replace("−", "-")) for each in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


# --- a window ---


@pytest.mark.parametrize(
    ("operation", "kernel", "stride", "padding"),
    [
        (operation, kernel, stride, padding)
        for operation, kernel, stride, padding in product(("conv", "maxpool", "avgpool"), (1, 2, 5), (1, 3), (0, 2))
        if operation == "conv" or padding <= kernel // 2
    ],
)
def test_window_counts_match_torch(operation: str, kernel: int, stride: int, padding: int) -> None:
    """The gradient of the sum of a convolution with ones is the number of windows that contain each pixel."""
    made = window.figure(operation, 7, kernel, stride, padding, row=99, column=99)
    pixels = torch.tensor(digit(3), dtype=torch.float64)[:7, :7].requires_grad_()
    ones = torch.ones(1, 1, kernel, kernel, dtype=torch.float64)
    counted = torch.nn.functional.conv2d(pixels[None, None], ones, stride=stride, padding=padding)
    (reads,) = torch.autograd.grad(counted.sum(), pixels)
    functions = {
        "conv": lambda x: torch.nn.functional.conv2d(
            x, torch.tensor(window.edge(kernel), dtype=torch.float64).view(1, 1, kernel, kernel), None, stride, padding
        ),
        "maxpool": lambda x: torch.nn.functional.max_pool2d(x, kernel, stride, padding),
        "avgpool": lambda x: torch.nn.functional.avg_pool2d(x, kernel, stride, padding),
    }
    output = functions[operation](pixels.detach()[None, None])[0, 0]
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", made.html)
    full = (7 + 2 * padding) ** 2
    assert [float(each.replace("−", "-")) for each in shown[full : full + output.numel()]] == [
        round(value) for value in output.flatten().tolist()
    ]
    assert [float(each) for each in shown[full + output.numel() :]] == reads.flatten().tolist()
    unread = int((reads == 0).sum())
    assert f"; {unread} of 49 pixels" in made.text
    assert f"{output.shape[0]}×{output.shape[1]} positions" in made.text
    assert numbers(made.text.partition("the output is ")[2])[0] == pytest.approx(output[-1, -1].item(), rel=1e-4)


def test_window_that_does_not_fit_shows_the_error() -> None:
    made = window.figure("conv", 3, 5)
    assert "E0401" in made.text
    assert "lecture-error" in made.html


@pytest.mark.parametrize("settings", [{"size": 9}, {"kernel": 6}, {"stride": 0}, {"padding": -1}, {"operation": "x"}])
def test_window_out_of_range_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"from|is"):
        window.figure(**settings)


# --- filters ---


def test_filter_sum_at_a_pixel_matches_torch() -> None:
    pixels = torch.tensor(photograph(), dtype=torch.float64)[None, None]
    own = [0.5, -1, 2, 0, 3, -0.25, 1, 1, -4]
    expected = torch.nn.functional.conv2d(pixels, torch.tensor(own, dtype=torch.float64).view(1, 1, 3, 3), padding=1)
    for row, column in ((0, 0), (33, 51), (95, 95)):
        made = filters.figure("own", own, row, column)
        assert numbers(made.text)[-1] == pytest.approx(expected[0, 0, row, column].item(), rel=1e-4)


@pytest.mark.parametrize("own", [[], [1] * 8, [1] * 10, [1e9] * 9, [float("nan")] * 9])
def test_filter_requires_nine_numbers(own: list[float]) -> None:
    with pytest.raises(ValueError, match="9 numbers"):
        filters.figure("own", own)


def test_photograph_is_encoded_as_png() -> None:
    """It has dark and bright pixels and is the same each time; PNG keeps the pixels."""
    from io import BytesIO

    from PIL import Image

    rows = photograph()
    values = [value for row in rows for value in row]
    assert min(values) < 60
    assert max(values) > 200
    opened = Image.open(BytesIO(png(rows)))
    assert (
        list(opened.getdata() if not hasattr(opened, "get_flattened_data") else opened.get_flattened_data()) == values
    )


# --- feature maps ---


def test_trained_weights_recognize_the_digits() -> None:
    for label in (0, 4, 7):
        shown, best, percent = numbers(lenet5_maps.figure(label).text)
        assert shown == best == label
        assert percent > 80
    assert numbers(lenet5_maps.figure(4, "untrained").text)[-1] < 30


# --- receptive fields ---


@pytest.mark.parametrize("network", receptive_field.NETWORKS)
def test_marked_pixels_match_gradients(network: str) -> None:
    """The pixels with a gradient, for weights that are all positive, are those that the figure marks."""
    text = receptive_field.NETWORKS[network].replace("maxpool", "avgpool")
    model = archdsl.loads(text).to_torch().double()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    graph = archdsl.loads(receptive_field.NETWORKS[network]).graph
    last = graph.output
    image = torch.rand(1, 1, 16, 16, dtype=torch.float64, requires_grad=True)
    for at in ((0, 0), (1, 2), (last.shape.dims[1] - 1, last.shape.dims[2] - 1)):
        (gradient,) = torch.autograd.grad(model(image)[0, 0, at[0], at[1]], image)
        changed = {(r, c) for r, c in gradient[0, 0].nonzero().tolist()}
        nodes = (graph.nodes[graph.inputs[0]], *graph.layers)
        assert receptive_field.read_by(nodes, at)[0] == changed
        assert support(graph).rows(last.id, graph.inputs[0], (None, *at)) == changed
        made = receptive_field.figure(network, len(nodes) - 1, *at)
        assert f"depends on {len(changed)} pixels" in made.text


# --- batches ---


@pytest.mark.parametrize(
    ("images", "fraction", "batch"), [(60_000, 0.8, 32), (1797, 0.9, 32), (10, 0.55, 3), (7, 1, 7)]
)
def test_steps_per_epoch_match_the_training(images: int, fraction: float, batch: int) -> None:
    train, _ = divide(images, fraction)
    steps = ceil(len(train) / batch)
    assert batches.steps_per_epoch(images, fraction, batch) == steps
    assert f"= {steps:,} steps per epoch" in batches.figure("lenet5", images, fraction, batch).text


def test_steps_per_epoch_of_the_lecture_example() -> None:
    assert "60,000 · 0.8 / 32 = 1,500 steps per epoch" in batches.figure().text


def test_largest_batch_fits() -> None:
    made = batches.figure("resnet50", gibibytes=8)
    most = int(made.text.rpartition(" is ")[2].rstrip(".").replace(",", ""))
    assert "out of memory" not in batches.figure("resnet50", batch=most, gibibytes=8).html.partition("chosen")[2][:200]
    assert "out of memory" in batches.figure("resnet50", batch=most + 1, gibibytes=8).html.partition("chosen")[2][:200]


# --- forms ---


class Fields(HTMLParser):
    """The fields of a form, and whether each has a label; the ids of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.unlabeled: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in ("input", "rect", "img"):
            self.open.append(tag)
        if identifier := values.get("id"):
            self.ids.append(identifier)
        if tag == "label":
            self.labels.append(values["for"] or "")
        if tag in ("input", "select"):
            self.names.append(values["name"] or "")
            if values.get("aria-label") is None and values.get("id") not in self.labels:
                self.unlabeled.append(values["name"] or "")
        if tag == "img":
            assert values.get("alt")
        if tag == "svg":
            assert values.get("aria-label")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("input", "rect", "img"):
            assert self.open.pop() == tag


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_setting_has_a_labeled_field(name: str, language: str) -> None:
    found = Fields(interactive(name, language, "x.js"))
    parameters = set(inspect.signature(FIGURES[name]).parameters) - {"language"}
    assert {control.name for control in CONTROLS[name]} == parameters == set(found.names)
    assert found.unlabeled == []
    assert found.open == []
    assert len(set(found.ids)) == len(found.ids)
    assert "data-script" not in interactive(name, language)


@pytest.mark.parametrize("name", FIGURES)
def test_every_choice_and_slider_limit_gives_a_figure(name: str) -> None:
    for control in CONTROLS[name]:
        for value in _values(control):
            own: dict[str, Any] = {"numbers": [1.0] * 9} if value == "own" else {}
            assert FIGURES[name](**{control.name: value}, **own).html


def _values(control: Control) -> list[object]:
    if control.kind == "nine":
        return []
    return [value for value, *_ in control.choices] or [
        value if control.step < 1 else int(value) for value in (control.least, control.most)
    ]


def test_numbers_do_not_depend_on_the_language() -> None:
    for make in FIGURES.values():
        assert sorted(numbers(make(language="en").text)) == sorted(numbers(make(language="ko").text))


def test_both_languages_have_the_same_text_keys() -> None:
    assert set(ENGLISH) == set(KOREAN)
    for key, text in ENGLISH.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", KOREAN[key]))
    with pytest.raises(ValueError, match="language"):
        window.figure(language="xx")
