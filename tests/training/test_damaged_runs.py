"""Damaged or malicious runs: every command ends with a message and an exit status.

ARCHDSL_DAMAGES is the number of random damages: 60 by default, always the same ones; ARCHDSL_SEED selects others.
"""

import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from archdsl.cli import main
from archdsl.training import report
from archdsl.training.runs.weights import save_tensors
from tests.training.helpers import edit_settings

DAMAGES = int(os.environ.get("ARCHDSL_DAMAGES", "60"))
SEED = int(os.environ.get("ARCHDSL_SEED", "0"))
SECONDS = 20.0
NET = """net Small(classes = 3)
input 1x8x8
conv 4 k3 p1; bn; relu; maxpool 2
flatten; fc classes
train {{ data "{data}"; precision fp32; layout channels_first; epochs 2; batch 16; optimizer {optimizer} }}
"""
COMMANDS = (
    ("predict", "RUN", "IMAGE"), ("predict", "RUN", "IMAGE", "--format", "json"), ("eval", "RUN"),
    ("inspect", "RUN"), ("inspect", "RUN", "--image", "IMAGE"), ("export", "RUN", "--to", "safetensors"),
    ("train", "--resume", "RUN", "--epochs", "3"), ("train", "--resume", "RUN"), ("sweep", "--resume", "RUN"),
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with small runs of two optimizers, a sweep, an image, and a folder that nothing may touch."""
    folder = tmp_path_factory.mktemp("damaged")
    rng = np.random.default_rng(0)
    for name, shade in (("dark", 10), ("gray", 100), ("light", 190)):
        for index in range(12):
            path = folder / "images" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((rng.integers(0, 50, (8, 8)) + shade).astype(np.uint8)).save(path)
    Image.new("L", (8, 8), 100).save(folder / "image.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        patch.setenv("ARCHDSL_CACHE", str(folder / "cache"))
        for optimizer in ("sgd", "adam"):
            (folder / "net.arch").write_text(NET.format(data=folder / "images", optimizer=optimizer))
            assert run("train", folder / "net.arch", "--out", folder / optimizer).exit_code == 0
        swept = run("sweep", folder / "net.arch", "--lr", "0.01,0.02", "--out", folder / "swept", "--epochs", "1")
        assert swept.exit_code == 0, swept.output
        yield folder


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@contextmanager
def limited(what: str) -> Iterator[None]:
    """Fail, with the location, if something takes much too long."""

    def late(*_: object) -> None:
        raise TimeoutError(what)

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(int(2 * SECONDS))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# --- damages ----------------------------------------------------------------------------------------------------------


VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**63, 10**30, 0.0, -0.5, 1e308, float("nan"), float("inf"), "", "x", "\0", "../victim",
    "hf:", "é" * 300, [], [0.0], ["x"], [1, 100000, 100000], [[[]]], {}, {"x": 1}, {"a": {"b": None}},
)  # fmt: skip


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def flip(rng: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 3, 20, 200))):
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut(rng: random.Random, path: Path) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size + 1))


def grow(rng: random.Random, path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(rng.randbytes(rng.choice((1, 8, 1000))))


def remove(rng: random.Random, path: Path) -> None:
    path.unlink()


def be_a_folder(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


def be_a_link(rng: random.Random, path: Path) -> None:
    path.unlink()
    target = next(parent for parent in path.parents if (parent / "victim").is_dir()) / "victim"
    path.symlink_to(rng.choice((target, target / "precious", Path("/dev/null"), Path("/dev/zero"), path, Path("gone"))))


def be_a_pipe(rng: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def be_another(rng: random.Random, path: Path) -> None:
    path.write_bytes(
        rng.choice((b"", b"{", b"null", b"[" * 100_000, b"\xff\xfe", b"{}", b"input 1x8x8\nfc 3\n", b"\0" * 64))
    )


ANYWHERE: tuple[Callable[[random.Random, Path], None], ...] = (
    flip, flip, cut, cut, grow, remove, be_a_folder, be_a_link, be_a_pipe, be_another,
)  # fmt: skip


def places_in(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before:
        yield before
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places_in(inner, (*before, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places_in(inner, (*before, index))


def edit(rng: random.Random, value: Any) -> None:
    """Replace a value in JSON, remove one, or add one next to it."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place = rng.choice(list(places_in(value)))
        inside = value
        for step in place[:-1]:
            inside = inside[step]
        match rng.choice(("replace", "replace", "replace", "remove", "add")):
            case "remove":
                del inside[place[-1]]
            case "add" if isinstance(inside, dict):
                inside["x"] = rng.choice(VALUES)
            case "add":
                inside.append(rng.choice((*VALUES, *inside)))
            case _:
                inside[place[-1]] = rng.choice(VALUES)
        if not value:
            return


def settings(rng: random.Random, folder: Path) -> None:
    """Edit settings.json, with an updated digest, or the old one."""
    if rng.random() < 0.7:
        edit_settings(folder, lambda value: edit(rng, value))
        return
    path = folder / "settings.json"
    value = json.loads(path.read_text())
    edit(rng, value)
    path.write_text(json.dumps(value))


def network(rng: random.Random, folder: Path) -> None:
    """Another text, with its digest."""
    from archdsl.training.runs.text_digests import of_text

    text = (folder / "net.arch").read_text()
    old, new = rng.choice((
        ("conv 4", "conv 5"), ("1x8x8", "1x80000x80000"), ("1x8x8", "3x8x8"), ("1x8x8", "1xHxW"), ("1x8x8", "64"),
        ("fc classes", "fc 100000000"), ("flatten; fc", "fc"), ("relu", "rellu"), ("classes = 3", "classes = 4"),
        ("flatten; fc classes", "flatten; fc classes as a; output a, conv1"),
        ("train {", "use \"/etc/passwd\"\ntrain {"),
    ))  # fmt: skip
    text = text.replace(old, new)
    (folder / "net.arch").write_text(text)
    edit_settings(folder, lambda value: value["texts" if "texts" in value else "network"].update(
        {"net.arch": of_text(text)} if "texts" in value else {"texts": {"net.arch": of_text(text)}}
    ))  # fmt: skip


def another_tensor(rng: random.Random, tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with other values, another shape or another dtype."""
    floating = tensor.is_floating_point()
    match rng.choice(("nan", "inf", "huge", "shape", "dtype", "noise")):
        case "nan" if floating:
            return torch.full_like(tensor, float("nan"))
        case "inf" if floating:
            return torch.full_like(tensor, float("inf"))
        case "shape":
            return tensor.reshape(-1)[: rng.randrange(tensor.numel() + 1)].clone()
        case "dtype":
            return tensor.to(rng.choice((torch.float64, torch.int64, torch.bool, torch.bfloat16, torch.uint8)))
        case "noise" if tensor.dim():
            noise = torch.from_numpy(np.frombuffer(rng.randbytes(tensor.nbytes), np.uint8).copy())
            return noise.view(tensor.dtype).reshape(tensor.shape)
    return torch.full_like(tensor, 3e38 if tensor.dtype == torch.float32 else 7)


NAMES = (
    "x", "model.", "optimizer.0.x", "optimizer.99.step", "optimizer.x.y", "optimizer.0.momentum_buffer", "average.x",
    "rng.host", "rng.1.host", "metrics.loss",
)  # fmt: skip


def tensors(rng: random.Random, folder: Path) -> None:
    """Edit the tensors, or the numbers next to them, of weights or a checkpoint; the digests are updated."""
    path = rng.choice([file for file in files_of(folder) if file.suffix == ".safetensors"])
    found = load_file(path)
    with safe_open(path, framework="pt") as file:
        state = (file.metadata() or {}).get("state")
    for _ in range(rng.choice((1, 1, 3))):
        name = rng.choice(sorted(found))
        match rng.choice(("value", "value", "remove", "rename", "add", "state", "state")):
            case "value":
                found[name] = another_tensor(rng, found[name])
            case "remove" if len(found) > 1:
                del found[name]
            case "rename":
                found[rng.choice(NAMES)] = found.pop(name)
            case "add":
                found[rng.choice(NAMES)] = torch.zeros(2)
            case _ if state:
                value = json.loads(state)
                edit(rng, value)
                state = rng.choice((json.dumps(value), json.dumps(value), "", "[", "null"))
    if rng.random() < 0.15:
        save_file(found, path, {} if state is None else {"state": state})
    else:
        save_tensors(found, path, {"format": "pt"}, state)


def link_a_folder(rng: random.Random, folder: Path) -> None:
    """A folder that a command writes to, or would remove, is a link to someone else's folder."""
    victim = next(parent for parent in folder.parents if (parent / "victim").is_dir()) / "victim"
    name = rng.choice(("checkpoints", "inspect", "inspect-image", "tensorboard", "trials", "trials/001"))
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    if not path.is_symlink():
        path.symlink_to(victim, target_is_directory=True)


def link_a_file(rng: random.Random, folder: Path) -> None:
    victim = next(parent for parent in folder.parents if (parent / "victim").is_dir()) / "victim"
    name = rng.choice((
        "metrics.jsonl", "report.html", "report.json", "result.json", "last.safetensors", "best.safetensors",
        "inspect/index.html", "inspect-image/index.html", "net.safetensors", "confusion.json", "trials.log",
        "sweep.json",
    ))  # fmt: skip
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(rng.choice((victim / "precious", victim / "new")))


def one_file(rng: random.Random, folder: Path) -> None:
    rng.choice(ANYWHERE)(rng, rng.choice(files_of(folder)))


def every_file(rng: random.Random, folder: Path) -> None:
    damage = rng.choice((flip, flip, cut, grow, be_another))
    for path in files_of(folder):
        damage(rng, path)


DAMAGE: tuple[Callable[[random.Random, Path], None], ...] = (
    one_file, one_file, one_file, every_file, settings, settings, settings, network, tensors, tensors, tensors,
    link_a_folder, link_a_file,
)  # fmt: skip


def damaged(home: Path, at: Path, number: int) -> tuple[Path, str]:
    """A damaged copy of a run or of a sweep, and a description of the damage."""
    rng = random.Random(f"{SEED} {number}")
    victim = at / "victim"
    victim.mkdir()
    (victim / "precious").write_text("precious")
    (victim / "step-000000001.safetensors").write_text("precious")
    source = rng.choice(("sgd", "adam", "adam", "swept"))
    folder = at / "run"
    shutil.copytree(home / source, folder)
    done = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        damage = rng.choice(DAMAGE)
        if source == "swept" and damage is tensors:
            damage = one_file
        try:
            damage(rng, folder)
        except (OSError, ValueError, KeyError, IndexError, TypeError, RuntimeError, SafetensorError):
            continue  # a second damage, to something that the first one removed
        done.append(damage.__name__)
    return folder, f"{source}: {', '.join(done)}"


@pytest.mark.parametrize("number", range(DAMAGES))
def test_corrupt_run_is_reported_in_one_line(
    home: Path, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(home / "cache"))
    monkeypatch.chdir(tmp_path)
    folder, done = damaged(home, tmp_path, number)
    rng = random.Random(f"{SEED} commands {number}")
    chosen = rng.sample(COMMANDS, 3) if done.startswith(("sgd", "adam")) else [COMMANDS[-1], ("eval", "RUN/trials/001")]
    for command in chosen:
        words = [
            {"RUN": str(folder), "IMAGE": str(home / "image.png")}.get(w, w.replace("RUN", str(folder)))
            for w in command
        ]
        started = time.monotonic()
        with limited(f"{done}: {' '.join(command)}"):
            result = run(*words)
        seconds = time.monotonic() - started
        message = f"{done}: {' '.join(command)}: {result.output}"
        assert result.exit_code in (0, 1, 2), message
        assert not re.search(r"\bnan\b|\binf\b|Traceback", result.stdout), message
        assert seconds < SECONDS, message
        if result.exit_code:
            assert re.search(r"error(\[E\d+\])?: |archdsl: ", result.output), message
    assert {path.name: path.read_text() for path in (tmp_path / "victim").iterdir()} == {
        "precious": "precious", "step-000000001.safetensors": "precious",
    }, done  # fmt: skip
