"""Folders of WAV files: one subfolder per class."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import BadAudio
from .class_folders import ClassFile, class_files, class_names, notes_of_empty_folders, split_folders
from .dataset_spec import DataSpec
from .decode_many import decode_files
from .decoded_cache import Flags, Note, cached_array
from .decoding import EXTENSIONS
from .image_files import cache_path, file_key, is_text, printable
from .images import DataSource, ImageSet, Pixels, Request, Splits, divide
from .wav_file import read_wav, read_wav_header

WAV = (".wav", ".wave")
"""The extensions of WAV files."""
_LAYOUT = "put the WAV files of each class into a separate subfolder: yes/ no/ …"


def is_wav(path: Path) -> bool:
    """Whether a file has the name of a WAV file."""
    return path.suffix.lower() in WAV


def is_audio(folder: Path) -> bool:
    """Whether a folder has WAV files in the folders of classes: the first image or WAV file that is found decides."""
    for root in split_folders(folder).values():
        for entry in sorted(root.iterdir()):
            if entry.is_dir() and not entry.name.startswith("."):
                for _, _, names in os.walk(entry):
                    kinds = {Path(name).suffix.lower() for name in names if not name.startswith(".")}
                    if kinds & EXTENSIONS or kinds & set(WAV):
                        return not kinds & EXTENSIONS
    return False


class WavFolderSource(DataSource):
    """WAV files in folders named after their classes, in alphabetical order.

    All have the same sample rate. Longer ones are cropped to the length of the network's input, at the center; shorter
    ones are zero-padded at the end. Splits are made as for image folders.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _names(self) -> tuple[str, ...]:
        names = class_names(self.folder, is_wav)
        if odd := [name for name in names if not is_text(name)]:
            raise BadAudio(self.folder, f"the folder {printable(odd[0])} has a name that is not UTF-8", "rename it")
        if not names:
            raise BadAudio(self.folder, "no WAV files", _LAYOUT)
        return names

    @cached_property
    def _parts(self) -> dict[str, list[ClassFile]]:
        found = class_files(self.folder, self._names, is_wav)
        if not found["train"]:
            raise BadAudio(self.folder, "no training files", _LAYOUT)
        return found

    @cached_property
    def spec(self) -> DataSpec:
        first = self._parts["train"][0].path
        try:
            rate = read_wav_header(first).rate
        except OSError as error:
            raise BadAudio(first, error.strerror or str(error), "replace or remove the file") from error
        return DataSpec(self.folder.resolve().name, self._names, None, inputs="numbers", sample_rate=rate)

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    def load(self, request: Request) -> Splits:
        parts = dict(self._parts)
        if not parts.get("validation"):
            train = parts["train"]
            learn, validate = divide(len(train), request.split)
            parts["train"], parts["validation"] = [train[i] for i in learn], [train[i] for i in validate]
        bad: list[str] = []
        for files in parts.values():
            self._refuse_other_rates(files)
        found = {split: self._read(files, request, bad) if files else None for split, files in parts.items()}
        if bad:
            more = f" and {len(bad) - 3:,} more, listed below" if len(bad) > 3 else ""
            why = f"cannot read {', '.join(sorted(bad)[:3])}{more}"
            raise BadAudio(self.folder, why, "replace or remove these files", tuple(sorted(bad)) if more else ())
        assert found["train"] is not None
        notes = notes_of_empty_folders(self.folder, self._names, "WAV files")
        return Splits(found["train"], found.get("validation"), found.get("test"), notes)

    def _size(self, request: Request) -> tuple[int, int]:
        """Channels and length of the network's input."""
        if len(request.shape) != 2:
            dims = "×".join(map(str, request.shape))
            raise BadAudio(
                self.folder, f"the network takes {dims}, but audio has 2 dimensions", "write `input 1x16000`"
            )
        return request.shape[0], request.shape[1]

    def _refuse_other_rates(self, files: Sequence[ClassFile]) -> None:
        """Raise BadAudio for a file with another sample rate; unreadable files are reported when they are read."""
        rate = self.spec.sample_rate
        for file in files:
            try:
                other = read_wav_header(file.path).rate
            except OSError:
                continue  # reported when it is read
            if other != rate:
                why = f"it has {counted(other, 'sample')} per second, but the first file has {rate:,}"
                raise BadAudio(file.path, why, f"resample it: `ffmpeg -i IN.wav -ar {rate} OUT.wav`")

    def _read(self, files: Sequence[ClassFile], request: Request, bad: list[str]) -> ImageSet | None:
        """The audio of these files, N×C×L; None if any are unreadable; those are added to `bad`."""
        channels, length = self._size(request)
        paths = [file.path for file in files]

        def decode_missing(rows: Pixels, done: Flags, note: Note) -> None:
            def decoded(index: int) -> Pixels:
                return read_wav(paths[index], channels, length).reshape(-1).view(np.uint8)

            bad.extend(decode_files(self.folder, paths, decoded, rows, done, note, request.download))

        keys = [file_key(self.folder, path) for path in paths]
        path = cache_path(request.cache, self.folder, f"audio {channels}x{length}", keys)
        rows = cached_array(path, (len(files), channels * length * 4), keys, decode_missing)
        if rows is None:
            return None
        audio: NDArray[np.float32] = rows.view(np.float32).reshape(len(files), channels, length)
        labels = np.array([file.label for file in files], np.int64)
        return ImageSet(audio, labels, tuple(printable(p.relative_to(self.folder).as_posix()) for p in paths))
