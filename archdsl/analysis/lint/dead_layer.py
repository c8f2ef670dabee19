"""A layer whose result reaches no output."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ._facts import Facts


class DeadLayer(Diagnostic):
    """Nothing that the network gives depends on this layer.

    It stands after the `output` statement's tensors were made, or `from` went back behind it. Its weights would be made
    and saved, and never trained.

    Source: torch's DistributedDataParallel refuses such parameters (`find_unused_parameters` in its reference).
    """

    code = "W0902"
    title = "a layer that no output depends on"
    wrong = "input 64\nfc 32 as a\noutput a\nfc 10\n"
    right = "input 64\nfc 32; relu\nfc 10 as a\noutput a\n"
    severity = Severity.WARNING

    keyword: str
    outputs: tuple[str, ...]
    count: int

    def message(self) -> str:
        return f"no output depends on this `{self.keyword}`"

    def label(self) -> str:
        return f"{self.count - 1} more after it, likewise" if self.count > 1 else ""

    def help(self) -> tuple[str, ...]:
        names = ", ".join(f"`{name}`" for name in self.outputs)
        if self.outputs == ("output",):
            return ("the output is the last tensor; `output NAME, NAME` says which ones are",)
        return (f"the output is {names}; name this one there too, or take it away",)


def find(facts: Facts) -> Iterator[DeadLayer]:
    """The first of each run of layers that no output depends on."""
    nodes = facts.graph.nodes
    alive = set(facts.outputs)
    for node in reversed(nodes):
        if node.id in alive:
            alive.update(node.inputs)
    dead = [node for node in nodes if node.id not in alive and node.id not in facts.graph.inputs]
    gone = {node.id for node in dead}
    if not dead:
        return
    for node in dead:
        if not any(i in gone for i in node.inputs):
            names = tuple(name for name, _ in facts.graph.outputs)
            yield DeadLayer(
                span=node.span, uses=node.uses, keyword=node.op.keyword, outputs=names, count=_run(facts, node.id)
            )


def _run(facts: Facts, start: int) -> int:
    """How many layers depend on this one, itself included."""
    found, queue = {start}, [start]
    for i in queue:
        for reader in facts.readers[i]:
            if reader.id not in found:
                found.add(reader.id)
                queue.append(reader.id)
    return len(found)
