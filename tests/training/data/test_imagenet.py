"""ILSVRC2012: small samples of its folders, archives and development kit."""

import io
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.imagenet_source import ImageNetSource
from archdsl.training.data.images import Request, Splits
from archdsl.training.data.mat import read_structs
from archdsl.training.data.registry import find_source
from archdsl.training.data.stream.image_stream import StreamSettings
from archdsl.training.errors.data_errors import BadImages, DataCorrupt
from archdsl.training.errors.problem import Problem
from tests.training.archives import tar_gz
from tests.training.data.mat_files import mat, matrix, packed, structs, text

SHAPE = ImageShape(3, 4, 6)
SYNSETS = {  # by number, not in the order of the WordNet IDs; 4 is not a class
    1: ("n02012849", "crane", 0), 2: ("n01440764", "tench, Tinca tinca", 0), 3: ("n03126707", "crane", 0),
    4: ("n00001740", "entity", 3),
}  # fmt: skip
NAMES = ("tench", "crane (n02012849)", "crane (n03126707)")
TRUTH = (3, 1, 2, 2, 1)
TRAIN = {wordnet: 4 for wordnet, _, children in SYNSETS.values() if not children}


def jpeg(seed: int) -> bytes:
    made = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 12, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(made, "JPEG")
    return made.getvalue()


