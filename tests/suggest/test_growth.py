"""Suggestions for long lines and words: their time grows about as fast as the text."""

import time

import pytest

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

_RUNS = 3
"""How often a ratio is measured again if it is too large: other processes may have slowed the first."""
_NEGLIGIBLE = 0.02
"""Seconds below which a ratio is noise."""
_LENGTH = 1500
_TEXTS = {
    "input {}": ("a", "7", "x3"),
    "input 8x8x8; conv 8 k3{}x": (" ", ",", "x3", "k3-", "½"),
    "input 8x8x8; conv 3{}!": ("x3", "a", "7"),
    "input 8x8x8; conv 8 (3, 4{}x": (" ", "7"),
    "input 8x8x8; conv 8 ({}, {}": ("7",),
    "input 8x8x8; Conv2D(8, (3{}x))": (" ",),
    "input 8x8x8\nfor i in range({}x {\nrelu\n}": (" ", "(", "1 "),
    "input 8x8x8\nfor i in range(1{}x ) {\nrelu\n}": (" ",),
    "input 8x8x8\n3{}a": (" ", "7", "x3"),
    "input 8x8x8\n2x conv{}a": (" ",),
    "input 8x8x8\nrelu as a{}\nrelu as a{}": ("1", "a"),
    "input 8x8x8\n{}": ("(", "[", '"', "'", "é", "/* ", '"""', "a = ", "a.", "1 < 2 < 3; ", "conv \\\n", "1. relu\n"),
    "input 8x8x8\n{}!": ("relu -> ", "[3x3, 8] x2 ", "conv3-8, ", "(conv ", "$3 ", "relu + ", "f(x).", "3 x "),
    "input 8x8x8\nlet a = 8{} !": (", b = 8", " b", ",8"),
    "input 8x8x8\nresidual({}) !": ("conv 8 k3, ", "(", " "),
    "x = Input(shape=({}) !": ("8, ", " ", "("),
    "{}": ("<<<<<\n=====\n", "<<<<<\n|||||\n"),
}


def _seconds(text: str) -> float:
    start = time.thread_time()
    analyze(Source(text), Sink()).diagnostics  # noqa: B018  # computed when it is read
    return time.thread_time() - start


@pytest.mark.parametrize(("frame", "part"), [(frame, part) for frame, parts in _TEXTS.items() for part in parts])
def test_time_grows_linearly_with_the_text(frame: str, part: str) -> None:
    # Four times the length takes less than eight times as long; it would take 16 times if the time were quadratic.
    short, long = (frame.replace("{}", part * (count // len(part))) for count in (_LENGTH, 4 * _LENGTH))
    ratios = (_seconds(long) / max(_NEGLIGIBLE, _seconds(short)) for _ in range(_RUNS))
    assert any(ratio < 8 for ratio in ratios)


@pytest.mark.parametrize("name", ["a = ", "Sequential(", "m.add(", "output a and "])
def test_nested_constructs_are_read_in_linear_time(name: str) -> None:
    for count in (10, 30, 90):
        text = f"input 8x8x8\n{name * count}conv(3){')' * count * name.count('(')} !"
        assert _seconds(text) < 10


@pytest.mark.parametrize("sign", ["not ", "- "])
@pytest.mark.parametrize("count", [30, 60, 120, 250, 380])
def test_repeated_signs_of_an_expression_are_checked(sign: str, count: int) -> None:
    assert analyze(Source(f"input 8x8x8; conv 8 {sign * count}k3"), Sink()).found
