"""The JSON of `archdsl why --format json`: a documented model, stable within a `schema_version`."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from ..diagnostics.json_models import Model
from ..graph import Graph, Node
from .derivation import DerivationItem, DerivationStep, decided, derive
from .locate import LocatedNode


class StepReport(Model):
    """One layer or input on the path to the shape. Each repetition is a separate step."""

    name: str = Field(description="The dotted path: the module's name in torch.")
    text: str = Field(description="The statement as written, on one line.")
    line: str = Field(description="`12`, or `FILE:12` outside of the network's own file.")
    scopes: list[str] = Field(description="The stages, branches and blocks around it, outermost first.")
    shape: str = Field(description="Sizes without the batch, closed forms for symbolic dimensions; `?` if unknown.")
    source: str = Field(description="`from` and a name if its input is not the previous step; else empty.")
    reasons: list[str] = Field(description="How the shape is computed: `floor((28 − 2)/2) + 1 = 14`.")
    requirements: list[str] = Field(
        description="What it requires of symbolic dimensions, beyond what the previous steps require."
    )


class DecisionReport(Model):
    """A condition in the program, such as `if @h > 7`, and the sizes for which it holds."""

    text: str
    line: int
    holds_for: str


class WhyReport(Model):
    """The derivation of a shape."""

    schema_version: Literal[1] = 1
    name: str
    text: str
    line: int
    shape: str | None = Field(description="Null where it is not known.")
    also: list[str] = Field(description="Other layers that match the given name.")
    steps: list[StepReport] = Field(description="From the inputs to the layer, which comes last.")
    decisions: list[DecisionReport]


def report(place: LocatedNode, derived: tuple[Graph, Node] | None) -> WhyReport:
    """The model of the derivation of a node's shape, or of what precedes the first error before it."""
    node = place.node
    return WhyReport(
        name=node.name,
        text=node.text,
        line=node.span.line,
        shape=str(node.shape) if isinstance(node, Node) else None,
        also=[other.name for other in place.others],
        steps=[_step(step, scopes) for step, scopes in _flat(derive(*derived, full=True), ())] if derived else [],
        decisions=[
            DecisionReport(text=asked.statement, line=asked.span.line, holds_for=str(asked))
            for asked in (decided(*derived) if derived else ())
        ],
    )


def _flat(items: Sequence[DerivationItem], scopes: tuple[str, ...]) -> Iterator[tuple[DerivationStep, tuple[str, ...]]]:
    for item in items:
        if isinstance(item, DerivationStep):
            yield item, scopes
        else:
            yield from _flat(item.items, (*scopes, item.heading))


def _step(step: DerivationStep, scopes: tuple[str, ...]) -> StepReport:
    (name,), (text,) = step.names, step.texts
    return StepReport(
        name=name,
        text=text,
        line=step.line,
        scopes=list(scopes),
        shape=step.shape,
        source=step.source,
        reasons=list(step.numbers),
        requirements=list(step.requirements),
    )
