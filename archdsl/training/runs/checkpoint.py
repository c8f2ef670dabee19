"""Checkpoints: one safetensors file each, written atomically; the last two are kept, and nothing is ever unpickled.

The checkpoint of a sharded network is a folder instead (sharded_checkpoint.py), with the same tensors and numbers.
Either can be restored in any number of processes, sharded or not.

Tensors are named `model.NAME`, `average.NAME`, `optimizer.INDEX.NAME`, `rng.NAME` (`rng.RANK.NAME` of further
processes) and `metrics.NAME`; the numbers are JSON in the file's metadata, with a digest of each tensor.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...text.counts import counted
from ..errors.run_errors import CannotResume
from ..loop.process_group import SINGLE_PROCESS, ProcessGroup
from ..loop.tensor_parts import copy_tensors, is_sharded, placed, weights_of
from ..loop.training_state import Best, TrainingState
from .checkpoint_index import INDEX
from .checkpoint_numbers import Numbers, numbers_of
from .digests import verify
from .weights import UNREADABLE, first_not_finite, part, read_tensors, save_tensors

if TYPE_CHECKING:
    from .sharded_checkpoint import ShardedSaver

CHECKPOINTS_KEPT = 2
_NAME = re.compile(r"step-(\d{1,18})(\.safetensors)?")


def save(state: TrainingState, folder: Path, rng: dict[str, Tensor] | None = None) -> Path:
    """Write the state to the folder and remove all but the newest two checkpoints. Raises DiskFull or OSError.

    Existing checkpoints remain until the new file is complete. `rng` are the state's RNG states, if they were collected
    already.
    """
    path = folder / f"step-{state.step:09d}.safetensors"
    tensors = _tensors(state, state.rng.states() if rng is None else rng)
    save_tensors(tensors, path, state=numbers_of(state).model_dump_json(exclude_unset=True))
    remove_old(folder)
    return path


def save_shards(state: TrainingState, saver: "ShardedSaver", folder: Path, log: Callable[[], None]) -> None:
    """Begin to write a sharded state in the background. All processes call it; the leader then writes the log.

    Raises the same errors as `ShardedSaver.save`.
    """
    rng, numbers = state.rng.states(), numbers_of(state).model_dump_json(exclude_unset=True)

    def done() -> None:
        log()
        remove_old(folder)

    saver.save(_tensors(state, rng), numbers, folder / f"step-{state.step:09d}", done)


def list_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints in a folder, the newest last."""
    return [path for path in _all(folder) if path.is_file() or (path / INDEX).is_file()]


def remove_old(folder: Path) -> None:
    """Remove all checkpoints before the newest two complete ones, including incomplete ones."""
    kept = list_checkpoints(folder)[-CHECKPOINTS_KEPT:]
    for path in _all(folder):
        if path == kept[0]:
            break
        if path.is_dir():
            from .sharded_checkpoint import remove

            remove(path)
        else:
            path.unlink(missing_ok=True)


def _all(folder: Path) -> list[Path]:
    found = [(int(match[1]), path) for path in folder.glob("step-*") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found) if not path.is_symlink() and bool(path.suffix) == path.is_file()]


def restore_newest(state: TrainingState, folder: Path, group: ProcessGroup = SINGLE_PROCESS) -> tuple[Path, str | None]:
    """Restore the state from the newest readable checkpoint; return its path, and why newer ones were skipped. Raises
    CannotResume.

    A damaged one is skipped in favor of the one before it; the second value is None if none was skipped. Digests detect
    damage, and the structure of each part is checked, so a file edited by hand is refused, too. All processes of a
    group use the same checkpoint.
    """
    reasons: list[str] = []
    for name in group.broadcast_text("\n".join(path.name for path in reversed(list_checkpoints(folder)))).split():
        path, why = folder / name, None
        try:
            tensors, numbers = _read_for(state, path)
            _refuse_other(state, tensors, numbers)
            _restore(state, tensors, numbers)
        except UNREADABLE as error:
            why = f"{path.name}: {str(error).partition(chr(10))[0]}"
        if not group.any(why is not None):
            return path, "; ".join(reasons) or None
        reasons.append(why or f"{path.name}: another process cannot read it")
    raise CannotResume(folder.parent, "; ".join(reasons) or "it has no checkpoint")


def _read_for(state: TrainingState, path: Path) -> tuple[dict[str, Tensor], Numbers]:
    """The tensors of a checkpoint; if both it and the state are sharded, tensors are read as the same shards."""
    if not (path.is_dir() and is_sharded(state.model)):
        return read(path)
    from .sharded_checkpoint import read_shards

    return read_shards(path, _shards(state))


def _shards(state: TrainingState) -> dict[str, Tensor]:
    """The sharded tensors by their names in a checkpoint; those of the optimizer are named by the index of their
    parameter.
    """
    found = {f"model.{name}": tensor for name, tensor in weights_of(state.model).items()}
    found.update({f"average.{name}": tensor for name, tensor in (state.average or {}).items()})
    found.update({f"optimizer.{i}": tensor for i, tensor in enumerate(_parameters(state.optimizer))})
    return found


def read(path: Path) -> tuple[dict[str, Tensor], Numbers]:
    """The whole tensors of a checkpoint, on the CPU, and its numbers. Raises the errors in UNREADABLE."""
    if path.is_dir():
        from .sharded_checkpoint import read_whole

        return read_whole(path)
    tensors, metadata = read_tensors(path)
    state = metadata.get("state")
    if state is None:
        raise ValueError("it is not a checkpoint: it holds weights only")
    numbers = Numbers.read(state)
    verify(tensors, metadata, required=True, state=state)
    return tensors, numbers


