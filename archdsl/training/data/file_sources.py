"""The data sets that are files or folders on this machine, by their layouts."""

from pathlib import Path

from ..errors.data_errors import NoSuchFile
from .coco_boxes import CocoBoxSource
from .coco_source import KINDS as COCO_KINDS
from .coco_source import CocoSource, parse_coco_name
from .image_folder import FolderSource
from .imagenet_source import ImageNetSource, is_imagenet
from .images import DataSource
from .labeled_images import LabeledImagesSource, labels_of
from .mask_folder import MaskFolderSource, has_masks
from .pets_source import KINDS as PETS_KINDS
from .pets_source import PetsSource, parse_pets_name
from .shard_names import find_shards
from .shard_source import ShardSource
from .table_source import TableSource, parse_table_name
from .text_source import TEXTS, TextSource
from .tokenized_text import TokenizedTextSource, parse_tokenized_name
from .voc_boxes import VocBoxSource, voc_box_folder
from .voc_source import MASKS_KIND, VocSource, parse_voc_name
from .wav_folder import WavFolderSource, is_audio
from .yolo_boxes import YoloBoxSource, has_yolo_boxes


def source_at(name: str) -> DataSource | None:
    """The data set at a path, which may be followed by a colon and what is to be learned; None if there is no data set.

    Raises NoSuchFile, BadTable, BadText, or BadImages.
    """
    if (table := parse_table_name(name)) is not None:
        if not table.path.exists():
            raise NoSuchFile(table.path, "give the path of a CSV or Parquet file")
        return TableSource(table)
    if (coco := parse_coco_name(name)) is not None:
        return CocoBoxSource(coco.folder) if coco.kind == "boxes" else CocoSource(coco)
    if (pets := parse_pets_name(name)) is not None:
        return PetsSource(pets)
    if (voc := parse_voc_name(name)) is not None:
        return VocSource(voc)
    if (boxes := _box_source(name)) is not None:
        return boxes
    if (tokenized := parse_tokenized_name(name)) is not None:
        if not tokenized.text.is_file():
            raise NoSuchFile(tokenized.text, "give a text file and its tokenizer")
        return TokenizedTextSource(tokenized)
    path = Path(name).expanduser()
    if path.suffix.lower() in TEXTS and path.is_file():
        return TextSource(path)
    if path.is_dir():
        return _folder_source(path)
    return ShardSource(shards) if (shards := find_shards(name)) is not None else None


def kinds_at(path: str) -> tuple[str, ...]:
    """What can be learned from the data set at a path, as the words that may follow the colon in its name; empty if
    there is no choice.
    """
    return tuple(kind for kind in dict.fromkeys((*COCO_KINDS, *PETS_KINDS, MASKS_KIND, "boxes")) if _has(path, kind))


def _has(path: str, kind: str) -> bool:
    name = f"{path}:{kind}"
    if (coco := parse_coco_name(name)) is not None:
        return coco.kind == kind
    if (pets := parse_pets_name(name)) is not None:
        return pets.kind == kind
    if kind == MASKS_KIND:
        return parse_voc_name(name) is not None
    return kind == "boxes" and _box_source(name) is not None


def _box_source(name: str) -> DataSource | None:
    """The boxes of a folder in the format of Pascal VOC or YOLO, whose name may end in `:boxes`; None for others."""
    folder = Path(name.removesuffix(":boxes")).expanduser()
    if (voc := voc_box_folder(folder)) is not None:
        return VocBoxSource(voc)
    return YoloBoxSource(folder) if has_yolo_boxes(folder) else None


def _folder_source(folder: Path) -> DataSource:
    """The data set in a folder."""
    if has_masks(folder):
        return MaskFolderSource(folder)
    if is_imagenet(folder):
        return ImageNetSource(folder)
    if is_audio(folder):
        return WavFolderSource(folder)
    if (labels := labels_of(folder)) is not None:
        return LabeledImagesSource(folder, labels)
    shards = find_shards(str(folder))
    return ShardSource(shards) if shards is not None else FolderSource(folder)
