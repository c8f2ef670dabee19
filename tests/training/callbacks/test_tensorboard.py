"""`archdsl train --tensorboard`: the events are read back as TensorBoard reads them."""

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main

NET = """net Small(classes = 10)
input 1x8x8
conv 4 k3; relu
flatten; fc classes
train { data digits; precision fp32; layout channels_first; epochs 2; batch 64; optimizer adam lr=0.01 }
"""


def train(*args: object) -> Result:
    result = CliRunner().invoke(main, ["train", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def read(folder: Path) -> Any:
    module = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")  # it has no types
    events = module.EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return events


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of tensorboard's own code
def test_tensorboard_events_of_a_resumed_run(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(NET)
    run = tmp_path / "run"
    assert train(tmp_path / "net.arch", "--out", run, "--epochs", 1).exit_code == 0
    assert train("--resume", run, "--epochs", 2, "--tensorboard").exit_code == 0  # the first epoch is logged as well
    assert train("--resume", run, "--epochs", 3, "--tensorboard").exit_code == 0
    events = read(run)
    tags = events.Tags()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for tag, part, name in (("loss/train", "train", "loss"), ("accuracy/validation", "validation", "accuracy")):
        message = [(event.step, event.value) for event in events.Scalars(tag)]
        assert message == [(line["epoch"], pytest.approx(line[part][name])) for line in lines]
    assert [event.step for event in events.Scalars("learning rate")] == [1, 2, 3]
    result = json.loads((run / "result.json").read_text())["test"]
    assert events.Scalars("test/accuracy")[-1].value == pytest.approx(result["accuracy"])
    assert tags["images"] == ["confusion"]
    assert events.Images("confusion")[-1].encoded_image_string.startswith(b"\x89PNG")
    assert "network/text_summary" in tags["tensors"]
    assert b"conv 4 k3; relu" in events.Tensors("network/text_summary")[-1].tensor_proto.string_val[0]
    start = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"optimizer.lr" in start
    assert b"augment.crop" in start


def test_missing_tensorboard_shows_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.arch").write_text(NET)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "tensorboard" else find(name, *more)
    )
    done = train(tmp_path / "net.arch", "--out", tmp_path / "run", "--tensorboard")
    assert done.exit_code == 2
    assert "needs the extra `tensorboard`" in done.output
    assert "[tensorboard]" in done.output
    assert not (tmp_path / "run").exists()
