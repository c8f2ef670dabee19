"""What torch does with an op's steps: output shape, state, multiply-accumulates, or an exception."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.backends import modules
from archdsl.backends.python_source import expression
from archdsl.backends.torch import apply, initialize, make_module
from archdsl.contract.call import Module, Steps
from archdsl.record import Record
from archdsl.shapes.shape import Layout, Shape

BATCH = 2
_REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError, AssertionError)
_NAMES: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, **vars(modules)}


class Refused(Exception):
    """torch raised."""


class Outcome(Record):
    """What torch computed: the output, the state by name, the parameters in order, and the MACs of one sample."""

    shape: tuple[int, ...]
    state: dict[str, tuple[int, ...]]
    parameters: tuple[str, ...]
    macs: float


def run(steps: Steps, xs: Sequence[Shape], device: str, batch: int = BATCH) -> Outcome:
    """Build and apply the steps in eval mode. Raises Refused if torch raises."""
    with _quietly(device):
        try:
            built = [make_module(step).eval() if isinstance(step, Module) else None for step in steps]
            # On other devices, torch counts no MACs for attention and LSTM.
            with FlopCounterMode(display=False) if device == "meta" else nullcontext() as counter:
                result = _applied(steps, built, [_input(x, batch) for x in xs])
        except _REFUSALS as error:
            raise Refused(f"{type(error).__name__}: {error}") from error
    return Outcome(
        shape=tuple(result.shape),
        state={name: tuple(tensor.shape) for module in built if module for name, tensor in module.state_dict().items()},
        parameters=tuple(name for module in built if module for name, _ in module.named_parameters()),
        macs=counter.get_total_flops() / 2 / batch if counter else 0,
    )


def check_source(steps: Steps, xs: Sequence[Shape]) -> None:
    """The printed source of the steps builds equal modules and computes the same. Raises AssertionError."""
    with _quietly("cpu"):
        inputs = [_input(x, BATCH) for x in xs]
        names = [f"x{number}" for number in range(len(xs))]
        built = [make_module(step).eval() if isinstance(step, Module) else None for step in steps]
        current = list(inputs)
        for step, module in zip(steps, built, strict=True):
            source = expression(step) if module else expression(step, names)
            result = eval(source, {**_NAMES, **dict(zip(names, current, strict=True))})
            if isinstance(step, Module) and module:
                assert repr(result) == repr(module), f"{source} makes {result}, not {module}"
                result.eval().load_state_dict(module.state_dict())
                by_place, by_name = step.applied(current)
                result = result(*by_place, **by_name)
            current[0] = result
        torch.testing.assert_close(current[0], _applied(steps, built, inputs), rtol=0, atol=0, equal_nan=True)


def check_equal_calls(for_all: Steps, for_these: Steps, xs: Sequence[Shape]) -> None:
    """Steps for symbolic sizes compute what those for the sizes of these inputs compute. Raises AssertionError."""
    if for_all == for_these:
        return
    with _quietly("cpu"):
        inputs = [_input(x, BATCH) for x in xs]
        first, second = (
            [make_module(step).eval() if isinstance(step, Module) else None for step in steps]
            for steps in (for_all, for_these)
        )
        modules_of = [[module for module in built if module is not None] for built in (first, second)]
        for one, other in zip(*modules_of, strict=True):
            one.load_state_dict(other.state_dict())
        results = _applied(for_all, first, inputs), _applied(for_these, second, inputs)
        torch.testing.assert_close(*results, equal_nan=True)


def check_initializers(steps: Steps, initializers: Mapping[str, Steps], *, whitened: bool) -> None:
    """Initializers set all values of a weight, equally in the module and in the printed source."""
    with _quietly("cpu"):
        module = next((make_module(step) for step in steps if isinstance(step, Module)), None)
        if module is None:
            assert not initializers
            return
        assert not whitened or "weight" not in initializers
        assert set(initializers) <= set(dict(module.named_parameters()))
        before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        # Not torch.manual_seed, which formats the whole stack for a device that is not there.
        torch.default_generator.manual_seed(0)
        initialize(module, initializers)
        begun = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        assert all(bool(begun[name].isfinite().all()) for name in initializers)
        module.load_state_dict(before)
        torch.default_generator.manual_seed(0)
        for name, calls in initializers.items():
            text = f"module.{name}.data"
            for call in calls:
                text = expression(call, [text])
            exec(text, {**_NAMES, "module": module})
        torch.testing.assert_close(module.state_dict(), begun, rtol=0, atol=0)


def _applied(steps: Steps, built: Sequence[nn.Module | None], inputs: Sequence[Tensor]) -> Tensor:
    current = list(inputs)
    for step, module in zip(steps, built, strict=True):
        current[0] = apply(step, module, current)
    return current[0]


def _input(x: Shape, batch: int) -> Tensor:
    if x.layout is Layout.IDS:
        return torch.zeros(batch, *x.dims, dtype=torch.long)
    return torch.rand(batch, *x.dims)


@contextmanager
def _quietly(device: str) -> Iterator[None]:
    with torch.no_grad(), torch.device(device), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
