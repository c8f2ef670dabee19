"""Highlighting for the tree-sitter grammar: for Neovim, Helix, Zed, Emacs."""

import textwrap
from collections.abc import Iterable

from ..layers import registry, synonyms
from ..syntax.tokens import FIGURE_WORD, KEYWORDS, MERGE_NAMES, MOE_WORD, SCAN_WORDS
from .rules import flags, letters

_OPERATORS = ("+", "*", "/", "//", "%", "**", "==", "!=", "<=", ">=", "<", ">", "=")
_WORD_OPERATORS = ("and", "or", "not")
_WIDTH = 118

_PATTERNS = """
(comment) @comment
(string) @string
[(number) (size) (times)] @number
(computed_size) @number
(at) @variable.builtin
(in) @variable.builtin

(call function: (name) @function.builtin)
(layer name: (name) @function)
(merge name: _ @keyword)
(net name: (name) @type)
(block name: (name) @type)
(stage name: (name) @type)
(aux name: (name) @type)
(parameter name: (name) @variable.parameter)
(named_argument name: (name) @property)
(carried name: (name) @variable)
(_ target: (name) @variable)
(_ alias: (name) @label)
(output (name) @label)
(from (name) @label)
(reuse name: (name) @label)
""".strip()


def highlights() -> str:
    """The file `highlights.scm`. Where several patterns match a node, the last one applies."""
    words = (KEYWORDS - set(_WORD_OPERATORS) - {"in"}) | MERGE_NAMES | {*SCAN_WORDS, MOE_WORD, FIGURE_WORD, "for"}
    return "\n".join(
        [
            "; Written by scripts/grammars.py. Where several patterns match a node, the last one applies.",
            *_list("[", (f'"{each}"' for each in sorted(words)), "] @keyword"),
            *_list("[", (f'"{each}"' for each in _WORD_OPERATORS), "] @keyword.operator"),
            *_list("[", (f'"{each}"' for each in _OPERATORS), "] @operator"),
            '["(" ")" "[" "]" "{" "}"] @punctuation.bracket',
            '["," ":"] @punctuation.delimiter',
            "",
            "(name) @variable",
            *_list("((layer (name) @constant.builtin) (#any-of? @constant.builtin", _quoted(flags()), "))"),
            f'((layer (name) @constant) (#match? @constant "^[{"".join(sorted(letters()))}][0-9]+$"))',
            _PATTERNS,
            *_list(
                "((layer name: (name) @function.builtin) (#any-of? @function.builtin",
                _quoted({*registry(), *synonyms()}),
                "))",
            ),
            "",
        ]
    )


def _quoted(words: Iterable[str]) -> Iterable[str]:
    return (f'"{word}"' for word in sorted(words))


def _list(start: str, words: Iterable[str], end: str) -> list[str]:
    """The words on as many lines as needed."""
    return textwrap.wrap(
        f"{start}{'' if start.endswith('[') else ' '}{' '.join(words)}{end}", _WIDTH, subsequent_indent="  "
    )
