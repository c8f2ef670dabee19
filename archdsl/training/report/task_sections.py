"""The sections of the report page with the results of tasks other than classification: tables, predictions."""

from .markup import Markup, name, path, tag
from .run_report import ScoresReport, TableReport, TileReport
from .training_sections import section, wide


def results(scores: ScoresReport) -> list[Markup]:
    """The tables of the task, and its predictions for some samples."""
    sections = [_table(table) for table in scores.tables]
    if scores.samples:
        words = f"The first {len(scores.samples)} of {scores.count:,} {scores.images} images."
        shown = [_tile(each) for each in scores.samples]
        sections.append(
            section("Predictions", "predictions", tag("p", words), tag("div", *shown, class_="gallery samples"))
        )
    return sections


def _table(table: TableReport) -> Markup:
    heads = [tag("th", head, scope="col") for head in table.heads]
    keys: list[Markup | None] = [tag("i", class_="swatch", style=f"background:{color}") for color in table.colors]
    rows = [
        tag("tr", tag("th", key, name(row[0]), scope="row"), *(tag("td", cell) for cell in row[1:]))
        for key, row in zip(keys or [None] * len(table.rows), table.rows, strict=True)
    ]
    body = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="numbers")
    return section(table.title, table.title.lower(), wide(table.title, body))


def _tile(each: TileReport) -> Markup:
    kind = "pixels" if each.small else None
    images = [
        tag("span", tag("img", src=p.image, alt=f"{each.sample}: {p.label}", class_=kind, loading="lazy"), p.label)
        for p in each.panels
    ]
    caption = tag("figcaption", tag("span", each.caption), tag("small", path(each.sample)))
    return tag("figure", tag("div", *images, class_="panels"), caption)
