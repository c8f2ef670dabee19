"""The command line as click declares it: every command, its arguments and options, with values for each of them."""

import re
from collections.abc import Callable, Mapping
from random import Random

import click

from archdsl.cli import main
from archdsl.cli.named_path import NamedPath
from archdsl.cli.output_path import OutputPath
from archdsl.record import Record

from .cli_words import GENERATORS, Scene


class Command(Record):
    """A command by its words, `("zoo", "show")`, and its parameters."""

    path: tuple[str, ...]
    arguments: tuple[click.Argument, ...]
    options: tuple[click.Option, ...]

    @property
    def name(self) -> str:
        """The command as a user types it."""
        return " ".join(self.path)


ENDLESS = frozenset({"--watch"})
"""Options that keep a command running until it is interrupted; tests of their own start a process for them."""


def commands() -> dict[str, Command]:
    """Every command by name, including those of groups."""
    return {command.name: command for command in _walk(main, click.Context(main, info_name="archdsl"), ())}


def _walk(command: click.Command, context: click.Context, path: tuple[str, ...]) -> list[Command]:
    arguments = tuple(p for p in command.params if isinstance(p, click.Argument))
    options = tuple(p for p in command.params if isinstance(p, click.Option) and not ENDLESS & {*p.opts})
    found = [Command(path=path, arguments=arguments, options=options)] if path else []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += _walk(inner, click.Context(inner, info_name=name, parent=context), (*path, name))
    return found


class NoGenerator(Exception):
    """A parameter without a generator of values: `cli_words.GENERATORS` must have one."""


Draw = Callable[[Random, Scene], str]


def generator(command: Command, parameter: click.Parameter) -> Draw:
    """A strategy for one word of a parameter that takes one. Raises NoGenerator."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        choices = [str(choice) for choice in kind.choices]
        return lambda random, scene: random.choice(choices if random.random() < 0.95 else ["nonsense", "", "TEXT"])
    if isinstance(kind, click.IntRange | click.types.IntParamType):
        return _whole(getattr(kind, "min", None), getattr(kind, "max", None))
    if isinstance(kind, click.FloatRange | click.types.FloatParamType):
        return GENERATORS["X"]
    if isinstance(kind, click.types.StringParamType | click.Path | OutputPath | NamedPath):
        return _words(command, parameter)
    raise NoGenerator(f"`{command.name}`, {parameter.name}: no values are known for the type {type(kind).__name__}")


def _whole(least: float | None, most: float | None) -> Draw:
    low = 0 if least is None else int(least)
    high = low + 8 if most is None else int(most)
    odd = ["0", "-1", "1000000000", "9223372036854775807", "9" * 30, "x", "1.5", "", str(low - 1), str(high + 1)]
    return lambda random, scene: random.choice(odd) if random.random() < 0.15 else str(random.randint(low, high))


def _words(command: Command, parameter: click.Parameter) -> Draw:
    """A strategy by metavar or name: `NAME|FOLDER` is one or the other, and lowercase words stand for themselves."""
    shown = (parameter.metavar or (parameter.name or "").upper()).rstrip("…").strip("[]")
    for own in (*(f"{command.name} {name}" for name in parameter.opts), f"{command.name} {shown}", shown):
        if own in GENERATORS:
            return GENERATORS[own]
    draws: list[Draw] = []
    for word in shown.split("|"):
        if word in GENERATORS:
            draws.append(GENERATORS[word])
        elif re.fullmatch(r"[a-z0-9_]+", word):
            draws.append(lambda random, scene, word=word: word)  # type: ignore[misc]  # the default value binds the word
        else:
            raise NoGenerator(f"`{command.name}`, {parameter.name}: no values are known for {word}")
    return lambda random, scene: random.choice(draws)(random, scene)


def words_of(random: Random, command: Command, option: click.Option, scene: Scene) -> list[str]:
    """An option with its value, as words of the command line."""
    if option.is_flag or option.count:
        return [random.choice([*option.opts, *option.secondary_opts])]
    draw = generator(command, option)
    values = [draw(random, scene) for _ in range(option.nargs)]
    name = random.choice(option.opts)
    if option.nargs == 1 and name.startswith("--") and random.random() < 0.2:
        return [f"{name}={values[0]}"]
    return [name, *values]


def positional(random: Random, command: Command, argument: click.Argument, scene: Scene) -> list[str]:
    """Words for an argument; usually as many as it requires."""
    draw = generator(command, argument)
    if argument.nargs == -1:
        return [draw(random, scene) for _ in range(random.choice([1, 1, 1, 2, 3, 0]))]
    # An argument that the usage does not list follows a keyword, such as `status`.
    if not argument.required and random.random() < (0.9 if argument.metavar == "" else 0.3):
        return []
    count = argument.nargs if random.random() < 0.99 else random.choice([0, 2])
    return [draw(random, scene) for _ in range(count)]


def unknown_parameters() -> Mapping[str, str]:
    """The parameters without a generator, with the reason."""
    problems = {}
    for command in commands().values():
        for parameter in (*command.arguments, *command.options):
            if isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count):
                continue
            try:
                generator(command, parameter)
            except NoGenerator as reason:
                problems[f"{command.name} {parameter.name}"] = str(reason)
    return problems
