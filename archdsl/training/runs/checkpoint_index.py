"""The index of a sharded checkpoint: its tensors, where their shards are, and the training's numbers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from ..errors.run_errors import CannotResume
from .sealed_json import unseal

INDEX = "checkpoint.json"
"""The file that completes a checkpoint."""
FORMAT = 1

Sizes = tuple[NonNegativeInt, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Shard(_Strict):
    """A part of a tensor: the index of its first element, its sizes, its file and its digest."""

    offsets: Sizes
    sizes: Sizes
    file: Annotated[str, Field(pattern=r"^shard-\d+-[0-9a-f]+\.safetensors$")]
    digest: str


class ShardedTensor(_Strict):
    """A tensor: its dtype, its sizes, and its shards."""

    dtype: str
    sizes: Sizes
    shards: list[Shard]


class CheckpointIndex(_Strict):
    """checkpoint.json. `state` is the JSON of the training's numbers."""

    format: int = FORMAT
    state: str
    tensors: dict[str, ShardedTensor]


def key_of(name: str, offsets: Iterable[int]) -> str:
    """The name of a shard in its file."""
    return f"{name}@{','.join(map(str, offsets))}"


def read_index(folder: Path) -> CheckpointIndex:
    """The index of a checkpoint. Raises ValueError with a message of one line, or OSError."""
    try:
        return unseal(CheckpointIndex, folder / INDEX, FORMAT, "of a checkpoint")
    except CannotResume as error:
        raise ValueError(error.why) from error
