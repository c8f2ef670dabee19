"""docs/json.md: the fields of every JSON report, from the models."""

from typing import Any

from pydantic import BaseModel, RootModel

from archdsl.analysis.check_schema import CheckReport
from archdsl.analysis.derivation_report import WhyReport
from archdsl.analysis.diff.diff_report import DiffReport
from archdsl.cli.listing_reports import (
    CacheReport,
    DataReport,
    ExplainReport,
    LayersReport,
    PredictionReport,
    ZooReport,
)
from archdsl.training.report.run_report import ResultReport, ScoresReport, TrainingReport
from archdsl.training.sweep.status_report import SweepStatusReport


class EvalReport(RootModel[ResultReport | ScoresReport]):
    """The final scores of classification, or those of another task."""


REPORTS: dict[str, type[BaseModel]] = {
    "archdsl check --format json": CheckReport,
    "archdsl why --format json": WhyReport,
    "archdsl diff --format json": DiffReport,
    "archdsl layers --format json": LayersReport,
    "archdsl explain --format json": ExplainReport,
    "archdsl zoo --format json": ZooReport,
    "archdsl data --format json": DataReport,
    "archdsl cache --format json": CacheReport,
    "archdsl eval --format json": EvalReport,
    "archdsl predict --format json": PredictionReport,
    "archdsl sweep --format json": SweepStatusReport,
    "report.json": TrainingReport,
}
"""What prints or writes JSON, and its model."""

_HEAD = """\
# JSON reports

Fields may be added without a new `schema_version`, so ignore the ones that you do not know. `archdsl check --schema`
prints the JSON Schema of its report, which is also published as [check.schema.json](check.schema.json).
"""


def page() -> str:
    """The text of docs/json.md."""
    parts = [_HEAD]
    shown: dict[str, Any] = {}
    for title, model in REPORTS.items():
        schema = model.model_json_schema(mode="serialization")
        definitions = schema.get("$defs", {})
        parts.append(f"## `{title}`\n")
        parts.append(_object(model.__name__, schema, heading=False))
        for name, definition in definitions.items():
            if shown.setdefault(name, definition) != definition:
                raise ValueError(f"two models are named {name}: this page would describe one of them")
            if shown[name] is definition and "properties" in definition:
                parts.append(_object(name, definition, heading=True))
    return "\n".join(parts)


def _object(name: str, schema: dict[str, Any], *, heading: bool) -> str:
    lines = [f"### {name}\n"] if heading else []
    if text := schema.get("description"):
        lines.append(" ".join(text.split()) + "\n")
    if "properties" in schema:
        lines += ["| field | type | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{field}` | {_type(each)} | {_cell(each.get('description', ''))} |"
            for field, each in schema["properties"].items()
        ]
    else:
        lines.append(f"Either {_type(schema)}.")
    return "\n".join(lines) + "\n"


def _type(schema: dict[str, Any]) -> str:
    """A type in words, with links to the objects on this page."""
    match schema:
        case {"$ref": ref}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": choices} | {"oneOf": choices}:
            return " or ".join(dict.fromkeys(map(_type, choices)))
        case {"const": value}:
            return f"`{value!r}`".replace("'", '"')
        case {"enum": values}:
            return ", ".join(f'`"{value}"`' for value in values)
        case {"type": "array", "items": items} if items:
            return f"list of {_type(items)}"
        case {"type": "array", "prefixItems": items}:
            return f"list: {', '.join(map(_type, items))}"
        case {"type": "object", "additionalProperties": dict() as values} if values:
            return f"object: name → {_type(values)}"
        case {"type": kind}:
            return str(kind)
    return "any"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
