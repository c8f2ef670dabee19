"""docs/suggestions.md shows the figures that the benchmark published."""

import json

import suggestions


def test_page_table_matches_the_published_result() -> None:
    published = suggestions.PAGE.parents[1] / "benchmarks" / "published" / "suggestions.json"
    page = suggestions.PAGE.read_text(encoding="utf-8")
    assert suggestions.with_table(page, json.loads(published.read_text(encoding="utf-8"))) == page
