"""The zoo: the published architectures that ship with archdsl, by name.

A file in `examples/zoo/` may define a whole family. `index.toml` lists the networks and the parameter values of each;
the header of a file cites the papers.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from .record import Record
from .text import bibtex, paths
from .text.files import NotFound, UnreadableFile, read_source
from .text.library import Library, Stack, StandardLibrary
from .text.names import nearest
from .text.source import Source

__all__ = ["ZooEntry", "display_name", "entries", "find", "names"]

PREFIX = "zoo:"
CLASSIFICATION = "classification"
_CITATION = re.compile(r"# (?P<authors>[^:]+): (?P<title>.+), (?P<year>\d{4}), (?P<venue>.+)")

# The statement that names the network, with its parentheses on one line or several.
_NET = re.compile(r"^net\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE)


def __dir__() -> list[str]:
    return list(__all__)


class ZooEntry(Record):
    """A zoo network: its file, and the values of the file's parameters."""

    name: str
    path: Path
    settings: Mapping[str, int | float]
    paper: str
    """The start of the line that cites its paper in the file's header; empty for the first paper."""
    task: str = CLASSIFICATION

    def source(self) -> Source:
        """The text with this network's values as parameter defaults. Raises UnreadableFile."""
        source = read_source(self.path)
        return Source(_with_defaults(source, self.settings), name=f"zoo:{self.name}", path=self.path)

    def citation(self) -> "Citation":
        """The paper cited in the file's header."""
        for line in read_source(self.path).text.splitlines():
            found = _CITATION.fullmatch(line)
            if found and line.removeprefix("# ").startswith(self.paper):
                return Citation(
                    authors=found["authors"], title=found["title"], year=int(found["year"]), venue=found["venue"]
                )
        raise LookupError(f"the header of {self.path.name} cites no paper that starts with `{self.paper}`")


class Citation(Record):
    """A paper; `venue` is where to find it: `arXiv 1512.03385`."""

    authors: str
    title: str
    year: int
    venue: str

    def bibtex(self) -> str:
        """The paper as an entry of BibTeX, with the family names of its authors."""
        fields = {"author": bibtex.names(self._names), "title": self._whole_title, "year": str(self.year)}
        arxiv = re.fullmatch(r"arXiv (\d{4}\.\d{4,5})", self.venue)
        if arxiv:
            fields |= {"eprint": arxiv[1], "archivePrefix": "arXiv", "url": f"https://arxiv.org/abs/{arxiv[1]}"}
        else:
            fields["howpublished"] = self.venue
        return bibtex.entry("misc", self._key(), fields)

    @property
    def _names(self) -> list[str]:
        return re.split(r", | & | (?=et al\.)", self.authors)

    @property
    def _whole_title(self) -> str:
        """The title of the paper, without the section that the header may name."""
        return self.title.partition(", section ")[0]

    def _key(self) -> str:
        """The key of the paper; a letter is added if an earlier paper of the zoo has the same key."""
        same = [paper for paper in _papers() if paper._plain_key() == self._plain_key()]
        earlier = [paper.venue for paper in same].index(self.venue) if same else 0
        return self._plain_key() + "abcdefgh"[earlier] * (earlier > 0)

    def _plain_key(self) -> str:
        return bibtex.key(self._names[0], self.year, self._whole_title)


@cache
def _papers() -> tuple[Citation, ...]:
    """The papers of the zoo networks, each once, in the order of the index."""
    found: dict[str, Citation] = {}
    for each in entries().values():
        paper = each.citation()
        found.setdefault(f"{paper.authors} {paper.venue}", paper)
    return tuple(found.values())


@cache
def entries() -> Mapping[str, ZooEntry]:
    """All zoo networks by name, in the order of the index."""
    folder = paths.examples() / "zoo"
    index = tomllib.loads((folder / "index.toml").read_text(encoding="utf-8"))
    found: dict[str, ZooEntry] = {}
    for stem, networks in index.items():
        inside = folder / f"{stem}.arch"
        path = inside if inside.is_file() else folder.parent / f"{stem}.arch"
        task = networks.pop("task", CLASSIFICATION)
        for name, values in networks.items():
            settings = {key: value for key, value in values.items() if key != "paper"}
            found[name] = ZooEntry(name=name, path=path, settings=settings, paper=values.get("paper", ""), task=task)
    return found


def display_name(entry: str, net: str) -> str:
    """The name of a zoo network as papers write it, from its name and its family's: `resnet50` is ResNet-50."""
    # Underscores may separate the family's letters in the entry: `mobilenet_v3_large` of MobileNetV3.
    at = 0
    for letter in net.lower():
        while entry[at : at + 1] == "_":
            at += 1
        if entry[at : at + 1].lower() != letter:
            return entry
        at += 1
    decimals = re.sub(r"(?<!\d)(\d)_(\d)", r"\1.\2", entry[at:])
    rest = [part.upper() if len(part) == 1 else part for part in decimals.split("_") if part]
    return "-".join([net, *rest])


def names() -> tuple[str, ...]:
    """The names of all networks, in the order of the index: `archdsl.load("zoo:" + name)` loads one."""
    return tuple(entries())


def find(name: str) -> ZooEntry:
    """The network with this name. Raises UnreadableFile, with the nearest name as a suggestion."""
    if name in entries():
        return entries()[name]
    near = nearest(name, entries()) or next((e.name for e in entries().values() if _matches(e, name)), None)
    hint = f"did you mean `{near}`?" if near else "`archdsl zoo` lists them"
    raise UnreadableFile(f"there is no such network in the zoo; {hint}")


class ZooLibrary(Library):
    """The zoo networks as texts: `zoo:resnet50`."""

    def read(self, name: str) -> Source:
        if not name.startswith(PREFIX):
            raise NotFound("no such file")
        return find(name.removeprefix(PREFIX)).source()

    def list(self, folder: str | None = None) -> Sequence[str]:
        return [f"{PREFIX}{name}" for name in entries()] if not folder else []


def shipped() -> Library:
    """What ships with the package: `std` and the zoo."""
    return Stack(StandardLibrary(), ZooLibrary())


def read_named(name: str) -> Source:
    """A text by name: a file, or `zoo:resnet50` for one that ships with archdsl. Raises UnreadableFile."""
    return ZooLibrary().read(name) if name.startswith(PREFIX) else read_source(Path(name), name=name)


def _matches(entry: ZooEntry, name: str) -> bool:
    """Whether a name is that of the family, or a prefix of the network's name."""
    return entry.path.stem == name or (len(name) > 1 and entry.name.startswith(name))


def _with_defaults(source: Source, settings: Mapping[str, int | float]) -> str:
    """The text of a file with other default values of its network's parameters."""
    from .diagnostics import Sink
    from .syntax import ast, parse

    text = source.text
    line = _NET.search(text) if settings else None
    if line is None:
        return text
    # Parse only the header: the rest is long and is parsed later.
    (net,) = parse(Source(line[0]), Sink()).statements
    assert isinstance(net, ast.Net)
    # From last to first, so that the positions of the others remain valid.
    for parameter in reversed(net.parameters):
        if parameter.name.text in settings and parameter.default is not None:
            span = parameter.default.span
            start, end = line.start() + span.start, line.start() + span.end
            text = f"{text[:start]}{settings[parameter.name.text]}{text[end:]}"
    return text
