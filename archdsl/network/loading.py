"""Load and check programs."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..diagnostics import Sink
from ..elaborate import Override
from ..elaborate.given_values import GivenSizes, parameter, parse_sizes
from ..text.source import Source
from .analysis import Analysis, Check, analyze
from .libraries import default_library
from .network import Network
from .reading import read_given


def analyze_given(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    input: GivenSizes | None = None,
    allow: Collection[str] = (),
    parameters: Mapping[str, Any] = {},
    recipe: Check | None = None,
) -> Analysis:
    """The analysis of a file or a source text; `recipe` checks the `train` block. Raises OSError, TypeError."""
    if (path is None) == (text is None):
        raise TypeError("check takes a path or text=…")
    source = _source(text, "<text>") if path is None else read_given("path", path, "archdsl.check(text=…)")
    return _analyzed(source, input, allow, parameters, recipe)


def load(
    path: str | Path, *, input: GivenSizes | None = None, allow: Collection[str] = (), **parameters: Any
) -> Network:
    """Load the network of a `.arch` file, or one that ships with archdsl: `load("zoo:resnet50")`.

    `input` overrides the sizes of its input: `"3x224x224"` or `(3, 224, 224)`; other keywords are values of the
    network's parameters: numbers, lists of these (`depths=[3, 4, 6, 3]`), or names of layers. `allow` lists the Python
    packages that may run if the program names them: `allow=["gempool"]` for `use "gempool"`. Raises ArchError for
    errors in the program; FileNotFoundError, PermissionError or another OSError if the file cannot be read.
    """
    return _analyzed(read_given("path", path, "archdsl.loads(…)"), input, allow, parameters).checked()


def loads(
    text: str,
    *,
    name: str = "<text>",
    input: GivenSizes | None = None,
    allow: Collection[str] = (),
    **parameters: Any,
) -> Network:
    """Load the network of a source text; otherwise like `load`. `name` is shown in messages. Raises ArchError."""
    return _analyzed(_source(text, name), input, allow, parameters).checked()


def _source(text: object, name: str) -> Source:
    if not isinstance(text, str):
        raise TypeError(f"text: a string with the source text is expected, not {text!r}")
    return Source(text, name=name)


def _analyzed(
    source: Source,
    input: GivenSizes | None,
    allow: Collection[str],
    parameters: Mapping[str, Any],
    recipe: Check | None = None,
) -> Analysis:
    values = {name: parameter(name, value, any_layer=bool(allow)) for name, value in parameters.items()}
    override = Override({} if input is None else {None: parse_sizes(input)})
    return analyze(source, Sink(), values, override, default_library(source, allow), recipe=recipe)
