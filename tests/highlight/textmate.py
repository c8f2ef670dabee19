"""A TextMate interpreter, line by line: what an editor does with a grammar, with Python's `re`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

Grammar = dict[str, Any]


class Frame(NamedTuple):
    """An open region: its rules, and its end."""

    rules: list[dict[str, Any]]
    end: str | None
    captures: dict[str, Any]


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def scopes(grammar: Grammar, text: str) -> Iterator[tuple[int, str, str]]:
    """The pieces with a scope: offset, text, scope."""
    stack = [Frame(flat(grammar, grammar["patterns"]), None, {})]
    offset = 0
    for line in text.split("\n"):
        yield from (piece._replace(start=piece.start + offset) for piece in one_line(grammar, line, stack))
        offset += len(line) + 1


class Piece(NamedTuple):
    start: int
    text: str
    scope: str


def one_line(grammar: Grammar, line: str, stack: list[Frame]) -> Iterator[Piece]:
    at = 0
    while True:
        frame = stack[-1]
        # The end of a region comes first; then the leftmost match, and of several at one position the first rule.
        found: list[tuple[int, int, re.Match[str], dict[str, Any] | None]] = []
        if frame.end is not None and (match := compiled(frame.end).search(line, at)):
            found.append((match.start(), -1, match, None))
        for order, rule in enumerate(frame.rules):
            if match := compiled(rule.get("match") or rule["begin"]).search(line, at):
                found.append((match.start(), order, match, rule))
        if not found:
            return
        _, _, match, chosen = min(found, key=lambda each: each[:2])
        if chosen is None:
            yield from pieces(match, frame.captures, None)
            stack.pop()
        else:
            captures = chosen.get("captures") or chosen.get("beginCaptures", {})
            yield from pieces(match, captures, chosen.get("name"))
            if "begin" in chosen:
                stack.append(Frame(flat(grammar, chosen["patterns"]), chosen["end"], chosen["endCaptures"]))
        if chosen is not None and "match" in chosen and match.end() == at:
            at += 1  # like an editor, continue after an empty match
        else:
            at = match.end()
        if at > len(line):
            return


def pieces(match: re.Match[str], captures: dict[str, Any], name: str | None) -> Iterator[Piece]:
    if name is not None:
        captures = {"0": {"name": name}}
    for group, capture in captures.items():
        if match[int(group)]:
            yield Piece(match.start(int(group)), match[int(group)], capture["name"])


def flat(grammar: Grammar, patterns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules, with includes resolved."""
    found = []
    for rule in patterns:
        if "include" in rule:
            found += flat(grammar, grammar["repository"][rule["include"].removeprefix("#")]["patterns"])
        else:
            found.append(rule)
    return found
