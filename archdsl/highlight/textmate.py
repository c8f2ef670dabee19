"""A TextMate grammar: for VS Code, Sublime Text, GitHub's Linguist, Shiki."""

import json
from typing import Any

from .rules import Region, Rule, states

SCOPES = {
    "comment": "comment.line.number-sign",
    "string": "string.quoted.double",
    "keyword": "keyword.control",
    "word-operator": "keyword.operator.word",
    "operator": "keyword.operator",
    "punctuation": "punctuation",
    "layer": "support.function.layer",
    "block": "entity.name.function.block",
    "definition": "entity.name.type",
    "function": "support.function.math",
    "argument": "variable.parameter",
    "flag": "constant.language.flag",
    "shorthand": "constant.other.shorthand",
    "name": "variable.other",
    "number": "constant.numeric",
    "size": "constant.numeric.size",
    "repetition": "constant.numeric.repetition",
    "at": "variable.language.size",
    "invalid": "invalid.illegal",
}
"""The scope of each class, without the language's name at its end."""


def grammar() -> str:
    """The grammar as the JSON of a `.tmLanguage.json` file."""
    repository = {state: {"patterns": [_rule(rule) for rule in rules]} for state, rules in states().items()}
    whole = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "archdsl",
        "scopeName": "source.arch",
        "fileTypes": ["arch"],
        "patterns": [{"include": "#statements"}],
        "repository": repository,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule | Region) -> dict[str, Any]:
    if isinstance(rule, Region):
        return {
            "begin": rule.begin.pattern,
            "beginCaptures": _captures(rule.begin),
            "end": rule.end.pattern,
            "endCaptures": _captures(rule.end),
            "patterns": [{"include": f"#{rule.inside}"}],
        }
    if len(rule.classes) == 1:
        return {"match": rule.pattern, "name": _scope(rule.classes[0])}
    return {"match": rule.pattern, "captures": _captures(rule)}


def _captures(rule: Rule) -> dict[str, dict[str, str]]:
    first = 0 if len(rule.classes) == 1 else 1
    return {str(i): {"name": _scope(each)} for i, each in enumerate(rule.classes, first) if each}


def _scope(name: str) -> str:
    return f"{SCOPES[name]}.arch"
