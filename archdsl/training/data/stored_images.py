"""Decodes images that are files or members of archives."""

from collections.abc import Sequence
from pathlib import Path

from ..errors.data_errors import BadImages
from .decode_many import decode_files
from .decoded_cache import Flags, Note, cached_array
from .decoding import decode
from .image_files import cache_path
from .images import Pixels, Request
from .stored_files import StoredFile


def read_stored(folder: Path, files: Sequence[StoredFile], request: Request, bad: list[str]) -> Pixels | None:
    """The images of a data set's folder or archive, uint8 of N×C×H×W, from the cache if they are there.

    None if any are unreadable; those are added to `bad`. Raises BadImages for a network that takes no images.
    """
    if request.image.channels not in (1, 3):
        why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
        raise BadImages(folder, why, f"`input 3x{request.image.height}x{request.image.width}`")

    def decode_missing(images: Pixels, done: Flags, note: Note) -> None:
        names = [folder / file.name for file in files]
        bad.extend(
            decode_files(
                folder,
                names,
                lambda index: decode(files[index].opened(), request.image),
                images,
                done,
                note,
                request.download,
            )
        )

    keys = [file.key for file in files]
    path = cache_path(request.cache, folder, request.image, keys)
    return cached_array(path, (len(files), *request.shape), keys, decode_missing)
