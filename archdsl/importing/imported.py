"""The result of an import: the text, its network, the origins of its weights, and the comparison with the source.

Neither torch nor numpy is needed, so that tables of layers and configurations can be imported without them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..diagnostics import Sink
from ..network import Network
from ..syntax import parse
from ..syntax.format import format_program
from ..text.counts import counted
from ..text.source import Source
from .import_problem import ImportFailed, ImportProblem

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .proof import Comparison
    from .weight_origins import Origins


class Imported:
    """An imported network: its text, and its weights by their names in archdsl.

    `network` is None where `problems` has operations without a counterpart: the text then has `unknown` in their
    places. `proof` is the result of the comparison; None if nothing could be compared. `notes` are what the network
    does not keep of the source, although their outputs are equal, such as a bias that is not trained.
    """

    def __init__(
        self,
        text: str,
        network: Network | None,
        problems: Sequence[ImportProblem] = (),
        origins: "Origins | None" = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.text = text
        self.network = network
        self.problems = tuple(problems)
        self.origins = origins
        self.notes = tuple(notes)
        self.proof: Comparison | None = None
        self.weights: Mapping[str, Tensor] = {}

    def to_torch(self) -> "nn.Module":
        """A torch module with the imported weights, in eval mode. Raises ImportFailed for a partial import."""
        if self.network is None:
            raise ImportFailed("a part of the network cannot be imported", self.problems)
        from .proof import module_with

        return module_with(self.network, self.weights)

    def check(self, *, partial: bool = False) -> None:
        """Raises ImportFailed if a part has no counterpart, unless `partial`, or if the proof does not hold."""
        if self.problems and not partial:
            count = len(set(self.problems))
            raise ImportFailed(
                f"{counted(count, 'operation')} cannot be imported:", dict.fromkeys(self.problems), rest=True
            )
        if self.proof is not None and not self.proof.holds:
            if self.origins is not None and (shared := self.origins.shared_in_part()):
                raise ImportFailed(
                    f"`{shared}` belongs to several layers that otherwise differ; `reuse` repeats a layer with all its "
                    "weights"
                )
            raise ImportFailed(f"internal error: the imported network differs: {self.proof}")

    def __repr__(self) -> str:
        proof = f"; {self.proof}" if self.proof is not None else ""
        return f"<Imported {self.network or 'partially'}{proof}>"


def formatted(text: str) -> str:
    """The text as `archdsl fmt` writes it."""
    sink = Sink()
    program = parse(Source(text, name="<imported>"), sink)
    return text if sink.errors else format_program(program)


def identifier(name: str) -> str:
    """A name as an identifier of the language."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "Imported"
    return word if not word[0].isdigit() else f"Net_{word}"
