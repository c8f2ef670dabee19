"""The addresses in hovers are those of the documentation."""

import re
import tomllib
from pathlib import Path

import pytest

from archdsl.layers import merges, registry
from archdsl.service.layer_pages import KEYWORDS, SITE, page
from archdsl.syntax.tokens import KEYWORDS as WORDS

ROOT = Path(__file__).resolve().parents[2]


def test_site_url_matches_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert SITE.rstrip("/") == project["urls"]["Documentation"]


@pytest.mark.parametrize("layer", [*registry().values(), *merges().values()], ids=lambda layer: layer.keyword)
def test_layer_page_exists(layer) -> None:
    path, _, anchor = page(layer).removeprefix(SITE).partition("/#")
    text = (ROOT / "docs" / f"{path}.md").read_text(encoding="utf-8")
    assert re.search(rf"^#+ .*\b{re.escape(anchor)}\b", text, re.MULTILINE)


def test_every_keyword_is_described() -> None:
    assert WORDS - {"and", "or", "not", "add", "mul", "concat"} <= set(KEYWORDS)
