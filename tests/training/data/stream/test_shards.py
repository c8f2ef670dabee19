"""Tar shards in webdataset's layout, also damaged and malicious ones."""

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from archdsl.cli.cache import command as cache_command
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.decoding import decode
from archdsl.training.data.images import DataSource, Request, Splits
from archdsl.training.data.registry import find_source
from archdsl.training.data.shard_names import find_shards, split_of
from archdsl.training.data.shard_source import ShardSource
from archdsl.training.errors.data_errors import BadImages, DataCorrupt, NoSuchFile
from archdsl.training.errors.problem import Problem
from tests.training.data.stream.stream_helpers import random_image, settings, trained

SHAPE = ImageShape(3, 12, 16)
Files = Iterable[tuple[str, bytes]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))


def jpeg(seed: int) -> bytes:
    stream = io.BytesIO()
    random_image(seed).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def write(path: Path, files: Files) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def samples(first: int, count: int, folder: str = "") -> list[tuple[str, bytes]]:
    found = []
    for number in range(first, first + count):
        found += [(f"{folder}{number:04}.jpg", jpeg(number)), (f"{folder}{number:04}.cls", str(number % 3).encode())]
    return found


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    for number in range(3):
        write(tmp_path / "shards" / f"train-{number:06}.tar", samples(10 * number, 10))
    write(tmp_path / "shards" / "val-000000.tar", samples(100, 5))
    return tmp_path / "shards"


def load(source: DataSource, tmp_path: Path) -> Splits:
    return source.load(Request(SHAPE, tmp_path / "cache", stream=settings(0)))


@pytest.mark.parametrize(
    "name", ["", "train-{000000..000002}.tar", "train-*.tar", "{train-00000{0..1},train-000002}.tar"]
)
def test_shards_from_a_folder_or_a_pattern(name: str, shards: Path, tmp_path: Path) -> None:
    source = find_source(str(shards / name))
    assert isinstance(source, ShardSource)
    assert source.spec.classes == ("0", "1", "2")
    splits = load(source, tmp_path)
    assert splits.test is None
    parts = [splits.train, splits.validation]
    assert [len(part) if part else 0 for part in parts] == ([30, 5] if not name else [27, 3])
    seen = set()
    for part in parts:
        assert part is not None
        images = part.take(np.arange(len(part))).images
        for index, image in enumerate(images):
            file = part.file(index)
            assert file is not None
            shard, _, member = file.partition("/")
            number = int(member.removesuffix(".jpg"))
            assert split_of(Path(shard)) == ("train" if number < 100 else "validation")
            assert np.array_equal(image, decode(io.BytesIO(jpeg(number)), SHAPE))
            assert part.labels[index] == number % 3
            seen.add(number)
    assert seen == {*range(30), *(range(100, 105) if not name else ())}
    again = find_source(source.origin)
    assert np.array_equal(load(again, tmp_path).train.labels, splits.train.labels)


def test_several_processes_read_the_same_samples(shards: Path, tmp_path: Path) -> None:
    source = find_source(str(shards))
    made = []
    for workers in (0, 2):
        splits = source.load(Request(SHAPE, tmp_path / "cache", stream=settings(workers)))
        made.append(trained(splits.train, [[3, 29, 0, 15], [7]], 2))
        splits.close()
    assert all(np.array_equal(one, other) for one, other in zip(*made, strict=True))


def test_shards_without_splits_are_divided(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "pets" / f"pets-{number}.tar", samples(30 * number, 30, "images/"))
    splits = load(find_source(str(tmp_path / "pets")), tmp_path)
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [49, 5, 6]
    assert np.bincount(splits.test.labels).tolist() == [2, 2, 2]
    write(tmp_path / "pets" / "train-2.tar", samples(0, 3))
    with pytest.raises(BadImages, match=r"pets-0\.tar: its name has no split, but those of others do"):
        load(find_source(str(tmp_path / "pets")), tmp_path)


def test_class_names_from_json_or_a_list(tmp_path: Path) -> None:
    files = [
        ("a.json", json.dumps({"label": "cat"}).encode()), ("a.png.jpg", b""), ("a.jpg", jpeg(1)),
        ("b.JPG", jpeg(2)), ("b.cls", b"\xef\xbb\xbfdog\n"), ("b.json", b"not read"), ("c.txt", b"no sample"),
        ("d.json", b"{}"), ("._a.jpg", b"no image"),
    ]  # fmt: skip
    write(tmp_path / "named" / "train-0.tar", files)
    source = find_source(str(tmp_path / "named"))
    assert source.spec.classes == ("cat", "dog")
    (tmp_path / "named" / "classes.txt").write_text("ant\ndog\ncat\n")
    assert find_source(str(tmp_path / "named")).spec.classes == ("ant", "dog", "cat")
    splits = source.load(Request(SHAPE, tmp_path / "cache", split=1.0, stream=settings(0)))
    assert splits.train.labels.tolist() == [0, 1]
    assert splits.train.file(1) == "train-0.tar/b.JPG"


