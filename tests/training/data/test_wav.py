"""WAV files, and folders of them: compared with the standard library's module, and with scipy if it is installed."""

import io
import json
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

import archdsl
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.diagnostics import Sink
from archdsl.training.data.images import Request
from archdsl.training.data.registry import find_source
from archdsl.training.data.wav_file import read_wav, read_wav_header
from archdsl.training.errors.data_errors import BadAudio, OtherData
from archdsl.training.inference.audio_inputs import audio_files
from archdsl.training.network_check import check
from archdsl.training.recipe.recipe import Recipe

RATE = 800
NET = "input 1x200\nconv 8 k8 s2; relu; gmp; fc 2\n"


def pcm(values: NDArray[np.int64], bits: int, rate: int = RATE) -> bytes:
    """A file of integers, frames × channels, as the standard library writes it."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(bits // 8)
        file.setframerate(rate)
        wide = (values + 128 if bits == 8 else values).astype("<i4").reshape(-1, 1).view(np.uint8)
        file.writeframes(wide[:, : bits // 8].tobytes())
    return made.getvalue()


def chunks(*parts: tuple[bytes, bytes], declared: int | None = None) -> bytes:
    """A file of chunks; the last one may declare another size."""
    content = b""
    for number, (name, body) in enumerate(parts, 1):
        size = len(body) if declared is None or number < len(parts) else declared
        content += name + struct.pack("<I", size) + body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WAVE" + content


def form(
    kind: int, bits: int, channels: int = 1, rate: int = RATE, block: int | None = None, more: bytes = b""
) -> bytes:
    size = channels * bits // 8 if block is None else block
    return struct.pack("<HHIIHH", kind, channels, rate, rate * size, size, bits) + more


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def integers(bits: int, frames: int, channels: int) -> NDArray[np.int64]:
    half = 2 ** (bits - 1)
    return np.random.default_rng(bits).integers(-half, half, (frames, channels))


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_integer_samples_are_decoded(tmp_path: Path, bits: int, channels: int) -> None:
    values = integers(bits, 50, channels)
    path = write(tmp_path / "a.wav", pcm(values, bits))
    assert read_wav_header(path)[:2] == (RATE, channels)
    wanted = values / 2 ** (bits - 1)
    assert np.allclose(read_wav(path, channels, 50), wanted.T, atol=1e-7)
    assert np.allclose(read_wav(path, 1, 50), wanted.mean(1)[None], atol=1e-7)
    if bits == 16:
        with wave.open(str(path)) as file:
            theirs = np.frombuffer(file.readframes(50), "<i2").reshape(50, channels) / 2**15
        assert np.allclose(read_wav(path, channels, 50), theirs.T, atol=1e-7)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("extensible", [False, True])
def test_float_samples_are_decoded(tmp_path: Path, bits: int, extensible: bool) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 31).astype(f"<f{bits // 8}")
    guid = struct.pack("<HHIH", 22, bits, 0, 3) + bytes(14)
    head = form(0xFFFE, bits, more=guid) if extensible else form(3, bits)
    content = chunks((b"LIST", b"odd"), (b"fmt ", head), (b"fact", bytes(4)), (b"data", values.tobytes()), (b"x", b""))
    path = write(tmp_path / "a.wav", content.replace(b"x" + bytes(4), b"junk" + bytes(4)))
    assert np.array_equal(read_wav(path, 1, 31)[0], values.astype(np.float32))


@pytest.mark.parametrize("length", [1, 9, 10, 11, 20])
def test_audio_is_cropped_at_the_center_or_padded(tmp_path: Path, length: int) -> None:
    values = np.arange(1, 11)[:, None]
    found = read_wav(write(tmp_path / "a.wav", pcm(values, 16)), 1, length)[0] * 2**15
    if length <= 10:
        start = (10 - length) // 2
        assert found.tolist() == list(range(start + 1, start + length + 1))
    else:
        assert found.tolist() == [*range(1, 11), *[0] * (length - 10)]


def test_data_chunk_of_unknown_size_ends_with_the_file(tmp_path: Path) -> None:
    content = chunks((b"fmt ", form(1, 16)), (b"data", b"\1\0\2\0"), declared=0xFFFFFFFF)
    assert (read_wav(write(tmp_path / "a.wav", content), 1, 2) * 2**15).tolist() == [[1, 2]]


def test_wav_samples_match_scipy(tmp_path: Path) -> None:
    scipy: Any = pytest.importorskip("scipy.io.wavfile")
    for dtype, scale in (("u1", 0), ("i2", 2**15), ("i4", 2**31), ("f4", 1), ("f8", 1)):
        rng = np.random.default_rng(1)
        values = rng.normal(size=(40, 2)).astype(dtype) if dtype[0] == "f" else rng.integers(0, 99, (40, 2), dtype)
        scipy.write(tmp_path / "a.wav", 16_000, values)
        wanted = (values.astype(float) - 128) / 128 if dtype == "u1" else values / scale
        assert np.allclose(read_wav(tmp_path / "a.wav", 2, 40), wanted.T, atol=1e-6)


SAMPLES = (b"data", bytes(8))
BAD: list[tuple[bytes, str]] = [
    (b"", "not a WAV file"),
    (b"RIFF", "not a standard WAV file"),
    (b"OggS" + bytes(99), "not a WAV file"),
    (b"RF64" + bytes(99), "convert it: `ffmpeg"),
    (b"RIFF\0\0\0\0AVI " + bytes(99), "convert it: `ffmpeg"),
    (chunks(SAMPLES), "samples come before their format"),
    (chunks((b"fmt ", form(1, 16))), "it has no samples"),
    (chunks((b"fmt ", form(1, 16)), (b"data", b"")), "it has no samples"),
    (chunks((b"fmt ", form(1, 16)), (b"data", b"\1")), "it has no samples"),
    (chunks((b"fmt ", form(1, 16)), SAMPLES, declared=1 << 30), "declares 1,073,741,824 bytes of samples, but has 8"),
    (chunks((b"fmt ", form(1, 16)[:14]), SAMPLES), "its format has 14 bytes"),
    (chunks((b"fmt ", form(1, 16)), declared=1 << 20), "its format has 1,048,576 bytes"),
    (chunks((b"fmt ", form(1, 12, block=2)), SAMPLES), "it has 12 bits per sample; convert it"),
    (chunks((b"fmt ", form(3, 16)), SAMPLES), "it has 16 bits per sample"),
    (chunks((b"fmt ", form(7, 8)), SAMPLES), "it has μ-law; convert it: `ffmpeg"),
    (chunks((b"fmt ", form(85, 16)), SAMPLES), "it has MP3"),
    (chunks((b"fmt ", form(4711, 16)), SAMPLES), "it has format 4711"),
    (chunks((b"fmt ", form(1, 16, channels=0, block=0)), SAMPLES), "it declares 0 channels"),
    (chunks((b"fmt ", form(1, 16, channels=65)), SAMPLES), "it declares 65 channels"),
    (chunks((b"fmt ", form(1, 16, rate=0)), SAMPLES), "0 samples per second"),
    (chunks((b"fmt ", form(1, 16, block=3)), SAMPLES), "3 bytes per sample"),
    (chunks((b"fmt ", form(3, 32)), (b"data", struct.pack("<2f", 1, np.nan))), "not finite"),
    (chunks((b"fmt ", form(1, 16, channels=3)), (b"data", bytes(6))), "it has 3 channels, but the network takes 2"),
]


@pytest.mark.parametrize(("content", "words"), BAD)
def test_invalid_wav_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(OSError, match=words.replace("(", r"\(")):
        read_wav(write(tmp_path / "a.wav", content), 2 if "takes 2" in words else 1, 10)


@pytest.mark.parametrize("seed", range(3))
def test_corrupt_wav_files_are_refused_or_read(tmp_path: Path, seed: int) -> None:
    whole, rng = pcm(integers(24, 40, 2), 24), np.random.default_rng(seed)
    for _ in range(60):
        damaged = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(3):
            if damaged:
                damaged[rng.integers(min(44, len(damaged)))] = rng.integers(256)
        path = write(tmp_path / "a.wav", bytes(damaged))
        try:
            found = read_wav(path, 1, 30)
        except OSError:
            continue
        assert found.shape == (1, 30)
        assert np.isfinite(found).all()


# --- folders ----------------------------------------------------------------------------------------------------------


def tone(frequency: int, number: int, frames: int = 240, rate: int = RATE) -> bytes:
    times = np.arange(frames) / rate
    noise = np.random.default_rng(number).normal(0, 2000, frames)
    return pcm((12_000 * np.sin(2 * np.pi * frequency * times + number) + noise).astype(np.int64)[:, None], 16, rate)


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("audio") / "tones"
    for name, frequency in (("high", 200), ("low", 40)):
        for number in range(30):
            write(
                root / name / f"{number}.{'WAV' if number == 1 else 'wav'}", tone(frequency, number, 150 + 5 * number)
            )
    write(root / "low" / "._0.wav", b"AppleDouble")
    write(root / "readme.txt", b"tones")
    return root


def test_folder_of_wav_files_is_a_data_set(tones: Path, tmp_path: Path) -> None:
    source = find_source(str(tones))
    assert (source.spec.classes, source.spec.inputs, source.spec.sample_rate) == (("high", "low"), "numbers", RATE)
    splits = source.load(Request((1, 200), tmp_path / "cache", split=0.75))
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [40, 14, 6]
    again = source.load(Request((1, 200), tmp_path / "cache", split=0.75))
    for part, same in ((splits.train, again.train), (splits.test, again.test)):
        assert same is not None
        assert np.array_equal(part.images, same.images)
        for audio, label, file in zip(part.images, part.labels, part.files or (), strict=True):
            assert np.array_equal(audio, read_wav(tones / file, 1, 200))
            assert source.spec.classes[label] == file.partition("/")[0]


def test_class_without_audio_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for number in range(6):
            write(tmp_path / "set" / name / f"{number}.wav", tone(40, number))
    write(tmp_path / "set" / "c" / "notes.txt", b"")
    write(tmp_path / "set" / ".hidden" / "notes.txt", b"")
    splits = find_source(str(tmp_path / "set")).load(Request((1, 50), tmp_path / "cache"))
    assert splits.notes == ("c: no WAV files, so it is not a class",)


def test_dangling_symlink_to_audio_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "set" / "a" / "0.wav", tone(40, 0))
    (tmp_path / "set" / "a" / "1.wav").symlink_to("gone.wav")
    for read in (lambda: find_source(str(tmp_path / "set")).spec, lambda: audio_files(str(tmp_path / "set"))):
        with pytest.raises(BadAudio, match=r"1\.wav: a link to a file that does not exist"):
            read()


def test_wav_folders_for_each_split(tones: Path, tmp_path: Path) -> None:
    for split, numbers in (("train", range(6)), ("val", range(6, 9)), ("test", range(9, 11))):
        for name in ("high", "low"):
            for number in numbers:
                content = (tones / name / f"{number}.{'WAV' if number == 1 else 'wav'}").read_bytes()
                write(tmp_path / "set" / split / name / f"{number}.wav", content)
    splits = find_source(str(tmp_path / "set")).load(Request((1, 50), tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [12, 6, 4]


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda root: write(root / "a" / "9.wav", tone(40, 1, rate=900)), "900 samples per second, but the first file"),
    (lambda root: write(root / "a" / "9.wav", b"no"), "cannot read a/9.wav (not a WAV file)"),
    (lambda root: write(root / "a" / "0.wav", b"no"), "not a WAV file"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_invalid_wav_folders_are_reported(tmp_path: Path, damage: Callable[[Path], object], words: str) -> None:
    for name in ("a", "b"):
        for number in range(6):
            write(tmp_path / "set" / name / f"{number}.wav", tone(40, number))
    damage(tmp_path / "set")
    source = find_source(str(tmp_path / "set"))

    def read() -> None:
        assert source.spec.classes
        source.load(Request((1, 50), tmp_path / "cache"))

    with pytest.raises(BadAudio) as caught:
        read()
    assert words in caught.value.message()


@pytest.mark.parametrize(
    ("text", "words", "suggestion"),
    [
        ("input 3x8x8\nconv 2 k3; gap\n", "this network takes 3×8×8", "write `input 1x800`"),
        ("input 200\nfc 2\n", "this network takes 200", "write `input 1x200`"),
        ("input 20 int(9)\nembedding 4; flatten; fc 2\n", "takes IDs below 9", "write `input 1x800`"),
        ("input 1xL\nconv 2 k3; gap\n", "this network takes 1×L", "1x800"),
        ("input 1x200\nconv 3 k3; gap; fc 3\n", "has 2 classes", ""),
    ],
)
def test_network_incompatible_with_audio_is_reported(tones: Path, text: str, words: str, suggestion: str) -> None:
    sink = Sink()
    check(archdsl.loads(text).graph, find_source(str(tones)).spec, Recipe(), sink)
    (found,) = (each.diagnostic for each in sink)
    assert words in found.message()
    assert suggestion in " ".join(found.help())


def test_audio_training_end_to_end(tones: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    trained = archdsl.fit(
        archdsl.loads(NET), tones, out=out, epochs=5, batch=8, lr=0.01, optimizer="adam", precision="fp32"
    )
    assert json.loads((out / "result.json").read_text())["test"]["accuracy"] == 1
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "audio of 800 samples per second" in report
    low, high = tones / "low" / "3.wav", tones / "high" / "4.wav"
    assert [ranked[0][0] for ranked in trained.predict(low, high)] == ["low", "high"]
    write(tmp_path / "other.wav", tone(40, 3, rate=900))
    write(tmp_path / "broken.wav", b"no")
    names = [str(low), str(tmp_path / "other.wav"), str(tmp_path / "broken.wav"), "test:0", str(tones / "high")]
    done = CliRunner().invoke(predict_command, [str(out), *names, "--format", "json"])
    assert done.exit_code == 1
    answers = json.loads(done.stdout)
    assert len(answers) == 4 + 30
    assert "900 samples per second, but the run was trained on 800" in answers[1]["error"]
    assert answers[2]["error"] == "not a WAV file"
    assert all(max(each["classes"], key=each["classes"].get) == "high" for each in answers[4:])
    done = CliRunner().invoke(eval_command, [str(out), "--format", "json"])
    assert json.loads(done.stdout)["accuracy"] == 1
    assert not issubclass(OtherData, BadAudio)
