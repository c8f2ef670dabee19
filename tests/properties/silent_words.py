"""Every word of a text has a meaning; a word that hides a name in scope is reported."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from archdsl.contract.layer import Reject
from archdsl.diagnostics import Sink
from archdsl.layers import registry
from archdsl.network import analyze
from archdsl.shapes.shape import Shape
from archdsl.text.source import Source
from tests.programs.generate import program
from tests.programs.values import arguments, written

from .accepted import may_be_accepted, signature
from .example import Example
from .failure_kinds import Broken

WORDS, NAMES = "words", "names"
"""The kinds of examples: a text with a word to change, and a text in which a word is also a name."""

_OTHERS = ("zzz9", "7919", "2", "")
"""Replacements for a word. One of them must make a difference."""
_WORD = re.compile(r"[\w.@]+")
_COMMENT = re.compile(r"#.*")
_BRANCHES = re.compile(r"\b(if|when|else|and|or)\b|\brepeat \(?[01]|x0\b|- 1\)")
"""Statements that may disable a part of the text, in which a word need not have an effect."""
_INPUTS = {"4x6x5": Shape(4, 6, 5), "2x4x4x4": Shape(2, 4, 4, 4), "12": Shape(12), "3x8x8": Shape(3, 8, 8)}


def draw(random: Random) -> Iterator[Example]:
    """A program with one of its words, or a layer with one of its flags or shorthands."""
    if random.random() < 0.5:
        text = program(random)
        if _BRANCHES.search(text) or _unused_block(text):
            return
        words = list(_WORD.finditer(_COMMENT.sub(lambda found: " " * len(found[0]), text)))
        for place in random.sample(range(len(words)), min(4, len(words))):
            yield Example(holds="silence", files=(("a.arch", text),), arguments=(WORDS, str(words[place].start())))
        return
    made = layer_with_word(random)
    if made is not None:
        statement, word, dims = made
        way = random.choice(list(DEFINITIONS))
        text = DEFINITIONS[way].format(word=word, statement=statement, dims=dims)
        yield Example(holds="silence", files=(("a.arch", text),), arguments=(NAMES, word, way))


DEFINITIONS = {
    "let": "input {dims}\nlet {word} = 2\n{statement}\n",
    "parameter": "net N({word} = 2)\ninput {dims}\n{statement}\n",
    "block parameter": "block b({word}) {{ {statement} }}\ninput {dims}\nb {word}=2\n",
    "index": "input {dims}\nrepeat 1 as {word} {{ {statement} }}\n",
    "let around": "input {dims}\nlet {word} = 2\nstage s {{ {statement} }}\n",
}
"""Ways to define a value for a word where a layer reads it."""


def layer_with_word(random: Random) -> tuple[str, str, str] | None:
    """A statement that ends in a flag or a shorthand, that word, and the input: `conv 8 k3 same`, `same`, `4x6x5`."""
    keyword = random.choice(sorted(registry()))
    layer = registry()[keyword]
    dims = random.choice(list(_INPUTS))
    words = [(p.name, word) for p in layer.parameters for word, _ in p.words]
    words += [(p.name, f"{p.letter}{random.choice([1, 2, 3])}") for p in layer.parameters if p.letter]
    if not words:
        return None
    name, word = random.choice(words)
    given: dict[str, Any] = arguments(random, layer.parameters, _INPUTS[dims])
    try:
        layer.of(given).infer((_INPUTS[dims],))
    except Reject:
        return None
    given.pop(name, None)
    statement = f"{keyword}{written(random, layer.parameters, given, {})} {word}"
    return (statement, word, dims) if may_be_accepted(f"input {dims}\n{statement}\n") else None


def check(example: Example) -> None:
    """Check the property on an example. Raises Broken."""
    if example.arguments[:1] == (WORDS,):
        _every_word(example.main_text(), int(example.arguments[1]))
    elif example.arguments[:1] == (NAMES,):
        _hidden(example.main_text(), *example.arguments[1:])


def _every_word(text: str, start: int) -> None:
    """Check that replacing the word at this position changes the graph or the diagnostics."""
    word = _WORD.match(text, start)
    before = outcome(text)
    if word is None or before[0] is None:
        return
    changed = (text[:start] + other + text[word.end() :] for other in _OTHERS if other != word[0])
    if all(outcome(each) == before for each in changed):
        line = text[text.rfind("\n", 0, start) + 1 :].split("\n")[0]
        raise Broken(f"a word means nothing: `{_kind_of(word[0])}` in `{line.split()[0]}`", f"`{word[0]}` in `{line}`")


def _kind_of(word: str) -> str:
    return re.sub(r"\d+", "N", word)


def outcome(text: str) -> tuple[Any, tuple[str, ...]]:
    """The graph of a text, None with errors; and the diagnostics."""
    made = analyze(Source(text), Sink())
    reported = tuple(f"{found.diagnostic.code} {found.diagnostic.message()}" for found in made.diagnostics)
    return (signature(made.graph) if made.graph is not None else None), reported


def _unused_block(text: str) -> bool:
    names = re.findall(r"\bblock (\w+)", text)
    return any(len(re.findall(rf"\b{name}\b", text)) < 2 for name in names)


def _hidden(text: str, word: str, way: str) -> None:
    """Check that a name that a layer reads as a flag or a shorthand is reported."""
    _, reported = outcome(text)
    if any(message.startswith("E") for message in reported):
        return
    if not any(f"`{word}`" in message for message in reported):
        raise Broken(f"a name in scope is read as something else: {way}", f"{word}: {text}{reported}")
