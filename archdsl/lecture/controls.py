"""The forms of the figures: which settings a reader can change, and the HTML around figure and form."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from ..analysis.memory import OPTIMIZERS, PRECISIONS
from ..record import Record
from . import batches, filters, lenet5_maps, receptive_field, window
from .panels import LectureFigure


class Control(Record):
    """One setting: a choice of values, or a number from `least` to `most`; `labels` are its names in English and
    Korean.

    `kind` is the kind of input: a slider (`range`), one field (`number`), or nine fields (`nine`).
    """

    name: str
    labels: tuple[str, str]
    choices: tuple[tuple[str, str, str], ...] = ()
    least: float = 0
    most: float = 0
    step: float = 1
    kind: str = "range"


def _position(most: int) -> tuple[Control, Control]:
    return (
        Control(name="row", labels=("row of the output", "출력의 행"), most=most),
        Control(name="column", labels=("column of the output", "출력의 열"), most=most),
    )


def _plain(values: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((value, value, value) for value in values)


FIGURES: Mapping[str, Callable[..., LectureFigure]] = {
    "window": window.figure,
    "filters": filters.figure,
    "lenet5_maps": lenet5_maps.figure,
    "receptive_field": receptive_field.figure,
    "batches": batches.figure,
}
"""The figures by the name of their module."""

CONTROLS: Mapping[str, tuple[Control, ...]] = {
    "window": (
        Control(
            name="operation",
            labels=("operation", "연산"),
            choices=(
                ("conv", "edge filter", "경계선 필터"),
                ("maxpool", "max pooling", "최대 풀링"),
                ("avgpool", "average pooling", "평균 풀링"),
            ),
        ),
        Control(name="size", labels=("image size", "이미지 크기"), least=3, most=8),
        Control(name="kernel", labels=("kernel", "커널"), least=1, most=5),
        Control(name="stride", labels=("stride", "스트라이드"), least=1, most=4),
        Control(name="padding", labels=("padding", "패딩"), most=2),
        *_position(11),
    ),
    "filters": (
        Control(
            name="preset",
            labels=("filter", "필터"),
            choices=(
                ("sobel_x", "Sobel, vertical edges", "소벨, 세로 경계선"),
                ("sobel_y", "Sobel, horizontal edges", "소벨, 가로 경계선"),
                ("blur", "blur (mean)", "블러(평균)"),
                ("sharpen", "sharpen", "샤프닝"),
                ("laplace", "Laplace", "라플라스"),
                ("identity", "identity", "항등"),
                ("own", "your own numbers", "직접 입력"),
            ),
        ),
        Control(name="numbers", labels=("nine weights", "가중치 9개"), kind="nine", step=0.01, least=-1000, most=1000),
        *_position(95),
    ),
    "lenet5_maps": (
        Control(name="digit", labels=("digit", "숫자"), most=9),
        Control(
            name="weights",
            labels=("weights", "가중치"),
            choices=(("trained", "trained", "학습 후"), ("untrained", "untrained", "학습 전")),
        ),
    ),
    "receptive_field": (
        Control(
            name="network",
            labels=("network", "신경망"),
            choices=(
                ("with pooling", "with pooling", "풀링 사용"),
                ("three convolutions", "three 3×3 convolutions", "3×3 합성곱 세 개"),
                ("with stride", "with stride", "스트라이드 사용"),
                ("large kernel", "one 7×7 convolution", "7×7 합성곱 한 개"),
                ("dilated", "dilated convolutions", "팽창 합성곱"),
            ),
        ),
        Control(name="layer", labels=("layer", "층"), least=1, most=5),
        *_position(15),
    ),
    "batches": (
        Control(name="network", labels=("network", "신경망"), choices=_plain(batches.NETWORKS)),
        Control(name="images", labels=("images", "이미지 수"), least=1, most=10**9, kind="number"),
        Control(name="fraction", labels=("fraction for training", "학습 비율"), least=0.05, most=1, step=0.05),
        Control(name="batch", labels=("batch size", "배치 크기"), least=1, most=10**6, kind="number"),
        Control(name="optimizer", labels=("optimizer", "옵티마이저"), choices=_plain(OPTIMIZERS)),
        Control(name="precision", labels=("precision", "정밀도"), choices=_plain(PRECISIONS)),
        Control(
            name="gibibytes", labels=("memory of the GPU in GiB", "GPU 메모리(GiB)"), least=1, most=1000, kind="number"
        ),
    ),
}
"""The settings of each figure; the parameters of its function have the same names."""

_TITLES: Mapping[str, tuple[str, str]] = {
    "window": ("A window that slides over an image", "이미지 위를 움직이는 윈도우"),
    "filters": ("A filter on an image", "이미지에 적용한 필터"),
    "lenet5_maps": ("The feature maps of LeNet-5", "LeNet-5의 특징 맵"),
    "receptive_field": ("The receptive field of an element", "한 원소의 수용 영역"),
    "batches": ("Batch size, steps and memory", "배치 크기, 스텝 수, 메모리"),
}


def interactive(name: str, language: str = "en", script: str | None = None) -> str:
    """HTML of a figure with its default settings, and of its form, which is hidden until a script enables it.

    `script` is the address of the module that runs archdsl in the page; without it, the figure is static.
    """
    made, index = FIGURES[name](language=language), int(language == "ko")
    defaults = {key: each.default for key, each in inspect.signature(FIGURES[name]).parameters.items()}
    fields = "".join(_field(name, control, defaults[control.name], index) for control in CONTROLS[name])
    source = f' data-script="{escape(script)}"' if script else ""
    return (
        f'<figure class="lecture" data-call="archdsl.lecture.{name}.figure" data-language="{language}"{source}>'
        f'<form class="lecture-form" aria-label="{escape(_TITLES[name][index])}" hidden>{fields}</form>'
        f'<div class="lecture-output">{made.html}</div>'
        f"<figcaption><strong>{escape(_TITLES[name][index])}.</strong> "
        f'<span class="lecture-text" role="status">{escape(made.text)}</span></figcaption></figure>'
    )


def _field(figure: str, control: Control, default: Any, index: int) -> str:
    label, id = escape(control.labels[index]), f"{figure}-{control.name}"
    if control.choices:
        options = "".join(
            f'<option value="{value}"{" selected" if value == default else ""}>{escape(names[index])}</option>'
            for value, *names in control.choices
        )
        return f'<label for="{id}">{label}</label><select id="{id}" name="{control.name}">{options}</select>'
    bounds = f'min="{control.least:g}" max="{control.most:.10g}" step="{control.step:g}"'
    if control.kind == "nine":
        cells = "".join(
            f'<input type="number" {bounds} value="{value:g}" name="{control.name}" aria-label="{label} {n}">'
            for n, value in enumerate(filters.PRESETS["sobel_x"], 1)
        )
        return f'<fieldset class="lecture-nine" hidden><legend>{label}</legend>{cells}</fieldset>'
    shown = f'<output for="{id}">{default:g}</output>' if control.kind == "range" else ""
    value = f'type="{control.kind}" id="{id}" name="{control.name}" value="{default:.10g}"'
    return f'<label for="{id}">{label}</label><span><input {value} {bounds}>{shown}</span>'
