"""The feature maps of LeNet-5 for a digit, before and after training."""

from math import exp

from .panels import LectureFigure, image, panel, panels
from .phrases import words
from .small_networks import Map, evaluate
from .stored_lenet5 import large_digit, lenet5, standardized, trained, untrained

_LAYERS = (
    ("features.tanh1", "conv 6 k5; tanh"),
    ("features.avgpool1", "avgpool 2"),
    ("features.tanh2", "conv 16 k5; tanh"),
    ("features.avgpool2", "avgpool 2"),
)
"""The layers to show, by path, with their text."""


def figure(digit: int = 3, weights: str = "trained", language: str = "en") -> LectureFigure:
    """The feature maps of both convolutions and their pooling, and the probabilities of the ten digits.

    `weights` is `trained` or `untrained`. Raises ValueError for other settings.
    """
    if not 0 <= digit <= 9 or weights not in ("trained", "untrained"):
        raise ValueError("digit is from 0 to 9, weights are trained or untrained")
    graph, translations = lenet5(), words(language)
    pixels = large_digit(digit)
    values = evaluate(graph, trained() if weights == "trained" else untrained(), [standardized(pixels)])
    parts = [panel(f"{translations['image']} 1×32×32", image(pixels, f"{digit}", 96))]
    nodes = {".".join(node.path): node for node in graph.layers}
    for path, layer in _LAYERS:
        node = nodes[path]
        title = f"{layer} → {node.shape}"
        maps = "".join(image(_gray(each), f"{title}, {number}", 56) for number, each in enumerate(values[node.id], 1))
        parts.append(panel(title, f'<div class="lecture-maps">{maps}</div>'))
    scores = [channel[0][0] for channel in values[graph.output.id]]
    probabilities = softmax(scores)
    parts.append(panel(translations["probabilities"], _bars(probabilities)))
    best = max(range(10), key=probabilities.__getitem__)
    text = translations["maps"].format(digit=digit, best=best, percent=f"{100 * probabilities[best]:.0f}")
    return LectureFigure(html=panels(*parts), text=text)


def softmax(scores: list[float]) -> list[float]:
    """Positive numbers with sum 1."""
    powers = [exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def _gray(values: Map) -> list[list[int]]:
    """A map of `tanh`, from −1 to 1, as pixels from 0 to 255."""
    return [[round(255 * (min(1.0, max(-1.0, value)) + 1) / 2) for value in row] for row in values]


def _bars(probabilities: list[float]) -> str:
    """A bar for each digit."""
    rows = []
    for number, probability in enumerate(probabilities):
        bar = f'<span class="lecture-bar" style="width:{100 * probability:.1f}%"></span>'
        rows.append(f"<tr><th>{number}</th><td>{bar}</td><td>{100 * probability:.1f}%</td></tr>")
    return f'<table class="lecture-table">{"".join(rows)}</table>'
