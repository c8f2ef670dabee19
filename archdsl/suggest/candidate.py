"""Candidates for suggestions: edits of the text that have not been tried yet."""

from ..diagnostics import Edit, Fix
from ..record import Record


class Candidate(Record):
    """Edits that may fix an error. `rank` orders the candidates for one error; the likeliest has the lowest.

    `title` says what they do: "write `conv 64 k1`"; `why` adds a reason where the title alone does not give it;
    `kind` names the generator; `inferred` means that the shapes were found to fit, so it is tried early.
    """

    title: str
    edits: tuple[Edit, ...]
    rank: float
    why: str = ""
    safe: bool = False
    kind: str = ""
    ambiguous: bool = False
    inferred: bool = False

    def fix(self) -> Fix:
        """The fix to show."""
        return Fix(title=self.title, edits=self.edits, safe=self.safe, why=self.why, ambiguous=self.ambiguous)
