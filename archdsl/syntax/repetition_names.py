"""Words such as `x2`: a repetition, or the name of a tensor or variable."""

import re
from collections.abc import Collection

from lark import Token

from .tokens import CLOSING, OPENING

LIKE_A_REPETITION = re.compile(r"x\d+$")

_NO_REPETITION = frozenset(
    "NET BLOCK STAGE AUX LET FROM REUSE OUTPUT INPUT REPEAT IF ASSERT".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)
"""The first token of a statement that cannot be repeated: `x2` in it is a name."""


def defined_repetitions(tokens: list[Token]) -> frozenset[str]:
    """The names such as `x2` that a text defines."""
    if all(token.type != "TIMES" for token in tokens):
        return frozenset()
    return frozenset(str(tokens[index]) for index, where in _places(tokens) if where == "defined")


def name_repetitions(tokens: list[Token], known: Collection[str] = ()) -> None:
    """Turn `x2` into a NAME where it cannot be a repetition, or where the text or `known` has such a name."""
    if all(token.type != "TIMES" for token in tokens):
        return
    defined, bare = set(known), []
    for index, where in _places(tokens):
        token = tokens[index]
        if where == "defined":
            defined.add(str(token))
        if where == "bare":
            bare.append(index)
        elif where != "repetition":
            tokens[index] = Token.new_borrow_pos("NAME", str(token), token)
    for index in bare:
        if str(tokens[index]) in defined:
            tokens[index] = Token.new_borrow_pos("NAME", str(tokens[index]), tokens[index])


def _places(tokens: list[Token]) -> list[tuple[int, str]]:
    """The index of each word such as `x2`, and what it is: `defined`, `name`, `repetition`, or `bare` if unclear."""
    found: list[tuple[int, str]] = []
    around: list[str] = []
    first, before, depth, when = "", "", 0, False
    for index, token in enumerate(tokens):
        kind = token.type
        if kind == "LBRACE":
            around.append(first)
            first, depth, when = "", 0, False
        elif kind == "RBRACE":
            # The statement of the body continues after it, as in `add { … } x2`.
            first, depth = around.pop() if around else "", 0
        elif kind == "SEP":
            first, depth, when = "", 0, False
        elif kind in ("AS", "CARRY") or (kind == "IF" and before == "ELSE"):
            first = kind
        elif kind == "WHEN":
            when = True
        elif not first:
            first = kind
        depth += (kind in OPENING) - (kind in CLOSING)
        if kind == "TIMES":
            place = "name" if when else _place(first, before, depth)
            is_argument = place == "bare" and index + 1 < len(tokens) and tokens[index + 1].type == "EQ"
            found.append((index, "name" if is_argument else place))
        before = kind
    return found


def _place(first: str, before: str, depth: int) -> str:
    """What a word such as `x2` is in a statement that starts with `first`, after the token `before`, at this depth of
    parentheses.
    """
    match first:
        case "AS":
            return "defined"
        case "CARRY":
            return "defined" if depth == 0 and before in ("CARRY", "COMMA") else "name"
        case "BLOCK" | "STAGE" | "AUX" | "INPUT" | "LET" if before == first:
            return "defined"
        case "NET" | "BLOCK":
            return "defined" if depth == 1 and before in ("LPAR", "CALLPAR", "COMMA") else "name"
        case "LET" if depth == 1 and before in ("LBRACKET", "COMMA"):
            return "defined"
        case _:
            if first in _NO_REPETITION or depth > 0 or before == "EQ":
                return "name"
            return "repetition" if first == "RESIDUAL" else "bare"
