"""The sections of the report page about what was trained and how: network, recipe, data, and environment."""

from collections.abc import Iterable
from typing import Any

from ...backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ...network import Network
from ...text.counts import counted
from ..recipe.fields import RecipeField, recipe_fields
from ..recipe.recipe import Recipe
from ..runs.run_settings import DataSettings
from .highlighting import as_inline, highlight
from .markup import Markup, join, name, tag
from .run_report import TrainingReport
from .training_sections import section, wide

_MOST_LAYERS_DRAWN = 250
_MOST_MEANS = 16


def network(report: TrainingReport, built: Network) -> Markup:
    """The diagram, the table of the layers, and the text."""
    return section(
        "Network",
        "network",
        _diagram(built),
        tag("h3", "Layers"),
        wide("Layers", _layers(report)),
        tag("h3", "Text"),
        highlight(report.text),
    )


def _diagram(built: Network) -> Markup:
    """The diagram of the network, one version for light and one for dark pages; for a deep network, it shows the stages
    and blocks.
    """
    view = View.LAYERS if len(built.graph.nodes) <= _MOST_LAYERS_DRAWN else View.BLOCKS
    try:
        light, dark = (_rendered(built, theme, view) for theme in ("light", "dark"))
    except CannotDraw as error:
        return tag("p", f"No diagram: {error}.")
    layers = counted(len(built.graph.layers), "layer")
    description = f"{built.graph.name}: a diagram of its {layers}; the table below has the same content."
    diagram = tag(
        "picture",
        tag("source", media="screen and (prefers-color-scheme: dark)", srcset=dark, type="image/svg+xml"),
        tag("img", src=light, alt=description),
    )
    return tag("div", diagram, class_="wide drawing", tabindex=0, role="region", aria_label="Diagram of the network")


def _rendered(built: Network, theme: str, view: View) -> str:
    from base64 import b64encode

    data = diagram(built.graph, "svg", DiagramStyle(theme=THEMES[theme]), ViewOptions(view=view))
    return "data:image/svg+xml;base64," + b64encode(data).decode("ascii")


def _layers(report: TrainingReport) -> Markup:
    heads = ("layer", "module", "output", "parameters", "MACs")
    rows = []
    for layer in report.network.layers:
        shape = "×".join(map(str, layer.shape)) if layer.shape is not None else "?"
        cells = [tag("td", name(layer.name)), tag("td", shape), _count(layer.parameters), _count(layer.macs)]
        rows.append(tag("tr", tag("th", as_inline(layer.text), scope="row"), *cells))
    total = report.network.totals
    figures = [] if total is None else [tag("td", f"{total.parameters:,}"), _count(total.macs)]
    sums = [tag("td"), tag("td"), *figures]
    foot = tag("tfoot", tag("tr", tag("th", "sum", scope="row"), *sums))
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    return tag("table", head, tag("tbody", *rows), foot, class_="layers")


def _count(number: int | str | None) -> Markup:
    return tag("td", f"{number:,}" if isinstance(number, int) and number else str(number or ""))


def recipe(report: TrainingReport) -> Markup:
    """Every value that was used; those at their defaults are collapsed."""
    fields = list(_fields(report.recipe))
    changed, rest = ([field for field in fields if field[3] is wanted] for wanted in (True, False))
    words = "The settings that differ from their defaults." if changed else "All settings have their default values."
    summary = f"The {len(rest)} other settings, at their defaults"
    return section(
        "Recipe",
        "recipe",
        tag("p", words, class_="note"),
        _settings("Recipe", changed) if changed else None,
        tag("details", tag("summary", summary), _settings("Defaults", rest)),
    )


def _settings(label: str, fields: list[tuple[str, str, str, bool]]) -> Markup:
    rows = [
        tag("tr", tag("th", tag("code", field), scope="row"), tag("td", value), tag("td", words))
        for field, value, words, _ in fields
    ]
    heads = (tag("th", each, scope="col") for each in ("setting", "value", "description"))
    return wide(label, tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="recipe"))


