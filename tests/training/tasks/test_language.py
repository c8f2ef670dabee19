"""Language modeling: sequences of a text, scores by hand, causality, runs, generated texts, exports."""

import json
import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner

import archdsl
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.errors.data_errors import BadText
from archdsl.training.errors.loop_errors import NotCausal
from archdsl.training.inference.export_source import of_run
from archdsl.training.inference.generation import continued
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.recipe.recipe import CrossEntropy
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.language_scores import LanguageMeter, make_language_loss
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import KillAfter, Killed, errors, sample_training
from tests.training.test_session import assert_same

NETWORK = "input 12 int(256)\nembedding 16; lstm 32; dropout 0.1; fc 256\n"
ATTENTION = "input 12 int(256)\nembedding 16; pos; {}\nfc 256\n"


def test_language_scores_match_hand_computed_values() -> None:
    torch.manual_seed(0)
    logits, ids = torch.randn(5, 7, 11), torch.randint(0, 11, (5, 7), dtype=torch.uint8)
    meter = LanguageMeter(make_language_loss(CrossEntropy(smoothing=0.1)))
    for part in (slice(0, 2), slice(2, 5), slice(0, 0)):
        meter.update(logits[part], ids[part])
    found = meter.scores(SINGLE_PROCESS, 5)
    entropy = -logits.log_softmax(2).gather(2, ids.long()[..., None]).mean().item()
    smoothed = F.cross_entropy(logits.view(-1, 11), ids.long().view(-1), label_smoothing=0.1).item()
    wanted = {"loss": smoothed, "bits_per_byte": entropy / math.log(2), "perplexity": math.exp(entropy)}
    assert found.summary() == pytest.approx(wanted, rel=1e-5)
    assert found.finite


def test_sequences_are_consecutive_and_targets_are_the_next_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4
    (tmp_path / "t.txt").write_bytes(content)
    splits = find_source(f"{tmp_path}/t.txt").load(Request((10,), tmp_path, split=0.75))
    assert splits.validation is not None
    assert splits.test is not None
    for part, low, high in ((splits.train, 0, 692), (splits.validation, 692, 922), (splits.test, 922, 1024)):
        count = (high - low - 1) // 10
        assert part.images.shape == part.labels.shape == (count, 10)
        assert part.images.tobytes() == content[low : low + 10 * count]
        assert part.labels.tobytes() == content[low + 1 : low + 10 * count + 1]


