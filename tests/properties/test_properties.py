"""The general properties on a few reproducible examples, and on everything that was ever found.

`make fuzz` generates new examples for a given time; its findings become files in `found/`, which are replayed here.
"""

from collections.abc import Iterator
from random import Random

import pytest

from .cli_surface import commands, unknown_parameters
from .cli_words import Scene
from .commands_property import SLOW, TRAINS, WEIGHTS, command_line
from .example import Example, found
from .option_scenes import NOT_HERE, SCENES, SILENT
from .properties import PROPERTIES, check
from .silent_options import does_nothing, pairs, tried

EXAMPLES = {
    "commands": 500,
    "acceptance": 40,
    "differences": 60,
    "formatting": 120,
    "sizes": 150,
    "silence": 150,
    "suggestions": 150,
    "certainty": 400,
}
"""Number of examples generated here: half a minute in total."""
PARTS = 5
"""Tests per property, so that two processes can share them."""


def drawn(name: str, part: int) -> Iterator[Example]:
    """The first examples of consecutive seeds; each part has its own seeds."""
    wanted = EXAMPLES[name] // PARTS
    for seed in range(part, 10**6, PARTS):
        for example in PROPERTIES[name].draw(Random(seed)):
            if wanted == 0:
                return
            wanted -= 1
            yield example


def test_examples_are_generated_for_each_property() -> None:
    assert EXAMPLES.keys() == PROPERTIES.keys()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", PROPERTIES)
def test_properties_hold_for_generated_examples(name: str, part: int) -> None:
    for example in drawn(name, part):
        check_example(example)


@pytest.mark.parametrize("name", found())
def test_properties_hold_for_recorded_examples(name: str) -> None:
    check_example(found()[name])


def check_example(example: Example) -> None:
    """Check an example; a failure shows all of it."""
    try:
        check(example)
    except BaseException as error:
        texts = "\n".join(f"--- {name}\n{text}" for name, text in example.files)
        error.add_note(f"{example.holds}: {list(example.arguments)}\n{texts}")
        raise


# Coverage of the generated commands


def test_every_parameter_has_values() -> None:
    assert not unknown_parameters()


def test_option_tables_name_existing_commands() -> None:
    assert {*WEIGHTS, *SLOW, *TRAINS, *NOT_HERE} <= commands().keys()


def test_generated_command_lines_cover_every_command() -> None:
    scene = Scene(files=(("a.arch", "input 3x8x8\n"),))
    lines = [command_line(Random(seed), scene) for seed in range(6000)]
    assert {" ".join(command.path[:1]) for command in commands().values()} <= {line[0] for line in lines if line}


# Options with effects

QUICK = [scene for scene in SCENES if scene.writes not in ("out.png", "out.tex")]
"""The others take seconds: `make fuzz` generates them."""


@pytest.mark.parametrize("scene", [s for s in QUICK if s.options is None], ids=lambda scene: " ".join(scene.words))
def test_every_option_has_an_effect(scene) -> None:
    values = tried(commands()[scene.command], scene)
    assert all(values.values()), "an option without a value to try"
    assert does_nothing(scene) == SILENT.get(scene.command, [])


def test_every_command_has_a_scene() -> None:
    assert {scene.command for scene in SCENES} | NOT_HERE.keys() == commands().keys()
    assert not {scene.command for scene in SCENES} & NOT_HERE.keys()


@pytest.mark.parametrize(
    "scene", [s for s in SCENES if s.command != "diagram"], ids=lambda scene: " ".join(scene.words)
)
def test_properties_hold_for_pairs_of_options(scene) -> None:
    for example in pairs(scene):
        check_example(example)
