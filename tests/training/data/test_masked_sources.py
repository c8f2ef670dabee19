"""Pascal VOC, Oxford-IIIT Pet and the masks of COCO: small samples in the official formats."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request, Splits
from archdsl.training.data.registry import find_source
from archdsl.training.errors.data_errors import BadImages, DataCorrupt, UnknownKind
from archdsl.training.errors.problem import Problem

SHAPE = ImageShape(3, 12, 16)


def load(name: Path | str, cache: Path, shape: ImageShape = SHAPE) -> Splits:
    source = find_source(str(name))
    assert source.spec.classes
    return source.load(Request(shape, cache, split=0.75))


def random_image(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def values(seed: int, numbers: list[int]) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).choice(np.array(numbers, np.uint8), (12, 16))


def by_file(splits: Splits) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    parts = [part for part in (splits.train, splits.validation, splits.test) if part]
    return {f: (i, t) for p in parts for f, i, t in zip(p.files or (), p.images, p.labels, strict=True)}


# --- Pascal VOC -------------------------------------------------------------------------------------------------------

VOC_VALUES = [0, 1, 15, 20, 255]


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """8 + 3 images with masks that have a palette, and one image that is in no list, as in the published archive."""
    root = tmp_path / "VOCdevkit" / "VOC2012"
    names = [f"2007_{number:06}" for number in range(11)]
    for number, name in enumerate([*names, "2008_000001"]):
        random_image(root / "JPEGImages" / f"{name}.jpg", number)
    (root / "SegmentationClass").mkdir()
    for number, name in enumerate(names):
        mask = Image.fromarray(values(number, VOC_VALUES), "P")
        mask.putpalette(np.random.default_rng(0).integers(0, 256, 768).astype(np.uint8).tobytes())
        mask.save(root / "SegmentationClass" / f"{name}.png")
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("".join(f"{name}\n" for name in names[:8]))
    (lists / "val.txt").write_text("\r\n".join(names[8:]))
    return root


def packed(voc: Path) -> Path:
    """The official archive: a tar that is not compressed, with the folders as members."""
    archive = voc.parents[1] / "VOCtrainval_11-May-2012.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(voc.parent, "VOCdevkit")
    return archive


@pytest.mark.parametrize("form", ["VOC2012", "VOCdevkit", "above", "tar", "masks"])
def test_voc_is_read_from_every_folder_layout(voc: Path, tmp_path: Path, form: str) -> None:
    named = {"VOC2012": voc, "VOCdevkit": voc.parent, "above": voc.parents[1], "masks": f"{voc}:masks"}
    source = find_source(str(named[form] if form in named else packed(voc)))
    assert source.spec.targets == "mask"
    assert len(source.spec.classes) == 21
    assert (source.spec.classes[0], source.spec.classes[15], source.spec.classes[20]) == (
        "background", "person", "tvmonitor",
    )  # fmt: skip
    splits = source.load(Request(SHAPE, tmp_path / "cache", split=0.75))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (6, 2, 3)
    assert [Path(file).stem for file in splits.test.files or ()] == [f"2007_{n:06}" for n in (8, 9, 10)]
    for file, (_, mask) in by_file(splits).items():
        assert np.array_equal(mask, values(int(Path(file).stem[-2:]), VOC_VALUES))
    assert find_source(source.origin).spec == source.spec


def test_archive_and_folder_give_the_same_masks(voc: Path, tmp_path: Path) -> None:
    archive, shape = packed(voc), ImageShape(3, 6, 7)
    one, two = by_file(load(voc, tmp_path / "a", shape)), by_file(load(archive, tmp_path / "b", shape))
    assert [Path(file).name for file in one] == [Path(file).name for file in two]
    for (image, mask), (other, same) in zip(one.values(), two.values(), strict=True):
        assert np.array_equal(image, other)
        assert np.array_equal(mask, same)
    again = by_file(load(archive, tmp_path / "b", shape))
    assert all(np.array_equal(again[file][0], image) for file, (image, _) in two.items())


def lists_twice(voc: Path) -> None:
    path = voc / "ImageSets" / "Segmentation" / "val.txt"
    path.write_text("2007_000003\n")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda voc: (voc / "JPEGImages" / "2007_000003.jpg").unlink(), "no file JPEGImages/2007_000003.jpg"),
        (lambda voc: (voc / "SegmentationClass" / "2007_000003.png").unlink(), "no file SegmentationClass/2007_000003"),
        (lambda voc: (voc / "ImageSets" / "Segmentation" / "val.txt").unlink(), "no file ImageSets/Segmentation/val"),
        (lambda voc: (voc / "ImageSets" / "Segmentation" / "val.txt").write_text("../x\n"), "no file JPEGImages/../x"),
        (lambda voc: (voc / "ImageSets" / "Segmentation" / "train.txt").write_text("\n"), "no training images"),
        (lambda voc: (voc / "ImageSets" / "Segmentation" / "val.txt").write_bytes(b"\xff\xfe"), "is not UTF-8"),
        (lists_twice, "2007_000003 is listed twice"),
        (lambda voc: (voc / "JPEGImages" / "2007_000003.jpg").write_bytes(b"no"), "cannot identify image file"),
        (lambda voc: Image.new("L", (5, 5)).save(voc / "SegmentationClass" / "2007_000003.png"), "its mask is 5×5"),
        (lambda voc: Image.new("L", (16, 12), 21).save(voc / "SegmentationClass" / "2007_000003.png"), "value 21"),
        (lambda voc: Image.new("RGB", (16, 12)).save(voc / "SegmentationClass" / "2007_000003.png"), "mode RGB"),
    ],
)
@pytest.mark.parametrize("form", ["folder", "tar"])
def test_invalid_voc_data_is_reported(
    voc: Path, tmp_path: Path, damage: Callable[[Path], object], words: str, form: str
) -> None:
    damage(voc)
    with pytest.raises(Problem) as caught:
        load(voc if form == "folder" else packed(voc), tmp_path / "cache")
    assert words in caught.value.message()


def test_archives_without_voc_are_reported(voc: Path, tmp_path: Path) -> None:
    archive = packed(voc)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataCorrupt, match="corrupt archive"):
        load(archive, tmp_path / "cache")
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("VOCdevkit/readme"), io.BytesIO())
    with pytest.raises(BadImages) as caught:
        load(archive, tmp_path / "cache")
    assert "has no ImageSets/Segmentation/train.txt" in caught.value.message()


# --- Oxford-IIIT Pet --------------------------------------------------------------------------------------------------

BREEDS = ("Abyssinian", "american_bulldog", "Egyptian_Mau")
SPECIES = {"Abyssinian": 1, "american_bulldog": 2, "Egyptian_Mau": 1}


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = tmp_path / "pets"
    lines: dict[str, list[str]] = {"trainval": [], "test": []}
    (root / "annotations" / "trimaps").mkdir(parents=True)
    for breed, name in enumerate(BREEDS, 1):
        for number in range(6):
            seed = 10 * breed + number
            random_image(root / "images" / f"{name}_{number}.jpg", seed)
            Image.fromarray(values(seed, [1, 2, 3])).save(root / "annotations" / "trimaps" / f"{name}_{number}.png")
            (root / "annotations" / "trimaps" / f"._{name}_{number}.png").write_bytes(b"AppleDouble")
            lines["test" if number > 3 else "trainval"].append(f"{name}_{number} {breed} {SPECIES[name]} {breed}")
    for split, rows in lines.items():
        (root / "annotations" / f"{split}.txt").write_text("\n".join(rows) + "\n")
    head = "#Image CLASS-ID SPECIES BREED ID\n"
    (root / "annotations" / "list.txt").write_text(head + "\n".join(lines["trainval"] + lines["test"]))
    return root


@pytest.mark.parametrize("kind", ["breeds", "species"])
def test_pet_classes_are_breeds_or_species(pets: Path, tmp_path: Path, kind: str) -> None:
    source = find_source(f"{pets}:{kind}")
    names = ("Abyssinian", "American Bulldog", "Egyptian Mau") if kind == "breeds" else ("cat", "dog")
    assert (source.spec.classes, source.spec.targets, source.spec.name) == (names, "class", "pets")
    splits = source.load(Request(SHAPE, tmp_path / "cache", split=0.75))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (9, 3, 6)
    for file, (_, label) in by_file(splits).items():
        name = Path(file).stem.rpartition("_")[0]
        assert label == (BREEDS.index(name) if kind == "breeds" else SPECIES[name] - 1)
    assert find_source(source.origin).spec == source.spec


def test_pet_classes_are_breeds_by_default(pets: Path) -> None:
    assert find_source(str(pets)).spec == find_source(f"{pets}:breeds").spec


@pytest.mark.parametrize(
    ("kind", "classes", "numbers"),
    [
        ("trimap", ("pet", "background", "border"), {1: 0, 2: 1, 3: 2}),
        ("mask", ("background", "pet"), {1: 1, 2: 0, 3: 255}),
    ],
)
def test_trimap_masks_have_the_requested_classes(
    pets: Path, tmp_path: Path, kind: str, classes: tuple[str, ...], numbers: dict[int, int]
) -> None:
    assert find_source(f"{pets}:{kind}").spec.classes == classes
    found = by_file(load(f"{pets}:{kind}", tmp_path / "cache"))
    assert len(found) == 18
    for file, (_, mask) in found.items():
        name, _, number = Path(file).stem.rpartition("_")
        trimap = values(10 * (1 + BREEDS.index(name)) + int(number), [1, 2, 3])
        assert np.array_equal(mask, np.vectorize(numbers.get)(trimap))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Abyssinian_9 1 1", "trainval.txt:13: not an image"),
        ("Abyssinian 1 1 1", "trainval.txt:13: not an image"),
        ("Abyssinian_9 1 x 1", "trainval.txt:13: not an image"),
        ("Abyssinian_9 1 3 1", "the species 3"),
        ("Abyssinian_9 0 1 1", "the class is 0"),
        ("Abyssinian_9 99999999 1 1", "the class is 99999999"),
        ("Abyssinian_9 2 1 1", "class 2 is both American Bulldog and Abyssinian"),
        ("Bengal_9 9 1 1", "the classes [1, 2, 3, 9]"),
        ("Abyssinian_9 1 1 1", "no file images/Abyssinian_9.jpg"),
        ("../../x_9 1 1 1", "class 1 is both"),
        ("Abyssinian_1 1 1 1", "Abyssinian_1 is listed twice"),
    ],
)
def test_invalid_pet_lists_are_reported(pets: Path, tmp_path: Path, line: str, words: str) -> None:
    with (pets / "annotations" / "trainval.txt").open("a") as stream:
        stream.write(line)
    with pytest.raises(BadImages) as caught:
        load(pets, tmp_path / "cache")
    assert words in caught.value.message()


def test_invalid_trimaps_are_reported(pets: Path, tmp_path: Path) -> None:
    Image.new("L", (16, 12), 4).save(pets / "annotations" / "trimaps" / "Abyssinian_1.png")
    with pytest.raises(BadImages, match="its mask has the value 4, but the allowed values are 1, 2, 3"):
        load(f"{pets}:mask", tmp_path / "cache")


# --- COCO -------------------------------------------------------------------------------------------------------------


def square(x: int, y: int, side: int) -> list[list[int]]:
    return [[x, y, x + side, y, x + side, y + side, x, y + side]]


OBJECTS: list[dict[str, Any]] = [
    {"category_id": 7, "segmentation": square(0, 0, 4)},
    {"category_id": 7, "segmentation": square(2, 2, 4)},  # overlaps one of its own class
    {"category_id": 3, "segmentation": square(5, 5, 4)},  # overlaps one of another class in one pixel
    {"category_id": 3, "iscrowd": 1, "segmentation": {"size": [12, 16], "counts": [10 * 12 + 2, 4, 12 - 6 + 60]}},
]


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    root = tmp_path / "coco"
    (root / "annotations").mkdir(parents=True)
    for split, count in (("train2017", 4), ("val2017", 2)):
        images = [{"id": n, "file_name": f"{n}.png", "width": 16, "height": 12} for n in range(count)]
        rows = [{"id": n, "image_id": count - 1, **each} for n, each in enumerate(OBJECTS)]
        categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
        content = {"images": images, "annotations": rows, "categories": categories}
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
        for number in range(count):
            random_image(root / split / f"{number}.png", number)
    return root


def expected_mask() -> NDArray[np.uint8]:
    mask = np.zeros((12, 16), np.uint8)
    mask[0:4, 0:4] = mask[2:6, 2:6] = 2
    mask[5:9, 5:9] = 1
    mask[5, 5] = 255
    mask[2:6, 10] = 255  # the crowd
    return mask


def test_coco_masks_match_pycocotools(coco: Path, tmp_path: Path) -> None:
    source = find_source(f"{coco}:masks")
    assert (source.spec.classes, source.spec.targets) == (("background", "cat", "dog"), "mask")
    assert find_source(source.origin).spec == source.spec
    found = by_file(load(f"{coco}:masks", tmp_path / "cache"))
    assert len(found) == 6
    for file, (_, mask) in found.items():
        wanted = expected_mask() if file in ("train2017/3.png", "val2017/1.png") else np.zeros((12, 16))
        assert np.array_equal(mask, wanted), file


def change(path: Path, where: str, **fields: Any) -> None:
    content = json.loads(path.read_text())
    content[where][-1].update(fields)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("where", "fields", "words"),
    [
        ("images", {"height": None}, "image 3 has no `height` and `width`"),
        ("images", {"height": 11}, "but the image"),
        ("images", {"height": 1 << 20, "width": 1 << 20}, "an image of 1048576×1048576 pixels"),
        ("images", {"height": -12}, "an image of 16×-12 pixels"),
        ("annotations", {"category_id": [3]}, "annotation 3 has the `category_id` [3]"),
        ("annotations", {"category_id": 4}, "annotation 3 has the `category_id` 4"),
        ("annotations", {"segmentation": None}, "neither polygons nor run lengths"),
        ("annotations", {"segmentation": [[1, 2, 3, 4]]}, "three or more points"),
        ("annotations", {"segmentation": [[1, 2, 3, 4, 5, "x"]]}, "the coordinate x"),
        ("annotations", {"segmentation": [[1, 2, 3, 4, 5, 1e300]]}, "the coordinate 1e+300"),
        ("annotations", {"segmentation": {"size": [12, 16], "counts": [1, 2]}}, "3 pixels, but the image has 192"),
        ("annotations", {"segmentation": {"size": [12, 16], "counts": [200, -8]}}, "not a list of run lengths"),
        ("annotations", {"segmentation": {"size": [9, 9], "counts": [81]}}, "its `size` is [9, 9]"),
        ("annotations", {"segmentation": {"size": [12, 16], "counts": "\x7f"}}, "not a string of run lengths"),
        ("annotations", {"segmentation": {"size": [12, 16], "counts": "o" * 99}}, "not a string of run lengths"),
        ("annotations", {"segmentation": {"size": [12, 16], "counts": "P"}}, "truncated"),
    ],
)
def test_invalid_coco_masks_are_reported(
    coco: Path, tmp_path: Path, where: str, fields: dict[str, Any], words: str
) -> None:
    change(coco / "annotations" / "instances_train2017.json", where, **fields)
    with pytest.raises(BadImages) as caught:
        load(f"{coco}:masks", tmp_path / "cache")
    assert words in caught.value.message()


def test_changed_annotations_are_read_again(coco: Path, tmp_path: Path) -> None:
    load(f"{coco}:masks", tmp_path / "cache")
    change(coco / "annotations" / "instances_val2017.json", "annotations", segmentation=square(14, 10, 2), iscrowd=0)
    mask = by_file(load(f"{coco}:masks", tmp_path / "cache"))["val2017/1.png"][1]
    assert (mask[10:, 14:] == 1).all()
    shutil.rmtree(tmp_path / "cache")


# --- what is to be learned ---


def test_misspelled_annotation_kind_gets_a_suggestion(coco: Path, pets: Path, voc: Path) -> None:
    (coco / "annotations/captions_train.json").write_text("{}", encoding="utf-8")
    for name, words in (
        (f"{coco}:mask", (f"did you mean `{coco}:masks`?", "it has `:captions`, `:objects`, `:masks`, `:boxes`")),
        (f"{pets}:breed", (f"did you mean `{pets}:breeds`?", "it has `:breeds`, `:species`, `:trimap`, `:mask`")),
        (f"{voc}:trimaps", ("it has `:masks`",)),
    ):
        with pytest.raises(UnknownKind) as caught:
            find_source(name)
        assert caught.value.exit_status == 2
        assert caught.value.help() == words
