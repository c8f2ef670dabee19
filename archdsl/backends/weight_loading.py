"""Load the weights of a file that another program wrote into a module."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..record import Record
from ..text.counts import counted
from .weight_files import CannotLoad, read_weight_file
from .weight_layers import weight_layers
from .weight_matching import WeightMatch, match_weights

_SHOWN = 6


class LoadedWeights(Record):
    """How a file fits a module; `converted` are the dtypes of the file that differ from the module's."""

    match: WeightMatch
    tensors: int
    converted: tuple[str, ...]


@torch.no_grad()
def load_weights(module: nn.Module, path: str | Path) -> LoadedWeights:
    """Copy the weights of a file into the module, all of them or none. Raises CannotLoad.

    The path is that of a .safetensors file, an index of shards, a file of torch.save, or a folder with weights. Layers
    with other names are matched where that is certain. Last layers of another size keep their values.
    """
    loaded, values = _loading(module, Path(path))
    state = module.state_dict(keep_vars=True)
    for name, value in values.items():
        state[name].copy_(value)
    return loaded


def compare_weights(module: nn.Module, path: str | Path) -> LoadedWeights:
    """What `load_weights` would do; the module may be on the meta device. Raises CannotLoad."""
    return _loading(module, Path(path))[0]


def weight_summary(loaded: LoadedWeights) -> list[str]:
    """What was matched and what was not, one fact per line."""
    match, lines = loaded.match, []
    layers = counted(len(match.renamed), "layer")
    how = f", {layers} by kind, size and order" if match.renamed else ", all by name"
    lines.append(
        f"{counted(loaded.tensors, 'tensor')} {'fits' if loaded.tensors == 1 else 'fit'}{how}"
        + (f", without `{match.prefix}`" if match.prefix else "")
    )
    if loaded.converted:
        lines.append(f"converted from {' and '.join(loaded.converted)}")
    if match.heads:
        verb = "keeps its" if len(match.heads) == 1 else "keep their"
        lines.append(f"{_listed(match.heads)} {verb} initial weights: a different size in the file, or missing")
    if match.unused:
        lines.append(f"not used: {_listed(match.unused)}")
    return lines


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN:,} more"


def _loading(module: nn.Module, path: Path) -> tuple[LoadedWeights, dict[str, Tensor]]:
    state, file = module.state_dict(keep_vars=True), read_weight_file(path)
    wanted = {name: tuple(tensor.shape) for name, tensor in state.items()}
    match = match_weights(weight_layers(module), wanted, {name: tuple(each.shape) for name, each in file.items()})
    # Published names may belong to a tensor of another shape with the same elements, such as a 1×1 convolution.
    values = {ours: file[theirs].reshape(wanted[ours]) for ours, theirs in match.names.items()}
    converted: dict[str, None] = {}
    for name, value in values.items():
        _refuse_values(match.names[name], value, state[name])
        if value.dtype != state[name].dtype:
            converted[str(value.dtype).removeprefix("torch.")] = None
    return LoadedWeights(match=match, tensors=len(values), converted=tuple(converted)), values


def _refuse_values(name: str, value: Tensor, into: Tensor) -> None:
    if value.is_floating_point() != into.is_floating_point() or value.is_quantized or value.is_complex():
        raise CannotLoad(f"`{name}` has values of {value.dtype}, which cannot become {into.dtype}")
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        raise CannotLoad(f"`{name}` has values that are not finite")
