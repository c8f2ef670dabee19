"""Sharded trainings by two processes with gloo; see test_sharding.py. Run as a module, with a FOLDER."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import archdsl
from archdsl.training import session
from archdsl.training.loop.callback import StopRequest
from archdsl.training.loop.epoch import Epoch
from archdsl.training.loop.process_group import ProcessGroup
from archdsl.training.loop.tensor_parts import local
from archdsl.training.model_spec import model_spec_of
from archdsl.training.processes import distributed
from archdsl.training.runs.run_folder import Run
from archdsl.training.session import Outcome, Training
from tests.training.helpers import Patches, StopAfter, training
from tests.training.processes.two_processes import follow

# Blocks, a stage with a layer of its own, a layer outside of them, a weight that is used twice, and a row for only one
# of two processes.
TEXT = """net Small
block b(c) { conv c k3 p1; relu }
input 1x8x8
stage s { conv 6 k3 p1 s2; b 5; b 6 }
flatten
fc 96 as table
relu
reuse table
fc 1
fc 3
"""

CASES: dict[str, dict[str, Any]] = {
    "adam": {"accumulate": 2, "clip": 0.5, "ema": 0.9, "loss": {"name": "bce"}, "tta": "flip", "patches": (51, 31, 29)},
    "adamw": {
        "optimizer": {"name": "adamw", "decay_all": True}, "lookahead": {"every": 3}, "freeze": {"name": "s.b1"},
        "schedule": {"name": "onecycle"}, "activation_checkpointing": True, "epochs": 2,
    },
    "sgd": {"optimizer": {"name": "sgd", "lr": 0.05}, "augment": {"alternate": True}, "epochs": 1},
    "rmsprop": {"optimizer": {"name": "rmsprop", "momentum": 0.9}, "epochs": 1},
}  # fmt: skip
KILLED_AT = 5
KILLED: dict[str, Any] = {
    "optimizer": {"name": "adamw"},
    "ema": 0.9,
    "checkpoint": 1e-9,
    "epochs": 2,
    "patches": (64, 10, 10),
}
"""A checkpoint after each step."""


def make(folder: Path, group: ProcessGroup | None = None, stop: StopRequest | None = None, **recipe: Any) -> Training:
    patches = Patches(*recipe.pop("patches", (90, 30, 30)))
    network = archdsl.loads(TEXT)
    made = replace(training(folder, stop=stop, **recipe), model_spec=model_spec_of(network, {}, ()), source=patches)
    if group is None:
        return made
    run = Run(folder, writes=group.is_leader)
    return replace(made, group=group, resources=replace(made.resources, run=run))


def kill_at(step: int) -> None:
    """Kill this process before it makes a step."""
    update = Epoch._update

    def updated(self: Epoch) -> None:
        if self._state.step == step:
            os.kill(os.getpid(), signal.SIGKILL)
        update(self)

    Epoch._update = updated  # type: ignore[method-assign]  # in a process that is about to end


def write_facts(outcome: Outcome, folder: Path, name: str, group: ProcessGroup) -> None:
    """The number of weights that this process held, and the scores."""
    held = sum(local(parameter).numel() for parameter in outcome.state.model.parameters())
    scores = outcome.tested[1].summary() if outcome.tested else None
    (folder / f"{name}-{group.rank}.json").write_text(json.dumps([held, scores, outcome.ending.name]))


def main(folder: Path, attempt: str) -> None:
    torch.set_num_threads(1)
    distributed._AGREE_SECONDS = 0.0
    vars(session)["write_report"] = lambda *_: None
    with distributed.joined(distributed.process_rank(), "cpu") as group:

        def train_case(name: str, method: str, stop: StopRequest | None = None, **recipe: Any) -> None:
            made = make(follow(folder / name, group), group, stop, shard=True, **recipe)
            write_facts(getattr(made, method)(), folder, f"{name}-{method}", group)

        if attempt == "again":
            train_case("killed", "resume", **KILLED)
            train_case("stopped", "resume", **KILLED)
        else:
            for name, recipe in CASES.items():
                train_case(name, "start", **recipe)
            train_case("whole", "start", **KILLED)
            train_case("stopped", "start", StopAfter(3) if group.rank == 1 else None, **KILLED)
            if group.rank == 1:
                kill_at(KILLED_AT)
            train_case("killed", "start", **KILLED)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
