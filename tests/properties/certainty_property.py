"""Certainty: after an error, a layer has numbers only if they are those of the same statement in the valid text.

An example is a text without errors and an edit that makes an error: start, end and new text. The totals are at most
those of the valid text, and exact only if they are equal.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random

from archdsl.analysis.cost import Cost, add, draft_costs
from archdsl.analysis.table import totals
from archdsl.diagnostics import Severity, Sink
from archdsl.graph import Draft, Node
from archdsl.network import analyze
from archdsl.shapes.symbolic import concrete
from archdsl.text.source import Source
from tests.programs.generate import program

from .example import Example
from .failure_kinds import Broken
from .generated_texts import SMALL
from .resource_guard import limited

NAME = "certainty"
_ABOUT_NAMES = {"E0102", "E0203", "E0505", "E0508", "E0514"}
"""Errors in the name or the place of a statement, or in what separates it: its numbers are certain."""
_CONSEQUENCE = "E04"
"""Errors of shapes: the statement that has one may be right, and another one wrong."""
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NUMBER = re.compile(r"\b\d+\b")
_BRACKET = re.compile(r"[{}()\[\]]")
_SEPARATOR = re.compile(r"[;,=]")
_OPERATOR = re.compile(r" ?(?:\*|//|\+|-) ?(?=\w)|\n")
_STATEMENT = re.compile(r"[^;\n{}#]+")
_AFTER_WORD = re.compile(r"(?<=\w)(?=[ \n;}])")
_ADDED = ("foo", "bar=3", "strid=2", "x y", "3", "as", "nobais", "act=add", "(", "@@")
_VALUES = ("0", "-1", "1.5", "999", "1" + "0" * 21, "x", "3 3", "k", "1e9", '"a"', "foo", "[1, 2]", "3x3")

Edit = tuple[int, int, str]
Facts = tuple[str, int, str]


def draw(random: Random) -> Iterator[Example]:
    """A random program, or one of the examples, with an edit that is wrong most of the time."""
    text = program(random) if random.random() < 0.7 else random.choice(SMALL)
    start, end, new = random.choice(_EDITS)(random, text)
    yield Example(holds=NAME, files=(("a.arch", text),), arguments=(str(start), str(end), new))


def check(example: Example) -> None:
    """Compare each layer that has numbers after the edit with the same statement before it."""
    text = example.main_text()
    start, end, new = int(example.arguments[0]), int(example.arguments[1]), example.arguments[2]
    edited = text[:start] + new + text[end:]
    with limited():
        before, errors = _draft(text)
        after, found = _draft(edited)
        if errors or not _is_wrong_there(edited, start, start + len(new), found):
            return

        def original(offset: int) -> int:
            return offset if offset < start else offset - len(new) + end - start if offset >= start + len(new) else -1

        _check_layers(_facts(before, lambda offset: offset), _facts(after, original))
        _check_totals(before, after)


def _draft(text: str) -> tuple[Draft, list[tuple[str, int, int]]]:
    """The draft of a text, and the codes of its errors with their places."""
    sink = Sink()
    draft = analyze(Source(text, name="a.arch"), sink).draft
    errors = [each.diagnostic for each in sink if each.diagnostic.severity is Severity.ERROR]
    return draft, [(error.code, error.span.start, error.span.end) for error in errors]


def _is_wrong_there(text: str, start: int, end: int, errors: list[tuple[str, int, int]]) -> bool:
    """Whether an error shows that the edited statement is wrong, not another one that the edit changed."""
    first = max(text.rfind(each, 0, start) for each in ";{}\n") + 1
    last = min((at for each in ";{}\n" if (at := text.find(each, end)) >= 0), default=len(text))
    return any(
        code not in _ABOUT_NAMES
        and not code.startswith(_CONSEQUENCE)
        and (code.startswith("E01") or (low <= last and high >= first))
        for code, low, high in errors
    )


def _facts(draft: Draft, original: Callable[[int], int]) -> dict[tuple[int, ...], list[tuple[str, Facts]]]:
    """The text and numbers of each layer that has numbers, by its statement and the uses of blocks around it."""
    found: dict[tuple[int, ...], list[tuple[str, Facts]]] = defaultdict(list)
    for node, cost in zip(draft.nodes, draft_costs(draft), strict=True):
        if cost is None or not isinstance(node, Node) or node.is_input:
            continue
        spans = [node.span, *(use.span for use in node.uses)]
        key = tuple(original(span.start) if span.source.name == "a.arch" else span.start for span in spans)
        found[key].append((node.text, (str(node.shape), cost.parameters, str(cost.macs))))
    return found


def _check_layers(
    before: dict[tuple[int, ...], list[tuple[str, Facts]]], after: dict[tuple[int, ...], list[tuple[str, Facts]]]
) -> None:
    for key, layers in after.items():
        # A statement without an equal one in the valid text is as new as the edit.
        for (text, facts), (_, known) in zip(layers, before.get(key, []), strict=False):
            if facts != known:
                raise Broken("a layer after an error has numbers that may be wrong", f"{text}: {facts}, not {known}")


def _check_totals(before: Draft, after: Draft) -> None:
    text, costs = totals(after), draft_costs(after)
    if not text:
        return
    now, known = _sums(add(each for each in costs if each is not None)), _sums(add(draft_costs(before)))  # type: ignore[arg-type]  # without errors, all are known
    if any(mine > most for mine, most in zip(now, known, strict=True)):
        raise Broken("a total after an error is too large", f"{now}, not {known}")
    if "parameters at least" not in text and now != known:
        raise Broken("a total after an error is no lower bound", f"{now}, not {known}")


def _sums(cost: Cost) -> tuple[int, int]:
    return concrete(cost.parameters), concrete(cost.macs)


# --- edits ---


def _place(random: Random, pattern: re.Pattern[str], text: str) -> tuple[int, int]:
    """The start and end of a random match; the end of the text if there is none."""
    found = [match.span() for match in pattern.finditer(text)]
    return random.choice(found) if found else (len(text), len(text))


def _word(random: Random, text: str) -> Edit:
    start, end = _place(random, _WORD, text)
    word = text[start:end]
    at = random.randrange(len(word))
    changed = [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word + "x", word.upper(), f"{word} {word}"]
    return start, end, random.choice(changed)


def _bracket(random: Random, text: str) -> Edit:
    start, end = _place(random, _BRACKET, text)
    return start, end, random.choice(["", "", *"{}()[]", text[start:end] * 2])


def _separator(random: Random, text: str) -> Edit:
    start, end = _place(random, _SEPARATOR, text)
    return start, end, random.choice(["", " ", ",", "=", text[start:end] * 2])


def _operator(random: Random, text: str) -> Edit:
    return (*_place(random, _OPERATOR, text), random.choice(["", " "]))


def _value(random: Random, text: str) -> Edit:
    return (*_place(random, _NUMBER, text), random.choice(_VALUES))


def _added(random: Random, text: str) -> Edit:
    start, end = _place(random, _AFTER_WORD, text)
    return start, end, f" {random.choice(_ADDED)}"


def _comment(random: Random, text: str) -> Edit:
    start, end = _place(random, _AFTER_WORD, text)
    return start, end, random.choice('#"%$:')


def _cut(random: Random, text: str) -> Edit:
    return random.randrange(len(text) // 3, len(text)), len(text), ""


def _cut_statement(random: Random, text: str) -> Edit:
    start, end = _place(random, _STATEMENT, text)
    return random.randrange(start, end) if start < end else start, end, ""


_EDITS: tuple[Callable[[Random, str], Edit], ...] = (
    _word,
    _word,
    _bracket,
    _bracket,
    _separator,
    _operator,
    _value,
    _added,
    _comment,
    _cut,
    _cut_statement,
)
