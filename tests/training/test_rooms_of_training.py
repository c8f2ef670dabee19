"""The rooms of training, from the floor up: a room imports those before it and itself, and nothing above."""

import pytest

from tests.test_rooms import imports, modules

ORDER = (
    ("errors", "duration"), ("safe_files",), ("data", "recipe"), ("network_check", "model_spec"), ("loop",),
    ("processes",), ("runs",), ("report",), ("inference",), ("callbacks",), ("assemble",), ("session",), ("sweep",),
)  # fmt: skip
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
PREFIX = "archdsl.training."


def room(name: str) -> str:
    return name.removeprefix(PREFIX).partition(".")[0]


@pytest.mark.parametrize("name", sorted(LEVEL))
def test_a_room_imports_nothing_above_it(name: str) -> None:
    wrong = [
        f"{module}:{line} imports {imported}"
        for module in modules()
        if module.startswith(PREFIX) and room(module) == name
        for line, imported in imports(module)
        if imported.startswith(PREFIX) and room(imported) != name and LEVEL[room(imported)] > LEVEL[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_has_its_level() -> None:
    assert {room(name) for name in modules() if name.startswith(PREFIX)} == set(LEVEL)


def test_recipe_is_not_needed_by_data() -> None:
    wrong = [
        f"{module}:{line}"
        for module in modules()
        if module.startswith(f"{PREFIX}data.")
        for line, imported in imports(module)
        if imported.startswith(f"{PREFIX}recipe")
    ]
    assert not wrong
