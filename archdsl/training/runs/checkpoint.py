"""Checkpoints: one safetensors file each, whole or not there, the last two kept, nothing ever unpickled.

Tensors are named `model.NAME`, `average.NAME`, `optimizer.INDEX.NAME`, `chance.NAME` (`chance.RANK.NAME` of further
processes), `tally.NAME`; the numbers are JSON in the file's metadata.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import CannotResume
from ..loop.training_state import Best, State, weights_of
from .run_files import write_atomically

KEPT = 2
_FORMAT = 1
_NAME = re.compile(r"step-(\d+)\.safetensors")


def save(state: State, folder: Path, chance: dict[str, Tensor] | None = None) -> Path:
    """Write the state into the folder and remove all but the newest two. Raises DiskFull, OSError.

    What was there stays until the new file is whole. `chance` are the state's own, where they were asked for already.
    """
    path = folder / f"step-{state.step:09d}.safetensors"
    tensors = _tensors(state, state.chance.states() if chance is None else chance)
    save_tensors(tensors, path, {"state": json.dumps(_numbers(state))})
    for old in list_checkpoints(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def save_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """A safetensors file, written atomically. Raises DiskFull, OSError."""
    dense = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda beside: save_file(dense, beside, metadata))


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest last."""
    found = [(int(match[1]), path) for path in folder.glob("step-*") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def restore_newest(state: State, folder: Path) -> Path:
    """Bring the state to the newest checkpoint that can be read. Raises CannotResume.

    A damaged file is passed over: the one before it is kept for that.
    """
    reasons = []
    for path in reversed(list_checkpoints(folder)):
        try:
            tensors, numbers = read(path)
            _refuse_other(state, tensors, numbers)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            reasons.append(f"{path.name}: {error}")
            continue
        _restore(state, tensors, numbers)
        return path
    raise CannotResume(folder.parent, "; ".join(reasons) or "it has no checkpoint")


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a checkpoint, on the CPU, and its numbers."""
    with safe_open(path, framework="pt") as file:
        numbers = json.loads((file.metadata() or {})["state"])
        if numbers["format"] != _FORMAT:
            raise ValueError(f"written by another version (format {numbers['format']}, not {_FORMAT})")
        return {name: file.get_tensor(name) for name in file.keys()}, numbers  # noqa: SIM118  # a file, not a dict


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with `prefix.`, under the rest of their names."""
    return {name.removeprefix(f"{prefix}."): t for name, t in tensors.items() if name.startswith(f"{prefix}.")}


def _tensors(state: State, chance: dict[str, Tensor]) -> dict[str, Tensor]:
    groups: dict[str, dict[str, Tensor]] = {
        "model": weights_of(state.model),
        "average": state.average or {},
        "chance": chance,
        "tally": {"loss": state.tally.loss, "correct": state.tally.correct},
    }
    for index, parameter in enumerate(_parameters(state.optimizer)):
        kept = state.optimizer.state.get(parameter, {})
        groups[f"optimizer.{index}"] = {k: v for k, v in kept.items() if isinstance(v, Tensor)}
    return {f"{group}.{name}": tensor for group, named in groups.items() for name, tensor in named.items()}


def _refuse_other(state: State, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """Raise ValueError for what is not of this network, or of another optimizer."""
    wanted = {
        **{f"model.{name}": tensor for name, tensor in weights_of(state.model).items()},
        **{f"average.{name}": tensor for name, tensor in (state.average or {}).items()},
    }
    for name, tensor in wanted.items():
        if name not in tensors:
            raise ValueError(f"it is of another network or recipe: it has no {name}")
        if tensors[name].shape != tensor.shape:
            there, here = (list(each.shape) for each in (tensors[name], tensor))
            raise ValueError(f"it is of another network: {name} is {there} in it, not {here}")
    mine = type(state.optimizer).__name__
    if (other := numbers.get("optimizer", mine)) != mine:
        raise ValueError(f"it is of another recipe: its optimizer is {other}, not {mine}")


def _numbers(state: State) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "epoch": state.epoch,
        "batch": state.batch,
        "step": state.step,
        "optimizer": type(state.optimizer).__name__,
        "seen": state.tally.seen,
        "best": asdict(state.best) if state.best else None,
        "stale": state.stale,
        "seconds": state.seconds,
        "history": state.history,
        "scaler": state.scaler.state_dict() if state.scaler else None,
    }


def _restore(state: State, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    with torch.no_grad():
        for name, tensor in weights_of(state.model).items():
            tensor.copy_(tensors[f"model.{name}"])
        for name, tensor in (state.average or {}).items():
            tensor.copy_(tensors[f"average.{name}"])
        state.tally.restore(tensors["tally.loss"], tensors["tally.correct"], numbers["seen"])
    for index, parameter in enumerate(_parameters(state.optimizer)):
        kept = part(tensors, f"optimizer.{index}")
        state.optimizer.state[parameter] = {name: _like(tensor, name, parameter) for name, tensor in kept.items()}
    state.chance.restore(part(tensors, "chance"))
    if state.scaler and numbers["scaler"]:
        state.scaler.load_state_dict(numbers["scaler"])
    state.best = Best(**numbers["best"]) if numbers["best"] else None
    for name in ("epoch", "batch", "step", "stale", "seconds", "history"):
        setattr(state, name, numbers[name])


def _like(tensor: Tensor, name: str, parameter: Tensor) -> Tensor:
    """An optimizer's tensor as the optimizer would have made it.

    Fused kernels walk through memory in the parameter's own order, so strides must be the parameter's.
    """
    if tensor.shape == parameter.shape and name != "step":
        return torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
    return tensor.to(parameter.device)


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
