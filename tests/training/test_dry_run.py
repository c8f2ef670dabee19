"""`archdsl train --dry-run`, and ImageNet's recipes: a few steps of everything, and nothing is kept."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import archdsl
from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.text import paths
from archdsl.training.recipe.composition import compose
from scripts.synthetic_imagenet import make

NET = "input 1x8x8; flatten; fc 10\n"
PLAIN = ("--data", "digits", "--precision", "fp32", "--layout", "channels_first")


def dry_run(*words: str) -> Result:
    return CliRunner().invoke(command, [*words, "--dry-run"])


def test_dry_run_makes_a_few_steps_and_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.arch").write_text(NET)
    for out in (
        (),
        ("--out", "new"),
        ("--out", "new", "--resume", "auto"),
        ("--ema", "0.9", "--accumulate", "2", "--tta", "flip", "--patience", "3"),
    ):
        done = dry_run("net.arch", *PLAIN, *out)
        assert done.exit_code == 0, done.output
        size = 64 if "--accumulate" in out else 32
        assert f"dry run: 3 steps of {size} samples, loss " in done.stdout
        assert "validation: 32 samples, accuracy" in done.stdout
        assert "nothing was written" in done.stdout
        assert [path.name for path in tmp_path.iterdir()] == ["net.arch"]


def test_dry_run_without_a_validation_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = dry_run("-e", NET, *PLAIN, "--split", "1", "--batch", "2000")
    assert done.exit_code == 0, done.output
    assert "dry run: 1 step of 1,437 samples" in done.stdout
    assert "test: 360 samples, accuracy" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("-e", NET, *PLAIN, "--resume", "auto"), 2, "give the network, and the run's folder with --out"),
        (("-e", NET, *PLAIN, "--resume", "run"), 2, "--dry-run does not apply to a resumed run"),
        (("-e", NET, *PLAIN, "--resume", "auto", "--out", "run"), 2, "--dry-run does not apply to a resumed run"),
        (PLAIN, 2, "give a network to train"),
        (("-e", NET, *PLAIN, "--out", "full"), 2, "--out full: the folder is not empty"),
        (("-e", NET, *PLAIN, "--out", "full/x"), 2, "full/x: a file of that name exists"),
        (("-e", "input 1x8x8; flatten; fc 9", *PLAIN), 1, "outputs 9"),
        (("-e", NET, *PLAIN, "--optimizer", "sgd", "--lr", "1e38"), 1, "the loss became"),
    ],
)
def test_dry_run_refuses_what_training_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "run").mkdir()
    for name in ("net.arch", "settings.json"):
        (tmp_path / "run" / name).touch()
    done = dry_run(*words)
    assert (done.exit_code, message in done.stderr) == (status, True), done.output
    assert "last finite weights" not in done.stderr
    assert {path.name for path in tmp_path.rglob("*")} == {"full", "x", "run", "net.arch", "settings.json"}


@pytest.mark.parametrize("out", ["file", "file/x", "file/x/y", "link", "link/x", None])
def test_dry_run_refuses_folders_that_cannot_be_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("file", "runs"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("nowhere")
    words = ("-e", NET, *PLAIN, *(() if out is None else ("--out", out)))
    tried, trained = dry_run(*words), CliRunner().invoke(command, words)
    assert (tried.exit_code, trained.exit_code) == (2, 2), tried.output + trained.output
    assert tried.stderr == trained.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"file", "runs", "link"}


# --- ImageNet ---------------------------------------------------------------------------------------------------------

EXAMPLES = {
    "resnet50": {
        "epochs": 90, "batch": 256, "optimizer.lr": 0.1, "optimizer.momentum": 0.9, "optimizer.weight_decay": 1e-4,
        "optimizer.decay_all": True, "schedule.name": "step", "schedule.every": 30, "schedule.factor": 0.1,
        "augment.random_resized_crop": 0.08, "augment.flip": True, "data.test_resize": 256,
    },
    "resnet50_long": {
        "epochs": 600, "batch": 1024, "optimizer.lr": 0.5, "optimizer.momentum": 0.9, "optimizer.weight_decay": 2e-5,
        "optimizer.decay_all": False, "schedule.name": "cosine", "schedule.warmup": 5 / 600, "schedule.end": 0,
        "augment.random_resized_crop": 0.08, "augment.flip": True, "augment.train_size": 176, "augment.mixup": 0.2,
        "augment.cutmix": 1, "augment.random_erasing": 0.1, "augment.repeats": 4, "loss.smoothing": 0.1,
        "data.test_resize": 232,
    },
}  # fmt: skip
_DECAY_OF_32_STEPS = 1 - (1 - 0.99998) * 1024 * 32 / 600  # torchvision's references: decay, batch, steps, epochs


@pytest.mark.parametrize("name", EXAMPLES)
def test_imagenet_recipes_match_the_published_ones(name: str) -> None:
    network = archdsl.load(paths.examples() / f"{name}.arch")
    assert sum(weight.numel() for weight in network.to_torch().parameters()) == 25_557_032  # torchvision's resnet50
    sink = Sink()
    recipe = compose(network.graph.training, {}, sink)
    assert recipe is not None
    assert not tuple(sink)
    for path, value in EXAMPLES[name].items():
        found: Any = recipe
        for part in path.split("."):
            found = getattr(found, part)
        assert found == pytest.approx(value), path
    if name == "resnet50_long":
        assert recipe.ema is not None
        assert recipe.ema**32 == pytest.approx(_DECAY_OF_32_STEPS, abs=1e-6)


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "imagenet"
    make(folder, images=1, side=8)
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_dry_run_of_an_imagenet_recipe(
    imagenet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With the recipe's settings on 1,000 classes, but with a small network and small images."""
    monkeypatch.chdir(tmp_path)
    text = (paths.examples() / f"{name}.arch").read_text(encoding="utf-8")
    recipe = text[text.index("train {") :].replace("train_size=176", "train_size=20")
    recipe = recipe.replace("test_resize=232", "test_resize=26").replace("test_resize=256", "test_resize=28")
    (tmp_path / "net.arch").write_text(f"input 3x24x24\nconv 8 k3 nobias; bn; relu; gap; fc 1000\n\n{recipe}")
    words = ("--data", str(imagenet), "--batch", "64", "--workers", "0", "--layout", "channels_first")
    done = dry_run("net.arch", *words, "--precision", "fp32")
    assert done.exit_code == 0, done.output
    assert "1,000 classes, images of 3x24x24: 1,000 for training, 1,000 for validation" in done.stdout
    assert "dry run: 3 steps of 64 samples" in done.stdout
    assert "validation: 64 samples" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["net.arch"]
