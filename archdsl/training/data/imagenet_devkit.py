"""The development kit of ILSVRC2012: the names of its classes, and the classes of its validation images."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors.data_errors import BadImages, DataCorrupt
from ..safe_files import read_bytes
from .compressed_tar import read_members
from .mat import read_structs

ARCHIVE = "ILSVRC2012_devkit_t12.tar.gz"
FOLDER = "ILSVRC2012_devkit_t12"
_META, _TRUTH = "data/meta.mat", "data/ILSVRC2012_validation_ground_truth.txt"
_LARGEST = 64 << 20


class Devkit(NamedTuple):
    """The WordNet ID of each class by its number in the kit, the name by WordNet ID, and the numbers of the classes of
    the validation images.
    """

    wordnet: Mapping[int, str]
    names: Mapping[str, str]
    truth: tuple[int, ...]


def has_devkit(folder: Path) -> bool:
    """Whether the kit is in a folder, as its archive or unpacked."""
    return (folder / ARCHIVE).is_file() or (folder / FOLDER).is_dir()


def read_devkit(folder: Path) -> Devkit | None:
    """The kit in a folder; None if there is none. Raises BadImages or DataCorrupt."""
    if (folder / FOLDER).is_dir():
        path = folder / FOLDER
        try:
            meta, truth = (read_bytes(path / name, _LARGEST) for name in (_META, _TRUTH))
        except OSError as error:
            help_text = f"unpack {ARCHIVE} as it was published, or put the archive itself into the folder"
            raise BadImages(path, error.strerror or str(error), help_text) from error
    elif (folder / ARCHIVE).is_file():
        path = folder / ARCHIVE
        found = read_members(path, [f"{FOLDER}/{_META}", f"{FOLDER}/{_TRUTH}"])
        meta, truth = found[f"{FOLDER}/{_META}"], found[f"{FOLDER}/{_TRUTH}"]
    else:
        return None
    wordnet, words = _classes(meta, path)
    numbers = _numbers(truth, path)
    if numbers and not set(numbers) <= set(wordnet):
        odd = next(number for number in numbers if number not in wordnet)
        raise DataCorrupt(path, f"{_TRUTH} has the class {odd}, which {_META} does not have")
    return Devkit(wordnet, _unique(words), numbers)


def _classes(meta: bytes, path: Path) -> tuple[dict[int, str], dict[str, str]]:
    """WordNet IDs by number, and words by WordNet ID, of the classes, which are the synsets without hyponyms."""
    fields = ("ILSVRC2012_ID", "WNID", "words", "num_children")
    wordnet: dict[int, str] = {}
    words: dict[str, str] = {}
    for row in read_structs(meta, path, "synsets", fields, _LARGEST):
        number, name, text, children = (row[field] for field in fields)
        if not (isinstance(number, int) and isinstance(name, str) and isinstance(text, str)) or number in wordnet:
            raise DataCorrupt(path, f"{_META} has an invalid synset {name}")
        if children == 0:
            wordnet[number], words[name] = name, text.strip()
    return wordnet, words


def _unique(words: Mapping[str, str]) -> dict[str, str]:
    """Names of classes: the first word, followed by the WordNet ID if several classes share the word, as the two
    classes `crane` do.
    """
    first = {wordnet: text.split(",")[0].strip() or wordnet for wordnet, text in words.items()}
    names = list(first.values())
    return {wordnet: f"{name} ({wordnet})" if names.count(name) > 1 else name for wordnet, name in first.items()}


def _numbers(truth: bytes, path: Path) -> tuple[int, ...]:
    lines = truth.decode("ascii", "replace").split()
    for number, line in enumerate(lines, 1):
        if not (line.isascii() and line.isdigit() and len(line) < 9):
            raise DataCorrupt(path, f"{_TRUTH}:{number}: not the number of a class")
    return tuple(map(int, lines))
