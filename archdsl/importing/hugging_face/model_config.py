"""A model's `config.json`: its fields, each of which must be understood or known not to change the layers."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..import_problem import ImportFailed
from .irrelevant_fields import IRRELEVANT, REFUSED

MOST_BYTES = 16 << 20
"""The largest file in bytes, above any published configuration; those with 21,000 classes are about 1 MB."""
MOST_SIZE = 10**9
"""The largest value of a size, far above that of any published model."""
MOST_LAYERS = 1000
"""The largest number of layers; published models have at most about 130."""


class ModelConfig:
    """The fields of a configuration. Those that were read are marked; `finish` refuses the others.

    `file` is the name of the file, for messages.
    """

    def __init__(self, fields: Mapping[str, Any], file: str) -> None:
        self.fields = fields
        self.file = file
        self._read = {"model_type", "architectures"}

    @property
    def model_type(self) -> str:
        """The family of the model. Raises ImportFailed."""
        found = self.fields.get("model_type")
        if not isinstance(found, str):
            raise ImportFailed(f"{self.file} has no `model_type`, which names the family of the model")
        return found

    def refused(self, field: str, why: str) -> ImportFailed:
        """The error for a field whose value cannot be imported."""
        return ImportFailed(f"`{shown_name(field)}` in {self.file} is {shown(self.fields.get(field))}: {why}")

    def find(self, *names: str) -> str | None:
        """The name that a field has in the file; None if it is absent. Raises ImportFailed if names contradict each
        other.
        """
        self._read.update(names)
        present = [name for name in names if name in self.fields]
        given = [name for name in present if self.fields[name] is not None]
        for other in given[1:]:
            if not _same(self.fields[other], self.fields[given[0]]):
                raise self.refused(other, f"`{given[0]}`, another name for it, is {shown(self.fields[given[0]])}")
        return next(iter((*given, *present)), None)

    def is_null(self, *names: str) -> bool:
        """Whether a field is null, which is not the same as absent."""
        name = self.find(*names)
        return name is not None and self.fields[name] is None

    def layers(self, *names: str, default: int) -> int:
        """A number of layers. Raises ImportFailed."""
        return self.size(*names, default=default, most=MOST_LAYERS)

    def size(self, *names: str, default: int | None = None, least: int = 1, most: int = MOST_SIZE) -> int:
        """A size. Raises ImportFailed if it is absent and has no default, or is not an integer in range."""
        name = self.find(*names)
        if name is None:
            if default is None:
                raise ImportFailed(f"{self.file} has no `{names[0]}`")
            return default
        found = self.fields[name]
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise self.refused(name, f"an integer from {least} to {most:,} is expected")
        return found

    def size_or_none(self, *names: str, default: int | None = None) -> int | None:
        """A size, None if it is null, or its default if it is absent. Raises ImportFailed."""
        if self.find(*names) is None or self.is_null(*names):
            return None if self.is_null(*names) else default
        return self.size(*names)

    def number(self, *names: str, default: float) -> float:
        """A finite number. Raises ImportFailed."""
        name = self.find(*names)
        if name is None:
            return default
        found = self.fields[name]
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise self.refused(name, "a number is expected")
        return float(found)

    def positive(self, *names: str, default: float) -> float:
        """A number above 0. Raises ImportFailed."""
        found = self.number(*names, default=default)
        if found <= 0:
            raise self.refused(self.find(*names) or names[0], "a number above 0 is expected")
        return found

    def probability(self, *names: str, default: float) -> float:
        """A number from 0 to below 1. Raises ImportFailed."""
        found = self.number(*names, default=default)
        if not 0 <= found < 1:
            raise self.refused(self.find(*names) or names[0], "a number of at least 0 and below 1 is expected")
        return found

    def flag(self, *names: str, default: bool) -> bool:
        """A boolean. Raises ImportFailed."""
        name = self.find(*names)
        if name is None:
            return default
        found = self.fields[name]
        if not isinstance(found, bool):
            raise self.refused(name, "true or false is expected")
        return found

    def word(self, *names: str, default: str) -> str:
        """A text. Raises ImportFailed."""
        name = self.find(*names)
        if name is None:
            return default
        found = self.fields[name]
        if not isinstance(found, str):
            raise self.refused(name, "a string is expected")
        return found

    def require(self, field: str, *values: Any, why: str) -> None:
        """Raises ImportFailed unless a field is absent or has one of these values."""
        name = self.find(field)
        if name is not None and not any(_same(self.fields[name], each) for each in values):
            raise self.refused(field, why)

    def labels(self) -> int:
        """The number of classes: that of the names in `id2label`, else `num_labels`, else 2. Raises ImportFailed."""
        names = self.fields.get("id2label")
        if names is None:
            return self.size("num_labels", default=2)
        if not isinstance(names, dict) or not names:
            raise self.refused("id2label", "a mapping from class numbers to class names is expected")
        return len(names)

    def finish(self, *irrelevant: str) -> None:
        """Raises ImportFailed for fields that were not read and may change the layers.

        `irrelevant` are fields that change no layer of this family.
        """
        for name, why in REFUSED.items():
            if self.fields.get(name):
                raise self.refused(name, why)
        known = self._read | IRRELEVANT | REFUSED.keys() | set(irrelevant)
        left = [name for name, value in self.fields.items() if name not in known and value is not None]
        if left:
            listed = ", ".join(f"`{shown_name(name)}`" for name in left[:8]) + (" and others" if len(left) > 8 else "")
            one = len(left) == 1
            raise ImportFailed(
                f"{self.file} has {listed}, which {'is' if one else 'are'} not known to leave the layers of "
                f"`{self.model_type}` unchanged; delete {'it' if one else 'them'} from a copy of the file if the model "
                f"does not depend on {'it' if one else 'them'}"
            )


def _same(value: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    return value is other or (value == other and isinstance(value, bool) == isinstance(other, bool))


def shown(value: Any) -> str:
    """A value as in the file, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def shown_name(name: str) -> str:
    """The name of a field, shortened."""
    return name if len(name) <= 60 else f"{name[:57]}…"


def read_fields(path: Path) -> Any:
    """The content of a JSON file. Raises ImportFailed for a file that is too large or is not valid JSON."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportFailed(f"the configuration in {path.name} has more than {MOST_BYTES:,} bytes")
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        if isinstance(error, ImportFailed):
            raise
        raise ImportFailed(f"the configuration in {path.name} is not valid JSON") from None
