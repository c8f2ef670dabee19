"""`archdsl.check`: the diagnostics of a program, with those of its `train` block. Imports neither torch nor numpy."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..elaborate.given_values import GivenSizes
from ..network import Analysis
from ..network.loading import analyze_given
from .network_check import check_recipe


def check(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    input: GivenSizes | None = None,
    allow: Collection[str] = (),
    **parameters: Any,
) -> Analysis:
    """Check a file or a source text: `check("net.arch")`, `check(text="input 8; fc 2")`.

    The result has the diagnostics, with their suggestions, and the network if there are no errors; its `str` is what
    `archdsl check` prints. A `train` block is checked, too. The other arguments are those of `load`. Raises OSError if
    the file cannot be read, and TypeError unless exactly one of path and text is given.
    """
    return analyze_given(path, text=text, input=input, allow=allow, parameters=parameters, recipe=check_recipe)
