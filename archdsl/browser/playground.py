"""The answers of the playground, and of the widget of notebooks, about the text in their editor.

Positions are offsets in characters, as in `archdsl/service/`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..analysis.table import rows, totals, verdict
from ..backends.diagram import THEMES, CannotDraw, DiagramStyle, View, ViewOptions, diagram
from ..graph import DraftNode, Graph
from ..network import Check, Network
from ..service import Document
from ..service.answers import Action, DocumentProblem, Refused
from ..service.completion import completions
from ..service.document import Version
from ..service.document_problems import location_of, problems, tried_problems
from ..service.edits import actions, formatting
from ..service.hints import inlay_hints
from ..service.hover import hover
from ..service.signature import signature
from ..service.syntax_at import position_at, start_of
from ..syntax import ast
from ..text.library import Library
from ..text.source import Span
from ..zoo import entries, read_named, shipped
from .size_limits import size_limits
from .text_controls import text_controls

Values = dict[str, Any]


class Playground:
    """One text that is being edited.

    `library` has the files that the text may use, by default those that ship with archdsl; `path` is the file of the
    text. `recipe` checks its `train` block: without it, `update` reports that the block was not checked.
    """

    def __init__(
        self,
        library: Library | None = None,
        *,
        name: str = "network",
        path: Path | None = None,
        recipe: Check | None = None,
    ) -> None:
        self._library = library if library is not None else shipped()
        self._name = name
        self._path = path
        self._recipe = recipe
        self._document: Document | None = None

    def update(self, text: str) -> Values:
        """Take the current text, and return its problems, totals and controls."""
        if self._document is None:
            self._document = Document(text, self._library, name=self._name, path=self._path, recipe=self._recipe)
        else:
            self._document.replace(text)
        now = self._now
        has_recipe = any(isinstance(each, ast.Train) for each in now.program.statements)
        return {
            "ok": not now.errors,
            "problems": problems(now),
            "verdict": "" if now.graph is None else verdict(now.graph),
            "totals": totals(now.draft, now.costs),
            "controls": text_controls(now.program, text),
            "has_unchecked_recipe": has_recipe and self._recipe is None,
        }

    def check_recipes(self) -> bool:
        """Check `train` blocks from the next update on, and return True, if the packages for this are installed.

        The page loads pydantic only for a text that needs it.
        """
        if self._recipe is None:
            try:
                from ..training.network_check import check_recipe
                from ..training.recipe import composition  # noqa: F401  # imports pydantic
            except ImportError:
                return False
            self._recipe = check_recipe
            self._document = None
        return True

    @property
    def _now(self) -> Version:
        if self._document is None:
            raise LookupError("there is no text yet")
        return self._document.now

    def table(self, sizes: Mapping[str, int] | None = None) -> Values:
        """The rows of the table, and the output shapes for the ends of the lines; `sizes` are values for the symbolic
        dimensions, for which the result also has a verdict and totals.

        A row has its number, depth, layer, output, parameters, MACs, and the range of its statement in the text: for a
        layer in another file, that of the statement that uses it. A heading has only depth and layer.
        """
        now = self._now
        graph = self._at(sizes or {})
        found = _rows(now, rows(now.draft, now.costs) if graph is None else rows(graph))
        return {
            "rows": found,
            "hints": inlay_hints(now, 0, len(now.text)),
            "verdict": None if graph is None else verdict(graph),
            "totals": None if graph is None else totals(graph),
        }

    def _at(self, sizes: Mapping[str, int]) -> Graph | None:
        """The network with sizes in place of its symbols; None if it has no symbols, or an error at these sizes."""
        graph = self._now.graph
        if graph is None or not graph.symbols or set(sizes) != set(graph.symbols):
            return None
        return self._network().sizes.graph_at(sizes)

    def suggestions(self) -> list[Values]:
        """The problems with suggestions that were tried, as actions: titles with edits."""
        now = self._now
        found = []
        for problem in tried_problems(now):
            place = problem.range
            offered = [each for each in actions(now, place.start, place.end) if _is_for(each, problem)]
            found.append({"problem": problem, "actions": offered})
        return found

    def sizes(self) -> Values:
        """The valid sizes: in words, as limits of the controls, and for each symbolic dimension."""
        now = self._now
        return size_limits(now, text_controls(now.program, now.text))

    def at(self, offset: int) -> Values:
        """The hovers at a position, of the word and of its statement, and the signature being written."""
        now = self._now
        word, statement = hover(now, offset), position_at(now, offset).innermost
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
            return {"svg": None, "error": "a network with errors has no diagram"}
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


def _rows(now: Version, shown: Sequence[tuple[Sequence[str], DraftNode | None]]) -> list[list[Any]]:
    """Rows of the table with their depths and places."""
    found: list[list[Any]] = []
    for (number, layer, *cells), node in shown:
        text = layer.lstrip(" ")
        spans = () if node is None else (node.span, *(use.span for use in reversed(node.uses)))
        place = next(filter(None, (_place(now, span) for span in spans)), None)
        found.append([number, (len(layer) - len(text)) // 2, text, *cells, place])
    return found


def _place(now: Version, span: Span) -> tuple[int, int] | None:
    """The range of a span in the text; None for one in another file."""
    location = location_of(now, span)
    return None if location.file is not None else (location.range.start, location.range.end)


def _is_for(action: Action, problem: DocumentProblem) -> bool:
    return action.code == problem.code and action.problem == problem.range


def menu() -> list[Values]:
    """The zoo networks by family: the names, with the first line of the family's text."""
    families: dict[str, Values] = {}
    for entry in entries().values():
        stem = entry.path.stem
        if stem not in families:
            title = read_named(f"zoo:{entry.name}").text.partition("\n")[0].removeprefix("# ")
            families[stem] = {"title": title, "names": []}
        families[stem]["names"].append(entry.name)
    return list(families.values())


_NAMES = (
    *("update", "check_recipes", "table", "suggestions", "sizes", "at", "hover", "complete"),
    *("format", "diagram", "source"),
)


def playground_calls(playground: Playground) -> Mapping[str, Callable[..., Any]]:
    """The calls of a page about one text, by name."""
    return {f"playground.{name}": getattr(playground, name) for name in _NAMES}


PLAYGROUND_CALLS: Mapping[str, Callable[..., Any]] = {"playground.menu": menu, **playground_calls(Playground())}
"""The calls of the playground, which has one text."""