def tar(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def meta() -> bytes:
    rows = [
        {
            "ILSVRC2012_ID": matrix("", np.array([[number]], np.uint16)),
            "WNID": text(wordnet),
            "words": text(words),
            "gloss": text("a gloss"),
            "num_children": matrix("", np.array([[children]], np.float64)),
            "children": matrix("", np.zeros((1, children), np.float64)),
        }
        for number, (wordnet, words, children) in SYNSETS.items()
    ]
    return mat(packed(structs("synsets", rows)))


def devkit(truth: tuple[int, ...] = TRUTH, content: bytes | None = None) -> bytes:
    root = "ILSVRC2012_devkit_t12"
    lines = "".join(f"{number}\n" for number in truth).encode()
    return tar_gz(
        {
            f"{root}/readme.txt": b"",
            f"{root}/data/ILSVRC2012_validation_ground_truth.txt": lines,
            f"{root}/data/meta.mat": content if content is not None else meta(),
        }
    )


def training_images() -> dict[str, dict[str, bytes]]:
    return {
        wordnet: {f"{wordnet}_{number}.JPEG": jpeg(100 * place + number) for number in range(count)}
        for place, (wordnet, count) in enumerate(TRAIN.items())
    }


def validation_images() -> dict[str, bytes]:
    return {f"ILSVRC2012_val_{number:08}.JPEG": jpeg(900 + number) for number in range(1, len(TRUTH) + 1)}


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    root = tmp_path / "ilsvrc"
    inner = {f"{wordnet}.tar": tar(images) for wordnet, images in training_images().items()}
    files = {"ILSVRC2012_img_train.tar": tar(inner), "ILSVRC2012_img_val.tar": tar(validation_images())}
    write(root, {**files, "ILSVRC2012_devkit_t12.tar.gz": devkit()})
    return root


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """The training images in folders, the validation images in one, the development kit unpacked."""
    root = tmp_path / "imagenet"
    for wordnet, images in training_images().items():
        write(root / "train" / wordnet, images)
    write(root / "val", validation_images())
    (root / "devkit.tar.gz").write_bytes(devkit())
    with tarfile.open(root / "devkit.tar.gz") as archive:
        archive.extractall(root, filter="data")
    return root


def contents(splits: Splits) -> list[Any]:
    """The names, classes and pixels of training and validation images."""
    found = []
    for part in (splits.train, splits.validation):
        assert part is not None
        rows = zip(part.files or (), part.images, part.labels, strict=True)
        found.append(sorted((Path(file).name, int(label), image.tobytes()) for file, image, label in rows))
    return found


def test_archives_and_folders_give_the_same_images(archives: Path, folders: Path, tmp_path: Path) -> None:
    found = []
    for root in (archives, folders):
        source = find_source(str(root))
        assert isinstance(source, ImageNetSource)
        assert source.spec.classes == NAMES
        assert find_source(source.origin).spec == source.spec
        splits = source.load(Request(SHAPE, tmp_path / root.name))
        assert splits.test is None
        found.append(contents(splits))
    assert found[0] == found[1]
    train, validation = found[0]
    order = sorted(TRAIN)
    assert [label for name, label, _ in train] == [order.index(name.partition("_")[0]) for name, _, _ in train]
    assert [label for _, label, _ in validation] == [order.index(SYNSETS[number][0]) for number in TRUTH]


@pytest.mark.parametrize("form", ["archives", "folders"])
def test_streamed_images_match_cached_ones(form: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    source = find_source(str(request.getfixturevalue(form)))
    assert source.spec.streams
    kept = source.load(Request(SHAPE, tmp_path / "cache"))
    streams = source.load(Request(SHAPE, tmp_path / "cache", stream=StreamSettings(needed=True, workers=0)))
    assert streams.train.stream is not None
    for part, stream in ((kept.train, streams.train), (kept.validation, streams.validation)):
        assert part is not None
        assert stream is not None
        assert part.labels.tolist() == stream.labels.tolist()
        assert np.array_equal(part.images, stream.take(np.arange(len(stream))).images)
    assert source.load(Request(SHAPE, tmp_path / "cache", stream=StreamSettings(False, 0))).train.stream is None


def test_validation_images_in_folders_need_no_development_kit(folders: Path, tmp_path: Path) -> None:
    with_kit = contents(find_source(str(folders)).load(Request(SHAPE, tmp_path / "cache")))
    for number, (name, _) in zip(TRUTH, sorted(validation_images().items()), strict=True):
        (folders / "val" / SYNSETS[number][0]).mkdir(exist_ok=True)
        (folders / "val" / name).rename(folders / "val" / SYNSETS[number][0] / name)
    assert contents(find_source(str(folders)).load(Request(SHAPE, tmp_path / "cache"))) == with_kit
    shutil.rmtree(folders / "ILSVRC2012_devkit_t12")
    plain = find_source(str(folders))
    assert isinstance(plain, FolderSource)  # nothing distinguishes it from other folders
    assert plain.spec.classes == tuple(sorted(TRAIN))
    assert contents(plain.load(Request(SHAPE, tmp_path / "cache"))) == with_kit


def test_subset_of_the_classes(folders: Path, tmp_path: Path) -> None:
    shutil.rmtree(folders / "train" / "n02012849")
    source = find_source(str(folders))
    assert source.spec.classes == ("tench", "crane (n03126707)")
    validation = source.load(Request(SHAPE, tmp_path / "cache")).validation
    assert validation is not None
    assert validation.labels.tolist() == [1, 0, 0]


def test_archive_index_is_cached_and_checked(archives: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = [*ImageNetSource(archives).training_files(cache), *ImageNetSource(archives).validation_files(cache)]
    kept = sorted((cache / "folders").glob("index-*.npz"))
    assert len(kept) == 2
    assert [*ImageNetSource(archives).training_files(cache), *ImageNetSource(archives).validation_files(cache)] == first
    for path in kept:
        path.write_bytes(path.read_bytes()[:-30])
    assert list(ImageNetSource(archives).training_files(cache)) == first[:12]
    archive = archives / "ILSVRC2012_img_val.tar"
    archive.write_bytes(tar({f"val/{name}": content for name, content in validation_images().items()}))
    os.utime(archive, ns=(1, 1))
    changed = list(ImageNetSource(archives).validation_files(cache))
    assert [each.file.name for each in changed] == [f"val/{each.file.name}" for each in first[12:]]
    assert [each.label for each in changed] == [each.label for each in first[12:]]


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda root: (root / "train" / "cats").mkdir(), "cats is not a WordNet ID"),
    (lambda root: shutil.rmtree(root / "ILSVRC2012_devkit_t12"), "are in the development kit"),
    (lambda root: write(root / "val", {"ILSVRC2012_val_00000006.JPEG": b""}), "is not one of the 5 images"),
    (lambda root: write(root / "val", {"ILSVRC2012_val_00000000.JPEG": b""}), "is not one of the 5 images"),
    (lambda root: write(root / "val", {"ILSVRC2012_val_00000002.JPEG": b"no"}), "cannot identify image file"),
    (lambda root: (root / "train" / "n09999999").mkdir(), "the class n09999999 is not in the development kit"),
    (lambda root: (root / "ILSVRC2012_devkit_t12" / "data" / "meta.mat").unlink(), "No such file"),
    (lambda root: write(root / "ILSVRC2012_devkit_t12" / "data", {"meta.mat": b"x"}), "corrupt MAT file"),
    (
        lambda root: write(
            root / "ILSVRC2012_devkit_t12" / "data", {"ILSVRC2012_validation_ground_truth.txt": b"1\nx\n"}
        ),
        "ground_truth.txt:2: not the number of a class",
    ),
    (
        lambda root: write(root / "ILSVRC2012_devkit_t12" / "data", {"ILSVRC2012_validation_ground_truth.txt": b"4"}),
        "has the class 4",
    ),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_invalid_imagenet_folders_are_reported(
    folders: Path, tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(folders)
    with pytest.raises(Problem) as caught:
        read(folders, tmp_path / "cache")
    assert words in caught.value.message()


def read(folder: Path, cache: Path) -> Splits:
    source = find_source(str(folder))
    assert source.spec.classes
    return source.load(Request(SHAPE, cache))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ILSVRC2012_img_train.tar", tar({"n01440764.tar": tar({}), "x.tar": tar({})}), "x is not a WordNet ID"),
        ("ILSVRC2012_img_train.tar", tar({"n01440764.tar": b"", "n02012849.tar": b"no"}), "n01440764.tar: corrupt"),
        ("ILSVRC2012_img_train.tar", tar({"n01440764.tar": tar({})}), "1 class in folders or archives, 1 in all"),
        ("ILSVRC2012_img_train.tar", b"", "corrupt archive"),
        ("ILSVRC2012_img_val.tar", tar(validation_images())[:5000], "corrupt archive"),
        ("ILSVRC2012_devkit_t12.tar.gz", b"no", "corrupt archive"),
        ("ILSVRC2012_devkit_t12.tar.gz", tar_gz({"x": b""}), "the archive does not contain"),
    ],
    ids=["no ID", "corrupt class", "one class", "empty", "cut", "no archive", "incomplete"],  # gzip stores the time
)
def test_invalid_imagenet_archives_are_reported(
    archives: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (archives / name).write_bytes(content)
    with pytest.raises(Problem) as caught:
        read(archives, tmp_path / "cache")
    assert words in caught.value.message()


def test_missing_training_images_are_reported(archives: Path, tmp_path: Path) -> None:
    empty = tar({"n01440764.tar": tar({}), "n02012849.tar": tar({})})
    (archives / "ILSVRC2012_img_train.tar").write_bytes(empty)
    with pytest.raises(BadImages, match="no training images"):
        read(archives, tmp_path / "cache")


FIELDS = ("ILSVRC2012_ID", "WNID", "words", "num_children")


def test_mat_structs_match_scipy(tmp_path: Path) -> None:
    scipy: Any = pytest.importorskip("scipy.io")
    rows = [(number, name, words, children, np.arange(children)) for number, (name, words, children) in SYNSETS.items()]
    kinds = [(field, object) for field in (*FIELDS, "children")]
    for compressed in (False, True):
        scipy.savemat(tmp_path / "m.mat", {"x": 1, "synsets": np.array(rows, kinds)}, do_compression=compressed)
        found = read_structs((tmp_path / "m.mat").read_bytes(), tmp_path / "m.mat", "synsets", FIELDS, 10_000)
        assert [tuple(row.values()) for row in found] == [row[:4] for row in rows]


@pytest.mark.parametrize("seed", range(4))
def test_corrupt_mat_structs_are_refused_or_read(tmp_path: Path, seed: int) -> None:
    rows = [{"WNID": text("n01440764"), "ILSVRC2012_ID": matrix("", np.array([[7]], np.uint8))}] * 3
    whole, rng = mat(structs("synsets", rows)), np.random.default_rng(seed)
    for _ in range(200):
        damaged = bytearray(whole[: rng.integers(len(whole)) if rng.random() < 0.3 else None])
        for _ in range(3):
            if damaged:
                damaged[rng.integers(len(damaged))] = rng.integers(256)
        try:
            found = read_structs(bytes(damaged), tmp_path, "synsets", ("WNID", "ILSVRC2012_ID"), 10_000)
        except DataCorrupt:
            continue
        assert all(isinstance(row["WNID"], str | int) for row in found)


def test_mat_struct_declarations_are_limited(tmp_path: Path) -> None:
    def found(content: bytes, *fields: str) -> list[dict[str, int | str]]:
        return read_structs(mat(content), tmp_path, "s", fields, 10_000)

    row = {"n": matrix("", np.array([[2.5]])), "empty": matrix("", np.zeros((0, 0))), "t": text("é")}
    assert found(structs("s", [row]), "t") == [{"t": "é"}]
    for content, field, words in (
        (structs("s", [row]), "n", "is not an integer"),
        (structs("s", [row]), "empty", "is not an integer"),
        (structs("s", [row]), "x", "have no field `x`"),
        (structs("other", [row]), "t", "it has no array s"),
        (matrix("s", np.zeros((2, 2))), "t", "is not an array of structs"),
        (structs("s", [row, {**row, "t": b""}]), "t", "declares 2 structs, but has 5 fields"),
        (structs("s", [{"n": matrix("", np.array([[np.inf]]))}]), "n", "is not an integer"),
    ):
        with pytest.raises(DataCorrupt, match=words):
            found(content, field)
