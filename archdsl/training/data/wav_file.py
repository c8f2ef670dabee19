"""WAV files: uncompressed audio as numbers.

Source: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft 1991): `RIFF`, a size, `WAVE`,
then chunks with a name, a size and their bytes, padded to an even number. `fmt ` has the format, the channels, the
sample rate, and the bytes and bits of a sample; `data` has the samples, with interleaved channels. Format 0xFFFE states
the actual format in the first two bytes of a GUID at offset 24.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_NAMES = {2: "ADPCM", 6: "A-law", 7: "μ-law", 17: "ADPCM", 80: "MPEG", 85: "MP3"}
_TYPES = {
    (_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8",
}  # fmt: skip
_MOST_CHUNKS, _LARGEST_FORMAT = 10_000, 1 << 16
_MOST_CHANNELS, _MOST_RATE = 64, 10_000_000
_UNKNOWN = 0xFFFFFFFF
"""The size of data that a program wrote before it knew the size: the data end with the file."""
CONVERT = "ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav"
"""The command that makes a readable file."""


class WavHeader(NamedTuple):
    """What a file contains: samples per second, channels, the type of its numbers, the position and the number of its
    samples.
    """

    rate: int
    channels: int
    format: int
    bits: int
    offset: int
    frames: int

    @property
    def size(self) -> int:
        """The size in bytes of one sample of all channels."""
        return self.channels * self.bits // 8


def read_wav_header(path: Path) -> WavHeader:
    """What a file contains. Raises OSError for other formats and damaged files."""
    with path.open("rb") as stream:
        return _header(stream)


def read_wav(path: Path, channels: int, length: int) -> NDArray[np.float32]:
    """The audio, float32 of channels×length, in -1..1: the middle of a longer file; a shorter one is zero-padded.

    If `channels` is 1, the channels of the file are averaged. Raises OSError for other formats, damaged files, and
    other numbers of channels.
    """
    with path.open("rb") as stream:
        head = _header(stream)
        if channels not in (1, head.channels):
            raise OSError(f"it has {counted(head.channels, 'channel')}, but the network takes {channels}")
        count = min(length, head.frames)
        stream.seek(head.offset + (head.frames - count) // 2 * head.size)
        content = stream.read(count * head.size)
    if len(content) < count * head.size:
        raise OSError("the file is truncated")
    samples = _numbers(content, head).reshape(count, head.channels).T
    if not np.isfinite(samples).all():
        raise OSError("it has samples that are not finite numbers")
    made = np.zeros((channels, length), np.float32)
    made[:, :count] = samples.mean(0, keepdims=True) if channels == 1 else samples
    return made


def _numbers(content: bytes, head: WavHeader) -> NDArray[np.float64]:
    """All samples, scaled to -1..1."""
    values = np.frombuffer(content, _TYPES[head.format, head.bits])
    if head.format == _FLOAT:
        return values.astype(np.float64)
    if head.bits == 8:
        return (values.astype(np.float64) - 128) / 128
    if head.bits == 24:
        wide = np.zeros((len(values) // 3, 4), np.uint8)
        wide[:, 1:] = values.reshape(-1, 3)
        values = wide.view("<i4")[:, 0]
    return values.astype(np.float64) / (2**15 if head.bits == 16 else 2**31)


def _header(stream: BinaryIO) -> WavHeader:
    size = os.fstat(stream.fileno()).st_size
    start = stream.read(12)
    if start[:4] in (b"RF64", b"RIFX") or (start[:4] == b"RIFF" and start[8:] != b"WAVE"):
        raise OSError(f"not a standard WAV file; convert it: `{CONVERT}`")
    if len(start) < 12 or start[:4] != b"RIFF":
        raise OSError("not a WAV file")
    found: tuple[int, int, int, int] | None = None
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            break
        name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        if name == b"data":
            if found is None:
                raise OSError("its samples come before their format")
            return _with_samples(*found, stream.tell(), length, size)
        if name == b"fmt ":
            if not 16 <= length <= _LARGEST_FORMAT:
                raise OSError(f"its format has {counted(length, 'byte')}")
            found = _format(stream.read(length))
            stream.seek(length % 2, os.SEEK_CUR)
        else:
            stream.seek(length + length % 2, os.SEEK_CUR)
    raise OSError("it has no samples")


def _format(content: bytes) -> tuple[int, int, int, int]:
    """Format, channels, rate and bits."""
    if len(content) < 16:
        raise OSError("the file is truncated")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", content[:16])
    if kind == _EXTENSIBLE and len(content) >= 26:
        kind = struct.unpack("<H", content[24:26])[0]
    if (kind, bits) not in _TYPES:
        named = _NAMES.get(kind, f"format {kind}") if kind not in (_PCM, _FLOAT) else f"{bits} bits per sample"
        raise OSError(f"it has {named}; convert it: `{CONVERT}`")
    if not 1 <= channels <= _MOST_CHANNELS or not 1 <= rate <= _MOST_RATE or block != channels * bits // 8:
        raise OSError(
            f"it declares {counted(channels, 'channel')}, {counted(rate, 'sample')} per second and "
            f"{counted(block, 'byte')} per sample"
        )
    return kind, channels, rate, bits


def _with_samples(kind: int, channels: int, rate: int, bits: int, offset: int, length: int, size: int) -> WavHeader:
    """The header of a file of `size` bytes whose samples take `length` bytes from `offset`."""
    if length == _UNKNOWN:
        length = size - offset
    if offset + length > size:
        raise OSError(f"it declares {counted(length, 'byte')} of samples, but has {size - offset:,}")
    head = WavHeader(rate, channels, kind, bits, offset, 0)
    if length < head.size:
        raise OSError("it has no samples")
    return head._replace(frames=length // head.size)
