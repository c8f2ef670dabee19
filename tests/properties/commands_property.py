"""Commands: any text, with any command, format and option, ends in messages and an exit status of 0, 1 or 2."""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import click
from click.testing import CliRunner, Result

from archdsl.cli import main

from . import generated_texts
from .cli_surface import Command, commands, positional, words_of
from .cli_words import IMAGES, Scene, data
from .example import Example, encoded
from .failure_kinds import Broken
from .resource_guard import limited
from .workspace import watched_writes, workspace

NAME = "commands"
BINARY = (b"\x89PNG", b"%PDF")
"""First bytes of binary output: an image on standard output."""
RUNS_A_TEXT = 8
"""Number of command lines for each generated text: generating a text takes as long as a run."""

WEIGHTS = {"check": 40, "diagram": 10, "why": 8, "fmt": 8, "diff": 6, "compile": 5, "train": 3, "sweep": 2}
"""Relative frequency of a command; the others have OTHER."""
OTHER = 0.6
SLOW = {"zoo": 0.004, "export": 0.3, "predict": 0.1, "inspect": 0.1, "eval": 0.1}
"""Commands that take seconds, or load a run."""

TRAINS = {
    "train": ["--epochs", "1", "--batch", "4", "--device", "cpu", "--data"],
    "sweep": ["--epochs", "1", "--batch", "4", "--device", "cpu", "--trials", "1", "--data"],
}
"""Commands that may legitimately take hours, depending on their input. They get data that does not exist, or one epoch
of a dozen images.
"""


def draw(random: Random) -> Iterator[Example]:
    """One or several texts, and several command lines about them."""
    files = generated_texts.several(random)
    for _ in range(RUNS_A_TEXT):
        arguments = command_line(random, Scene(files=files))
        piped = "-" in arguments
        yield Example(holds=NAME, files=files, arguments=arguments, stdin=files[0][1] if piped else None)


def command_line(random: Random, scene: Scene) -> tuple[str, ...]:
    """A command with some of its options."""
    if random.random() < 0.002:
        return random.choice([(), ("--help",), ("--version",), ("chekc", "a.arch"), ("--none",), ("",)])
    names, weights = _weighted()
    command = commands()[random.choices(names, weights)[0]]
    if random.random() < 0.002:
        return (*command.path, "--help")
    words = [word for argument in command.arguments for word in positional(random, command, argument, scene)]
    if "--expr" in [name for option in command.options for name in option.opts] and random.random() < 0.1:
        words = []
    for option in _some(random, command):
        place = random.choice([0, len(words)])
        words[place:place] = words_of(random, command, option, scene)
    return (*command.path, *words, *_bounded(random, command, scene))


@cache
def _weighted() -> tuple[list[str], list[float]]:
    names = list(commands())
    return names, [WEIGHTS.get(name, SLOW.get(name, OTHER)) for name in names]


def _some(random: Random, command: Command) -> list[click.Option]:
    """The required options, and some others."""
    wanted = [option for option in command.options if option.required and random.random() < 0.99]
    # Formats are twice as likely: each is a separate part of the code, while a flag is one branch.
    others = [o for o in command.options if not o.required for _ in range(1 + ("--format" in o.opts))]
    for option in dict.fromkeys(random.sample(others, min(len(others), random.choice([0, 1, 1, 1, 2, 2, 3, 5])))):
        wanted += [option] * (random.choice([1, 1, 2]) if option.multiple else 1)
    return wanted


def _bounded(random: Random, command: Command, scene: Scene) -> list[str]:
    """Options that keep a command from long computations."""
    if command.name in TRAINS:
        return [*TRAINS[command.name], IMAGES if random.random() < 0.03 else data(random, scene)]
    if command.name == "export" and random.random() < 0.95:
        return ["--to", "safetensors"]
    return []


# Properties


def check(example: Example) -> None:
    """Run the command. Raises Broken, or what the command raised."""
    place = workspace()
    with place.holding(example) as before, watched_writes(place.folder) as outside:
        stdin = None if example.stdin is None else encoded(example.stdin)
        with limited():
            done = CliRunner().invoke(main, list(example.arguments), input=stdin, prog_name="archdsl")
        after = place.state()
    _check_exit(done, example)
    if outside:
        raise Broken(f"{_command(example)} writes elsewhere", f"{outside[:3]}")
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    unexpected = [path for path in changed if not _may_write(example, path)]
    if unexpected:
        raise Broken(f"{_command(example)} writes what it was not asked to", f"{unexpected[:3]}")


def _command(example: Example) -> str:
    return example.arguments[0] if example.arguments else "archdsl"


def _check_exit(done: Result, example: Example) -> None:
    name = _command(example)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise Broken(name) from done.exception
    if done.exit_code not in (0, 1, 2):
        raise Broken(f"{name}: exit status {done.exit_code}", done.output[-500:])
    if "Traceback (most recent call last)" in done.output:
        raise Broken(f"{name} prints a traceback", done.output[-2000:])
    if done.exit_code and not done.output.strip():
        raise Broken(f"{name}: exit status {done.exit_code} without a message")
    if "\x1b" in done.output and not done.stdout_bytes.startswith(BINARY):
        raise Broken(f"{name} passes control characters on", repr(done.output[:500]))
    form = _format(example)
    if form in ("json", "sarif") and (done.exit_code == 0 or done.stdout.strip()):
        _is_json(name, done, form)


def _format(example: Example) -> str | None:
    """The requested format, unless help or a schema is requested."""
    words = example.arguments
    if {"--help", "-h", "--schema"} & set(words) or not words:
        return None
    found = re.findall(r"(?:^|\n)--format[=\n]([^\n]*)", "\n".join(words))
    return found[-1] if found else None


def _is_json(name: str, done: Result, form: str) -> None:
    try:
        value = json.loads(done.stdout)
    except ValueError as error:
        raise Broken(f"{name} --format {form}: no JSON", f"{error}\n{done.stdout[:500]}") from None
    if name == "check" and form == "json" and len(done.stdout) < 100_000:
        _fits_schema(value)


def _fits_schema(value: Any) -> None:
    validator = _validator()
    for error in validator.iter_errors(value):
        path = "/".join(re.sub(r"\d+", "N", str(part)) for part in error.absolute_path)
        raise Broken(f"check --format json: {path} does not fit the schema", str(error)[:1000])


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

    done = CliRunner().invoke(main, ["check", "--schema"])
    schema = json.loads(done.stdout)
    return Draft202012Validator(schema)


def _may_write(example: Example, path: str) -> bool:
    """Whether a command line lets the command write this file."""
    words = example.arguments
    name = _command(example)
    given = {os.path.normpath(part) for word in words for part in (word, word.partition("=")[2]) if part}
    by_name = any(path == one or path.startswith(one + os.sep) for one in given)
    if name in ("check", "fmt"):
        quiet = (
            "--diff" in words or (name == "fmt" and "--check" in words) or (name == "check" and "--fix" not in words)
        )
        return by_name and not quiet and path in dict(example.files)
    if name in ("train", "sweep"):
        return by_name or path.startswith(("runs" + os.sep, "sweeps" + os.sep))
    if name == "predict":
        return by_name
    if name in ("export", "inspect"):
        return by_name or path.endswith((".onnx", ".safetensors", ".pt", ".pt2", ".onnx.data"))
    if name in ("compile", "diagram", "diff"):
        return by_name and path not in dict(example.files)
    return False
