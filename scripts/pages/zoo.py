"""The pages of the zoo: one per family, with its diagram, its text, and the cost of its networks."""

import re
from collections.abc import Mapping
from functools import cache

from archdsl import zoo
from archdsl.analysis.quantities import si
from archdsl.backends.diagram import CannotDraw
from archdsl.diagnostics import Sink
from archdsl.network import Network, analyze
from archdsl.record import Record
from archdsl.zoo import Citation, ZooEntry

PLACEHOLDER = "<!-- the families, where the site is built -->"
_ARXIV = re.compile(r"arXiv (\d{4}\.\d{5})")


class Family(Record):
    """The networks that share one text, in the order of the index."""

    name: str
    members: tuple[ZooEntry, ...]

    @property
    def head(self) -> str:
        """The text's first line: `VGG: 3x3 convolutions only, …`."""
        return self.members[0].source().text.splitlines()[0].removeprefix("# ")

    @property
    def title(self) -> str:
        """The network's name in the text."""
        return network(self.members[0].name).graph.name

    def papers(self) -> Mapping[Citation, list[ZooEntry]]:
        """The networks of each paper."""
        found: dict[Citation, list[ZooEntry]] = {}
        for entry in self.members:
            found.setdefault(entry.citation(), []).append(entry)
        return found


@cache
def families() -> Mapping[str, Family]:
    """The texts of the zoo, in the order of the index."""
    found: dict[str, list[ZooEntry]] = {}
    for entry in zoo.entries().values():
        found.setdefault(entry.path.stem, []).append(entry)
    return {name: Family(name=name, members=tuple(members)) for name, members in found.items()}


@cache
def network(name: str) -> Network:
    """The network with this name."""
    return analyze(zoo.find(name).source(), Sink()).checked()


def page(family: Family) -> str:
    """The page of a family, in Markdown."""
    first = family.members[0]
    parts = [f"# {family.title}", f"{family.head}.", _papers(family)]
    parts += ["## Networks", _networks(family), f"```sh\narchdsl check zoo:{first.name}\n```"]
    parts += [f"<!-- archdsl diagram zoo:{first.name} --view {view} -->" for view in _views(first.name)]
    parts += ["## Text", f"As `archdsl zoo show {first.name}` prints it.", _fence(first.source().text)]
    return "\n\n".join(parts) + "\n"


def _views(name: str) -> tuple[str, ...]:
    """The views that show a network: `volumes`, where it can, and `blocks`."""
    from scripts.pages.diagrams import draw  # which imports this module

    try:
        draw(f"zoo:{name} --view volumes", {})  # rendered once: the page contains it
    except CannotDraw:
        return ("blocks",)
    return ("volumes", "blocks")


def gallery() -> str:
    """A table of all families, for the page about the zoo."""
    rows = ["| family | year | networks | parameters | what it is |", "| --- | --- | ---: | ---: | --- |"]
    for name, family in families().items():
        counts = sorted(network(entry.name).parameters for entry in family.members)
        span = " to ".join(dict.fromkeys(si(count) for count in (counts[0], counts[-1])))
        year = family.members[0].citation().year
        cells = (f"[{family.title}](zoo/{name}.md)", str(year), str(len(family.members)), span, family.head)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _papers(family: Family) -> str:
    papers = family.papers()
    lines = []
    for paper, entries in papers.items():
        place = _ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", paper.venue)
        whose = f" ({', '.join(f'`{entry.name}`' for entry in entries)})" if len(papers) > 1 else ""
        lines.append(f"- {paper.authors}: *{paper.title}*, {paper.year}, {place}{whose}")
    return "\n".join(lines)


def _networks(family: Family) -> str:
    rows = ["| name | input | output | parameters | MACs | settings |", "| --- | --- | --- | ---: | ---: | --- |"]
    for entry in family.members:
        made = network(entry.name)
        graph = made.graph
        ins = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
        outs = ", ".join(str(graph.nodes[i].shape) for _, i in graph.outputs)
        settings = " ".join(f"{name}={value}" for name, value in entry.settings.items())
        cells = (f"`zoo:{entry.name}`", ins, outs, f"{made.parameters:,}", si(made.macs), settings and f"`{settings}`")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _fence(text: str) -> str:
    return f"```arch\n{text.rstrip()}\n```"
