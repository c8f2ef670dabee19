"""`archdsl train` and `archdsl predict` from the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from archdsl.cli import main
from archdsl.cli.score_words import scores_in_words
from archdsl.diagnostics import Sink
from archdsl.diagnostics.catalog import training_errors as catalog
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.network import analyze
from archdsl.text.source import Source
from archdsl.training import report
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets
from archdsl.training.data.sets import digits
from archdsl.training.network_check import check_recipe
from archdsl.training.runs.checkpoint import list_checkpoints
from archdsl.training.tasks.class_scores import ClassScores
from tests.training.test_session import assert_same

NET = """net Small(classes = 10, width = 8)
input 1x8x8
conv width k3 p1; bn; relu; maxpool 2
flatten; dropout 0.1; fc classes
train { precision fp32; layout channels_first; epochs 3 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a network in it; figures, which take longer than these trainings, are not drawn."""
    (tmp_path / "net.arch").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "draw_curves", lambda *_: None)
    monkeypatch.setattr(report, "draw_confusion", lambda *_: None)
    return tmp_path


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def digit_image(path: Path, index: int) -> int:
    """One of the test images, four times as large; its digit."""
    test = digits.load(Request(ImageShape(1, 8, 8), path)).test
    assert test is not None
    Image.fromarray(np.kron(test.images[index, 0], np.ones((4, 4), np.uint8))).save(path)
    return int(test.labels[index])


def test_train_and_predict_end_to_end(folder: Path) -> None:
    trained = run("train", "net.arch", "--data", "digits", "--epochs", 8, "--lr", "0.01")
    assert trained.exit_code == 0, trained.output
    assert "digits: 10 classes, images of 1x8x8: 1,293 for training, 144 for validation, 360 for test" in trained.output
    assert "epoch 8/8  loss" in trained.output
    assert "test accuracy 9" in trained.output
    settings = json.loads((folder / "runs/Small-digits-1/settings.json").read_text())
    assert settings["recipe"]["epochs"] == 8
    assert settings["recipe"]["optimizer"]["lr"] == 0.01
    assert (folder / "runs/Small-digits-1/net.arch").read_text() == NET
    right = 0
    for index in range(10):
        digit = digit_image(folder / f"{index}.png", index)
        answer = run("predict", "runs/Small-digits-1", f"{index}.png", "--top", 2)
        assert answer.exit_code == 0, answer.output
        assert len(answer.output.split(",")) == 2
        right += answer.output.startswith(f"{index}.png: {digit} ")
    assert right >= 8
    several = run("predict", "runs/Small-digits-1", "0.png", "1.png", "--format", "json", "--top", 10)
    answers = json.loads(several.output)
    assert [answer["image"] for answer in answers] == ["0.png", "1.png"]
    assert all(abs(sum(answer["classes"].values()) - 1) < 1e-5 for answer in answers)


def test_runs_are_numbered_and_named(folder: Path) -> None:
    for _ in range(2):
        assert run("train", "net.arch", "--data", "digits", "--epochs", 1).exit_code == 0
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["Small-digits-1", "Small-digits-2"]
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "mine").exit_code == 0
    again = run("train", "net.arch", "--data", "digits", "--out", "mine")
    assert again.exit_code == 2
    assert "`--resume mine` resumes a run" in again.output


def test_run_stores_network_parameters_and_input_sizes(folder: Path) -> None:
    net = NET.replace("1x8x8", "1xHxW")
    (folder / "net.arch").write_text(net)
    options = ("--set", "width=4", "--input", "1x8x8", "--data", "digits", "--epochs", 1, "--out", "r")
    assert run("train", "net.arch", *options).exit_code == 0
    assert json.loads((folder / "r/settings.json").read_text())["network"]["parameters"] == 4 * 10 + 8 + 650
    digit_image(folder / "0.png", 0)
    assert run("predict", "r", "0.png").exit_code == 0
    assert run("train", "--resume", "r", "--epochs", 2).exit_code == 0


def test_run_stores_list_and_layer_parameters(folder: Path) -> None:
    net = "net N(widths = [8, 8], act = relu)\ninput 1x8x8\nrepeat widths as c { conv c k3 p1; act }\ngap; fc 10\n"
    (folder / "net.arch").write_text(net)
    options = ("--set", "widths=2,3,4", "--set", "act=gelu", "--data", "digits", "--epochs", 1, "--out", "r")
    assert run("train", "net.arch", *options).exit_code == 0
    settings = json.loads((folder / "r/settings.json").read_text())
    assert settings["network"]["given"] == {"widths": [2, 3, 4], "act": "gelu"}
    digit_image(folder / "0.png", 0)
    assert run("predict", "r", "0.png").exit_code == 0
    assert run("train", "--resume", "r", "--epochs", 2).exit_code == 0


def test_used_files_are_copied_into_the_run(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts/blocks.arch").write_text("block unit(c) { conv c k3 p1; relu }\n")
    (folder / "net.arch").write_text('use "parts/blocks.arch"\ninput 1x8x8\nunit 4\nflatten; fc 10\n')
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "r").exit_code == 0
    (folder / "parts/blocks.arch").unlink()
    (folder / "net.arch").unlink()
    resumed = run("train", "--resume", "r", "--epochs", 2)
    assert resumed.exit_code == 0, resumed.output


def test_data_path_is_relative_to_the_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(12):
        for name, shade in (("dark", 10), ("light", 240)):
            path = folder / "project/pictures" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (20, 30), shade + index).save(path)
    text = NET.replace("classes = 10", "classes = 2").replace("epochs 3", 'epochs 8; data "pictures"; batch 8')
    (folder / "project/net.arch").write_text(text)
    trained = run("train", "project/net.arch", "--out", "r", "--lr", "0.05")
    assert trained.exit_code == 0, trained.output
    assert "pictures: 2 classes, images of 1x8x8: 20 for training, 2 for validation, 2 for test" in trained.output
    Image.new("RGB", (50, 9), (250, 250, 250)).save(folder / "p.jpg")
    assert run("predict", "r", "p.jpg").output.startswith("p.jpg: light ")
    monkeypatch.chdir(folder / "project")
    assert run("train", "--resume", "../r", "--epochs", 9).exit_code == 0


# --- stopping and resuming --------------------------------------------------------------------------------------------


def start(folder: Path, *args: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "archdsl", "train", *args]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for_steps(run: Path, process: "subprocess.Popen[str]") -> None:
    """Until an epoch is over."""
    for _ in range(6000):
        if (run / "metrics.jsonl").exists() and (run / "metrics.jsonl").stat().st_size:
            return
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.02)
    raise AssertionError("nothing happened in two minutes")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_stopped_or_killed_run_resumes_with_the_same_result(folder: Path, number: signal.Signals) -> None:
    # 5,000 epochs take half a minute: the signal arrives somewhere in the middle, however late
    process = start(folder, "net.arch", "--data", "digits", "--epochs", "5000", "--patience", "off", "--out", "r")
    wait_for_steps(folder / "r", process)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    if number is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130, output
        assert "saved. To resume: archdsl train --resume r" in output
    assert "Traceback" not in output
    reached = len((folder / "r/metrics.jsonl").read_text().splitlines())
    assert reached < 5000
    epochs = str(reached + 2)
    assert run("train", "--resume", "r", "--epochs", epochs).exit_code == 0
    assert run("train", "net.arch", "--data", "digits", "--epochs", epochs, "--out", "whole").exit_code == 0
    assert_same(folder / "whole", folder / "r")


def test_changed_network_is_refused_with_the_difference(folder: Path) -> None:
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "r").exit_code == 0
    assert run("train", "net.arch", "--resume", "r", "--epochs", 2).exit_code == 0
    (folder / "net.arch").write_text(NET.replace("relu", "gelu"))
    refused = run("train", "net.arch", "--resume", "r", "--epochs", 3)
    assert refused.exit_code == 1
    assert "error: the network differs from the one in r" in refused.output
    assert "    -conv width k3 p1; bn; relu; maxpool 2" in refused.output
    assert "    +conv width k3 p1; bn; gelu; maxpool 2" in refused.output


def test_resume_refuses_a_changed_recipe(folder: Path) -> None:
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "r").exit_code == 0
    refused = run("train", "--resume", "r", "--lr", "1")
    assert refused.exit_code == 2
    assert "--lr: a resumed run keeps its recipe, except for --epochs, --patience" in refused.output
    assert run("train", "--resume", "r", "--epochs", "none").exit_code == 2


def test_full_disk_is_reported_in_one_line(folder: Path) -> None:
    """A limit on the size of files, as in the tests of checkpoints: the last checkpoint can be resumed."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    limited = f"{limit}; from archdsl.cli import main; main()"
    command = [sys.executable, "-c", limited, "train", "net.arch", "--data", "digits", "--out", "r"]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1
    assert "error: no space left to write r" in done.stderr
    assert "Traceback" not in done.stderr


def test_divergence_is_an_error_with_suggestions(folder: Path) -> None:
    result = run("train", "net.arch", "--data", "digits", "--optimizer", "sgd", "--lr", "1e30", "--out", "r")
    assert result.exit_code == 1
    assert "error: the loss became" in result.output
    assert "`--lr 1e+29`" in result.output
    assert (folder / "r/last.safetensors").exists()
    assert list_checkpoints(folder / "r/checkpoints")


# --- errors -----------------------------------------------------------------------------------------------------------


def mismatch(text: str, *args: str) -> str:
    Path("n.arch").write_text(text)
    result = run("train", "n.arch", *args)
    assert result.exit_code == 1
    assert not Path("runs").exists()
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


@pytest.mark.usefixtures("folder")
def test_incompatible_input_is_reported_before_any_download() -> None:
    assert mismatch("input 1x32x32\nflatten; fc 100\n", "--data", "mnist") == "\n".join(
        [
            "error[E0811]: `mnist` has images of 1×28×28, but this network takes 1×32×32",
            "  ╭─ n.arch:1:1",
            "1 │ input 1x32x32",
            "  │ ^^^^^^^^^^^^^ 1×32×32 is not 1×28×28",
            "  = help: write `input 1x28x28`",
            "  = help: to keep the input, pad or crop the images (`fit=pad`, `--fit pad`) or "
            "resize them (`fit=resize`)",
            "",
            "error[E0812]: `mnist` has 10 classes, but this network outputs 100",
            "  ╭─ n.arch:2:10",
            "2 │ flatten; fc 100",
            "  │          ^^^^^^ outputs 100, not 10",
            "  = help: write `fc 10` instead of `fc 100`",
            "  = help: or add `relu; fc 10` at the end",
            "",
            "2 errors",
        ]
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("input 1x32x32\nflatten; fc 10", "cifar10", "help: write `input 3x32x32`"),
        ("net N(classes = 10)\ninput 3x32x32\nflatten; fc classes", "cifar100", "help: or use `--set classes=100`"),
        ("input 3x32x32\nconv 10 k3", "cifar10", "help: add `gap; fc 10` at the end"),
        ("input 784\nfc 10", "mnist", "help: write `input 1x28x28; flatten`"),
        ("input 5x7\nflatten; fc 10", "mnist", "error[E0813]: the samples are images"),
        ("input 12 int(100)\nembedding 8; flatten; fc 10", "digits", "this network takes integer IDs"),
        ("input a 1x8x8\ninput b 1x8x8\nfrom a; add b; flatten; fc 10", "digits", "this network takes 2 inputs"),
    ],
)
def test_network_incompatible_with_the_data_is_reported(text: str, data: str, message: str) -> None:
    assert message in mismatch(text, "--data", data)


