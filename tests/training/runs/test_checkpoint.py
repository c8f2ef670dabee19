"""Checkpoints are complete or do not exist, whatever happens while they are written."""

import errno
import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from archdsl.training.errors.disk_errors import CannotWrite, DiskFull
from archdsl.training.errors.run_errors import CannotResume
from archdsl.training.loop.metrics import EpochMetrics
from archdsl.training.loop.optimizers import make_optimizer
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.loop.training_state import RandomGenerators, TrainingState
from archdsl.training.recipe.recipe import Adam
from archdsl.training.runs import weights
from archdsl.training.runs.checkpoint import list_checkpoints, read, restore_newest, save
from archdsl.training.runs.checkpoint_numbers import Numbers, numbers_of
from archdsl.training.safe_files import make_folder, unwritten, write_text
from tests.training.helpers import small_network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    return tmp_path / "run" / "checkpoints"


def made(value: float = 0.0, step: int = 0) -> TrainingState:
    """A state all of whose weights are `value`."""
    model, device = small_network(), torch.device("cpu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return TrainingState(
        model, make_optimizer(model, Adam()), RandomGenerators(0, device), EpochMetrics(device), step=step
    )


def test_text_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    """Such as settings with the name of a data set's folder."""
    path = tmp_path / "settings.json"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(CannotWrite, match="is not UTF-8 text") as raised:
        write_text(path, '{"data": "pets\udcff"}')
    assert raised.value.help() == ("rename the file or folder",)
    assert [each.read_text(encoding="utf-8") for each in tmp_path.iterdir()] == ["before"]


def test_newest_two_checkpoints_are_kept(folder: Path) -> None:
    for step in (1, 2, 30, 200):
        save(made(step, step), folder)
    assert [path.name for path in list_checkpoints(folder)] == [
        "step-000000030.safetensors",
        "step-000000200.safetensors",
    ]
    state = made()
    restore_newest(state, folder)
    assert state.step == 200
    assert all(bool((p == 200).all()) for p in state.model.parameters())


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "format"])
def test_corrupt_checkpoint_is_skipped(folder: Path, damage: str) -> None:
    save(made(1, 1), folder)
    newest = save(made(2, 2), folder)
    whole = newest.read_bytes()
    if damage == "format":
        save_file({"x": torch.zeros(1)}, newest, {"state": '{"format": 99}'})
    else:
        newest.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "noise": os.urandom(len(whole))}[damage])
    state = made()
    assert restore_newest(state, folder)[0].name == "step-000000001.safetensors"
    assert state.step == 1
    list_checkpoints(folder)[0].unlink()
    with pytest.raises(CannotResume, match=r"step-000000002\.safetensors: "):
        restore_newest(state, folder)


def test_checkpoint_is_not_unpickled(folder: Path) -> None:
    (folder / "step-000000001.safetensors").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(CannotResume):
        restore_newest(made(), folder)
    assert not Path("owned").exists()


def _save_until_killed(folder: Path) -> None:
    torch.set_num_threads(1)
    step = int(list_checkpoints(folder)[-1].name[5:14])
    while True:
        step += 1
        save(made(step, step), folder)


_KILLS = int(os.environ.get("ARCHDSL_KILLS", "25"))