def test_short_and_missing_texts_are_reported(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("short")
    with pytest.raises(BadText, match="5 bytes, too few") as caught:
        find_source(f"{tmp_path}/t.txt").load(Request((10,), tmp_path))
    needed = 111
    assert f"at least {needed}" in caught.value.help()[0]
    (tmp_path / "t.txt").write_bytes(b"a" * needed)
    assert find_source(f"{tmp_path}/t.txt").load(Request((10,), tmp_path)).test is not None


def test_bigram_baseline_of_the_shipped_text() -> None:
    """The bigrams of docs/accuracy.md: counts of the training text, plus 0.01 for each pair of bytes."""
    splits = find_source("alice").load(Request((128,), Path("unused")))
    assert splits.test is not None
    assert bytes(splits.train.images[0].tolist()).split()[:5] == b"ALICE'S ADVENTURES IN WONDERLAND Lewis".split()
    train = bytes(splits.train.images.ravel().tolist())
    pairs, singles = Counter(pairwise(train)), Counter(train[:-1])
    bits = [
        -math.log2((pairs[first, second] + 0.01) / (singles[first] + 0.01 * 256))
        for row, following in zip(splits.test.images.tolist(), splits.test.labels.tolist(), strict=True)
        for first, second in zip(row, following, strict=True)
    ]
    assert np.mean(bits) == pytest.approx(3.55, abs=0.005)


@pytest.mark.parametrize(
    ("text", "recipe", "code", "words"),
    [
        (
            "input 12 int(65)\nembedding 4; fc 65",
            {},
            "E0818",
            "`alice` has IDs below 256, but this network takes IDs below 65",
        ),
        ("input 12\nfc 256", {}, "E0818", "this network takes 12"),
        ("input 12 int(256)\nembedding 4; fc 255", {}, "E0816", "language modeling needs 12×256"),
        ("input 12 int(256)\nembedding 4; flatten; fc 256", {}, "E0816", "this network outputs 256"),
        ("input 12 int(256)\nembedding 4; fc 256", {"loss": {"name": "mse"}}, "E0817", "cannot minimize `mse`"),
        ("input 12 int(256)\nembedding 4; fc 256", {"augment": {"crop": 1}}, "E0817", "`crop` changes images"),
        ("input 12 int(256)\nembedding 4; fc 256", {"task": "classification"}, "E0817", "the IDs that follow"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(
    text: str, recipe: dict[str, Any], code: str, words: str
) -> None:
    found = errors(text, data_sets()["alice"], **recipe)
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


def test_vocabulary_parameter_is_suggested() -> None:
    from archdsl.diagnostics import Sink
    from archdsl.training.network_check import check
    from archdsl.training.recipe.recipe import Recipe

    sink = Sink()
    check(archdsl.load("zoo:char_lstm").graph, data_sets()["alice"], Recipe(), sink)
    (found,) = sink
    assert found.diagnostic.help() == ("write `input 128 int(256)`", "or use `--set characters=256`")
    sink = Sink()
    check(archdsl.load("zoo:char_lstm", characters=256).graph, data_sets()["alice"], Recipe(), sink)
    check(archdsl.load("zoo:gpt2", vocabulary=256, n=1, width=24).graph, data_sets()["alice"], Recipe(), sink)
    assert not tuple(sink)


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        (NETWORK, None),
        (ATTENTION.format("attention 4 causal"), None),
        (ATTENTION.format("attention 4"), "write `attention 4 causal` instead of `attention 4`"),
        (ATTENTION.format("attention heads=2 dropout=0.1"), "write `attention heads=2 dropout=0.1 causal`"),
        ("input 12 int(256)\nembedding 16; lstm 16 bidirectional; fc 256", "remove `bidirectional`"),
        ("input 12 int(256)\nembedding 16; fc 256", None),
    ],
)
def test_network_that_reads_future_tokens_is_refused(text: str, leaks: str | None, tmp_path: Path) -> None:
    started = sample_training(text, "alice", tmp_path / "run", StopAfter(1), batch=16)
    if leaks is None:
        started.start()
        return
    with pytest.raises(NotCausal, match="later inputs") as raised:
        started.start()
    assert leaks in " ".join(raised.value.help())
    for old, new in re.findall(r"write `(.+?) causal` instead of `(.+?)`", " ".join(raised.value.help())):
        assert old == new
        fixed = sample_training(text.replace(old, f"{old} causal"), "alice", tmp_path / "fixed", StopAfter(1), batch=16)
        fixed.start()
    assert not (tmp_path / "run" / "settings.json").exists()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    (folder / "rhyme.txt").write_text("one two three four five six seven eight nine ten. " * 60)
    recipe: dict[str, Any] = {"epochs": 25, "optimizer": {"name": "adam", "lr": 0.02}}
    sample_training(NETWORK, f"{folder}/rhyme.txt", folder / "run", **recipe).start()
    return folder / "run"


def test_language_run_learns_and_reports(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    assert set(result["test"]) == {"loss", "bits_per_byte", "perplexity"}
    assert result["test"]["bits_per_byte"] < 1
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert result["best"]["bits_per_byte"] == min(line["validation"]["bits_per_byte"] for line in lines)
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.data.vocabulary, report.data.mean) == ("language", 256, [])
    assert report.scores is not None
    assert len(report.scores.tables[0].rows) == 12


def test_predict_continues_texts(run: Path) -> None:
    words = [str(run), "two three four five six ", "--length", "20", "--temperature", "0"]
    done = CliRunner().invoke(predict_command, words)
    assert done.exit_code == 0, done.output
    assert done.stdout == "two three four five six seven eight nine ten\n"
    done = CliRunner().invoke(predict_command, [*words, "--format", "json"])
    assert json.loads(done.stdout) == [{"image": words[1], "text": "seven eight nine ten"}]
    trained = archdsl.load_run(run)
    assert trained.predict(words[1], length=20, temperature=0) == ["seven eight nine ten"]
    assert trained.predict(words[1], length=20, temperature=1e-320) == ["seven eight nine ten"]
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="at least 0"):
            trained.predict(words[1], temperature=wrong)
    hot = {trained.predict("two", temperature=3, seed=seed)[0] for seed in (0, 1, 0)}
    assert len(hot) == 2
    done = CliRunner().invoke(predict_command, [str(run), "test:0", "--length", "5"])
    assert done.exit_code == 0
    assert len(done.stdout) == 12 + 5 + 1


def test_continuation_matches_the_network(run: Path) -> None:
    loaded = load_run(Run.open(run, writes=False), choose_device("cpu"))
    text = b"one two three four"
    for _ in range(3):
        with torch.inference_mode():
            logits = loaded.model(torch.tensor([list(text[-12:])]))[0, -1]
        assert continued(loaded, text, 1, 0, 0) == bytes([int(logits.argmax())])
        text += continued(loaded, text, 1, 0, 0)
    assert continued(loaded, b"on", 1, 0, 0) == b"e"  # shorter than the input


def test_options_of_other_tasks_are_refused(run: Path) -> None:
    for words, message in (
        (["a", "--top", "3"], "--top is for classes"),
        (["a", "--invert"], "--invert inverts images"),
        (["a", "-o", "x"], "--output writes masks"),
        (["--", ""], "this text is empty"),
    ):
        done = CliRunner().invoke(predict_command, [str(run), *words])
        assert (done.exit_code != 0, message in done.stderr) == (True, True), done.output


def test_language_evaluation_and_export(run: Path) -> None:
    result = json.loads((run / "result.json").read_text())
    done = CliRunner().invoke(eval_command, [str(run), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == pytest.approx(result["test"])
    done = CliRunner().invoke(eval_command, [str(run), "--data", "alice"])
    assert "bits per byte" in done.stdout
    done = CliRunner().invoke(eval_command, [str(run), "--data", "digits"])
    assert done.exit_code == 1
    exported = of_run(load_run(Run.open(run, writes=False), choose_device("cpu")), prepare=True)
    assert exported.inputs[0].sizes == (12,)
    assert (exported.facts["task"], exported.facts["input"]) == ("language", "IDs, int64 of N×12")


def test_resumed_and_killed_runs_are_bit_for_bit_the_same(run: Path, tmp_path: Path) -> None:
    data = str(run.parent / "rhyme.txt")
    sample_training(NETWORK, data, tmp_path / "whole").start()
    sample_training(NETWORK, data, tmp_path / "parts", StopAfter(30)).start()
    sample_training(NETWORK, data, tmp_path / "parts").resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
    with pytest.raises(Killed):
        sample_training(NETWORK, data, tmp_path / "killed", KillAfter(32)).start()
    sample_training(NETWORK, data, tmp_path / "killed").resume()
    assert_same(tmp_path / "whole", tmp_path / "killed")
