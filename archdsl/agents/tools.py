"""The tools of an agent: functions from texts to documented reports. They write nothing and run no code of a file."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from ..analysis.check_report import report as check_values
from ..analysis.check_schema import NetworkReport
from ..analysis.derivation import leads_to
from ..analysis.derivation_report import WhyReport
from ..analysis.derivation_report import report as why_report
from ..analysis.diff import diff as differences
from ..analysis.diff.diff_report import DiffReport
from ..analysis.diff.diff_report import report as diff_report
from ..analysis.locate import NodeNotFound, locate
from ..analysis.measures import NetworkMeasures
from ..diagnostics import Sink
from ..diagnostics.fixes import edited_text
from ..diagnostics.json_models import Model
from ..diagnostics.terminal import render
from ..elaborate import Override
from ..elaborate.given_values import parameter, parse_sizes
from ..graph import Graph
from ..network import Analysis, Network, analyze
from ..training.network_check import check_recipe
from .agent_files import AgentFiles, NotAllowed, ReadText

DiagramFormat = Literal["svg", "mermaid", "dot", "tikz"]
_FORMATS = {"svg": "svg", "mermaid": "mmd", "dot": "dot", "tikz": "tikz"}
_IMPORTED = (".onnx", ".pt2")


class SuggestionReport(Model):
    """A change that removes an error or a warning, verified by checking the changed text."""

    code: str = Field(description="The code of the error or warning.")
    line: int
    message: str
    title: str = Field(description="What the change does.")
    why: str = Field(description="Why it is suggested; may be empty.")
    safe: bool = Field(description="True if it cannot change the meaning of a valid network.")
    text: str | None = Field(description="The whole text after the change; null if it changes another file.")


class SuggestionsReport(Model):
    """The suggestions for a network, in the order of its errors and warnings; the best one for each comes first."""

    ok: bool = Field(description="True if there are no errors.")
    suggestions: list[SuggestionReport]


class ImportReport(Model):
    """A network that was imported, as a text."""

    text: str
    proof: str = Field(description="What was compared with the original.")


def check(
    files: AgentFiles, network: str | None, text: str | None, settings: Mapping[str, Any], sizes: str | None
) -> NetworkReport:
    """The report of `archdsl check --format json`."""
    analysis = _analysis(files, network, text, settings, sizes)
    found = analysis.network
    facts = None if found is None else NetworkMeasures(found.graph, found.costs, None)
    valid = found.sizes.described() if found is not None and found.graph.symbols else None
    values = check_values(analysis.source.name, analysis.draft, facts, analysis.diagnostics, valid)
    return NetworkReport.model_validate(values)


def why(
    files: AgentFiles, network: str | None, text: str | None, layer: str, settings: Mapping[str, Any], sizes: str | None
) -> WhyReport:
    """The report of `archdsl why --format json`. Raises NotAllowed if there is no such layer."""
    analysis = _analysis(files, network, text, settings, sizes)
    try:
        place = locate(analysis.draft, layer)
    except NodeNotFound as error:
        raise NotAllowed(str(error)) from None
    graph: Graph | None = analysis.graph
    derived = leads_to(analysis.draft, place.node) if graph is None else (graph, graph.nodes[place.node.id])
    return why_report(place, derived)


def diff(files: AgentFiles, before: tuple[str | None, str | None], after: tuple[str | None, str | None]) -> DiffReport:
    """The report of `archdsl diff --format json`; each network is given as a file or `zoo:NAME`, or as a text."""
    first, second = (_valid(_analysis(files, network, text, {}, None)) for network, text in (before, after))
    return diff_report(differences(first.graph, second.graph, (first.program.source.name, second.program.source.name)))


def suggestions(
    files: AgentFiles, network: str | None, text: str | None, settings: Mapping[str, Any], sizes: str | None
) -> SuggestionsReport:
    """The suggestions for each error and warning, with the changed texts."""
    analysis = _analysis(files, network, text, settings, sizes)
    found = [
        SuggestionReport(
            code=item.diagnostic.code,
            line=item.diagnostic.span.line,
            message=item.diagnostic.message(),
            title=each.title,
            why=each.why,
            safe=each.safe,
            text=edited_text(analysis.source.text, each.edits)
            if all(edit.span.source is analysis.source for edit in each.edits)
            else None,
        )
        for item in analysis.diagnostics
        for each in item.suggestions
    ]
    return SuggestionsReport(ok=not analysis.errors, suggestions=found)


def diagram(
    files: AgentFiles,
    network: str | None,
    text: str | None,
    view: str,
    form: DiagramFormat,
    settings: Mapping[str, Any],
) -> str:
    """A diagram as text. Raises NotAllowed if it cannot be drawn."""
    from ..backends.diagram import CannotDraw, DiagramStyle, View, ViewOptions
    from ..backends.diagram import diagram as render_diagram

    found = _valid(_analysis(files, network, text, settings, None))
    try:
        return render_diagram(found.graph, _FORMATS[form], DiagramStyle(), ViewOptions(view=View(view))).decode()
    except CannotDraw as error:
        raise NotAllowed(str(error)) from None


def import_file(files: AgentFiles, file: str, sizes: Sequence[str]) -> ImportReport:
    """The network of an .onnx or .pt2 file as a text; no code in the file is run. Raises NotAllowed."""
    from ..extras import MissingPackages
    from ..importing.import_problem import ImportFailed, UnusableSource
    from ..importing.sources import ImportRequest, import_source

    path = files.file(file, _IMPORTED)
    try:
        imported = import_source(ImportRequest(str(path), path.stem, tuple(sizes)))
        imported.check()
    except (UnusableSource, ImportFailed) as error:
        raise NotAllowed("\n".join([error.message, *map(str, getattr(error, "problems", ()))])) from None
    except MissingPackages as error:
        raise NotAllowed(str(error)) from None
    except ModuleNotFoundError as error:
        raise NotAllowed(f"importing needs the package {error.name}: install archdsl[export]") from None
    return ImportReport(text=imported.text, proof=str(imported.proof))


def _analysis(
    files: AgentFiles, network: str | None, text: str | None, settings: Mapping[str, Any], sizes: str | None
) -> Analysis:
    read: ReadText = files.text(network, text)
    try:
        values = {name: parameter(name, value) for name, value in settings.items()}
        override = Override({} if sizes is None else {None: parse_sizes(sizes)})
    except (TypeError, ValueError) as error:
        raise NotAllowed(f"{error}") from None
    return analyze(read.source, Sink(), values, override, read.library, recipe=check_recipe, blocks_only=True)


def _valid(analysis: Analysis) -> Network:
    """The network of an analysis. Raises NotAllowed with its errors, or if the text only has blocks."""
    if analysis.network is None:
        raise NotAllowed(render(analysis.diagnostics, root=analysis.source))
    if not analysis.network.graph.nodes:
        raise NotAllowed(f"{analysis.source.name} has no network, only blocks")
    return analysis.network