@pytest.mark.parametrize("fit", ["pad", "resize"])
def test_images_are_resized_on_request(folder: Path, fit: str) -> None:
    (folder / "net.arch").write_text(
        NET.replace("1x8x8", "1x12x12").replace("epochs 3", f"epochs 4; data digits fit={fit}")
    )
    result = run("train", "net.arch", "--out", "r", "--lr", "0.01")
    assert result.exit_code == 0, result.output
    assert "images of 1x12x12" in result.output
    digit_image(folder / "0.png", 0)
    assert run("predict", "r", "0.png").exit_code == 0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "give a network to train"),
        (("net.arch",), 2, "no data set: give `--data digits`"),
        (("nett.arch", "--data", "digits"), 2, "did you mean `net.arch`?"),
        (("net.arch", "--data", "digit"), 2, "did you mean `digits`?"),
        (("net.arch", "--data", "digits", "--device", "cuda"), 2, "`cuda`: torch finds no such device"),
        (("net.arch", "--data", "digits", "--epochs", "0"), 2, "--epochs: `epochs` must be greater than 0, not 0"),
        (("net.arch", "--data", "digits", "--momentum", "0.5"), 2, "`adam` takes no `momentum`"),
        (("net.arch", "--data", "digits", "--optimizer", "sdg"), 2, "'sgd'"),
        (
            ("net.arch", "--data", "mnist", "--input", "1x28x28", "--data-dir", "."),
            1,
            "mnist: none of its files are in .",
        ),
        (("--resume", "nothing"), 2, "cannot use nothing"),
        (("--resume", "r", "--out", "s"), 2, "keeps its network and folder"),
        (("net.arch", "--data", "digits", "--out", "net.arch"), 2, "net.arch: "),
    ],
)
def test_invalid_training_arguments_are_refused(args: tuple[str, ...], code: int, message: str) -> None:
    result = run("train", *args)
    assert message in result.output
    assert result.exit_code == code
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


