"""Trainings by two processes with gloo; see test_distributed.py. Run as a module, with a FOLDER.

Each process writes its final weights, so that the test can compare them with each other and with those of one process.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from archdsl.training import session
from archdsl.training.loop.callback import StopRequest
from archdsl.training.loop.process_group import ProcessGroup
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.processes import distributed
from archdsl.training.runs.run_folder import Run
from archdsl.training.session import Outcome, Training
from tests.training.helpers import Patches, StopAfter, model_spec, small_network, training
from tests.training.processes.task_cases import NETWORKS, task_case


def plain_network() -> nn.Module:
    """Nothing in it mixes the images of a batch or uses random numbers."""
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 3))


class TwoOutputs(nn.Module):
    """A main output and an auxiliary one, whose weights get no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.main, self.beside = nn.Linear(64, 3), nn.Linear(64, 3)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        flat = images.flatten(1)
        return self.main(flat), self.beside(flat)


Case = tuple[Callable[[], nn.Module], dict[str, Any]]

CASES: dict[str, Case] = {
    "sgd": (plain_network, {"optimizer": {"name": "sgd", "lr": 0.05}, "patches": (91, 31, 29)}),
    "much": (
        plain_network,
        {
            "optimizer": {"name": "muon"}, "schedule": {"name": "onecycle"}, "accumulate": 2, "clip": 1.0, "ema": 0.9,
            "augment": {"alternate": True}, "loss": {"name": "bce", "smoothing": 0.1}, "tta": "flip",
        },
    ),
    "side": (TwoOutputs, {"optimizer": {"name": "sgd", "lr": 0.05}}),
    "scraps": (plain_network, {"optimizer": {"name": "sgd", "lr": 0.05}, "patches": (35, 1, 3)}),  # 16 + 16 + 3
}  # fmt: skip


def run_case(name: str, folder: Path, group: ProcessGroup | None = None) -> Outcome:
    """Run the training of a case to its end."""
    build, recipe = CASES[name]
    return make(folder, build, group, **recipe).start()


def make(
    folder: Path,
    build: Callable[[], nn.Module],
    group: ProcessGroup | None = None,
    stop: StopRequest | None = None,
    **recipe: Any,
) -> Training:
    patches = Patches(*recipe.pop("patches", (90, 30, 30)))
    made = replace(training(folder, stop=stop, **recipe), model_spec=model_spec(build), source=patches)
    return replace(made, group=group) if group else made


def follow(folder: Path, group: ProcessGroup) -> Path:
    """The folder of a run, created by the leader alone."""
    if group.is_leader and not folder.exists():
        Run.create(folder, folder.parent, "unused")
    group.broadcast_text("made")
    return folder


def message(outcome: Outcome, folder: Path, name: str, group: ProcessGroup) -> None:
    save_file({k: v.clone() for k, v in weights_of(outcome.state.model).items()}, folder / f"{name}-{group.rank}.st")
    scores = outcome.tested[1].summary() if outcome.tested else None
    (folder / f"{name}-{group.rank}.json").write_text(
        json.dumps([scores, [line["validation"] for line in outcome.state.history], outcome.ending.name])
    )


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    distributed._AGREE_SECONDS = 0.0  # after each step, so that a stop happens in the middle of an epoch
    vars(session)["write_report"] = lambda *_: None  # figures take longer than these trainings
    with distributed.joined(distributed.process_rank(), "cpu") as group:

        def train_case(name: str, method: str, stop: StopRequest | None = None, **recipe: Any) -> None:
            build = CASES[name][0] if name in CASES else small_network
            made = make(
                follow(folder / name, group), build, group, stop, **(CASES[name][1] if name in CASES else recipe)
            )
            run = Run(folder / name, writes=group.is_leader)
            made = replace(made, resources=replace(made.resources, run=run))
            message(getattr(made, method)(), folder, f"{name}-{method}", group)

        for name in CASES:
            train_case(name, "start")
        for name in NETWORKS:
            made = task_case(name, follow(folder / name, group), folder / "data")
            resources = replace(made.resources, run=Run(folder / name, writes=group.is_leader))
            message(replace(made, group=group, resources=resources).start(), folder, f"{name}-start", group)
        train_case("whole", "start")
        train_case("stopped", "start", StopAfter(9) if group.rank == 1 else None)
        torch.manual_seed(12345)
        train_case("stopped", "resume")
    os._exit(0)  # nothing is left to clean up, and interpreters are slow at it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
