"""Syntax highlighting of a text for the page's colors."""

import re

from ...layers import registry, synonyms
from ...syntax.tokens import KEYWORDS
from .markup import Markup, join, tag

_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*) | (?P<string>"[^"\n]*") | (?P<at>@\w*)
    | (?P<number>(?<![\w.])(?:\d+(?:x(?:\d+|[A-Z]\d*))+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[KMG]?|x\d+)(?![\w.]))
    | (?P<word>[A-Za-z_]\w*)
    """,
    re.VERBOSE,
)


def highlight(text: str) -> Markup:
    """The text in a `<pre>`, with keywords, layers, numbers, strings and comments highlighted.

    The text may have errors; what is not a token remains unchanged.
    """
    parts: list[Markup | str] = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts += [text[end : found.start()], _marked(found)]
        end = found.end()
    return tag("pre", tag("code", *parts, text[end:]), class_="text", tabindex=0, role="region", aria_label="The text")


def _marked(found: re.Match[str]) -> Markup | str:
    kind, word = str(found.lastgroup), found[0]
    if kind == "word":
        if word in KEYWORDS:
            kind = "keyword"
        elif word in registry() or word in synonyms():
            kind = "layer"
        else:
            return word
    return tag("span", word, class_=kind)


def as_inline(text: str) -> Markup:
    """A highlighted statement, in a `<code>`."""
    parts: list[Markup | str] = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts += [text[end : found.start()], _marked(found)]
        end = found.end()
    return tag("code", join(*parts, text[end:]))
