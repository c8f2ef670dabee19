"""Texts as data sets of tokens: `novel.txt:tokenizer.json`."""

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ...text.counts import counted
from ..errors.data_errors import BadText
from ..safe_files import read_bytes
from .dataset_spec import DataSpec
from .images import DataSource, Request, Splits
from .text_source import TEST_PART, TEXTS, sequences
from .tokenizer import Tokenizer

_LARGEST = 256 << 20
"""Largest text in bytes: a token takes more than a hundred bytes while a text is encoded."""
_NAMED = re.compile(rf"(.+(?:{'|'.join(map(re.escape, TEXTS))})):(.+\.json)", re.IGNORECASE | re.DOTALL)


class TokenizedName(NamedTuple):
    """The paths of a text and of its tokenizer."""

    text: Path
    tokenizer: Path


def parse_tokenized_name(name: str) -> TokenizedName | None:
    """Parse `novel.txt:tokenizer.json`, where the second may be a file next to the first; None for other names."""
    match = _NAMED.fullmatch(name)
    if match is None:
        return None
    text, tokenizer = Path(match[1]).expanduser(), Path(match[2]).expanduser()
    beside = text.parent / tokenizer
    return TokenizedName(text, beside if beside.is_file() and not tokenizer.is_file() else tokenizer)


class TokenizedTextSource(DataSource):
    """The IDs of a text: the last tenth is the test set, and the end of the rest is the validation set."""

    def __init__(self, name: TokenizedName) -> None:
        self._path, self._named = name

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer. Raises BadText or MissingExtra."""
        return Tokenizer.read(self._named)

    @cached_property
    def spec(self) -> DataSpec:
        size, text = self.tokenizer.vocabulary, self.tokenizer.text
        return DataSpec(
            self._path.resolve().stem, (), None, targets="next", inputs="ids", vocabulary=size, tokenizer=text
        )

    @property
    def origin(self) -> str:
        return f"{self._path.resolve()}:{self._named.resolve()}"

    def load(self, request: Request) -> Splits:
        try:
            content = read_bytes(self._path, _LARGEST).decode("utf-8")
        except OSError as error:
            raise BadText(self._path, error.strerror or str(error), "give a text file") from error
        except UnicodeDecodeError as error:
            help_text = "leave out the tokenizer to learn the bytes of the file"
            raise BadText(self._path, "it is not UTF-8", help_text) from error
        length = request.shape[0]
        test = len(content) - round(len(content) * TEST_PART)
        learn = round(test * request.split)
        train, validation, tested = (
            sequences(self.tokenizer.encode(content[low:high]), length)
            for low, high in ((0, learn), (learn, test), (test, len(content)))
        )
        if not len(train) or not len(tested):
            why = f"{counted(len(content), 'character')}, too few for sequences of {counted(length, 'token')}"
            raise BadText(self._path, why, "give a longer text, or a shorter input")
        return Splits(train, validation if len(validation) else None, tested)
