"""Texts with a tokenizer: IDs, bytes, bits per byte, runs and predictions."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner

import archdsl
from archdsl import extras
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.images import Request
from archdsl.training.data.registry import find_source
from archdsl.training.data.tokenized_text import parse_tokenized_name
from archdsl.training.data.tokenizer import Tokenizer
from archdsl.training.errors.data_errors import BadText, NoSuchFile
from archdsl.training.errors.missing_extra import MissingExtra
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.recipe.recipe import CrossEntropy
from archdsl.training.tasks.language_scores import LanguageMeter, make_language_loss
from tests.training.tasks.task_helpers import errors, sample_training

TEXT = "The cat sat on the mat.\n\nThe dog — a großer Hund 🐕 — sat on the cat; the mat sat still.  " * 40


def tokenizers() -> Any:
    return pytest.importorskip("tokenizers")


@pytest.fixture
def byte_level(tmp_path: Path) -> Path:
    """A byte-level BPE of 290 IDs, one of them a special token that the text does not contain."""
    library = tokenizers()
    made = library.Tokenizer(library.models.BPE())
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = library.decoders.ByteLevel()
    alphabet = library.pre_tokenizers.ByteLevel.alphabet()
    trainer = library.trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=alphabet, special_tokens=["<|end|>"], show_progress=False
    )
    made.train_from_iterator([TEXT], trainer)
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "novel.txt").write_text(TEXT, encoding="utf-8", newline="\n")
    return tmp_path / "tokenizer.json"


def test_token_ids_and_byte_lengths(byte_level: Path) -> None:
    tokenizer = Tokenizer.read(byte_level)
    assert tokenizer.vocabulary == 290
    ids = tokenizer.encode(TEXT)
    assert len(ids) < len(TEXT.encode()) / 2
    assert tokenizer.decode(ids) == TEXT
    content, at = TEXT.encode(), 0
    for number in ids.tolist():  # each token is so many bytes of the text: what it decodes to, if that is UTF-8
        piece = content[at : at + int(tokenizer.lengths[number])]
        decoded = tokenizer.decode(np.array([number]))
        assert decoded == piece.decode("utf-8", "replace")
        at += len(piece)
    assert at == len(content)
    (special,) = (row["id"] for row in json.loads(tokenizer.text)["added_tokens"])
    assert tokenizer.lengths[special] == len("<|end|>")


@pytest.mark.parametrize("kind", ["lowercase", "unknown", "spaces"])
def test_tokenizers_that_change_texts_are_refused(tmp_path: Path, kind: str) -> None:
    library = tokenizers()
    made = library.Tokenizer(library.models.WordLevel({"the": 0, "cat": 1, "?": 2}, unk_token="?"))
    made.pre_tokenizer = library.pre_tokenizers.Whitespace()
    if kind == "lowercase":
        made.normalizer = library.normalizers.Lowercase()
    tokenizer = Tokenizer(made.to_str(), tmp_path / "t.json")
    text = {"lowercase": "The", "unknown": "dog", "spaces": "the  cat"}[kind]
    with pytest.raises(BadText, match="it changes"):
        tokenizer.encode(text)


def test_sentencepiece_token_byte_lengths(tmp_path: Path) -> None:
    library = tokenizers()
    words = [("▁the", -1.0), ("▁cat", -1.0), ("<unk>", -9.0), ("s", -2.0), ("▁", -3.0)]
    vocabulary = words + [(f"<0x{number:02X}>", -5.0) for number in range(256)]
    made = library.Tokenizer(library.models.Unigram(vocabulary, 2, True))
    made.pre_tokenizer = library.pre_tokenizers.Metaspace(prepend_scheme="never")
    space = library.decoders.Metaspace(prepend_scheme="never")
    made.decoder = library.decoders.Sequence([library.decoders.ByteFallback(), space])
    tokenizer = Tokenizer(made.to_str(), tmp_path / "t.json")
    ids = tokenizer.encode(" the cats é")
    assert tokenizer.lengths[ids].sum() == len(" the cats é".encode())
    assert tokenizer.lengths[ids][:3].tolist() == [4, 4, 1]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"version": "1.0", "model": {"type": "X"}}']
)
def test_invalid_tokenizer_files_are_refused(tmp_path: Path, content: bytes) -> None:
    tokenizers()
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(BadText):
        Tokenizer.read(tmp_path / "t.json")


def test_missing_tokenizers_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_importable", lambda module: module != "tokenizers")
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(MissingExtra, match="needs the extra `tokenizers`: tokenizers is not installed"):
        _ = find_source(f"{tmp_path / 'a.txt'}:t.json").spec


def test_tokenized_data_names_are_parsed(tmp_path: Path) -> None:
    (tmp_path / "t.json").touch()
    found = parse_tokenized_name(f"{tmp_path}/a.TXT:t.json")
    assert found is not None
    assert found.tokenizer == tmp_path / "t.json"
    assert parse_tokenized_name("a.txt") is None
    assert parse_tokenized_name("a.csv:t.json") is None
    with pytest.raises(NoSuchFile, match="there is no such file"):
        find_source(f"{tmp_path}/gone.txt:t.json")


def test_token_splits_do_not_overlap(byte_level: Path, tmp_path: Path) -> None:
    source = find_source(f"{tmp_path / 'novel.txt'}:{byte_level}")
    splits = source.load(Request((16,), tmp_path / "cache", split=0.8))
    tokenizer, parts = Tokenizer.read(byte_level), []
    for part in (splits.train, splits.validation, splits.test):
        assert part is not None
        assert np.array_equal(part.images[:, 1:], part.labels[:, :-1])
        parts.append(tokenizer.decode(part.images.ravel()))
    low, high = round(len(TEXT) * 0.9 * 0.8), round(len(TEXT) * 0.9)
    assert [TEXT[:low].startswith(parts[0]), TEXT[low:high].startswith(parts[1]), TEXT[high:].startswith(parts[2])] == [
        True, True, True,
    ]  # fmt: skip
    assert find_source(source.origin).spec == source.spec


def test_networks_are_checked_before_the_text_is_read(byte_level: Path, tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_bytes(b"\xff")
    spec = find_source(f"{tmp_path / 'novel.txt'}:{byte_level}").spec
    ((code, words),) = errors("input 16 int(256)\nembedding 8; lstm 8; fc 256\n", spec)
    assert code == "E0818"
    assert "`novel` has IDs below 290, but this network takes IDs below 256" in words
    assert errors("input 16 int(290)\nembedding 8; lstm 8; fc 290\n", spec) == []


@pytest.mark.parametrize("seed", range(3))
def test_bits_per_byte_divide_by_total_bytes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, 11).tolist()
    logits, targets = torch.randn(7, 5, 11), torch.from_numpy(rng.integers(0, 11, (7, 5)))
    meter = LanguageMeter(make_language_loss(CrossEntropy()), sizes)
    for part in (slice(0, 3), slice(3, 3), slice(3, 7)):
        meter.update(logits[part], targets[part])
    scores = meter.scores(SINGLE_PROCESS, 7)
    each = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").double().view(7, 5)
    size = torch.tensor(sizes)[targets].double()
    assert scores.summary()["bits_per_byte"] == pytest.approx(float(each.sum() / size.sum()) / math.log(2))
    assert scores.summary()["perplexity"] == pytest.approx(math.exp(float(each.mean())))
    assert scores.shown == pytest.approx((each.sum(1) / size.sum(1) / math.log(2)).tolist())


def test_run_stores_its_tokenizer(byte_level: Path, tmp_path: Path) -> None:
    text, run = "input 16 int(290)\nembedding 16; lstm 32; fc 290\n", tmp_path / "run"
    data = f"{tmp_path / 'novel.txt'}:{byte_level}"
    sample_training(text, data, run, epochs=6, optimizer={"name": "adam", "lr": 0.02}).start()
    assert (run / "tokenizer.json").read_text(encoding="utf-8") == byte_level.read_text(encoding="utf-8")
    tested = json.loads((run / "result.json").read_text())["test"]
    assert tested["bits_per_byte"] < math.log2(tested["perplexity"]) / 1.5  # a token has several bytes
    byte_level.rename(tmp_path / "moved.json")
    done = CliRunner().invoke(predict_command, [str(run), "The cat", "--length", "5", "--temperature", "0"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("The cat")
    assert len(done.stdout) > len("The cat\n") + 5
    loaded = archdsl.load_run(run)
    (again,) = loaded.predict("The cat", length=5, temperature=0)
    assert done.stdout == f"The cat{again}\n"
    same = f"{tmp_path / 'novel.txt'}:{run / 'tokenizer.json'}"
    done = CliRunner().invoke(eval_command, [str(run), "--data", same, "--split", "test", "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["bits_per_byte"] == pytest.approx(tested["bits_per_byte"])
    done = CliRunner().invoke(eval_command, [str(run), "--data", str(tmp_path / "novel.txt")])
    assert done.exit_code == 1
    assert "tokenizer" in done.stderr or "IDs" in done.stderr
    (run / "tokenizer.json").write_text("{}")
    done = CliRunner().invoke(predict_command, [str(run), "The cat"])
    assert done.exit_code == 1
    assert "its checksum does not match" in done.stderr
