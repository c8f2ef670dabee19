"""Entries of BibTeX, read back by a parser for the format that btxdoc describes."""

import re
import unicodedata

import pytest
from click.testing import CliRunner

from archdsl import zoo
from archdsl.cli import main
from archdsl.text import bibtex

ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", '"': "\u0308", "c": "\u0327", "v": "\u030c"}


def parsed(text: str) -> dict[str, dict[str, str]]:
    """The entries by key: fields by name, without their outer braces. Fails if anything is left over."""
    found: dict[str, dict[str, str]] = {}
    while text := text.strip():
        head = re.match(r"@(\w+)\{([a-z0-9]+),", text)
        assert head, text[:80]
        fields: dict[str, str] = {}
        text = text[head.end() :].lstrip()
        while not text.startswith("}"):
            name = re.match(r"(\w+)\s*=\s*(?=\{)", text)
            assert name, text[:80]
            end = closing(text, name.end())
            fields[name[1]] = text[name.end() + 1 : end]
            text = text[end + 1 :].removeprefix(",").lstrip()
        assert head[2] not in found, f"two entries have the key {head[2]}"
        found[head[2]] = fields
        text = text[1:]
    return found


def closing(text: str, start: int) -> int:
    """The position of the brace that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        if text[at - 1] != "\\":
            depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise AssertionError(f"an open brace: {text[start:]}")


def typeset(text: str) -> str:
    """What LaTeX prints, in Unicode: accents set, escapes resolved, braces gone."""
    text = re.sub(r"\{\\(['`^~\"cv])\{(\w)\}\}", lambda found: found[2] + ACCENTS[found[1]], text)
    text = (
        text.replace(r"\textbackslash{}", "\0").replace(r"\textasciitilde{}", "~").replace(r"\textasciicircum{}", "^")
    )
    text = re.sub(r"(?<!\\)[{}]", "", text)
    assert not re.search(r"(?<!\\)[&%$#_]", text), text
    return unicodedata.normalize("NFC", re.sub(r"\\([&%$#_{}])", r"\1", text).replace("\0", "\\"))


@pytest.mark.parametrize("text", ["Dollár & Çiçek", "94% of $5_000 #1", "a{b}c", "~x^2\\y", "Müller–Řež", "標題"])
def test_escaped_values_are_typeset_unchanged(text: str) -> None:
    assert typeset(bibtex.escaped(text)) == text


def test_zoo_papers_have_one_entry_each() -> None:
    papers = {name: zoo.find(name).citation() for name in zoo.names()}
    printed = CliRunner().invoke(main, ["zoo", "cite", *papers])
    assert printed.exit_code == 0, printed.output
    entries = parsed(printed.stdout)
    places = {(paper.authors, paper.venue) for paper in papers.values()}
    assert len(entries) == len(places)
    titles = {typeset(each["title"]) for each in entries.values()}
    for paper in papers.values():
        (key, fields), *others = parsed(paper.bibtex()).items()
        assert not others
        assert entries[key] == fields
        assert paper.title.startswith(typeset(fields["title"]))
        assert typeset(fields["title"]) in titles
        assert fields["year"] == str(paper.year)
        assert fields["eprint" if "eprint" in fields else "howpublished"] in paper.venue
        authors = [typeset(name) for name in fields["author"].split(" and ")]
        assert ", ".join(authors).replace(", others", " et al.") == paper.authors.replace(" & ", ", ")


def test_citation_keys_do_not_depend_on_other_entries() -> None:
    alone = CliRunner().invoke(main, ["zoo", "cite", "swin_v2_t"]).stdout
    both = CliRunner().invoke(main, ["zoo", "cite", "swin_t", "swin_v2_t"]).stdout
    assert list(parsed(both)) == ["liu2021swin", *parsed(alone)]
