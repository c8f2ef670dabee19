"""Several processes that train one network."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from archdsl.training import session
from archdsl.training.errors.process_errors import BatchTooSmall, CannotJoin
from archdsl.training.processes.distributed import DistributedGroup, ProcessRank, process_rank
from archdsl.training.runs.checkpoint import list_checkpoints, read
from tests.training.helpers import training
from tests.training.processes.task_cases import NETWORKS, task_case, write_data
from tests.training.processes.two_processes import CASES, run_case
from tests.training.test_session import assert_same

HERE = Path(__file__).parents[3]


def environment(rank: int, size: int, port: int) -> dict[str, str]:
    """The variables that torchrun sets."""
    message = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_PORT": port}
    return {**os.environ, **{k: str(v) for k, v in message.items()}, "MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(command: list[str], cwd: Path, size: int = 2) -> list["subprocess.Popen[str]"]:
    port = free_port()
    return [
        subprocess.Popen(
            [sys.executable, *command], cwd=cwd, env=environment(rank, size, port), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for rank in range(size)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two processes for each case."""
    folder = tmp_path_factory.mktemp("two")
    write_data(folder / "data")
    started = start(["-m", "tests.training.processes.two_processes", str(folder)], HERE)
    outputs = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], outputs
    return folder


def result(folder: Path, name: str, rank: int = 0) -> Any:
    return json.loads((folder / f"{name}-{rank}.json").read_text())


@pytest.mark.parametrize("name", [*CASES, *NETWORKS])
def test_two_processes_match_one(two: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "write_report", lambda *_: None)
    alone = run_case(name, tmp_path / name) if name in CASES else task_case(name, tmp_path / name, two / "data").start()
    for file in ("last.safetensors", "best.safetensors"):
        one, other = load_file(tmp_path / name / file), load_file(two / name / file)
        assert one.keys() == other.keys()
        for key, tensor in one.items():
            torch.testing.assert_close(other[key], tensor, rtol=1e-4, atol=1e-6)
    scores, epochs, _ = result(two, f"{name}-start")
    assert alone.tested is not None
    for mine, theirs in zip(
        [alone.tested[1].summary(), *(line["validation"] for line in alone.state.history)],
        [scores, *epochs],
        strict=True,
    ):
        if name == "detection":  # its loss depends on the parts
            del mine["loss"], theirs["loss"]
        assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", [*(f"{name}-start" for name in CASES), "whole-start", "stopped-resume"])
def test_all_processes_have_the_same_weights(two: Path, name: str) -> None:
    one, other = (load_file(two / f"{name}-{rank}.st") for rank in (0, 1))
    assert all(torch.equal(tensor, other[key]) for key, tensor in one.items())
    assert result(two, name, 0) == result(two, name, 1)


def test_stop_of_one_process_stops_all_and_resumes_bit_for_bit(two: Path) -> None:
    assert [result(two, "stopped-start", rank)[2] for rank in (0, 1)] == ["STOPPED", "STOPPED"]
    assert_same(two / "whole", two / "stopped")
    tensors, numbers = read(list_checkpoints(two / "whole" / "checkpoints")[-1])
    assert not torch.equal(tensors["rng.torch"], tensors["rng.1.torch"])  # dropout differs
    assert json.loads((two / "whole" / "settings.json").read_text())["setup"]["processes"] == 2
    assert len((two / "whole" / "metrics.jsonl").read_text().splitlines()) == 3 == len(numbers.history)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 31, 32, 33])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_batch_shards_are_disjoint_and_complete(size: int, count: int) -> None:
    indices = torch.randperm(count) + 100
    taken = []
    for rank in range(size):
        mine, counted = DistributedGroup(ProcessRank(rank, size, rank, size)).shard(indices)
        assert len(mine) >= min(2, count)  # enough to normalize by
        assert abs(counted - count / size) < 1
        taken.append(mine[:counted])
    assert torch.equal(torch.cat(taken), indices)


def test_batch_smaller_than_the_world_size_is_refused(tmp_path: Path) -> None:
    made = training(tmp_path / "run", batch=3)
    object.__setattr__(made, "group", DistributedGroup(ProcessRank(0, 4, 0, 4)))
    with pytest.raises(BatchTooSmall, match="a batch of 3 cannot be split over 4 processes"):
        made.start()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"WORLD_SIZE": "2"}, "not RANK, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT"),
        ({**dict.fromkeys(("RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"), "1"),
          "WORLD_SIZE": "two"}, "WORLD_SIZE is `two`, which is not a number"),
    ],
)  # fmt: skip
def test_incomplete_distributed_environment_is_refused(
    given: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotJoin, match=message):
        process_rank()


NET = """net Small(classes = 10, width = 8)
input 1x8x8
conv width k3 p1; bn; relu; maxpool 2
flatten; fc classes
train { precision fp32; layout channels_first }
"""


def test_only_rank_0_logs_and_a_killed_process_ends_all(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(NET)
    options = ["net.arch", "--data", "digits", "--epochs", "5000", "--batch", "1000", "--out", "r"]
    leader, other = start(["-m", "archdsl", "train", *options], tmp_path)
    assert leader.stdout is not None
    lines = []
    for line in leader.stdout:
        lines.append(line)
        if line.startswith("epoch    2/5000"):
            break
    assert "2 processes; each takes 500 images of a batch of 1000\n" in lines
    assert any(line.startswith("batch norm: each process normalizes over its own images") for line in lines)
    other.send_signal(signal.SIGKILL)
    message = leader.communicate(timeout=60)
    assert leader.returncode == 1, message
    assert "error: another process of this training run ended unexpectedly, so this one stops, too (" in message[1]
    assert "--resume RUN" in message[1]
    assert "Traceback" not in message[1]
    assert other.communicate() == ("", "")
    assert list_checkpoints(tmp_path / "r" / "checkpoints")


def test_errors_are_reported_once(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 1x8x8\nflatten; fc 11\n")
    leader, other = start(["-m", "archdsl", "train", "net.arch", "--data", "digits"], tmp_path)
    assert "`digits` has 10 classes, but this network outputs 11" in leader.communicate(timeout=60)[1]
    assert other.communicate(timeout=60) == ("", "")
    assert (leader.returncode, other.returncode) == (1, 1)
