"""Suggestions: each edit that is offered removes its error and introduces none; help texts have no untried code.

New errors are allowed where nothing could be checked before: behind the error, or in the statement that had it.
"""

import re
from collections.abc import Iterator
from random import Random

from archdsl import zoo
from archdsl.analysis.codes import by_code
from archdsl.diagnostics import Fix, Severity, Sink
from archdsl.diagnostics.diagnostic import Diagnostic, Finding
from archdsl.diagnostics.fixes import edited_text, fix
from archdsl.graph import Graph
from archdsl.layers import registry, synonyms
from archdsl.network import Analysis, analyze
from archdsl.suggest.statements import Statements
from archdsl.syntax import ast, parse
from archdsl.text.source import Source, Span
from archdsl.training.network_check import check_recipe
from tests.programs.generate import program

from . import generated_texts
from .accepted import encodable
from .example import Example
from .failure_kinds import Broken
from .resource_guard import limited
from .text_pieces import assertion

NAME = "suggestions"
SMALL_ZOO = ("lenet5", "alexnet", "squeezenet1_0", "nin", "zfnet", "vgg11", "resnet18", "unet", "mobilenet_v2")
_CODE = re.compile(r"`([^`]*)`")
_OF_RECIPES = "E08"
_HIDES = ("E01", "E02", "E03")
"""Errors after which the rest of their statement is not checked."""


def draw(random: Random) -> Iterator[Example]:
    """A text that is wrong: an example of the catalog, a network of the zoo or a random program with a change."""
    choice = random.random()
    if choice < 0.25:
        kinds = [kind for kind in by_code().values() if not kind.files and not kind.settings]
        text = random.choice(kinds).wrong
    else:
        names = [name for name in SMALL_ZOO if name in zoo.entries()]
        text = zoo.entries()[random.choice(names)].source().text if choice < 0.5 else program(random)
        asserted = random.random() < 0.3
        if asserted:
            text += "".join(f"\n{assertion(random)}" for _ in range(2))
        for _ in range(0 if asserted else random.choice((1, 1, 2))):
            text = generated_texts.changed(random, text)
    yield Example(holds=NAME, files=(("a.arch", encodable(text)),), arguments=())


def check(example: Example) -> None:
    """Apply each suggestion alone, then all that `--fix` and `--fix --unsafe` apply."""
    source = Source(example.main_text(), name="a.arch")
    with limited():
        before = _analysis(source)
        for item in before.diagnostics:
            _check_help(item)
            for suggestion in item.suggestions:
                _check_suggestion(before, item.diagnostic, suggestion)
        for unsafe in (False, True):
            done = fix(source, before.diagnostics, lambda text: _analysis(text).diagnostics, unsafe=unsafe)
            if _count(_analysis(done.source).found) > _count(before.found):
                raise Broken("fixes make more errors", done.source.text)


def _analysis(source: Source) -> Analysis:
    return analyze(source, Sink(), recipe=check_recipe)


def _count(found: tuple[Finding, ...]) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in found)


def _check_help(item: Finding) -> None:
    for text in item.diagnostic.help():
        for code in _CODE.findall(text):
            if _is_statement(code):
                raise Broken("a help has code that was not tried", f"{item.diagnostic.code}: {text}")


def _is_statement(code: str) -> bool:
    """Whether code in a help text is a layer with arguments, which somebody may copy."""
    first, *rest = code.split()
    if not rest or first not in {*registry(), *synonyms()} or "…" in code:
        return False
    sink = Sink()
    parse(Source(code), sink)
    return not len(sink)


def _check_suggestion(before: Analysis, target: Diagnostic, suggestion: Fix) -> None:
    source = before.source
    if any(edit.span.source is not source for edit in suggestion.edits):
        raise Broken("a suggestion edits another file", suggestion.title)
    text = edited_text(source.text, suggestion.edits)
    after = _analysis(Source(text, name=source.name))
    old = {(item.diagnostic.code, item.diagnostic.span.start) for item in before.found}
    # A network was checked with its assertions, of which none may be skipped.
    if before.graph is not None and (after.graph is None or _asserts(after.graph) < _asserts(before.graph)):
        raise Broken("after a suggestion, the assertions are not checked", f"{suggestion.title}\n{text}")
    for item in after.found:
        each = item.diagnostic
        if target.severity is Severity.ERROR and each.severity is Severity.WARNING:
            continue
        if each.span.source.name != source.name:
            if not target.code.startswith(_HIDES) and (each.code, each.span.start) not in old:
                raise Broken(
                    "a suggestion introduces an error in another file", f"{suggestion.title}: {each.code}\n{text}"
                )
            continue
        place, edited = _moved_back(suggestion, each.span.start)
        if (each.code, place) == (target.code, target.span.start) and not edited:
            raise Broken("a suggestion does not remove its error", f"{suggestion.title}: {each.code} in\n{text}")
        if (
            each.severity is Severity.ERROR
            and (each.code, place) not in old
            and (_was_all_checked(before, each) or _was_checked(before, target, place, edited))
        ):
            raise Broken(
                "a suggestion introduces an error", f"{suggestion.title}: {each.code}, {each.message()}\n{text}"
            )


def _moved_back(suggestion: Fix, start: int) -> tuple[int, bool]:
    """The position that a place of the edited text had before, and whether it is in an edit."""
    moved = 0
    for edit in sorted(suggestion.edits, key=lambda edit: edit.span.start):
        first = edit.span.start + moved
        if start >= first + len(edit.text):
            moved += len(edit.text) - (edit.span.end - edit.span.start)
        elif start >= first:
            return edit.span.start, True
    return start - moved, False


def _asserts(graph: Graph) -> int:
    return len({each.statement.span for each in graph.asserts})


def _was_all_checked(before: Analysis, error: Diagnostic) -> bool:
    """Whether a text has a network, so that all but its recipe was checked before, and the error is not in a recipe."""
    return before.graph is not None and not error.code.startswith(_OF_RECIPES)


def _was_checked(before: Analysis, target: Diagnostic, place: int, edited: bool) -> bool:
    """Whether the text at a place was checked before, so that an error there comes from the edit."""
    if target.code.startswith("E01"):
        return False
    statements = Statements(before.program)
    statement = statements.at(Span(before.source, place, place))
    own = statements.at(target.span)
    if statement is None or isinstance(statement, ast.UnreadableStatement):
        return False
    if (edited or statement is own) and target.code.startswith(_HIDES):
        return False
    known = before.draft.known()
    inside = {id(each) for each in statements.inside(statement)}
    nodes = [node for node in before.draft.nodes if id(node.statement) in inside]
    return bool(nodes) and all(known[node.id] for node in nodes)
