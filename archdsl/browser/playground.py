"""The answers of the playground about the text in its editor.

Positions are offsets in characters, as in `archdsl/service/`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..analysis.table import rows, totals, verdict
from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ..network import Network
from ..service import Document
from ..service.answers import Action, DocumentProblem, Refused
from ..service.completion import completions
from ..service.document import Version
from ..service.document_problems import problems, tried_problems
from ..service.edits import actions, formatting
from ..service.hints import inlay_hints
from ..service.hover import hover
from ..service.signature import signature
from ..service.syntax_at import spot, start_of
from ..syntax import ast
from ..zoo import entries, read_named, shipped
from .text_controls import text_controls

Values = dict[str, Any]


class Playground:
    """One text that is being edited."""

    def __init__(self) -> None:
        self._document: Document | None = None

    def update(self, text: str) -> Values:
        """Take the present text, and return its problems, totals and controls."""
        if self._document is None:
            self._document = Document(text, shipped(), name="network")
        else:
            self._document.replace(text)
        now = self._now
        return {
            "ok": not now.errors,
            "problems": problems(now),
            "verdict": "" if now.graph is None else verdict(now.graph),
            "totals": totals(now.draft, now.costs),
            "controls": text_controls(now.program, text),
            # The check of a recipe needs pydantic.
            "has_unchecked_recipe": any(isinstance(each, ast.Train) for each in now.program.statements),
        }

    @property
    def _now(self) -> Version:
        if self._document is None:
            raise LookupError("there is no text yet")
        return self._document.now

    def table(self) -> Values:
        """The rows of the table, and the output shapes for the ends of the lines.

        A row has its number, depth, layer, output, parameters, MACs, and the range of its statement in the text: for a
        layer in another file, that of the statement that uses it. A heading has only depth and layer.
        """
        now = self._now
        found: list[list[Any]] = []
        for (number, layer, *cells), node in rows(now.draft, now.costs):
            text = layer.lstrip(" ")
            spans = () if node is None else (node.span, *(use.span for use in reversed(node.uses)))
            place = next(filter(None, map(now.place, spans)), None)
            found.append([number, (len(layer) - len(text)) // 2, text, *cells, place])
        return {"rows": found, "hints": inlay_hints(now, 0, len(now.text))}

    def suggestions(self) -> list[Values]:
        """The problems with suggestions that were tried, as actions: titles with edits."""
        now = self._now
        found = []
        for problem in tried_problems(now):
            place = problem.range
            offered = [each for each in actions(now, place.start, place.end) if _is_for(each, problem)]
            found.append({"problem": problem, "actions": offered})
        return found

    def valid_sizes(self) -> list[str]:
        """The valid sizes in words, if the text has symbolic dimensions."""
        network = self._network()
        return network.sizes.described() if network.graph.symbols else []

    def at(self, offset: int) -> Values:
        """The hovers at a position, of the word and of its statement, and the signature being written."""
        now = self._now
        word, statement = hover(now, offset), spot(now, offset).innermost
        around = None if statement is None else hover(now, start_of(statement.span))
        return {"word": None if word == around else word, "statement": around, "signature": signature(now, offset)}

    def hover(self, offset: int) -> Any:
        """The hover at a position, if there is one."""
        return hover(self._now, offset)

    def complete(self, offset: int) -> Any:
        """The completions at a position."""
        return completions(self._now, offset)

    def format(self) -> Values:
        """The edits that format the text; `refused` has the reason if there are none."""
        try:
            return {"edits": formatting(self._now), "refused": None}
        except Refused as reason:
            return {"edits": (), "refused": str(reason)}

    def diagram(self, view: str = "layers", theme: str = "light") -> Values:
        """The diagram as SVG; `error` has the reason if there is none."""
        graph = self._now.graph
        if graph is None:
            return {"svg": None, "error": "a text with errors has no diagram"}
        try:
            style = DiagramStyle(theme=THEMES[theme])
            svg = diagram(graph, "svg", style, ViewOptions(view=View(view)))
            return {"svg": svg.decode(), "error": None}
        except CannotDraw as error:
            return {"svg": None, "error": str(error)}

    def source(self) -> str:
        """PyTorch source. Raises ArchError for a text with errors."""
        return self._network().source()

    def _network(self) -> Network:
        return self._now.analysis.checked()


def _is_for(action: Action, problem: DocumentProblem) -> bool:
    return action.code == problem.code and action.problem == problem.range


def menu() -> list[Values]:
    """The networks of the zoo by family: the names, with the first line of the family's text."""
    families: dict[str, Values] = {}
    for entry in entries().values():
        stem = entry.path.stem
        if stem not in families:
            title = read_named(f"zoo:{entry.name}").text.partition("\n")[0].removeprefix("# ")
            families[stem] = {"title": title, "names": []}
        families[stem]["names"].append(entry.name)
    return list(families.values())


_PLAYGROUND = Playground()

PLAYGROUND_CALLS: Mapping[str, Callable[..., Any]] = {
    "playground.menu": menu,
    **{
        f"playground.{name}": getattr(_PLAYGROUND, name)
        for name in (
            *("update", "table", "suggestions", "valid_sizes", "at", "hover", "complete"),
            *("format", "diagram", "source"),
        )
    },
}
"""The calls of the playground, which has one text."""
