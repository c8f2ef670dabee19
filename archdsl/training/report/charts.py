"""Line charts as SVG that takes its colors from the page: light, dark or printed."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .markup import Markup, join, tag

_WIDTH, _HEIGHT = 400, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 12, 12, 46
_MOST_DOTS = 60
_LOG_FROM = 100.0

Point = tuple[float, float]


class Series(NamedTuple):
    """A line: its name, its style (a class of the page: `a` or `b`), and its points."""

    name: str
    style: str
    points: Sequence[Point]


class Axis(NamedTuple):
    """An axis: its label with the unit, a function that formats a value, and the values at its start and end."""

    label: str
    write: Callable[[float], str]
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def part(self, value: float) -> float:
        """The position of a value between the ends, in 0..1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def line_chart(
    title: str,
    y_label: str,
    series: Sequence[Series],
    write: Callable[[float], str],
    mark: int | None,
    zero: bool = False,
    most: float = math.inf,
) -> Markup:
    """A chart of values by epoch; `mark` is an epoch to mark. There is at least one point.

    The value axis is logarithmic if the values are all positive and span more than two orders of magnitude; an axis of
    fractions (`zero`) starts at zero.
    """
    xs = [x for line in series for x, _ in line.points]
    ys = [y for line in series for _, y in line.points]
    across = _epochs(int(min(xs)), int(max(xs)))
    up = _values(y_label, write, 0 if zero else min(ys), max(ys), most)
    lines = [_line(line, across, up) for line in series if line.points]
    parts = [tag("title", title), _frame(across, up), _mark(mark, across) if mark is not None else None, *lines]
    size = f"0 0 {_WIDTH} {_HEIGHT}"
    return tag(
        "svg", *parts, viewBox=size, role="img", class_="chart", aria_label=f"{title}. {_description(series, write)}"
    )


def _description(series: Sequence[Series], write: Callable[[float], str]) -> str:
    """A text description of a chart."""
    words = []
    for line in series:
        if line.points:
            (first, start), (last, end) = line.points[0], line.points[-1]
            words.append(f"{line.name}: {write(start)} in epoch {first:g}, {write(end)} in epoch {last:g}")
    return "; ".join(words) + "."


def _epochs(first: int, last: int) -> Axis:
    if first == last:
        return Axis("epoch", _whole, first - 1, last + 1, (float(first),))
    step = max(1, int(nice_step((last - first) / 6)))
    start = math.ceil(first / step) * step
    return Axis("epoch", _whole, first, last, tuple(float(x) for x in range(start, last + 1, step)))


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _values(label: str, write: Callable[[float], str], low: float, high: float, most: float) -> Axis:
    if low > 0 and high / low > _LOG_FROM:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        every = max(1, math.ceil((last - first) / 6))
        ticks = tuple(10.0**power for power in range(first, last + 1, every))
        return Axis(f"{label}, log scale", lambda value: f"{value:g}", 10.0**first, 10.0**last, ticks, log=True)
    if high == low:
        low, high = low - abs(low) / 10, min(high + (abs(high) or 1) / 10, most)
    step = nice_step((high - low) / 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Axis(label, write, first * step, last * step, tuple(i * step for i in range(first, last + 1)))


def nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _x(axis: Axis, value: float) -> str:
    return f"{_LEFT + axis.part(value) * (_WIDTH - _LEFT - _RIGHT):.1f}"


def _y(axis: Axis, value: float) -> str:
    return f"{_HEIGHT - _BOTTOM - axis.part(value) * (_HEIGHT - _TOP - _BOTTOM):.1f}"


def _frame(across: Axis, up: Axis) -> Markup:
    """Grid, tick labels and axis labels."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for tick in up.ticks:
        y = _y(up, tick)
        parts.append(tag("line", x1=_LEFT, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", up.write(tick), x=_LEFT - 7, y=y, dy="0.35em", text_anchor="end"))
    for tick in across.ticks:
        x = _x(across, tick)
        parts.append(tag("line", x1=x, x2=x, y1=bottom, y2=bottom + 5, class_="axis"))
        parts.append(tag("text", across.write(tick), x=x, y=bottom + 19, text_anchor="middle"))
    parts.append(tag("path", d=f"M{_LEFT} {_TOP}V{bottom}H{right}", class_="axis"))
    middle = (_TOP + bottom) / 2
    rotation = f"translate(13 {middle:g}) rotate(-90)"
    parts.append(tag("text", up.label, transform=rotation, text_anchor="middle", class_="label"))
    parts.append(
        tag("text", across.label, x=f"{(_LEFT + right) / 2:g}", y=_HEIGHT - 8, text_anchor="middle", class_="label")
    )
    return tag("g", *parts, aria_hidden="true")


def _mark(epoch: int, across: Axis) -> Markup:
    x = _x(across, epoch)
    return tag("line", x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM, class_="mark")


def _line(series: Series, across: Axis, up: Axis) -> Markup:
    places = [(_x(across, x), _y(up, y)) for x, y in series.points]
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    dots: list[Markup] = []
    if len(places) <= _MOST_DOTS:
        for place, (epoch, value) in zip(places, series.points, strict=True):
            hint = tag("title", f"{series.name}, epoch {epoch:g}: {up.write(value)}")
            dots.append(tag("circle", hint, cx=place[0], cy=place[1], r=3))
    return tag("g", tag("path", d=path), join(*dots), class_=f"line {series.style}")