def test_unreadable_images_are_reported(folder: Path) -> None:
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "r").exit_code == 0
    (folder / "no.png").write_text("no picture")
    for args, message in (
        (("r", "no.png"), "no.png: cannot identify image file"),
        (("r", "none.png"), "none.png: No such file"),
        (("nothing", "no.png"), "cannot use nothing"),
    ):
        result = run("predict", *args)
        assert message in result.output
        assert result.exit_code == (2 if "nothing" in args else 1)
    for path in [folder / "r/best.safetensors", folder / "r/last.safetensors"]:
        path.unlink()
    digit_image(folder / "0.png", 0)
    assert run("predict", "r", "0.png").exit_code == 0  # by the newest checkpoint
    (folder / "r/net.arch").write_text(NET.replace("width = 8", "width = 7"))
    other = run("predict", "r", "0.png")
    assert other.exit_code == 1
    assert "net.arch: it was modified or is corrupt" in other.output


def found(text: str) -> set[str]:
    sink = Sink()
    graph = analyze(Source(text, name="n.arch"), sink).graph
    if graph is not None:
        check_recipe(graph, sink)
    return {item.diagnostic.code for item in sink}


@pytest.mark.parametrize(
    "kind",
    [
        k
        for k in vars(catalog).values()
        if isinstance(k, type) and issubclass(k, Diagnostic) and k.__module__ == catalog.__name__
    ],
)
def test_diagnostic_examples_give_their_code(kind: type[Diagnostic]) -> None:
    assert found(kind.wrong) == {kind.code}
    assert found(kind.right) == set()


