"""A torch module as a graph of ATen operations by `torch.export`: undecomposed, so each layer is one operation."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .import_problem import ImportFailed

BATCH_SIZE = 2
"""Not 1, so that the axis of the samples is visible among axes of length 1."""

_library: list[torch.library.Library] = []


def _operator() -> Any:
    """The operator that marks where samples are dropped: torch.export in eval mode leaves no trace of it."""
    if not _library:
        library = torch.library.Library("archdsl", "FRAGMENT")  # type: ignore[no-untyped-call]  # torch has no types here
        library.define("drop_path(Tensor x, float p) -> Tensor")  # type: ignore[no-untyped-call]  # likewise
        kind = "CompositeExplicitAutograd"
        library.impl("drop_path", lambda x, p: x.clone(), kind)  # type: ignore[no-untyped-call]  # likewise
        _library.append(library)
    return torch.ops.archdsl.drop_path


def export(
    module: nn.Module, args: Sequence[torch.Tensor], kwargs: Mapping[str, torch.Tensor] | None = None
) -> torch.export.ExportedProgram:
    """The exported program of a module in eval mode; the module stays as it is. Raises ImportFailed."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with _marked(module), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _exported(module, tuple(args), dict(kwargs or {}))
    finally:
        for part, mode in training.items():
            part.training = mode


def _exported(
    module: nn.Module, args: tuple[torch.Tensor, ...], kwargs: dict[str, torch.Tensor]
) -> torch.export.ExportedProgram:
    reasons = []
    for strict in (False, True):
        try:
            return torch.export.export(module, args, kwargs, strict=strict)
        except Exception as error:  # torch.export lists no exceptions, and the module's own code runs in it
            reasons.append(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    raise ImportFailed(f"torch.export cannot trace the module: {reasons[0]}")


_DROPS_SAMPLES = frozenset({"StochasticDepth", "DropPath", "DropConnect"})


@contextmanager
def _marked(module: nn.Module) -> Iterator[None]:
    """Let modules that drop whole samples in training call the marking operator."""
    operator = _operator()
    changed: list[nn.Module] = []
    for part in module.modules():
        if type(part).__name__ in _DROPS_SAMPLES and "forward" not in part.__dict__:
            p = getattr(part, "drop_prob", getattr(part, "p", None))
            if isinstance(p, float) and p > 0 and getattr(part, "mode", "row") == "row":
                part.forward = _marking(operator, p)
                changed.append(part)
    try:
        yield
    finally:
        for part in changed:
            del part.__dict__["forward"]


def _marking(operator: Any, p: float) -> Any:
    return lambda x: operator(x, p)