def _fields(used: Recipe) -> Iterable[tuple[str, str, str, bool]]:
    """Name, value and description of each field of the recipe, and whether it differs from its default."""
    for entry in recipe_fields():
        line: Any = getattr(used, entry.path[0])
        if len(entry.path) > 1 and entry.path[1] not in type(line).model_fields:
            continue  # fields of another optimizer or schedule
        value = line if len(entry.path) == 1 else getattr(line, entry.path[1])
        label = entry.path[0] if entry.head else " ".join(entry.path)
        yield label, _value(value, entry.none), entry.description, not _is_default(entry, line, value)


def _is_default(entry: RecipeField, line: Any, value: Any) -> bool:
    owner = getattr(line, "name", "") if len(entry.path) > 1 and not entry.head else ""
    default = next((use.default for use in entry.uses if use.owner in ("", owner)), None)
    return bool(value == default)


def _value(value: Any, none: str) -> str:
    match value:
        case None:
            return none
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def environment(report: TrainingReport) -> Markup:
    """The information for reproducing the run: parameter values, data, seed, device and versions."""
    data, setup = report.data, report.setup
    counts = ", ".join(f"{count:,} for {use}" for use, count in data.images.items() if count)
    size = "×".join(map(str, data.shape)) if data.shape else "of any size"
    given = ", ".join(f"{setting} = {value}" for setting, value in report.network.settings.items())
    pairs: list[tuple[str, Markup | str]] = [
        *([("settings", join(tag("code", given), " (of the network's text)"))] if given else []),
        ("data", join(name(data.name), f": {_described(data, size)}; {counts}")),
        *_standard(data),
        *([("given in Python", ", ".join(report.custom.paths))] if report.custom.paths else []),
        ("seed", str(report.recipe.seed)),
        ("computed on", f"{setup.device}, {setup.precision}, {setup.layout}, {counted(setup.threads, 'thread')}"),
        ("weights", report.weights),
        ("versions", ", ".join(f"{what} {version}" for what, version in report.versions.items())),
        ("written", f"{report.written:%Y-%m-%d %H:%M} UTC"),
    ]
    rows = [tag("tr", tag("th", label, scope="row"), tag("td", words)) for label, words in pairs]
    return section("Environment", "environment", wide("Environment", tag("table", tag("tbody", *rows))))


def _numbers(data: DataSettings, size: str) -> str:
    return counted(data.shape[0], "number") if data.shape and len(data.shape) == 1 else f"{size} numbers"


def _described(data: DataSettings, size: str) -> str:
    """The targets and the inputs in words."""
    if data.inputs == "ids":
        return f"sequences of IDs below {data.vocabulary}"
    inputs = f"images {size}" if data.inputs == "image" else f"samples of {_numbers(data, size)}"
    if data.sample_rate is not None:
        inputs = f"audio of {counted(data.sample_rate, 'sample')} per second"
    return (
        f"{', '.join(data.classes)}; {inputs}"
        if data.target_mean
        else f"{counted(len(data.classes), 'class')}; {inputs}"
    )


def _standard(data: DataSettings) -> list[tuple[str, Markup | str]]:
    """Mean and standard deviation of the inputs, and of numbers to predict; none if there are too many to show."""
    per_channel = " (per channel, for pixels in 0 to 1)" if data.inputs == "image" else ""
    found: list[tuple[str, Markup | str]] = []
    for label, mean, deviation, note in (
        ("", data.mean, data.deviation, per_channel), ("of the targets: ", data.target_mean, data.target_deviation, ""),
    ):  # fmt: skip
        if 0 < len(mean) <= _MOST_MEANS:
            found.append((f"{label}mean", ", ".join(f"{value:.4f}" for value in mean) + note))
            found.append((f"{label}standard deviation", ", ".join(f"{value:.4f}" for value in deviation)))
    return found
