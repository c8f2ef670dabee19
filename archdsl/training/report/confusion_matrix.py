"""The confusion matrix as HTML: a table of numbers for few classes, a heat map for many."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...text.counts import counted
from .gather import png_uri
from .markup import Markup, name, tag

MOST_IN_TABLE = 24
_SIDE = 600
_MIDDLE_FROM, _STRONG_FROM = 0.65, 0.9  # the text color changes here on dark and light pages
_LONG_NAME, _LONGEST_HEAD = 5, 18
_RIGHT, _WRONG = (0, 114, 178), (213, 94, 0)  # Okabe & Ito: distinguishable with color vision deficiencies


def matrix(confusion: NDArray[np.int64], classes: list[str]) -> Markup:
    """The confusion matrix: rows are true classes, columns predictions."""
    return _table(confusion, classes) if len(classes) <= MOST_IN_TABLE else _heat_map(confusion)


def _table(confusion: NDArray[np.int64], classes: list[str]) -> Markup:
    heads = [tag("th", tag("span", name(each, _LONGEST_HEAD)), scope="col") for each in classes]
    first = tag("tr", tag("td", class_="corner"), tag("th", "predicted", colspan=len(classes), scope="colgroup"))
    second = tag("tr", tag("th", "true", scope="col", class_="corner"), *heads)
    rows = []
    for index, (row, each) in enumerate(zip(confusion.tolist(), classes, strict=True)):
        cells = [_cell(count, sum(row), right=index == column) for column, count in enumerate(row)]
        rows.append(tag("tr", tag("th", name(each, 24), scope="row"), *cells))
    words = (
        "Samples by true class (rows) and predicted class (columns). A stronger shade means a larger fraction of the "
        "row; blue is correct, and orange is wrong."
    )
    kind = "matrix rotated" if max(map(len, classes)) > _LONG_NAME else "matrix"
    body = tag("table", tag("caption", words), tag("thead", first, second), tag("tbody", *rows), class_=kind)
    return tag("div", body, class_="wide", tabindex=0, role="region", aria_label="Confusion matrix")


def _cell(count: int, total: int, right: bool) -> Markup:
    if not count:
        return tag("td", "0", class_="none")
    shade = _shade(count / total, right)
    strength = " strong" if shade >= _STRONG_FROM else " middle" if shade >= _MIDDLE_FROM else ""
    kind = ("right" if right else "wrong") + strength
    return tag("td", f"{count:,}", class_=kind, style=f"--p:{shade:.2f}", title=f"{count / total:.1%} of the row")


def _shade(part: float, right: bool) -> float:
    """The shade of a fraction; for errors, which are few, the square root makes a few percent visible."""
    return part if right else math.sqrt(part)


def _heat_map(confusion: NDArray[np.int64]) -> Markup:
    """A pixel, or a block of them, for each cell; for more classes than pixels, the largest value of several cells."""
    count = len(confusion)
    parts = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    right = np.where(np.eye(count, dtype=bool), parts, 0)
    wrong = np.sqrt(parts - right)
    every = math.ceil(count / _SIDE)
    right, wrong = (_pooled(each, every) for each in (right, wrong))
    pixels = np.zeros((*right.shape, 4), np.uint8)
    pixels[..., :3] = np.where((right > 0)[..., None], _RIGHT, _WRONG)
    pixels[..., 3] = np.round(255 * np.maximum(right, wrong))
    side = max(1, _SIDE // len(right))
    image = Image.fromarray(pixels).resize((len(right) * side,) * 2, Image.Resampling.NEAREST)
    description = f"Confusion matrix of {counted(count, 'class')}: correct predictions are on the diagonal."
    words = (
        f"{counted(count, 'true class')} (rows) and predicted classes (columns), in the order of the table of classes. "
        "A stronger shade means a larger fraction of the row; blue is correct, and orange is wrong."
    )
    return tag("figure", tag("img", src=png_uri(image), alt=description, class_="heat"), tag("figcaption", words))


def _pooled(parts: NDArray[np.float64], every: int) -> NDArray[np.float64]:
    if every == 1:
        return parts
    rest = -len(parts) % every
    padded = np.pad(parts, ((0, rest), (0, rest)))
    side = len(padded) // every
    pooled: NDArray[np.float64] = padded.reshape(side, every, side, every).max((1, 3))
    return pooled
