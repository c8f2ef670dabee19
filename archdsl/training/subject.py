"""What is trained."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from .data.spec import ImageShape


@dataclass(frozen=True)
class Subject:
    """A network: its name, its text, the file it came from, values given for its parameters, its input, its builder.

    `build` draws the first weights from torch's global generator and returns a module from float32 of N×C×H×W to
    logits of N×classes.
    """

    name: str
    text: str
    shape: ImageShape
    build: Callable[[], nn.Module]
    file: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
