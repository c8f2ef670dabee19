"""A layer whose result reaches no output."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ._facts import Facts


class DeadLayer(Diagnostic):
    """No output of the network depends on this layer.

    It comes after the tensors that `output` names, or `from` goes back to a tensor before it. Its weights would be
    created and saved, but never trained.

    Source: PyTorch's DistributedDataParallel rejects such parameters (`find_unused_parameters` in its reference).
    """

    code = "W0902"
    title = "layer that no output depends on"
    wrong = "input 64\nfc 32 as a\noutput a\nfc 10\n"
    right = "input 64\nfc 32; relu\nfc 10 as a\noutput a\n"
    severity = Severity.WARNING

    keyword: str
    outputs: tuple[str, ...]
    count: int

    def message(self) -> str:
        return f"no output depends on this `{self.keyword}`"

    def label(self) -> str:
        return f"nor on {self.count - 1} more after it" if self.count > 1 else ""

    def help(self) -> tuple[str, ...]:
        names = ", ".join(f"`{name}`" for name in self.outputs)
        if self.outputs == ("output",):
            return ("the output is the last tensor; `output NAME, NAME` selects others",)
        return (f"the output is {names}; list this layer in `output`, too, or remove it",)


def find(facts: Facts) -> Iterator[DeadLayer]:
    """The first of each series of layers that no output depends on."""
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
    """How many layers depend on this one, including itself."""
    found, queue = {start}, [start]
    for i in queue:
        for reader in facts.readers[i]:
            if reader.id not in found:
                found.add(reader.id)
                queue.append(reader.id)
    return len(found)
