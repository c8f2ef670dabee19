"""Weights in files that others wrote: safetensors, in one file or in shards, and files of torch.save without code."""

import json
import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

_INDEX = ".index.json"
_PICKLED = frozenset({".pth", ".pt", ".bin", ".ckpt"})
_NESTED = ("state_dict", "model_state_dict", "model", "module", "weights", "params")
"""The entries under which training programs store the weights of a checkpoint."""
_IN_FOLDERS = ("model.safetensors.index.json", "model.safetensors", "best.safetensors", "last.safetensors")
_LARGEST_INDEX = 64 << 20


class CannotLoad(Exception):
    """Weights that cannot be read, or that do not fit; `details` are additional lines, and `help` is a suggestion."""

    def __init__(self, why: str, details: tuple[str, ...] = (), help: str | None = None) -> None:
        super().__init__(why, details, help)
        self.why, self.details, self.help = why, details, help

    def __str__(self) -> str:
        lines = [self.why, *(f"  {line}" for line in self.details)]
        return "\n".join([*lines, f"  = help: {self.help}"] if self.help else lines)


class UnknownWeights(CannotLoad):
    """A name that no weights were published under: an error in the command."""


Report = Callable[[str], None]
"""Shows a line about a download."""


def read_weight_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, an index of shards, or a folder with one of these, by name. Raises CannotLoad.

    No code in a file is run: files of torch.save are read with `weights_only=True`.
    """
    if path.is_dir():
        found = next((path / name for name in _IN_FOLDERS if (path / name).is_file()), None)
        if found is None:
            raise CannotLoad(f"{path}: the folder has none of {', '.join(_IN_FOLDERS)}")
        path = found
    if not path.is_file():
        raise CannotLoad(f"{path}: {'not a regular file' if path.exists() else 'no such file'}")
    try:
        if path.name.endswith(_INDEX):
            return _sharded(path)
        if path.suffix == ".safetensors":
            return _safetensors(path)
        if path.suffix in _PICKLED:
            return _pickled(path)
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, EOFError) as error:
        raise CannotLoad(f"{path}: {str(error).partition(chr(10))[0]}") from error
    raise CannotLoad(
        f"{path}: the ending `{path.suffix}` is not one of .safetensors, {_INDEX}, {', '.join(sorted(_PICKLED))}"
    )


def _safetensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # a file, not a dict


def _sharded(path: Path) -> dict[str, Tensor]:
    """The tensors in the shards that an index names."""
    places = _places(path)
    found: dict[str, Tensor] = {}
    for shard in shards_of(path):
        if not path.with_name(shard).is_file():
            raise CannotLoad(f"{path}: the shard {shard} is missing", help=f"put it in {path.parent}")
        tensors = _safetensors(path.with_name(shard))
        for name in (name for name, place in places.items() if place == shard):
            if name not in tensors:
                raise CannotLoad(f"{path}: the shard {shard} has no `{name}`")
            found[name] = tensors[name]
    return found


def shards_of(path: Path) -> list[str]:
    """The names of the shards in an index, which must be next to it. Raises CannotLoad."""
    shards = sorted(set(_places(path).values()))
    for shard in shards:
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise CannotLoad(f"{path}: the shard `{shard}` is not a .safetensors file next to the index")
    return shards


def _places(path: Path) -> dict[str, str]:
    """The file of each tensor, according to an index. Raises CannotLoad."""
    if path.stat().st_size > _LARGEST_INDEX:
        raise CannotLoad(f"{path}: an index of {path.stat().st_size:,} bytes is too large")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise CannotLoad(f"{path}: not valid JSON") from None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
        raise CannotLoad(f"{path}: not an index of shards: it has no `weight_map` of names to files")
    return places


def _pickled(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual pickles, which are read or refused anyway
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CannotLoad(
            f"{path}: it holds more than tensors, and reading it could run code",
            help="store its weights with torch.save(model.state_dict(), …), or as .safetensors",
        ) from error
    return _state(path, content)


def _state(path: Path, content: Any) -> dict[str, Tensor]:
    """The state dict in the content of a file: the content itself, or the only entry of a checkpoint that is a state
    dict.
    """
    if not isinstance(content, Mapping):
        raise CannotLoad(f"{path}: it holds a {type(content).__name__}, not weights by name")
    nested = [name for name in _NESTED if isinstance(content.get(name), Mapping)]
    if len(nested) > 1:
        raise CannotLoad(f"{path}: it has weights under {' and '.join(f'`{name}`' for name in nested)}")
    if nested:
        return _state(path, content[nested[0]])
    found = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not found:
        raise CannotLoad(f"{path}: it holds no tensors")
    return found
