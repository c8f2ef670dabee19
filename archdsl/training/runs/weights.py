"""The weights of a run: read from its files, verified, and loaded into a network."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors.run_errors import CannotResume
from ..loop.tensor_parts import copy_tensors, weights_of
from ..safe_files import write_atomically
from .digests import describe, verify

UNREADABLE = (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, OverflowError)
"""What safetensors and torch raise for a damaged file; Damaged is a ValueError."""


def save_tensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None, state: str | None = None
) -> None:
    """Write a safetensors file with a digest of each tensor, and of `state`, atomically. Raises DiskFull or OSError."""
    dense = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    merged = {**(metadata or {}), **({"state": state} if state is not None else {}), **describe(dense, state)}
    write_atomically(path, lambda temporary: save_file(dense, temporary, merged))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file, on the CPU, and its metadata, neither verified. Raises the errors in UNREADABLE."""
    if not path.is_file():  # reading from a pipe would block
        raise OSError("not a regular file")
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118  # a file, not a dict


def read_weights(path: Path, verified: bool) -> dict[str, Tensor]:
    """The weights in a weights file or in a checkpoint. Raises CannotResume if it is damaged.

    `verified` refuses a file without digests, as written by older versions.
    """
    try:
        if path.is_dir():
            from .sharded_checkpoint import read_whole

            tensors, _ = read_whole(path)
            return part(tensors, "average") or part(tensors, "model")
        tensors, metadata = read_tensors(path)
        verify(tensors, metadata, required=verified, state=metadata.get("state"))
    except UNREADABLE as error:
        why = f"{path.name}: {str(error).partition(chr(10))[0]}"
        raise CannotResume(path.parent, why, f"delete {path} to use other weights of the run") from error
    if "state" in metadata:
        return part(tensors, "average") or part(tensors, "model")
    return tensors


def load_weights(model: nn.Module, folder: Path, path: Path | None, verified: bool) -> None:
    """Load the weights in a file of a run's folder into the model.

    Raises CannotResume if they are missing, damaged, from another network, or not finite.
    """
    if path is None:
        raise CannotResume(folder, "it has no weights yet")
    copy_tensors(fitting(path, weights_of(model), verified), weights_of(model))


def fitting(path: Path, wanted: Mapping[str, Tensor], verified: bool) -> dict[str, Tensor]:
    """The weights in a file, whose names and shapes fit and whose values are finite. Raises CannotResume."""
    found = read_weights(path, verified)
    if {n: t.shape for n, t in wanted.items()} != {n: t.shape for n, t in found.items()}:
        raise CannotResume(path.parent, f"{path.name} has the weights of another network")
    if bad := first_not_finite(found):
        raise CannotResume(path.parent, f"{path.name}: `{bad}` has values that are not finite")
    return found


def first_not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor with a value that is infinite or NaN."""
    return next((name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())), None)


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with `prefix.`, under the rest of their names."""
    return {name.removeprefix(f"{prefix}."): t for name, t in tensors.items() if name.startswith(f"{prefix}.")}
