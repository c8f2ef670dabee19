"""Sharded trainings: the steps of one process, checkpoints in shards, and what is refused."""

import json
import math
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl.analysis.network_blocks import sharded_parts
from archdsl.training import session
from archdsl.training.errors.process_errors import CannotShard
from archdsl.training.errors.run_errors import CannotResume
from archdsl.training.processes.distributed import DistributedGroup, ProcessRank
from archdsl.training.processes.sharding_limits import refuse_unshardable
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.checkpoint import list_checkpoints, read, restore_newest
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.choice import TASKS
from tests.training.processes.sharded_processes import CASES, KILLED, TEXT, make
from tests.training.processes.test_distributed import HERE, start

WEIGHTS = ("last.safetensors", "best.safetensors")


def run_two(folder: Path, attempt: str) -> list[int]:
    started = start(["-m", "tests.training.processes.sharded_processes", str(folder), attempt], HERE)
    outputs = [process.communicate(timeout=180) for process in started]
    (folder / f"{attempt}.txt").write_text(repr(outputs))
    return [process.returncode for process in started]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of two processes, of which one was killed in the last run, and what was resumed after that."""
    folder = tmp_path_factory.mktemp("sharded")
    assert run_two(folder, "first")[1] == -signal.SIGKILL, (folder / "first.txt").read_text()
    shutil.copytree(folder / "killed", folder / "killed-copy")
    assert run_two(folder, "again") == [0, 0], (folder / "again.txt").read_text()
    return folder


def result(folder: Path, name: str, rank: int = 0) -> Any:
    return json.loads((folder / f"{name}-{rank}.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_two_sharded_processes_match_one(two: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "write_report", lambda *_: None)
    alone = make(tmp_path / name, **CASES[name]).start()
    for file in WEIGHTS:
        one, other = load_file(tmp_path / name / file), load_file(two / name / file)
        assert one.keys() == other.keys()
        for key, tensor in one.items():
            torch.testing.assert_close(other[key], tensor, rtol=1e-4, atol=1e-5)
    assert alone.tested is not None
    for rank in (0, 1):
        assert result(two, f"{name}-start", rank)[1] == pytest.approx(alone.tested[1].summary(), rel=1e-4)


def test_each_process_stores_its_rows_of_each_weight(two: Path) -> None:
    weights = [tuple(p.shape) for p in archdsl.loads(TEXT).to_torch().parameters()]
    rows = [(math.ceil(dims[0] / 2), dims[0] // 2, math.prod(dims[1:])) for dims in weights]
    for rank in (0, 1):
        assert result(two, "sgd-start", rank)[0] == sum(each[rank] * each[2] for each in rows)


def test_parts_with_shared_weights_are_not_sharded_separately() -> None:
    def parts(text: str) -> list[str]:
        return [".".join(path) for path in sharded_parts(archdsl.loads(text).graph)]

    assert parts(TEXT) == ["s.b1", "s.b2", "s"]
    block = "block b { fc 8; relu }\n"
    assert parts(f"{block}input 5x8; b as one; b; reuse one") == ["b1"]
    assert parts(f"{block}input 5x8; stage s {{ b as one; reuse one }}; b") == ["b1", "s"]
    assert parts("input 5x8; fc 1024; fc 1024; fc 3") == ["fc2"]
    assert parts("input 5 int(9); embedding 8 as table; stage s { fc 8 }; reuse table") == ["s"]


@pytest.mark.parametrize("name", ["killed", "stopped"])
def test_resumed_sharded_run_is_bit_for_bit_the_same(two: Path, name: str) -> None:
    assert (result(two, "stopped-start")[2], result(two, f"{name}-resume")[2]) == ("STOPPED", "FINISHED")
    for file in WEIGHTS:
        one, other = load_file(two / "whole" / file), load_file(two / name / file)
        assert all(torch.equal(tensor, other[key]) for key, tensor in one.items())
    (one, facts), (other, others) = (read(list_checkpoints(two / each / "checkpoints")[-1]) for each in ("whole", name))
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[key]) for key, tensor in one.items())
    assert (facts.step, len(facts.history)) == (others.step, len(others.history))
    assert len((two / name / "metrics.jsonl").read_text().splitlines()) == 2
    assert len(list((two / name / "checkpoints").iterdir())) == 2  # without the incomplete one


def test_one_process_resumes_a_checkpoint_of_two(two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "write_report", lambda *_: None)
    shutil.copytree(two / "killed-copy", tmp_path / "killed")
    assert all(path.is_dir() for path in list_checkpoints(tmp_path / "killed/checkpoints"))
    loaded = load_run(Run(tmp_path / "killed"), torch.device("cpu"))  # no weights but those of a checkpoint
    newest, _ = read(list_checkpoints(tmp_path / "killed/checkpoints")[-1])
    if not (tmp_path / "killed/best.safetensors").exists():
        assert all(torch.equal(newest[f"average.{name}"], p) for name, p in loaded.model.named_parameters())
    make(tmp_path / "killed", shard=True, **KILLED).resume()
    one, other = (load_file(folder / "last.safetensors") for folder in (two / "whole", tmp_path / "killed"))
    for key, tensor in one.items():
        torch.testing.assert_close(other[key], tensor, rtol=1e-4, atol=1e-6)
    assert all(path.is_file() for path in list_checkpoints(tmp_path / "killed/checkpoints"))


def damage_shard(folder: Path) -> None:
    path = max(folder.glob("shard-*"))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def damage_index(folder: Path) -> None:
    path = folder / "checkpoint.json"
    path.write_text(path.read_text().replace('\\"step\\":', '\\"step\\":1', 1))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (damage_shard, "the checksum of `.*` does not match"),
        (damage_index, "it was modified or is corrupt: its checksum does not match"),
        (lambda folder: min(folder.glob("shard-1*")).unlink(), "it is incomplete: shard-1-.* is missing"),
    ],
)
def test_corrupt_sharded_checkpoint_is_skipped_or_refused(two: Path, tmp_path: Path, damage: Any, why: str) -> None:
    folder = shutil.copytree(two / "killed-copy", tmp_path / "run") / "checkpoints"
    made = make(tmp_path / "run", shard=True, **KILLED)
    splits, device = made._load()
    state, _, _ = made._restored(splits, device)
    older, newer = list_checkpoints(folder)
    assert state.step == read(newer)[1].step
    damage(newer)
    path, reason = restore_newest(state, folder)
    assert (path, state.step) == (older, read(older)[1].step)
    assert reason is not None
    assert newer.name in reason
    shutil.rmtree(older)
    with pytest.raises(CannotResume, match=why):
        restore_newest(state, folder)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ({"optimizer": {"name": "muon"}}, "`shard` does not work with `optimizer muon`"),
        ({"freeze": {"name": "s", "after": 1}}, "`shard` does not work with `freeze after`"),
        ({"precision": "fp16"}, "`shard` does not work with `precision fp16`"),
        ({"layout": "channels_last"}, "`shard` does not work with `layout channels_last`"),
        ({"compile": True}, "`shard` does not work with `compile`"),
    ],
)
def test_settings_incompatible_with_sharding_are_refused(recipe: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Recipe.model_validate({**recipe, "shard": True})
    Recipe.model_validate(recipe)


def test_networks_and_tasks_incompatible_with_sharding_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = archdsl.loads("input 8; fc 8; fc 3").graph
    refuse_unshardable(graph, Recipe(shard=True), TASKS["classification"])
    with monkeypatch.context() as patch:  # only layers of packages have such weights
        patch.setattr(type(graph.layers[0].op), "weights_of", lambda *_: {"gain": ()})
        with pytest.raises(CannotShard, match=r"`fc1\.gain` is a single number"):
            refuse_unshardable(graph, Recipe(shard=True), TASKS["classification"])
    with pytest.raises(CannotShard, match="captions"):
        refuse_unshardable(None, Recipe(shard=True), TASKS["captioning"])
    refuse_unshardable(graph, Recipe(), TASKS["captioning"])
    made = make(tmp_path / "run", shard=True, task="captioning")
    object.__setattr__(made, "group", DistributedGroup(ProcessRank(0, 2, 0, 2)))
    with pytest.raises(CannotShard):  # before the data are read
        made.start()
