"""Oxford-IIIT Pet (Parkhi et al., 2012): photographs of 37 breeds of cats and dogs, with trimaps of the pets."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors.data_errors import BadImages
from .dataset_spec import IGNORED, DataSpec
from .file_lists import lines_of, refuse_twice, required
from .image_files import printable, refuse_unreadable
from .images import DataSource, ImageSet, Request, Splits, hold_out
from .masked_images import FileMask, read_masked
from .stored_files import FolderTree
from .stored_images import read_stored

_LISTS = {"train": "annotations/trainval.txt", "test": "annotations/test.txt"}
_MOST_CLASSES = 1_000
_SPECIES = ("cat", "dog")
_LAYOUT = "unpack images.tar.gz and annotations.tar.gz into one folder, and give that folder"


class _Masks(NamedTuple):
    """The classes of masks, and the class of each value of a trimap."""

    classes: tuple[str, ...]
    numbers: Mapping[int, int]


_MASKS = {
    "trimap": _Masks(("pet", "background", "border"), {1: 0, 2: 1, 3: 2}),
    "mask": _Masks(("background", "pet"), {1: 1, 2: 0, 3: IGNORED}),
}
KINDS = ("breeds", "species", *_MASKS)


class PetsName(NamedTuple):
    """A folder of the data set, and what is to be learned."""

    folder: Path
    kind: str


def parse_pets_name(name: str) -> PetsName | None:
    """Parse `pets`, `pets:breeds`, `pets:species`, `pets:trimap` or `pets:mask`; None for another folder."""
    for kind in KINDS:
        folder = Path(name.removesuffix(f":{kind}")).expanduser()
        given = name.endswith(f":{kind}") or ":" not in folder.name
        if given and (folder / _LISTS["train"]).is_file() and (folder / "images").is_dir():
            return PetsName(folder, kind)
    return None


class _Pet(NamedTuple):
    """A line of a list: the name of the image, its breed and its species, both numbered from 1."""

    name: str
    breed: int
    species: int


class PetsSource(DataSource):
    """The breeds, the species, or the masks of the pets: with `trimap`, their borders are a separate class; with
    `mask`, borders have no class.
    """

    def __init__(self, name: PetsName) -> None:
        self.folder, self._kind = name

    @cached_property
    def _tree(self) -> FolderTree:
        return FolderTree(self.folder)

    @cached_property
    def _pets(self) -> dict[str, list[_Pet]]:
        """The images of each split. Raises BadImages."""
        found = {split: [self._pet(name, *line) for line in self._lines(name)] for split, name in _LISTS.items()}
        refuse_twice(self._tree, "the lists", [pet.name for pets in found.values() for pet in pets], _LAYOUT)
        return found

    def _lines(self, name: str) -> list[tuple[int, str]]:
        return [line for line in lines_of(self._tree, name, _LAYOUT) if not line[1].startswith("#")]

    def _pet(self, list_name: str, number: int, line: str) -> _Pet:
        words = line.split()
        name, _, index = words[0].rpartition("_")
        numbers = [int(word) for word in words[1:] if word.isascii() and word.isdigit() and len(word) < 9]
        if len(words) != 4 or len(numbers) != 3 or not name or not index.isdigit():
            why = f"{list_name}:{number}: not an image, a class, a species and a breed"
            raise BadImages(self.folder, why, _LAYOUT)
        if not 1 <= numbers[0] <= _MOST_CLASSES or numbers[1] not in (1, 2):
            why = f"{list_name}:{number}: the class is {numbers[0]} and the species {numbers[1]}"
            raise BadImages(self.folder, why, f"classes are 1 to {_MOST_CLASSES}, species 1 and 2")
        return _Pet(words[0], numbers[0], numbers[1])

    @cached_property
    def _breeds(self) -> tuple[str, ...]:
        """The names of the breeds by their numbers, written as in `american_bulldog_1`. Raises BadImages."""
        names: dict[int, str] = {}
        for pet in (pet for pets in self._pets.values() for pet in pets):
            name = " ".join(word.title() for word in pet.name.rpartition("_")[0].split("_"))
            if names.setdefault(pet.breed, name) != name:
                why = f"class {pet.breed} is both {printable(names[pet.breed])} and {printable(name)}"
                raise BadImages(self.folder, why, _LAYOUT)
        if sorted(names) != list(range(1, len(names) + 1)) or len(set(names.values())) < len(names) or len(names) < 2:
            raise BadImages(self.folder, f"the lists have the classes {sorted(names)}", _LAYOUT)
        return tuple(names[number] for number in sorted(names))

    @property
    def spec(self) -> DataSpec:
        name = self.folder.resolve().name
        if self._kind in _MASKS:
            return DataSpec(name, _MASKS[self._kind].classes, None, targets="mask")
        return DataSpec(name, self._breeds if self._kind == "breeds" else _SPECIES, None)

    @property
    def origin(self) -> str:
        return f"{self.folder.resolve()}:{self._kind}"

    def load(self, request: Request) -> Splits:
        if self._kind in _MASKS:
            numbers = _MASKS[self._kind].numbers
            parts = {split: [self._masked(pet, numbers) for pet in pets] for split, pets in self._pets.items()}
            return read_masked(self.folder, parts, len(self.spec.classes), request, self._kind)
        bad: list[str] = []
        made = {split: self._labeled(pets, request, bad) for split, pets in self._pets.items() if pets}
        refuse_unreadable(self.folder, bad)
        if (found := made.get("train")) is None:
            raise BadImages(self.folder, f"{_LISTS['train']} is empty", _LAYOUT)
        train, validation = hold_out(found, request.split)
        return Splits(train, validation, made.get("test"))

    def _labeled(self, pets: list[_Pet], request: Request, bad: list[str]) -> ImageSet | None:
        files = [required(self._tree, f"images/{pet.name}.jpg", _LAYOUT) for pet in pets]
        images = read_stored(self.folder, files, request, bad)
        if images is None:
            return None
        labels = np.array([(pet.breed if self._kind == "breeds" else pet.species) - 1 for pet in pets], np.int64)
        return ImageSet(images, labels, tuple(printable(file.name) for file in files))

    def _masked(self, pet: _Pet, numbers: Mapping[int, int]) -> FileMask:
        return FileMask(
            required(self._tree, f"images/{pet.name}.jpg", _LAYOUT),
            required(self._tree, f"annotations/trimaps/{pet.name}.png", _LAYOUT),
            numbers,
        )
