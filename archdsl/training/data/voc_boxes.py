"""Folders of Pascal VOC: `Annotations/*.xml`, `JPEGImages/`, and lists of the splits in `ImageSets/Main/`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from ..errors.data_errors import BadImages
from ..safe_files import read_bytes
from .box_files import SPLITS, BoxedImage, FileBox, read_boxed, with_test
from .dataset_spec import DataSpec
from .image_files import printable
from .images import DataSource, Request, Splits
from .safe_xml import BadXml, Element, parse_xml

ANNOTATIONS, IMAGES, LISTS = "Annotations", "JPEGImages", "ImageSets/Main"
_LARGEST = 4 << 20
_MOST_FILES = 1_000_000
_HELP = "use annotations in the format of Pascal VOC: <annotation> with <filename>, <size> and <object>s"


def voc_box_folder(folder: Path) -> Path | None:
    """The folder with annotations and images of Pascal VOC: this one, or the newest one in VOCdevkit; else None."""
    years = sorted((*folder.glob("VOC[0-9]*"), *folder.glob("VOCdevkit/VOC[0-9]*")), reverse=True)
    return next((each for each in (folder, *years) if all((each / n).is_dir() for n in (ANNOTATIONS, IMAGES))), None)


class VocBoxSource(DataSource):
    """The boxes and classes of the objects in images; the classes are in alphabetical order.

    `train.txt`, `val.txt` and `test.txt` list the names of the files of each split; the images of val are the test set
    if there is no test list. Without lists, a tenth of the images is the test set. Objects that are `difficult` are
    ignored: VOC's evaluation does not count them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _objects(self) -> dict[str, "_Annotation"]:
        """The annotations by the names of their files. Raises BadImages."""
        paths = sorted((self.folder / ANNOTATIONS).glob("*.xml"))
        if not paths:
            raise BadImages(self.folder / ANNOTATIONS, "no .xml file", _HELP)
        if len(paths) > _MOST_FILES:
            raise BadImages(self.folder / ANNOTATIONS, f"more than {_MOST_FILES:,} files", _HELP)
        listed = {name for names in self._lists.values() for name in names}
        return {path.stem: _Annotation(self.folder, path) for path in paths if not listed or path.stem in listed}

    @cached_property
    def _lists(self) -> dict[str, list[str]]:
        """The names of the files of each split that has a list. Raises BadImages."""
        found: dict[str, list[str]] = {}
        for name, split in SPLITS.items():
            path = self.folder / LISTS / f"{name}.txt"
            if not path.is_file() or split in found:
                continue
            try:
                lines = read_bytes(path, _LARGEST * 8).decode("utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise BadImages(path, str(error), "list one name per line, without its extension") from error
            found[split] = [line.split()[0] for line in lines if line.strip()]
        return found

    @property
    def has_splits(self) -> bool:
        """Whether lists assign the images to splits."""
        return bool(self._lists)

    @cached_property
    def spec(self) -> DataSpec:
        names = sorted({name for each in self._objects.values() for name, _ in each.objects})
        if not names:
            raise BadImages(self.folder / ANNOTATIONS, "the annotations have no objects", _HELP)
        return DataSpec(self.folder.resolve().name, tuple(names), None, targets="boxes")

    @property
    def origin(self) -> str:
        return f"{self.folder.resolve()}:boxes"

    def load(self, request: Request) -> Splits:
        numbers = {name: number for number, name in enumerate(self.spec.classes)}
        if not self._lists:
            images = [each.image(numbers) for each in self._objects.values()]
            return read_boxed(self.folder, with_test(images), request)
        parts = {split: self._listed(split, names, numbers) for split, names in self._lists.items()}
        if "test" not in parts and "validation" in parts and "train" in parts:
            parts["test"] = parts.pop("validation")
        return read_boxed(self.folder, parts, request)

    def _listed(self, split: str, names: Sequence[str], numbers: Mapping[str, int]) -> list[BoxedImage]:
        lists = self.folder / LISTS
        for line, name in enumerate(names, 1):
            if name not in self._objects:
                why = f"name {line} of the split {split}, `{printable(name)[:60]}`, has no {ANNOTATIONS}/….xml"
                raise BadImages(lists, why, "list the names of annotations, without their extension")
        if len(set(names)) < len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise BadImages(lists, f"the split {split} lists `{printable(twice)[:60]}` twice", "list each image once")
        return [self._objects[name].image(numbers) for name in names]


class _Annotation:
    """A file of annotations: its image, and the names and boxes of its objects."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._folder, self._path = folder, path
        try:
            root = parse_xml(read_bytes(path, _LARGEST))
        except OSError as error:
            raise self.bad(error.strerror or str(error)) from error
        except BadXml as error:
            raise self.bad(f"line {error.line}: {error.why}") from error
        if root.name != "annotation":
            raise self.bad(f"line {root.line}: the root is <{printable(root.name)[:40]}>, not <annotation>")
        self._image = self._found(root)
        self._size = self._stated(root)
        elements = root.children("object")
        found = [self._object(each) for each in elements if not _is_difficult(each) or each.child("bndbox")]
        self.objects = [(name, box) for name, box in found if not box.difficult]
        self._difficult = [(name, box) for name, box in found if box.difficult]

    def bad(self, why: str) -> BadImages:
        """The error for a file that is not in the expected format."""
        return BadImages(self._path, why, _HELP)

    def image(self, numbers: Mapping[str, int]) -> BoxedImage:
        """The image with its objects, whose classes have these numbers."""
        known = [*self.objects, *((name, box) for name, box in self._difficult if name in numbers)]
        boxes = [box._replace(number=numbers[name]) for name, box in known]
        return BoxedImage(self._image, boxes, self.bad, size=self._size)

    def _found(self, root: Element) -> Path:
        name = root.text("filename") or f"{self._path.stem}.jpg"
        inside = PurePosixPath(name.replace("\\", "/"))
        if len(inside.parts) != 1 or inside.parts[0] in ("..", ".") or ":" in name:
            raise self.bad(f"<filename>, `{printable(name)[:60]}`, is not the name of a file in {IMAGES}")
        path = self._folder / IMAGES / inside
        if not path.is_file():
            raise self.bad(f"there is no image {IMAGES}/{printable(name)[:60]}")
        return path

    def _stated(self, root: Element) -> tuple[int, int] | None:
        size = root.child("size")
        stated = [size.text(name) if size else None for name in ("width", "height")]
        if not all(each and each.isdecimal() and int(each) for each in stated):
            return None
        return int(stated[0] or 0), int(stated[1] or 0)

    def _object(self, element: Element) -> tuple[str, FileBox]:
        """The class and the box of an object; pixels are counted from 1, and the right and bottom ones are inside the
        box.
        """
        where = f"line {element.line}: an object"
        name = (element.text("name") or "").strip()
        if not name:
            raise self.bad(f"{where} has no <name>")
        box = element.child("bndbox")
        if box is None:
            raise self.bad(f"{where} has no <bndbox>")
        coordinates = []
        for side in ("xmin", "ymin", "xmax", "ymax"):
            try:
                coordinates.append(float(box.text(side) or ""))
            except ValueError:
                raise self.bad(f"line {box.line}: <{side}> of an object is not a number") from None
        left, top, right, bottom = coordinates
        where = f"line {box.line}: the box of `{name}`"
        return name, FileBox(0, (left - 1, top - 1, right, bottom), where, _is_difficult(element))


def _is_difficult(element: Element) -> bool:
    return element.text("difficult") in ("1", "true")
