"""The import order of archdsl.training: a module imports itself and those before it, and nothing else."""

import pytest

from tests.test_package_imports import imports, modules

ORDER = (
    ("errors", "duration"), ("safe_files",), ("data", "recipe"), ("tasks",),
    ("network_check", "network_warnings", "model_spec", "program_check"), ("loop",), ("processes",), ("runs",),
    ("report",),
    ("inference",), ("callbacks",), ("assemble",), ("session",), ("sweep",), ("trained_run",),
    ("fit_options",), ("fit_steps",), ("fitting",),
)  # fmt: skip
LEVEL = {part: level for level, parts in enumerate(ORDER) for part in parts}
PREFIX = "archdsl.training."


def part_of(name: str) -> str:
    return name.removeprefix(PREFIX).partition(".")[0]


@pytest.mark.parametrize("name", sorted(LEVEL))
def test_training_part_imports_only_lower_levels(name: str) -> None:
    wrong = [
        f"{module}:{line} imports {imported}"
        for module in modules()
        if module.startswith(PREFIX) and part_of(module) == name
        for line, imported in imports(module)
        if imported.startswith(PREFIX) and part_of(imported) != name and LEVEL[part_of(imported)] > LEVEL[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_training_part_has_a_level() -> None:
    assert {part_of(name) for name in modules() if name.startswith(PREFIX)} == set(LEVEL)


def test_data_does_not_import_recipe() -> None:
    wrong = [
        f"{module}:{line}"
        for module in modules()
        if module.startswith(f"{PREFIX}data.")
        for line, imported in imports(module)
        if imported.startswith(f"{PREFIX}recipe")
    ]
    assert not wrong
