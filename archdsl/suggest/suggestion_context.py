"""The input of generators: the text, its statements, the network as far as it is known, one error."""

from collections import Counter, deque
from collections.abc import Iterator
from functools import cached_property
from math import sqrt

from ..contract.arguments import ParameterSpec
from ..contract.layer import InputOp, LayerOp
from ..diagnostics import Diagnostic, Edit
from ..diagnostics.fixes import edited_text
from ..elaborate.attempts import Attempts
from ..elaborate.known_operations import is_operation
from ..graph import DraftNode, Node, likely_shape
from ..layers import find, merges, registry
from ..shapes.shape import Shape
from ..syntax import ast
from ..syntax.tokens import KEYWORDS
from ..text.library import standard_blocks
from ..text.names import nearest
from ..text.source import Source, Span
from .candidate import Candidate
from .names_in_text import names_before, names_given, names_used
from .padding_words import in_usual_words, writes_same
from .statements import Statements
from .text_parts import within, words_of
from .written_arguments import parameters_of, remove_argument, set_argument, written_arguments

MAX_DISTANCE = 14
"""How many layers away from an error its cause is searched for."""


_SHORT = 2
"""The number of characters of a word that resembles too many others."""


def away(distance: int) -> float:
    """The penalty of a change that is this many layers away from an error."""
    return 0.35 * sqrt(distance)


class SuggestionContext:
    """A text with errors: its statements and the draft of its network."""

    def __init__(self, attempts: Attempts) -> None:
        self.attempts = attempts
        self.program = attempts.program
        self.source: Source = attempts.program.source
        self.draft = attempts.draft
        self.statements = Statements(attempts.program)
        self.blocks = attempts.blocks
        self.layers = attempts.layers
        self._parameters: dict[int, tuple[ParameterSpec, ...]] = {}
        self._given: dict[int, dict[str, ast.Argument]] = {}
        self.nodes: dict[int, list[DraftNode]] = {}
        for node in self.draft.nodes:
            if node.statement is not None:
                self.nodes.setdefault(id(node.statement), []).append(node)

    @cached_property
    def known(self) -> tuple[bool, ...]:
        """Whether the shape of each node is certain."""
        return self.draft.known()

    def shape(self, node: int) -> Shape | None:
        """The shape of a node, or the likely one."""
        return likely_shape(self.draft.nodes[node])

    def find_layer(self, word: str) -> type[LayerOp] | None:
        """The layer of the language, or of a package that the text names, with this name or synonym."""
        return self.layers.get(word) or find(word)

    def starts_statement(self, word: str) -> bool:
        """Whether a statement may start with a word: a keyword, a merge, a layer or a block."""
        return word in KEYWORDS or word in self.blocks or word in merges() or self.find_layer(word) is not None

    def may_start_statement(self, word: str) -> bool:
        """Whether a word starts a statement, or would if it were not misspelled."""
        if self.starts_statement(word) or is_operation(word) or word in standard_blocks():
            return True
        return len(word) > _SHORT and nearest(word, [*registry(), *self.blocks, *self.layers, *merges()]) is not None

    def parameters(self, statement: ast.LayerStatement) -> tuple[ParameterSpec, ...]:
        """The parameters of the layer or block that a statement uses."""
        found = self._parameters.get(id(statement))
        if found is None:
            # The keyword may be a parameter of the block around the statement.
            ops = (node.op for node in self.nodes.get(id(statement), ()))
            of_node = next((op.parameters for op in ops if op is not None), ())
            found = self._parameters[id(statement)] = parameters_of(statement, self.blocks, self.layers) or of_node
        return found

    def given(self, statement: ast.LayerStatement) -> dict[str, ast.Argument]:
        """The arguments of a statement by the parameter that each sets."""
        found = self._given.get(id(statement))
        if found is None:
            found = self._given[id(statement)] = written_arguments(statement, self.parameters(statement))
        return found

    def owns(self, statement: ast.Statement | None) -> bool:
        """Whether a statement is in this text, not in a used file."""
        return statement is not None and statement.span.source is self.source

    def ancestors_of(self, start: DraftNode, max_distance: int = MAX_DISTANCE) -> Iterator[tuple[DraftNode, int]]:
        """The ancestors of a node, the nearest first, with their distance; the node itself has 0."""
        seen = {start.id}
        queue = deque([(start, 0)])
        while queue:
            node, distance = queue.popleft()
            yield node, distance
            if distance < max_distance:
                for i in node.inputs:
                    if i not in seen:
                        seen.add(i)
                        queue.append((self.draft.nodes[i], distance + 1))

    def layers_before(
        self, start: DraftNode, max_distance: int = MAX_DISTANCE
    ) -> Iterator[tuple[ast.LayerStatement, DraftNode, int]]:
        """The layer statements of this text before a node in the graph, the nearest first, each once."""
        seen: set[int] = set()
        for node, distance in self.ancestors_of(start, max_distance):
            statement = node.statement
            if isinstance(statement, ast.LayerStatement) and id(statement) not in seen and self.owns(statement):
                seen.add(id(statement))
                yield statement, node, distance

    def tensors(self, statement: ast.Statement) -> list[str]:
        """The names of tensors defined before a statement that it may use, the nearest first."""
        block = self.statements.block(statement)
        home = block.body.statements if block is not None else self.program.statements
        around = {id(each) for each in self.statements.ancestors(statement)}
        return list(reversed(list(dict.fromkeys(names_before(home, statement, around)))))

    @cached_property
    def used_names(self) -> set[str]:
        """The names of tensors that some statement uses."""
        return set(names_used(self.statements.all))

    @cached_property
    def given_names(self) -> set[str]:
        """The names that statements define: of tensors, numbers and parameters."""
        return set(names_given(self.statements.all))

    @cached_property
    def written(self) -> Counter[str]:
        """How often each argument occurs in the text."""
        return Counter(a.span.text for s in self.statements.all if isinstance(s, ast.LayerStatement) for a in s.args)

    @cached_property
    def slides(self) -> bool:
        """Whether some layer slides a window over its input, so that inputs have channels first."""
        return any(node.op is not None and node.op.style in ("conv", "pool") for node in self.draft.nodes)

    @cached_property
    def net_parameters(self) -> list[str]:
        """The parameters of the network."""
        nets = (each for each in self.program.statements if isinstance(each, ast.Net))
        return [p.name.text for net in nets for p in net.parameters]

    @cached_property
    def variables(self) -> set[str]:
        """The words of the text outside its `net` line: they may be used as variables."""
        nets = [each.span for each in self.program.statements if isinstance(each, ast.Net)]
        text = self.source.text
        for span in nets:
            text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
        return words_of(text)

    @cached_property
    def inputs(self) -> list[tuple[ast.Input, Node]]:
        """The inputs that the text declares, with their nodes."""
        nodes = (self.draft.nodes[i] for i in self.draft.inputs)
        return [
            (node.statement, node)
            for node in nodes
            if isinstance(node, Node) and isinstance(node.op, InputOp) and isinstance(node.statement, ast.Input)
        ]


