"""Entries of BibTeX (the file format of `btxdoc`, https://ctan.org/pkg/bibtex)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

_SPECIAL = re.compile(r"[&%$#_{}~^\\]")
_SPECIALS = {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c", "\u030c": "v"}
"""Combining characters, and the command that sets the same accent."""
_SKIPPED = {"a", "an", "and", "for", "in", "of", "on", "the", "with"}


def entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """An entry; the values are plain text, escaped here. Titles keep their capital letters."""
    width = max(map(len, fields))
    lines = [f"  {name:<{width}} = {{{_value(name, text)}}}," for name, text in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _value(name: str, text: str) -> str:
    # Addresses are read verbatim; styles change the capital letters of titles, unless they are in braces.
    if name in ("url", "eprint"):
        return text
    return f"{{{escaped(text)}}}" if name == "title" else escaped(text)


def key(author: str, year: int, title: str) -> str:
    """The usual key: `he2015deep`, from the first author, the year, and the first long word of the title."""
    words = [word for word in re.findall(r"[a-z0-9]+", _ascii(title).lower()) if word not in _SKIPPED]
    name = re.sub(r"[^a-z]", "", _ascii(author).lower())
    return f"{name}{year}{words[0] if words else ''}"


def names(authors: Sequence[str]) -> str:
    """Authors as BibTeX separates them; `et al.` is `others`."""
    return " and ".join("others" if name == "et al." else name for name in authors)


def escaped(text: str) -> str:
    """Text in which characters that LaTeX would interpret are escaped, and accents are written as its commands."""
    special = _SPECIAL.sub(lambda found: _SPECIALS.get(found[0], f"\\{found[0]}"), text)
    return "".join(_accented(letter) for letter in unicodedata.normalize("NFC", special))


def _accented(letter: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if len(marks) == 1 and marks[0] in _ACCENTS:
        return f"{{\\{_ACCENTS[marks[0]]}{{{base}}}}}"
    return letter


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode("ascii")