def _tensors(state: TrainingState, rng: dict[str, Tensor]) -> dict[str, Tensor]:
    groups: dict[str, dict[str, Tensor]] = {
        "model": weights_of(state.model),
        "average": state.average or {},
        "rng": rng,
        "metrics": {"loss": state.metrics.loss, "correct": state.metrics.correct},
    }
    for index, parameter in enumerate(_parameters(state.optimizer)):
        kept = state.optimizer.state.get(parameter, {})
        groups[f"optimizer.{index}"] = {k: v for k, v in kept.items() if isinstance(v, Tensor)}
    return {f"{group}.{name}": tensor for group, named in groups.items() for name, tensor in named.items()}


def _refuse_other(state: TrainingState, tensors: dict[str, Tensor], numbers: Numbers) -> None:
    """Raise ValueError if the checkpoint is of another network or optimizer, or cannot be continued."""
    wanted = {
        **{f"model.{name}": tensor for name, tensor in weights_of(state.model).items()},
        **{f"average.{name}": tensor for name, tensor in (state.average or {}).items()},
    }
    for name, tensor in wanted.items():
        if name not in tensors:
            raise ValueError(f"it belongs to another network or recipe: it has no {name}")
        if tensors[name].shape != tensor.shape:
            there, here = (list(each.shape) for each in (tensors[name], tensor))
            raise ValueError(f"it belongs to another network: its {name} is {there}, not {here}")
    mine = type(state.optimizer).__name__
    if (other := numbers.optimizer or mine) != mine:
        raise ValueError(f"it belongs to another recipe: its optimizer is {other}, not {mine}")
    _refuse_optimizer(state, tensors, mine)
    if bad := first_not_finite(tensors):
        raise ValueError(f"{bad} has values that are not finite")


_OPTIMIZER_STATE = {
    "SGD": {"momentum_buffer"},
    "Adam": {"step", "exp_avg", "exp_avg_sq"},
    "AdamW": {"step", "exp_avg", "exp_avg_sq"},
    "RMSprop": {"step", "square_avg", "momentum_buffer"},
    "MuonAndOther": {"step", "exp_avg", "exp_avg_sq", "momentum_buffer"},
}
"""What each optimizer stores for a parameter: `step` is a number, everything else has the parameter's shape."""


def _refuse_optimizer(state: TrainingState, tensors: dict[str, Tensor], kind: str) -> None:
    parameters = _parameters(state.optimizer)
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        if group != "optimizer":
            continue
        number, _, what = rest.partition(".")
        if not number.isdecimal() or int(number) >= len(parameters) or what not in _OPTIMIZER_STATE.get(kind, {what}):
            raise ValueError(f"{name} is not part of the state of {kind} for {counted(len(parameters), 'parameter')}")
        wanted = torch.Size() if what == "step" else parameters[int(number)].shape
        if tensor.shape != wanted:
            raise ValueError(f"{name} is {list(tensor.shape)}, not {list(wanted)}")
        if not tensor.is_floating_point():
            raise ValueError(f"{name} is {tensor.dtype}, not floating point")
    for index in range(len(parameters)):
        kept = set(part(tensors, f"optimizer.{index}"))
        if (
            kept
            and "exp_avg" in _OPTIMIZER_STATE.get(kind, ())
            and len(kept & {"step", "exp_avg", "exp_avg_sq"}) not in (0, 3)
        ):
            raise ValueError(f"optimizer.{index} is incomplete for {kind}: it has only {', '.join(sorted(kept))}")
        if kept and kind == "RMSprop" and not {"step", "square_avg"} <= kept:
            raise ValueError(f"optimizer.{index} is incomplete for {kind}: it has only {', '.join(sorted(kept))}")


def _restore(state: TrainingState, tensors: dict[str, Tensor], numbers: Numbers) -> None:
    state.rng.restore(part(tensors, "rng"))
    with torch.no_grad():
        copy_tensors(part(tensors, "model"), weights_of(state.model))
        copy_tensors(part(tensors, "average"), state.average or {})
        state.metrics.restore(tensors["metrics.loss"], tensors["metrics.correct"], numbers.seen)
    for index, parameter in enumerate(_parameters(state.optimizer)):
        kept = part(tensors, f"optimizer.{index}")
        state.optimizer.state[parameter] = {name: _like(tensor, name, parameter) for name, tensor in kept.items()}
    if state.scaler and numbers.scaler:
        state.scaler.load_state_dict(dict(numbers.scaler))
    state.best = Best(**numbers.best.model_dump()) if numbers.best else None
    for name in ("epoch", "batch", "step", "stale", "seconds"):
        setattr(state, name, getattr(numbers, name))
    state.history = [line.model_dump(exclude_unset=True) for line in numbers.history]


def _like(tensor: Tensor, name: str, parameter: Tensor) -> Tensor:
    """An optimizer's tensor with the memory layout that the optimizer would have created.

    Fused kernels traverse memory in the parameter's order, so strides must be those of the parameter.
    """
    if tensor.shape == parameter.shape and name != "step":
        return torch.empty_like(parameter, dtype=tensor.dtype).copy_(placed(tensor, parameter))
    return tensor.to(parameter.device)


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
