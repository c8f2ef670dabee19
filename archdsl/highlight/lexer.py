"""A Pygments lexer: for `pygmentize -l arch`, MkDocs, Sphinx and other tools based on Pygments."""

import re
from typing import Any, ClassVar

from pygments import token
from pygments.lexer import RegexLexer, bygroups

from .rules import Region, Rule, states

TOKENS = {
    "comment": token.Comment.Single,
    "string": token.String.Double,
    "keyword": token.Keyword,
    "word-operator": token.Operator.Word,
    "operator": token.Operator,
    "punctuation": token.Punctuation,
    "layer": token.Name.Builtin,
    "block": token.Name.Function,
    "definition": token.Name.Class,
    "function": token.Name.Function.Magic,
    "argument": token.Name.Attribute,
    "flag": token.Keyword.Constant,
    "shorthand": token.Name.Tag,
    "name": token.Name,
    "number": token.Number,
    "size": token.Number.Integer,
    "repetition": token.Number.Integer.Long,
    "at": token.Name.Variable.Magic,
    "invalid": token.Error,
}
"""The Pygments token of each class."""


def _action(rule: Rule) -> Any:
    if len(rule.classes) == 1:
        return TOKENS[rule.classes[0]]
    return bygroups(*(TOKENS[each] if each else token.Whitespace for each in rule.classes))


def _tokens() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for state, rules in states().items():
        name = "root" if state == "statements" else state
        found[name] = [
            (rule.begin.pattern, _action(rule.begin), rule.inside + _number(rule))
            if isinstance(rule, Region)
            else (rule.pattern, _action(rule))
            for rule in rules
        ]
        found[name] += [(r"[ \t\f\u00a0\ufeff]+|\n", token.Whitespace)]
    return found | _regions(found)


def _number(region: Region) -> str:
    """A suffix for regions that have the same rules but different ends."""
    return f":{region.end.pattern}"


def _regions(base: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A state for each region: its end, then its rules."""
    found: dict[str, list[Any]] = {}
    for rules in states().values():
        for rule in rules:
            if isinstance(rule, Region):
                leave = (rule.end.pattern, _action(rule.end), "#pop")
                if rule.end.pattern.startswith("(?="):
                    leave = (rule.end.pattern, token.Whitespace, "#pop")
                found[rule.inside + _number(rule)] = [leave, *base[rule.inside]]
    return found


class ArchLexer(RegexLexer):  # type: ignore[misc]  # Pygments ships no types
    """The `.arch` language."""

    name = "archdsl"
    aliases: ClassVar[list[str]] = ["arch", "archdsl"]
    filenames: ClassVar[list[str]] = ["*.arch"]
    mimetypes: ClassVar[list[str]] = ["text/x-archdsl"]
    flags = re.MULTILINE
    tokens = _tokens()
