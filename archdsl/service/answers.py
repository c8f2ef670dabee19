"""The answers of the service as plain values: offsets in characters, texts, Markdown."""

from ..record import Record


class TextRange(Record):
    """Characters of a text, the end excluded."""

    start: int
    end: int


class Location(Record):
    """A range in a file; `file` is its key in the library, None for the document itself."""

    range: TextRange
    file: str | None = None


class TextEdit(Record):
    """The replacement of a range of the document."""

    range: TextRange
    text: str


class RelatedLocation(Record):
    """Another location that a diagnostic points at, with a text."""

    location: Location
    text: str


class DocumentProblem(Record):
    """A diagnostic of the document; `help` has its suggestions in words."""

    range: TextRange
    code: str
    severity: str
    message: str
    related: tuple[RelatedLocation, ...] = ()
    help: tuple[str, ...] = ()
    is_unused: bool = False


class Hover(Record):
    """Markdown about a range."""

    range: TextRange
    text: str


class Hint(Record):
    """A text shown after an offset; `detail` explains it."""

    offset: int
    text: str
    detail: str = ""


class Completion(Record):
    """A text to insert in place of a range. `kind`: layer, block, keyword, argument, flag, value, name or file."""

    label: str
    kind: str
    range: TextRange
    text: str
    detail: str = ""
    documentation: str = ""
    order: int = 0


class SignatureParameter(Record):
    """A parameter in a signature: its text there, and its documentation."""

    label: str
    documentation: str


class Signature(Record):
    """How a layer or block is written; `active` is the parameter at the position."""

    label: str
    documentation: str
    parameters: tuple[SignatureParameter, ...]
    active: int | None


class Symbol(Record):
    """A definition in the outline. `kind`: network, block, stage, aux, input, tensor, number."""

    name: str
    kind: str
    range: TextRange
    selection: TextRange
    detail: str = ""
    children: "tuple[Symbol, ...]" = ()


class Fold(Record):
    """Lines that can be folded, from 0; `kind`: region or comment."""

    first: int
    last: int
    kind: str


class SemanticToken(Record):
    """A word and its type, one of TOKEN_TYPES in semantic_tokens.py."""

    range: TextRange
    type: str
    is_definition: bool = False


class Action(Record):
    """A change that the editor may offer. `kind`: quickfix or rewrite; `code` is that of the problem it fixes."""

    title: str
    kind: str
    edits: tuple[TextEdit, ...]
    code: str | None = None
    problem: TextRange | None = None
    is_preferred: bool = False


class CodeLens(Record):
    """A text above a line; `command` is what a click runs: `diagram` or nothing."""

    range: TextRange
    text: str
    command: str | None = None


class Refused(Exception):
    """The request has no answer that is certainly correct; the text gives the reason."""
