"""Every option has an effect or is refused: alone, and next to every other one."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
from click.testing import CliRunner

from archdsl.cli import main

from .cli_surface import Command, commands
from .example import Example
from .failure_kinds import Broken
from .option_scenes import REFUSED, SATISFIED, SCENES, OptionScene
from .workspace import workspace

KIND = "options"

Words = tuple[str, ...]
Files = tuple[tuple[str, str], ...]


class Outcome(NamedTuple):
    """The effects of a command line that a user can see."""

    status: int
    printed: str
    errors: str
    files: tuple[tuple[str, bytes], ...]

    @property
    def refused(self) -> bool:
        """Whether the command line is reported as invalid."""
        return self.status == 2


def name_of(option: click.Option) -> str:
    """The long name of an option."""
    return max(option.opts, key=len)


def tried(command: Command, scene: OptionScene) -> dict[str, list[Words]]:
    """For each option, the words that give it values worth trying; none for options that print and exit, like help."""
    options = [option for option in command.options if not option.is_eager]
    chosen = {name_of(option): _values(option, scene) for option in options}
    return chosen if scene.options is None else {name: chosen[name] for name in scene.options}


def _values(option: click.Option, scene: OptionScene) -> list[Words]:
    name = name_of(option)
    if option.is_flag:
        return [(word,) for word in (name, *option.secondary_opts)]
    values = scene.values.get(name, ())
    if isinstance(option.type, click.Choice) and not values:
        values = tuple(str(choice) for choice in option.type.choices)
    return [(name, value) for value in values]


def pairs(scene: OptionScene) -> list[Example]:
    """Every ordered pair of options of a scene: does the first have an effect next to the second?"""
    names = tried(commands()[scene.command], scene)
    index = SCENES.index(scene)
    return [
        Example(holds="silence", files=scene.files, arguments=(KIND, str(index), first, second))
        for first in names
        for second in names
        if first != second
    ]


def draw(random: Random) -> Iterator[Example]:
    """A scene and two options."""
    scene = random.choice([scene for scene in SCENES if len(tried(commands()[scene.command], scene)) > 1])
    yield random.choice(pairs(scene))


def check(example: Example) -> None:
    """Check the property on an option, next to each value of another one. Raises Broken."""
    if len(example.arguments) != 4 or not example.arguments[1].isdigit():
        return
    scene = SCENES[int(example.arguments[1]) % len(SCENES)]
    values = tried(commands()[scene.command], scene)
    first, second = example.arguments[2:]
    files = files_of(scene)
    base = outcome(files, scene.words)
    alone = {given: outcome(files, (*scene.words, *given)) for given in values[first]}
    effective = [given for given, made in alone.items() if made != base and not made.refused]
    for beside in values[second][:1] if second in scene.values else values[second]:
        without = outcome(files, (*scene.words, *beside))
        is_permitted = (scene.command, first, " ".join(beside)) in SATISFIED
        if without.refused or not effective or is_permitted or REFUSED in beside:
            continue
        if all(outcome(files, (*scene.words, *given, *beside)) == without for given in effective):
            raise Broken(f"{scene.command}: {first} does nothing beside {' '.join(beside)}")


def does_nothing(scene: OptionScene) -> list[str]:
    """The options of a scene that are accepted and change nothing, whatever their value."""
    files = files_of(scene)
    base = outcome(files, scene.words)
    values = tried(commands()[scene.command], scene)
    return [
        name
        for name, words in values.items()
        if words and all(outcome(files, (*scene.words, *given)) == base for given in words)
    ]


def files_of(scene: OptionScene) -> Files:
    """The files of a scene, with the one that only its command line writes."""
    if scene.writes is None:
        return scene.files
    written = dict(outcome(scene.files, scene.words).files)[scene.writes]
    return (*scene.files, (scene.writes, written.decode("utf-8", "surrogateescape")))


def _contents(path: Path) -> bytes:
    """The content of a file; safetensors writes its metadata in an order that changes between calls."""
    data = path.read_bytes()
    return bytes(sorted(data)) if path.suffix == ".safetensors" else data


@lru_cache(maxsize=4000)
def outcome(files: Files, words: Words) -> Outcome:
    """Run a command line in the workspace."""
    place = workspace()
    with place.holding(Example(holds="silence", files=files)) as before:
        done = CliRunner().invoke(main, words)
        after = place.state()
        changed = sorted(path for path in after if before.get(path) != after[path])
        contents = tuple((path, _contents(place.folder / path)) for path in changed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Outcome(done.exit_code, done.stdout, done.stderr, contents)
