"""docs/howto/extensions.md shows the files of the example as they are."""

import re

import pytest

from .written_packages import EXAMPLE

PAGE = EXAMPLE.parents[1] / "docs" / "howto" / "extensions.md"
SHOWN = re.findall(r'^```\w+ title="([\w./]+)"\n(.*?)^```$', PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
FILES = {name: text for name, text in SHOWN if not name.endswith(".arch")}


@pytest.mark.parametrize("name", FILES)
def test_page_shows_the_example_file(name: str) -> None:
    assert FILES[name] == (EXAMPLE / name).read_text(encoding="utf-8")


def test_page_shows_every_example_file() -> None:
    own = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*.py") if path.name != "__init__.py"}
    assert own | {"pyproject.toml"} == set(FILES)
