"""Boxes in the formats of COCO, Pascal VOC and YOLO: the same objects, and every kind of damage."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from archdsl.training.data.box_arrays import Placement, packed, placed
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.decoding import decode_whole, whole_placement
from archdsl.training.data.images import ImageSet, Request, join
from archdsl.training.data.registry import find_source
from archdsl.training.data.resize import fit_splits
from archdsl.training.data.safe_xml import BadXml, parse_xml
from archdsl.training.errors.data_errors import BadImages
from archdsl.training.inference.prediction import _in_file
from archdsl.training.tasks.presentation import FoundBox

WIDTH, HEIGHT = 40, 20
COUNT = 30
Objects = list[tuple[str, int, int, int, int]]


def objects_of(number: int) -> Objects:
    """The objects of an image: name, left, top, right, bottom."""
    if number % 7 == 0:
        return []
    found: Objects = [("cat", 2 + number % 5, 3, 12 + number % 9, 11)]
    return found if number % 2 else [*found, ("dog", 20, 1, 40, 20)]


def save_images(folder: Path, numbers: range) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", (WIDTH, HEIGHT), (number, 0, 0)).save(folder / f"{number:03}.png")


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boxes") / "pets"
    (root / "annotations").mkdir(parents=True)
    for split, numbers in (("train2017", range(20)), ("val2017", range(20, COUNT))):
        save_images(root / split, numbers)
        content: dict[str, Any] = {
            "images": [{"id": n, "file_name": f"{n:03}.png", "width": WIDTH, "height": HEIGHT} for n in numbers],
            "categories": [{"id": 3, "name": "cat"}, {"id": 17, "name": "dog"}],
            "annotations": [],
        }
        for number in numbers:
            for name, left, top, right, bottom in objects_of(number):
                box = [left, top, right - left, bottom - top]
                row = {"image_id": number, "category_id": 3 if name == "cat" else 17, "bbox": box, "iscrowd": 0}
                content["annotations"].append({"id": len(content["annotations"]), **row})
        crowd = {"id": 900, "image_id": numbers[0], "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1}
        flat = {"id": 901, "image_id": numbers[0], "category_id": 3, "bbox": [3, 3, 9, 0], "iscrowd": 0}
        content["annotations"] += [crowd, flat]
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return root


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boxes") / "VOC2007"
    (root / "Annotations").mkdir(parents=True)
    (root / "ImageSets" / "Main").mkdir(parents=True)
    save_images(root / "JPEGImages", range(COUNT))
    for number in range(COUNT):
        text = "".join(
            f"<object>\n<name>{name}</name><difficult>0</difficult>\n<bndbox><xmin>{left + 1}</xmin>"
            f"<ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>\n"
            for name, left, top, right, bottom in objects_of(number)
        )
        text += "<object><name>cat</name><difficult>1</difficult></object>\n"
        size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
        text = f"<annotation>\n<filename>{number:03}.png</filename>{size}\n{text}</annotation>\n"
        (root / "Annotations" / f"{number:03}.xml").write_text(text)
    for split, numbers in (("train", range(20)), ("val", range(20, COUNT))):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{n:03}\n" for n in numbers))
    return root


@pytest.fixture(scope="module")
def yolo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boxes") / "pets"
    for split, numbers in (("train", range(20)), ("val", range(20, COUNT))):
        save_images(root / "images" / split, numbers)
        (root / "labels" / split).mkdir(parents=True)
        for number in numbers:
            lines = [
                f"{('cat', 'dog').index(name)} {(left + right) / 2 / WIDTH} {(top + bottom) / 2 / HEIGHT} "
                f"{(right - left) / WIDTH} {(bottom - top) / HEIGHT}\n"
                for name, left, top, right, bottom in objects_of(number)
            ]
            if lines:
                (root / "labels" / split / f"{number:03}.txt").write_text("".join(lines))
    (root / "data.yaml").write_text("path: pets  # here\nnames:\n  0: cat\n  1: 'dog'\ntrain: images/train\n")
    return root


def name_of(folder: Path, kind: str) -> str:
    return f"{folder}:boxes" if kind == "coco" else str(folder)


@pytest.mark.parametrize("kind", ["coco", "voc", "yolo"])
def test_same_objects_are_read_from_every_format(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = request.getfixturevalue(kind)
    source = find_source(name_of(folder, kind))
    assert (source.spec.targets, source.spec.classes, source.spec.shape) == ("boxes", ("cat", "dog"), None)
    assert find_source(source.origin).spec == source.spec
    splits = source.load(Request(ImageShape(3, 40, 40), tmp_path / "cache", split=0.8))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (16, 4, 10)
    everything = join([splits.train, splits.validation, splits.test])
    assert everything.files is not None
    seen = 0
    for image, rows, file in zip(everything.images, everything.labels, everything.files, strict=True):
        number = int(Path(file).stem)
        assert set(image[0, 10:30].ravel()) == {number}  # in the middle, with black bars
        assert not image[:, :10].any()
        assert not image[:, 30:].any()
        wanted = [(("cat", "dog").index(name), x, y + 10, r, b + 10) for name, x, y, r, b in objects_of(number)]
        assert rows[rows[:, 0] >= 0] == pytest.approx(np.array(wanted).reshape(-1, 5), abs=1e-4)
        seen += len(wanted)
    assert seen > COUNT
    if kind == "coco":
        assert [note.partition(":")[2] for note in splits.notes] == [" 1 annotation without area is left out: 901"] * 2


def test_yolo_folders_without_splits_are_divided(yolo: Path, voc: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    for name in ("images", "labels"):
        (plain / name).mkdir(parents=True)
        for path in (yolo / name).rglob("*.*"):
            shutil.copy(path, plain / name)
    (plain / "classes.txt").write_text("cat\ndog\n")
    without = tmp_path / "voc"
    shutil.copytree(voc, without)
    shutil.rmtree(without / "ImageSets")
    for folder in (plain, without):
        splits = find_source(str(folder)).load(Request(ImageShape(3, 20, 40), tmp_path / "cache"))
        assert splits.test is not None
        assert splits.validation is not None
        assert (len(splits.train), len(splits.validation), len(splits.test)) == (24, 3, 3)
    roots = tmp_path / "other"  # train/images instead of images/train
    for split in ("train", "val"):
        for name in ("images", "labels"):
            shutil.copytree(yolo / name / split, roots / split / name)
    shutil.copy(yolo / "data.yaml", roots)
    splits = find_source(str(roots)).load(Request(ImageShape(3, 20, 40), tmp_path / "cache"))
    assert splits.test is not None
    assert len(splits.test) == 10


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def damage_coco(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        path = root / "annotations" / "instances_train2017.json"
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return damage


def damage_voc(old: str, new: str) -> Callable[[Path], None]:
    return lambda root: edit(root / "Annotations" / "001.xml", old, new)


def damage_yolo(text: str) -> Callable[[Path], object]:
    return lambda root: (root / "labels" / "train" / "001.txt").write_text(text)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<annotation>'
DAMAGES = [
    ("coco", damage_coco(lambda c: c["annotations"][0].update(bbox=[35, 3, 9, 9])), "annotation 0 is outside of"),
    ("coco", damage_coco(lambda c: c["annotations"][0].update(bbox=[3, 3, -9, 9])), "annotation 0 has a negative"),
    ("coco", damage_coco(lambda c: c["annotations"][0].update(bbox=[3, 3, 9])), "annotation 0 is not a list of four"),
    ("coco", damage_coco(lambda c: c["annotations"][0].update(bbox=[1, 1, 1e400, 3])), "not a list of four numbers"),
    ("coco", damage_coco(lambda c: c["annotations"][0].update(category_id=5)), "annotation 0 has the `category_id` 5"),
    ("coco", damage_coco(lambda c: c["images"][1].update(file_name="../1.png")), "not a path below the folder"),
    ("coco", damage_coco(lambda c: c["images"][1].update(file_name="gone.png")), "there is no image"),
    ("coco", damage_coco(lambda c: c["images"][1].update(width=80)), "80×20 in the annotations, but the file is 40×20"),
    ("coco", damage_coco(lambda c: c.update(categories=[])), "no `categories`"),
    ("voc", damage_voc("<xmin>4</xmin>", "<xmin>x</xmin>"), "001.xml: line 5: <xmin> of an object is not a number"),
    ("voc", damage_voc("<xmin>4</xmin>", "<xmin>nan</xmin>"), "line 5: the box of `cat` has no area"),
    ("voc", damage_voc("<xmax>13</xmax>", "<xmax>63</xmax>"), "the box of `cat` is outside of its image of 40×20"),
    ("voc", damage_voc("<xmax>13</xmax>", "<xmax>3</xmax>"), "line 5: the box of `cat` has no area: 3, 3, 3, 11"),
    ("voc", damage_voc("<bndbox>", "<box>"), "001.xml: line 5: not XML: mismatched tag"),
    ("voc", damage_voc("<name>cat</name>", "<name> </name>"), "line 3: an object has no <name>"),
    ("voc", damage_voc("<annotation>", BOMB), "line 1: a document type with entities is not supported"),
    ("voc", damage_voc("<filename>001.png", "<filename>../001.png"), "is not the name of a file in JPEGImages"),
    ("voc", damage_voc("<filename>001.png", "<filename>gone.png"), "there is no image JPEGImages/gone.png"),
    ("voc", damage_voc("<width>40", "<width>50"), "50×20 in the annotations, but the file is 40×20"),
    ("voc", lambda root: edit(root / "ImageSets/Main/train.txt", "003", "777"), "`777`, has no Annotations"),
    ("voc", lambda root: edit(root / "ImageSets/Main/train.txt", "003", "004"), "lists `004` twice"),
    ("yolo", damage_yolo("0 0.5 0.5 0.2\n"), "001.txt: line 1: 4 values, not 5"),
    ("yolo", damage_yolo("0 0.1 0.1 0.2 0.1 0.2 0.2\n"), "line 1: 7 values, not 5 (outlines"),
    ("yolo", damage_yolo("\n2 0.5 0.5 0.2 0.2\n"), "line 2: the class 2, but classes are numbered from 0 to 1"),
    ("yolo", damage_yolo("cat 0.5 0.5 0.2 0.2\n"), "`cat` is not the number of a class"),
    ("yolo", damage_yolo("0 0.5 0.5 x 0.2\n"), "`x` is not a number"),
    ("yolo", damage_yolo("0 0.5 0.5 inf 0.2\n"), "not finite"),
    ("yolo", damage_yolo("0 20 10 8 8\n"), "20 is not a fraction of the image's size"),
    ("yolo", damage_yolo("0 0.5 0.5 0 0.2\n"), "line 1: the box has no area"),
    ("yolo", damage_yolo("0 0.9 0.5 0.6 0.2\n"), "line 1: the box is outside of its image of 40×20 pixels"),
    ("yolo", lambda root: (root / "images/train/001.png").unlink(), "there is no image for it in images/train"),
    ("yolo", lambda root: (root / "images/train/001.png").write_bytes(b"no"), "cannot identify image file"),
    ("yolo", lambda root: (root / "labels/train/001.txt").write_bytes(b"\xff\xfe"), "not UTF-8"),
    ("yolo", lambda root: (root / "data.yaml").unlink(), "neither classes.txt nor data.yaml names the classes"),
    ("yolo", lambda root: edit(root / "data.yaml", "1: 'dog'", "2: dog"), "line 4 is neither `- NAME` nor `1: NAME`"),
    ("yolo", lambda root: edit(root / "data.yaml", "'dog'", "cat"), "`cat` is listed twice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "damage", "words"), DAMAGES, ids=[f"{kind} {words}"[:60] for kind, _, words in DAMAGES]
)
def test_corrupt_annotations_are_reported_with_their_position(
    kind: str, damage: Callable[[Path], object], words: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(request.getfixturevalue(kind), root)
    damage(root)
    with pytest.raises(BadImages) as caught:
        find_source(name_of(root, kind)).load(Request(ImageShape(3, 20, 40), tmp_path / "cache"))
    assert words in caught.value.message()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [cat, 'a dog', \"x\"]\n", ("cat", "a dog", "x")),
        ("names: {0: cat, 1: dog}\n", ("cat", "dog")),
        ("nc: 2\nnames:\n- cat\n- dog  # a comment\n\ntrain: x\n", ("cat", "dog")),
        ("names:\n  - cat\n  - C#\n", ("cat", "C#")),
    ],
)
def test_yolo_class_names_are_read(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    from archdsl.training.data.yolo_names import read_names

    (tmp_path / "data.yaml").write_text(text)
    assert read_names(tmp_path) == names


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (33, 33), (7, 61), (200, 90)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_boxes_follow_letterboxed_images(size: tuple[int, int], orientation: int, tmp_path: Path) -> None:
    width, height = size
    pixels = np.zeros((height, width), np.uint8)
    box = (width // 4, height // 4, width - width // 5, height - height // 3)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    image = Image.fromarray(pixels)
    path, exif = tmp_path / "x.png", Image.Exif()
    if orientation == 6:  # stored on its side
        exif[ExifTags.Base.Orientation] = 6
        image = image.transpose(Image.Transpose.ROTATE_90)
    image.save(path, exif=exif)
    made, placement = decode_whole(path, ImageShape(1, 80, 64))
    left, top, right, bottom = placement.apply(np.array(box, np.float64))
    rows, columns = np.flatnonzero((made[0] > 127).any(1)), np.flatnonzero((made[0] > 127).any(0))
    assert [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] == pytest.approx([left, top, right, bottom], abs=0.51)
    assert placement.undo(np.array([left, top, right, bottom])) == pytest.approx(box)
    whole = placement.apply(np.array([0, 0, width, height], np.float64))
    assert whole[0] >= 0 and whole[1] >= 0 and whole[2] <= 64 and whole[3] <= 80  # noqa: PT018  # one fact
    assert (whole[2] - whole[0] == 64) or (whole[3] - whole[1] == 80)


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (7, 100), (64, 80), (333, 250)])
def test_boxes_in_the_padding_are_clipped_to_the_image(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    path = tmp_path / "x.png"
    Image.new("L", size).save(path)
    placement = decode_whole(path, ImageShape(1, 80, 64))[1]
    assert placement.visible(np.array([0, 0, 64, 80])) == pytest.approx([0, 0, width, height])
    for box in ((2, 1, width - 1, height - 3), (-5, -5, 3, 4), (width - 2, height - 2, width + 9, height + 9)):
        cut = [max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)]
        assert placement.visible(placement.apply(np.array(box, np.float64))) == pytest.approx(cut)


def test_box_within_the_padding_is_not_predicted() -> None:
    placement = whole_placement((96, 64), ImageShape(3, 64, 64))
    bar, seen = (10, 0, 30, 9), (10, 20, 30, 60)
    made = _in_file(tuple(FoundBox("cat", 0.9, box) for box in (bar, seen)), placement)
    assert [found.box for found in made or ()] == [pytest.approx((15, 640 / 43, 45, 64))]


def test_placements_compose() -> None:
    one, other = Placement(2, 3, 4, 5), Placement(0.5, 0.25, -1, 2)
    boxes = np.array([[1.0, 2, 3, 4]])
    assert one.then(other).apply(boxes) == pytest.approx(other.apply(one.apply(boxes)))


@pytest.mark.parametrize(("how", "expected"), [("pad", [(0, 6, 4, 10, 8)]), ("resize", [(0, 4, 0, 8, 4)])])
def test_boxes_are_resized_with_their_images(how: str, expected: list[tuple[float, ...]]) -> None:
    from archdsl.training.data.images import Splits

    images = np.zeros((1, 3, 8, 8), np.uint8)
    images[:, :, 0:4, 4:8] = 255
    splits = Splits(ImageSet(images, packed([[(0, 4, 0, 8, 4)]])), None, None)
    shape = ImageShape(3, 16, 12) if how == "pad" else ImageShape(3, 8, 8)
    fitted = fit_splits(splits, shape, how).train
    assert fitted.images.shape[1:] == tuple(shape)
    assert fitted.labels[0].tolist() == [list(row) for row in expected]
    bright = (fitted.images[0, 0] > 127).nonzero()
    assert (bright[1].min(), bright[0].min()) == (expected[0][1], expected[0][2])


def test_boxes_outside_the_image_are_clipped_or_removed() -> None:
    boxes = packed([[(0, 2, 2, 6, 6), (1, 9, 9, 20, 20), (1, -9, 3, 1, 5)]])
    made = placed(boxes, Placement(), 10, 10)
    assert made[0].tolist() == [[0, 2, 2, 6, 6], [-1] * 5, [1, 0, 3, 1, 5]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 1),
        (b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a>&x;</a>', 2),
        (b"<a>\n<b>\n</a>", 3),
        (b"<a>" * 40, 1),
        (b"", 1),
        (b"<a/><b/>", 1),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', 1),
        (b"<a>&nothing;</a>", 1),
        (b"\x00\xff<a/>", 1),
    ],
)
def test_dangerous_or_malformed_xml_is_refused(text: bytes, line: int) -> None:
    with pytest.raises(BadXml) as caught:
        parse_xml(text)
    assert caught.value.line == line


def test_splits_with_fewer_boxes_are_padded() -> None:
    one = ImageSet(np.zeros((1, 3, 4, 4), np.uint8), packed([[(0, 0, 0, 1, 1), (1, 0, 0, 2, 2)]]))
    other = ImageSet(np.zeros((1, 3, 4, 4), np.uint8), packed([[(1, 0, 0, 3, 3)]]))
    assert join([one, other]).labels[1].tolist() == [[1, 0, 0, 3, 3], [-1] * 5]
