"""Forward and backward pass of the module built from a text, compared with the same network written by hand.

The target is at most 2 % more, in every timed precision and layout. Exits with status 1 if it is missed.
"""

import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from _harness import compare, report
from _nets import CPU, ModelSpec, airbench94, small
from torch import nn

from archdsl.training.loop.device_setup import DeviceSetup

TARGET = 1.02
ROUNDS = 31
SETUPS = (DeviceSetup(CPU, "fp32", "channels_last"), DeviceSetup(CPU, "bf16", "channels_last"))


def steps(model: nn.Module, model_spec: ModelSpec, setup: DeviceSetup) -> Callable[[], None]:
    """Several forward and backward passes over one batch."""
    model = model.to(memory_format=setup.memory_format).train()  # type: ignore[call-overload]  # mypy's stub of `to` lacks this overload
    inputs = torch.randn(model_spec.batch, 3, 32, 32).to(memory_format=setup.memory_format)
    labels = torch.randint(10, (model_spec.batch,))

    def run() -> None:
        for _ in range(model_spec.batches // 2):
            with setup.autocast():
                logits = model(inputs)
            F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]  # torch has no types here
            for parameter in model.parameters():
                parameter.grad = None

    return run


def main() -> int:
    missed = False
    for model_spec in (airbench94(), small()):
        for setup in SETUPS:
            print(f"\n{model_spec.name}, {setup.precision} {setup.layout}, {torch.get_num_threads()} threads")
            timings = compare(
                {
                    "written by hand": steps(model_spec.handwritten(), model_spec, setup),
                    "archdsl's module": steps(model_spec.network().to_torch(), model_spec, setup),
                },
                rounds=ROUNDS,
            )
            report(f"module-{model_spec.name}-{setup.precision}", timings)
            missed |= timings[1].ratio > TARGET
            print(f"target: at most {TARGET}; {'missed' if timings[1].ratio > TARGET else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
