"""Runs commands whose standard output cannot be written, each in a fork of one process; see test_streams.py.

A new interpreter for each of them would take most of the time. Run as a module, with the commands as JSON: pairs of the
arguments and what is wrong with the output. Prints the exit status and the standard error of each, as JSON.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from archdsl.cli import main

STATES = ("broken", "full", "closed")
LOADED = ("check", "compile", "diagram", "diff", "explain", "fmt", "layers", "why", "zoo")
"""The commands that are imported before the forks."""


def _break() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)
    os.close(writing)


def _fill() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    os.close(full)


def _close() -> None:
    os.close(1)
    # An interpreter that starts without the descriptor has no stream, either.
    sys.stdout = sys.__stdout__ = None  # type: ignore[misc]


PREPARE: dict[str, Callable[[], None]] = dict(zip(STATES, (_break, _fill, _close), strict=True))


def run(arguments: Sequence[str], state: str) -> tuple[int, str]:
    """The exit status and the standard error of a command; in the child, this does not return but ends the process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        text = os.open("net.arch", os.O_RDONLY)
        os.dup2(text, 0)
        os.dup2(writing, 2)
        for descriptor in (text, reading, writing):
            os.close(descriptor)
        PREPARE[state]()
        main(list(arguments), prog_name="archdsl")  # ends like the program: with SystemExit, and what the exit flushes
        sys.exit("the command returned")
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        message = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), message


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(f"archdsl.cli.{name}")
    found: list[Any] = [run(*each) for each in json.loads(sys.argv[1])]
    print(json.dumps(found))