def test_newest_checkpoint_loads_after_a_kill_at_any_time(folder: Path) -> None:
    save(made(0, 0), folder)
    rng, steps, reach = random.Random(0), 0, 0.03
    for _ in range(_KILLS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # this process has threads; the child uses none of them
            child = os.fork()
        if child == 0:
            try:
                _save_until_killed(folder)
            finally:
                os._exit(1)
        time.sleep(rng.uniform(0, reach))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        state = made()
        newest, passed_over = restore_newest(state, folder)
        assert passed_over is None
        assert newest == list_checkpoints(folder)[-1]  # never a damaged one that was skipped
        assert state.step >= steps
        assert all(bool((p == state.step).all()) for p in state.model.parameters())
        reach = 0.03 if state.step > steps else min(1.0, reach * 1.2)  # a busy machine saves slowly
        steps = state.step
    assert steps > 0


def test_full_disk_keeps_the_previous_checkpoint(folder: Path) -> None:
    """A limit on the size of files simulates a full disk: the system refuses in the middle of the file."""
    old = save(made(1, 1), folder)
    program = f"""
        import resource
        from pathlib import Path
        from archdsl.training.runs.checkpoint import save
        from archdsl.training.errors.disk_errors import DiskFull
        from tests.training.runs.test_checkpoint import made
        state = made(2, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        try:
            save(state, Path({str(folder)!r}))
        except DiskFull as error:
            print(error.message())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout == f"no space left to write {folder / 'step-000000002.safetensors'}\n"
    assert list(folder.iterdir()) == [old]
    state = made()
    restore_newest(state, folder)
    assert state.step == 1


@pytest.fixture
def small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_full_disk_keeps_the_previous_text(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "short")
    with pytest.raises(DiskFull):
        write_text(tmp_path / "a", "much too long for ten bytes")
    assert (tmp_path / "a").read_text() == "short"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_interrupted_write_leaves_no_temporary_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(made(1, 1), folder)
    assert list(folder.iterdir()) == []


def test_shared_weights_are_saved_once(folder: Path) -> None:
    state = made(3, 3)
    assert isinstance(state.model, torch.nn.Sequential)
    state.model.append(state.model[6])
    path = save(state, folder)
    tensors, _ = read(path)
    assert "model.6.weight" in tensors
    assert "model.7.weight" not in tensors
    other = made()
    assert isinstance(other.model, torch.nn.Sequential)
    other.model.append(other.model[6])
    restore_newest(other, folder)
    assert all(bool((p == 3).all()) for p in other.model.parameters())
    assert set(weights_of(other.model)) == {
        name.removeprefix("model.") for name in tensors if name.startswith("model.")
    }


def test_checkpoints_of_another_network_or_optimizer_are_refused(folder: Path) -> None:
    save(made(1.0, step=1), folder)
    for model, optimizer, message in (
        (nn.Sequential(nn.Conv2d(1, 8, 3, bias=False)), torch.optim.RMSprop, "its optimizer is Adam, not RMSprop"),
        (nn.Sequential(nn.Conv2d(1, 7, 3)), torch.optim.Adam, r"model.0.weight is \[8, 1, 3, 3\], not \[7, 1"),
        (nn.Linear(2, 1), torch.optim.Adam, "belongs to another network or recipe: it has no model.weight"),
    ):
        state = made()
        state.model = model
        state.optimizer = optimizer(state.model.parameters(), lr=0.1)
        with pytest.raises(CannotResume, match=message):
            restore_newest(state, folder)


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="Not a directory"):
        write_text(tmp_path / "file" / "inside", "text")
    with pytest.raises(CannotWrite, match="a file of that name exists"):
        make_folder(tmp_path / "file")


@pytest.mark.parametrize(
    ("number", "help_"),
    [
        (errno.EACCES, "make its folder writable"),
        (errno.EROFS, "make its folder writable"),
        (errno.EEXIST, "delete or rename the file that is in the way"),
        (errno.ENOTDIR, "delete or rename the file that is in the way"),
        (errno.EISDIR, "delete or rename the folder that is in the way"),
        (errno.ENAMETOOLONG, "choose a shorter name"),
        (errno.EIO, "choose another folder"),
    ],
)
def test_help_of_an_unwritable_file_fits_the_reason(number: int, help_: str) -> None:
    problem = unwritten(Path("a"), OSError(number, os.strerror(number)))
    assert problem.help()[0].startswith(help_)
    assert pickle.loads(pickle.dumps(problem)).help() == problem.help()


@pytest.mark.parametrize("flipped", range(40))
def test_flipped_byte_is_reported_and_not_resumed_from(folder: Path, flipped: int) -> None:
    """One byte, anywhere in the file: each tensor has a digest, and so has the JSON next to them."""
    path = save(made(1, 1), folder)
    content = bytearray(path.read_bytes())
    at = random.Random(flipped).randrange(8, len(content))
    content[at] ^= 1 << flipped % 8
    path.write_bytes(content)
    with pytest.raises(CannotResume, match=r"step-000000001\.safetensors: "):
        restore_newest(made(), folder)


def test_corrupt_tensor_is_named(folder: Path) -> None:
    path = save(made(1, 1), folder)
    tensors, _ = read(path)
    weights_bytes = tensors["model.6.weight"].numpy().tobytes()
    content = path.read_bytes()
    at = content.rindex(weights_bytes[:64])
    path.write_bytes(content[:at] + b"\x01" + content[at + 1 :])
    with pytest.raises(CannotResume, match=r"the checksum of `model\.\d\.weight` does not match"):
        restore_newest(made(), folder)


def test_checkpoints_without_task_are_read() -> None:
    scores = {"loss": 0.25, "accuracy": 0.5}
    line = {
        "epoch": 1, "step": 3, "lr": 0.1, "train": scores, "validation": {**scores, "top5": 1.0}, "seconds": 1.0,
        "images_per_second": None,
    }  # fmt: skip
    values = json.loads(numbers_of(made(step=3)).model_dump_json())
    values.update(epoch=1, best={"epoch": 1, "accuracy": 0.5, "loss": 0.25}, history=[line])
    best = Numbers.read(json.dumps(values)).best
    assert best is not None
    assert (best.epoch, best.metric, best.value, best.loss) == (1, "accuracy", 0.5, 0.25)
