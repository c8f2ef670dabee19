"""WAV files as inputs of a run that was trained on audio."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..data.class_folders import files_below
from ..data.wav_file import read_wav, read_wav_header
from ..data.wav_folder import is_wav
from ..errors.data_errors import BadAudio
from ..runs.loaded_run import LoadedRun


class AudioFile(NamedTuple):
    """A WAV file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


def audio_files(name: str) -> list[AudioFile]:
    """A file, or all WAV files below a folder. Raises BadAudio for a folder without any."""
    path = Path(name)
    if not path.is_dir():
        return [AudioFile(path)]
    found = [AudioFile(each) for each in files_below(path, is_wav)]
    if not found:
        raise BadAudio(path, "no WAV files in this folder", "give WAV files, or `test:0`")
    return found


def read_audio(file: AudioFile, loaded: LoadedRun) -> NDArray[np.float32]:
    """The audio of a file, as in training: float32 of C×L. Raises BadAudio."""
    rate, (channels, length) = loaded.settings.data.sample_rate, loaded.shape
    try:
        other = read_wav_header(file.path).rate
        if other != rate:
            why = f"it has {counted(other, 'sample')} per second, but the run was trained on {rate:,}"
            raise BadAudio(file.path, why, f"resample it: `ffmpeg -i IN.wav -ar {rate} OUT.wav`")
        return read_wav(file.path, channels, length)
    except OSError as error:
        raise BadAudio(file.path, error.strerror or str(error), "give WAV files") from error
