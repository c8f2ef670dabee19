"""What is imported from a configuration: the model's class, and the sizes of its inputs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...record import Record
from ..import_problem import ImportFailed, UnusableSource
from .model_config import ModelConfig, shown

_STEPS = re.compile(r"(?:(?P<name>\w+)=)?(?P<steps>\d{1,9})( int\(\d+\))?")


class ModelRequest(Record):
    """A configuration, the class that the user has chosen if any, and the sizes that the user has given."""

    config: ModelConfig
    architecture: str | None
    inputs: Sequence[str] = ()

    def head(self, prefix: str, *heads: str) -> str:
        """What follows the prefix in the name of the class: `Model`, `ForMaskedLM`. Raises ImportFailed.

        The class is the user's choice, else the first class in the configuration, else the base model.
        """
        name = self.architecture or self._declared() or f"{prefix}{heads[0]}"
        if name not in {f"{prefix}{head}" for head in heads}:
            known = ", ".join(f"{prefix}{head}" for head in heads)
            raise ImportFailed(
                f"`architectures` in {self.config.file}: the class {shown(name)} is not supported for "
                f"`{self.config.model_type}`; choose one with `--set architecture=NAME`: {known}"
            )
        return name.removeprefix(prefix)

    def _declared(self) -> str | None:
        found: Any = self.config.fields.get("architectures")
        if found is None or found == []:
            return None
        if not isinstance(found, list) or not isinstance(found[0], str):
            raise self.config.refused("architectures", "a list of class names is expected")
        return found[0]

    def steps(self, positions: int, names: Sequence[str] = ("T",), *, limited: bool = True) -> Mapping[str, int]:
        """The number of steps of each input, by default `positions`, which is also the maximum if positions are
        learned.

        Raises UnusableSource.
        """
        found = dict.fromkeys(names, positions)
        for given in self.inputs:
            match = _STEPS.fullmatch(given.strip())
            name = (match["name"] if match else None) or names[0]
            if match is None or name not in names or int(match["steps"]) < 1:
                example = "`--input 128`" if len(names) == 1 else " ".join(f"`--input {each}=128`" for each in names)
                raise UnusableSource(f"--input: `{given}` is not a number of steps", f"write {example}")
            found[name] = int(match["steps"])
            if limited and found[name] > positions:
                raise UnusableSource(f"--input: the model has positions for {positions:,} steps, not {found[name]:,}")
        return found

    def image(self, channels: int, height: int, width: int) -> None:
        """Raises UnusableSource for an image size other than that of the model's positions."""
        size = f"{channels}x{height}x{width}"
        if self.inputs and [each.strip() for each in self.inputs] != [size]:
            raise UnusableSource(
                f"--input: the model has positions for images of {size}", "change `image_size` in a copy of the file"
            )