class ErrorSite:
    """One error in a context: its statement and the node where it arose, as far as they are known."""

    def __init__(self, context: SuggestionContext, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        self.span: Span = diagnostic.span
        self.statement = context.statements.at(diagnostic.span) if diagnostic.span.source is context.source else None
        self.node = self._node(context)

    def _node(self, context: SuggestionContext) -> DraftNode | None:
        if isinstance(self.statement, ast.Assert):
            return self._asserted(context, self.statement)
        nodes = context.nodes.get(id(self.statement), [])
        fitting = [node for node in nodes if node.uses == self.diagnostic.uses and not context.known[node.id]]
        # If a statement creates several nodes, the error is the first that could not be resolved.
        return fitting[0] if fitting else next((node for node in nodes if not context.known[node.id]), None)

    def _asserted(self, context: SuggestionContext, statement: ast.Assert) -> DraftNode | None:
        """The tensor that an assertion measures: the current one if it has `@h`, else the output."""
        if "@" not in statement.span.text and context.draft.outputs:
            return context.draft.nodes[context.draft.outputs[0][1]]
        before = [
            node
            for each in context.statements.before(statement)
            for inner in context.statements.inside(each)
            for node in context.nodes.get(id(inner), [])
        ]
        return max(before, key=lambda node: node.id, default=None)

    def operand(self, index: int) -> ast.Body | ast.Word | None:
        """The operand of a merge as written; None for the tensor where the paths split."""
        match self.statement:
            case ast.Merge():
                operands = self.statement.operands
                number = index - (len(operands) == 1)
                return operands[number] if 0 <= number < len(operands) else None
            case ast.Residual():
                return (self.statement.body, self.statement.shortcut)[index] if index < 2 else None
            case _:
                return None

    @property
    def layer(self) -> ast.LayerStatement | None:
        """The statement of the error, if it is a layer statement."""
        return self.statement if isinstance(self.statement, ast.LayerStatement) else None

    @property
    def line(self) -> int:
        """The line where the error is shown."""
        return self.span.line


def written(statement: ast.Statement) -> str:
    """A statement on one line; a long one is cut."""
    text = " ".join(statement.span.text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def inserted_before(statement: ast.Statement, text: str, rank: float, why: str = "") -> Candidate:
    """A candidate that inserts a statement before another, on the same line if that is not the first of its line."""
    source, start = statement.span.source, statement.span.start
    line_start = source.text.rfind("\n", 0, start) + 1
    indentation = source.text[line_start:start]
    separator = f"\n{indentation}" if not indentation.strip() and "\n" not in text else "; "
    edit = Edit(span=statement.span.head, text=f"{text}{separator}")
    return Candidate(title=f"insert `{text}` before `{written(statement)}`", edits=(edit,), rank=rank, why=why)


def removed(context: SuggestionContext, statement: ast.Statement, rank: float, why: str = "") -> Candidate:
    """A candidate that removes a statement, with its separator."""
    text, span = statement.span.source.text, statement.span
    start, end = span.start, span.end
    after = end
    while after < len(text) and text[after] in " \t":
        after += 1
    line_start = text.rfind("\n", 0, start) + 1
    alone = not text[line_start:start].strip()
    if after < len(text) and text[after] == ";":
        end = after + 1
        while end < len(text) and text[end] in " \t":
            end += 1
    elif alone and (after == len(text) or text[after] in "\r\n"):
        start = line_start
        end = min(len(text), text.find("\n", after) + 1 or len(text))
    else:
        before = start
        while before > 0 and text[before - 1] in " \t":
            before -= 1
        if before > 0 and text[before - 1] == ";":
            start = before - 1
    edit = Edit(span=Span(span.source, start, end), text="")
    return Candidate(title=f"remove `{written(statement)}`", edits=(edit,), rank=rank, why=why)


def changed(
    context: SuggestionContext, statement: ast.LayerStatement, values: dict[str, str | None], rank: float, why: str = ""
) -> Candidate | None:
    """A candidate that sets arguments of a layer to values, as text, or removes those that are None."""
    parameters = context.parameters(statement)
    values = dict(in_usual_words(statement, parameters, values, writes_same(context.written)))
    edits = [
        remove_argument(statement, parameters, name)
        if text is None
        else set_argument(statement, parameters, name, text)
        for name, text in values.items()
    ]
    kept = tuple(edit for edit in edits if edit is not None)
    if not kept or len({edit.span for edit in kept}) < len(kept):
        kept = _joined(kept)
    if not kept:
        return None
    return rewritten(statement, kept, rank, why).replace(kind=f"set {' '.join(values)}")


def only(candidate: Candidate | None) -> Iterator[Candidate]:
    """The candidate, if there is one."""
    if candidate is not None:
        yield candidate


def _joined(edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The edits, with insertions at the same place merged."""
    places: dict[Span, str] = {}
    for edit in edits:
        places[edit.span] = places.get(edit.span, "") + edit.text
    return tuple(Edit(span=span, text=text) for span, text in places.items())


def rewritten(statement: ast.Statement, edits: tuple[Edit, ...], rank: float, why: str = "") -> Candidate:
    """A candidate that rewrites a statement."""
    new = " ".join(edited_text(statement.span.text, within(statement.span, edits)).split())
    old = " ".join(statement.span.text.split())
    if len(new) > 60:
        edit = edits[0]
        title = f"write `{edit.text.strip()}`" + (f" instead of `{edit.span.text}`" if edit.span.text else "")
    else:
        title = f"write `{new}` instead of `{old}`" if len(old) <= 60 else f"write `{new}`"
    return Candidate(title=title, edits=edits, rank=rank, why=why)