# --- output -----------------------------------------------------------------------------------------------------------


def test_help_lists_every_data_set_and_imports_no_heavy_package() -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom archdsl.cli import main\n"
        "print(CliRunner().invoke(main, ['train', '--help']).output)\n"
        "heavy = {'torch', 'numpy', 'rich', 'matplotlib', 'pooch', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in data_sets())
    assert "--weight-decay X" in done.stdout


def test_shape_mismatch_is_reported_without_importing_torch(tmp_path: Path) -> None:
    (tmp_path / "n.arch").write_text("input 1x8x8\nflatten; fc 11\n")
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom archdsl.cli import main\n"
        f"assert CliRunner().invoke(main, ['train', {str(tmp_path / 'n.arch')!r}, '--data', 'digits']).exit_code == 1\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.mark.parametrize(
    ("classes", "message"), [(10, "accuracy 50.00%, loss"), (100, "accuracy 50.00%, top-5 75.00%, loss")]
)
def test_top5_is_reported_for_many_classes(classes: int, message: str) -> None:
    scores = ClassScores(1.0, 0.5, 0.75, torch.zeros(classes, classes), torch.zeros(0, classes))
    assert scores_in_words(scores).startswith(message)


@pytest.mark.usefixtures("folder")
def test_interrupt_before_the_start_leaves_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("archdsl.training.assemble.load", interrupted)
        stopped = CliRunner().invoke(main, ["train", "net.arch", "--data", "digits", "--out", "r"])
    assert stopped.exit_code == 130
    assert not Path("r").exists()
    Path("r").mkdir()  # left by a process that was killed there
    assert run("train", "net.arch", "--data", "digits", "--epochs", 1, "--out", "r").exit_code == 0
