"""Pascal VOC (Everingham et al., 2010) for segmentation: the folder VOCdevkit/VOC2012, or the official archive."""

from functools import cached_property
from pathlib import Path

from ..errors.data_errors import BadImages
from .dataset_spec import DataSpec
from .file_lists import lines_of, refuse_twice, required
from .images import DataSource, Request, Splits
from .masked_images import FileMask, read_masked
from .stored_files import FileTree, FolderTree, TarTree, tar_files

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
"""The classes by the values of the masks; 255 is the border of an object, which has no class."""
_LISTS = "ImageSets/Segmentation"
MASKS_KIND = "masks"
_LAYOUT = "give VOCdevkit/VOC2012, or VOCtrainval_11-May-2012.tar, as it was published"


def parse_voc_name(name: str) -> Path | None:
    """The path that a name gives: `VOCdevkit/VOC2012`, `VOCdevkit`, or an archive, each with or without `:masks`. None
    if it is none of these.
    """
    path = Path(name.removesuffix(f":{MASKS_KIND}")).expanduser()
    if path.suffix == ".tar" and path.is_file():
        return path if path.name.startswith("VOC") else None
    return path if _root(path) is not None else None


def _root(folder: Path) -> Path | None:
    """The folder with the lists of a year: the folder itself, or the newest one below it."""
    years = sorted((*folder.glob("VOC[0-9]*"), *folder.glob("VOCdevkit/VOC[0-9]*")), reverse=True)
    return next((each for each in (folder, *years) if (each / _LISTS).is_dir()), None)


class VocSource(DataSource):
    """The images of the segmentation lists, with their masks. Those of val.txt are the test set, because the masks of
    the official test images are not published.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def spec(self) -> DataSpec:
        name = self.path.stem if self.path.suffix == ".tar" else self.path.resolve().name
        return DataSpec(name, CLASSES, None, targets="mask")

    @property
    def origin(self) -> str:
        return f"{self.path.resolve()}:{MASKS_KIND}"

    @cached_property
    def tree(self) -> FileTree:
        """The files of the newest year. Raises BadImages or DataCorrupt."""
        if self.path.suffix != ".tar":
            root = _root(self.path)
            if root is None:
                raise BadImages(self.path, f"there is no folder {_LISTS}", _LAYOUT)
            return FolderTree(root)
        members, end = list(tar_files(self.path)), f"{_LISTS}/train.txt"
        roots = sorted(file.name.removesuffix(end) for file in members if file.name.endswith(end))
        if not roots:
            raise BadImages(self.path, f"the archive has no {_LISTS}/train.txt", _LAYOUT)
        return TarTree(self.path, members, roots[-1])

    def load(self, request: Request) -> Splits:
        lists = {"train": self._list("train.txt"), "test": self._list("val.txt")}
        refuse_twice(self.tree, "the lists", [name for names in lists.values() for name in names], _LAYOUT)
        parts = {split: [self._pair(name) for name in names] for split, names in lists.items()}
        return read_masked(self.tree.path, parts, len(CLASSES), request)

    def _list(self, name: str) -> list[str]:
        return [line for _, line in lines_of(self.tree, f"{_LISTS}/{name}", _LAYOUT)]

    def _pair(self, name: str) -> FileMask:
        return FileMask(
            required(self.tree, f"JPEGImages/{name}.jpg", _LAYOUT),
            required(self.tree, f"SegmentationClass/{name}.png", _LAYOUT),
        )
