"""The descriptions of the fields of JSON reports hold for the values in JSON, not only for those of options."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.pages.json_reports import REPORTS

_PLACEHOLDER = re.compile(r"(?<!\w)(?:N|X|NAME|PATH)(?!\w)")
_OF_OPTIONS = re.compile(r"`(off|auto)`")


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for definition in (schema, *schema.get("$defs", {}).values()):
        yield from definition.get("properties", {}).items()


@pytest.mark.parametrize("model", REPORTS.values(), ids=REPORTS)
def test_field_descriptions_hold_for_json(model: Any) -> None:
    for name, field in fields(model.model_json_schema(mode="serialization")):
        text = field.get("description", "")
        assert not _PLACEHOLDER.search(re.sub(r"hf:OWNER/NAME|--\S+ NAME", "", text)), f"{name}: {text}"
        for word in _OF_OPTIONS.findall(text):
            types = str({key: value for key, value in field.items() if key not in ("description", "title", "default")})
            assert f"'{word}'" in types or "'string'" in types, f"{name} cannot be `{word}`: {text}"