def test_shard_index_is_cached_until_a_shard_changes(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load(find_source(str(shards)), tmp_path)
    kept = list((tmp_path / "cache" / "shards").iterdir())
    assert len(kept) == 4
    with monkeypatch.context() as patch:
        patch.setattr("archdsl.training.data.shard_index.tar_files", None)  # not read again
        after = load(find_source(str(shards)), tmp_path)
    assert np.array_equal(before.train.labels, after.train.labels)
    assert [before.train.file(index) for index in range(27)] == [after.train.file(index) for index in range(27)]
    for file in kept:  # damaged: made again
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert np.array_equal(load(find_source(str(shards)), tmp_path).train.labels, before.train.labels)
    write(shards / "train-000001.tar", samples(10, 4))
    assert len(load(find_source(str(shards)), tmp_path).train) == 24
    runner = CliRunner()
    assert "shards" in runner.invoke(cache_command, []).output
    assert runner.invoke(cache_command, ["clear", "shards"]).exit_code == 0
    assert not list((tmp_path / "cache" / "shards").iterdir())


def test_links_devices_and_unsafe_paths_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "odd" / "train-0.tar"
    path.parent.mkdir()
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg(9))
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            member = tarfile.TarInfo(f"{kind.decode()}.jpg")
            member.type, member.linkname = kind, str(secret)
            archive.addfile(member)
        for name, content in [
            *samples(0, 3),
            ("../../up.jpg", jpeg(4)),
            ("../../up.cls", b"1"),
            ("/abs.jpg", jpeg(5)),
            ("/abs.cls", b"2"),
        ]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    before = {each for each in tmp_path.rglob("*") if "cache" not in each.parts}
    splits = find_source(str(path.parent)).load(Request(SHAPE, tmp_path / "cache", split=1.0, stream=settings(0)))
    assert len(splits.train.take(np.arange(5)).images) == 5  # read in place: a path names nothing outside of the shard
    assert {each for each in tmp_path.rglob("*") if "cache" not in each.parts} == before


@pytest.mark.parametrize("size", [100, 512, 700, 3000, -512 * 20, -10])
def test_truncated_shard_is_named(size: int, shards: Path, tmp_path: Path) -> None:
    path = shards / "train-000001.tar"
    path.write_bytes(path.read_bytes()[:size])
    if size == -10:  # of the zeros at the end
        assert len(load(find_source(str(shards)), tmp_path).train) == 30
        return
    with pytest.raises(DataCorrupt, match=r"train-000001\.tar: corrupt archive"):
        assert find_source(str(shards)).spec.classes


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("a.jpg", b"x")], r"train-9\.tar: a\.jpg has no class"),
        ([("a.cls", b"1")], r"train-9\.tar: the sample a has no image"),
        ([("a.jpg", b""), ("a.png", b""), ("a.cls", b"0")], r"the sample a has a\.jpg and a\.png"),
        ([("x/a.jpg", b""), ("x/a.cls", b"0"), ("x/a.cls", b"1")], r"the sample x/a has x/a\.cls and x/a\.cls"),
        ([("a.jpg", b""), ("a.cls", b"")], r"a\.cls has no class"),
        ([("a.jpg", b""), ("a.cls", b"one\ntwo")], r"a\.cls has no class: a number or a name on one line"),
        ([("a.jpg", b""), ("a.cls", b"\xff\xfe")], r"cannot read a\.cls \('utf-8' codec"),
        ([("a.jpg", b""), ("a.cls", b"9" * 5000)], r"cannot read a\.cls \(5,000 bytes; the limit is 4,096"),
        ([("a.jpg", b""), ("a.json", b"{")], r"cannot read a\.json \(Expecting"),
        ([("a.jpg", b""), ("a.json", b"[" * 100_000)], r"cannot read a\.json"),
        ([("a.jpg", b""), ("a.json", b'{"label": true}')], r"cannot read a\.json \(it has no `label`"),
        ([("a.jpg", b""), ("a.cls", b"70000")], r"more than 65,536 classes"),
    ],
)  # fmt: skip
def test_incomplete_sample_is_named(files: Files, message: str, shards: Path) -> None:
    write(shards / "train-9.tar", files)
    with pytest.raises(BadImages, match=message):
        assert find_source(str(shards)).spec.classes


def test_unreadable_member_is_named(shards: Path, tmp_path: Path) -> None:
    write(shards / "train-000001.tar", [*samples(10, 3), ("bad.jpg", b"no image"), ("bad.cls", b"1")])
    splits = load(find_source(str(shards)), tmp_path)
    number = next(index for index in range(len(splits.train)) if "bad" in (splits.train.file(index) or ""))
    with pytest.raises(Problem, match=r"cannot read train-000001\.tar/bad\.jpg \(cannot identify image file\)"):
        splits.train.take(np.array([number]))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train-{3..1}.tar", "`{3..1}` is empty"),
        ("train-{0..200000}.tar", "names 200,001 shards"),
    ],
)
def test_invalid_shard_patterns_are_refused(name: str, message: str, shards: Path) -> None:
    with pytest.raises(BadImages, match=message):
        find_shards(str(shards / name))


def test_missing_shard_is_named(shards: Path) -> None:
    with pytest.raises(NoSuchFile, match=r"train-000003\.tar: there is no such shard"):
        find_shards(str(shards / "train-{000000..000003}.tar"))


def test_other_file_names_are_not_shards(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert find_shards(str(tmp_path / "empty")) is None
    assert find_shards("cifar10") is None
    assert find_shards(str(tmp_path / "missing.tar")) is None
    assert [split_of(Path(name)) for name in ("train_0.tar", "VAL.tar", "testing.tar", "valid-1.tar", "x.tar")] == [
        "train", "validation", "", "validation", "",
    ]  # fmt: skip


def test_shards_cannot_be_cached_decoded(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(BadImages, match="images of tar shards are decoded in every epoch"):
        find_source(str(shards)).load(Request(SHAPE, tmp_path / "cache"))
