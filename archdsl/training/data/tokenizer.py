"""Tokenizers in tokenizer.json, the format of Hugging Face's package `tokenizers`, which is used to read them."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import BadText
from ..errors.missing_extra import require
from ..safe_files import read_bytes

TOKENIZER = "tokenizer.json"
"""The name of the copy in a run's folder."""
_MOST_IDS = 1 << 24
_ALPHABET = {
    *range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1), *range(0x100, 0x100 + 68),
}  # fmt: skip
"""The characters that stand for the 256 bytes in byte-level vocabularies (Radford et al. 2019)."""
_SPACE = "\u2581"
"""The character that stands for a space in vocabularies of SentencePiece."""


@final
class Tokenizer:
    """A tokenizer that reproduces every text that it encodes. `text` is its file; `path` is for messages."""

    def __init__(self, text: str, path: Path) -> None:
        require("a tokenizer", "tokenizers")
        from tokenizers import Tokenizer as Reader

        self.text, self._path = text, path
        try:
            self._reader: Any = Reader.from_str(text)
            self._content: dict[str, Any] = json.loads(text)
        except Exception as error:  # the package raises Exception itself
            raise self._bad(f"not a tokenizer ({str(error)[:100]})") from error
        self._reader.no_truncation()
        self._reader.no_padding()
        self._vocabulary: dict[str, int] = self._reader.get_vocab(with_added_tokens=True)
        if not self._vocabulary or max(self._vocabulary.values()) >= _MOST_IDS:
            raise self._bad(f"its IDs are not between 0 and {_MOST_IDS - 1:,}")

    @classmethod
    def read(cls, path: Path) -> "Tokenizer":
        """The tokenizer in a file. Raises BadText or MissingExtra."""
        try:
            text = read_bytes(path).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadText(path, why, "give the tokenizer.json of a model") from error
        return cls(text, path)

    @property
    def vocabulary(self) -> int:
        """The number of IDs, from 0 to the largest."""
        return 1 + max(self._vocabulary.values())

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """The number of bytes that each ID stands for, 0 for unused IDs."""
        added = {row.get("content") for row in self._content.get("added_tokens") or []}
        of_bytes = '"ByteLevel"' in json.dumps([self._content.get("pre_tokenizer"), self._content.get("decoder")])
        found = np.zeros(self.vocabulary, np.int64)
        for token, number in self._vocabulary.items():
            if token in added:
                found[number] = len(token.encode())
            elif of_bytes and all(ord(character) in _ALPHABET for character in token):
                found[number] = len(token)
            elif len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
                found[number] = 1
            else:
                found[number] = len(token.replace(_SPACE, " ").encode())
        return found

    def encode(self, text: str) -> NDArray[np.int64]:
        """The IDs of a text. Raises BadText if they do not stand for exactly this text."""
        ids = np.array(self._reader.encode(text, add_special_tokens=False).ids, np.int64)
        again = self.decode(ids)
        if again != text:
            shorter = min(len(text), len(again))
            start = max(0, next((i for i in range(shorter) if text[i] != again[i]), shorter) - 10)
            raise self._bad(f"it changes {text[start : start + 20]!r} to {again[start : start + 20]!r}")
        if (total := int(self.lengths[ids].sum())) != len(text.encode()):
            raise self._bad(f"its tokens have {counted(total, 'byte')}, but the text has {len(text.encode()):,}")
        return ids

    def decode(self, ids: NDArray[np.integer[Any]]) -> str:
        """The text of IDs; bytes that are not UTF-8 are replaced."""
        return str(self._reader.decode(ids.tolist(), skip_special_tokens=False))

    def _bad(self, why: str) -> BadText:
        return BadText(self._path, why, "give a tokenizer that reproduces texts: byte-level BPE, such as that of GPT-2")


def token_bytes(text: str) -> tuple[int, ...]:
    """The number of bytes that each ID of a tokenizer stands for, from the content of its file. Raises MissingExtra."""
    return tuple(Tokenizer(text, Path(TOKENIZER)).lengths.tolist())
