"""Texts of every kind: valid, mutated, broken, symbolic, and several that use each other."""

import re
from collections.abc import Callable
from random import Random

from archdsl.text import paths
from tests.programs.generate import program

from .text_pieces import ABSURD, LAYERS, NAMES, NUMBERS, SIZES, assertion, body, layer, recipe, statement

SHIPPED = tuple(path.read_text(encoding="utf-8") for path in sorted(paths.examples().rglob("*.arch")))
SMALL = tuple(text for text in SHIPPED if len(text) < 2500)
SIGNS = (
    *'{}();,=+-*/%@<>#"\n .',
    "x3",
    "x0",
    "as",
    "else",
    "shortcut",
    "when",
    "if 1 {",
    "in",
    "1e",
    "3x",
    "\r",
    "\x00",
)
_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def valid(random: Random) -> str:
    """A program without errors, sometimes with one more line, which may be wrong."""
    text = program(random)
    extras = [recipe(random), assertion(random), "gap", "flatten", "train { data digits }"]
    return f"{text}{random.choice(extras)}\n" if random.random() < 0.3 else text


def symbolic(random: Random) -> str:
    """A program in which some input sizes are symbolic."""

    def to_symbols(found: re.Match[str]) -> str:
        sizes = found[2].split("x")
        letters = random.choice(["CHWT", "CDHW", "HHHH", "TCHW", "NMKL"])
        kept = (size if random.random() < 0.4 else letter for size, letter in zip(sizes, letters, strict=False))
        return found[1] + "x".join(kept)

    text = re.sub(r"(input (?:[a-z]\w* )?)([\dA-Z]+(?:x[\dA-Z]+)*)(?=[\s;])", to_symbols, program(random))
    return re.sub(r"^net .*\n", "", text) if random.random() < 0.5 else text


def statements(random: Random) -> str:
    """An input and statements that need not fit each other."""
    lines = [f"input {random.choice(SIZES)}"] if random.random() < 0.97 else []
    if random.random() < 0.15:
        lines = [f"input left {random.choice(SIZES)}", f"input right {random.choice(SIZES)}"]
    if random.random() < 0.2:
        lines.insert(0, f"net Drawn(n = {random.choice(NUMBERS)}, width = {random.choice(NUMBERS)})")
    if random.random() < 0.2:
        parameters = random.choice(["", "()", "(filters, s = 1)", "(k)", "(a, b = 2, c = a)"])
        lines.append(f"block unit{parameters} {body(random, 1)}")
    lines += [statement(random) for _ in range(random.choice([1, 1, 2, 2, 3, 4, 6]))]
    return random.choice(["\n", "\n", "; "]).join(lines) + "\n"


def one_layer(random: Random) -> str:
    """A random layer on a random input, possibly with a head."""
    return (
        f"input {random.choice(SIZES)}; {layer(random)}{random.choice(['', '; gap', '; fc 10', '; flatten; fc 2'])}\n"
    )


def changed(random: Random, text: str) -> str:
    """A text in which words, lines and numbers were removed, duplicated, swapped or replaced."""
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        change = random.choice(_CHANGES)
        text = change(random, text)
    return text


def _words(random: Random, text: str) -> str:
    words = _TOKEN.findall(text)
    if not words:
        return text
    a, b = random.randrange(len(words)), random.randrange(len(words))
    match random.randrange(5):
        case 0:
            del words[a]
        case 1:
            words.insert(a, words[a])
        case 2:
            words[a], words[b] = words[b], words[a]
        case 3:
            words[a] = random.choice([*SIGNS, *NAMES, *LAYERS, *NUMBERS])
        case _:
            words.insert(a, f" {random.choice([*SIGNS, *NAMES, *NUMBERS])} ")
    return "".join(words)


def _lines(random: Random, text: str) -> str:
    lines = text.split("\n")
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[a]
        case 1:
            lines.insert(b, lines[a])
        case 2:
            lines[a], lines[b] = lines[b], lines[a]
        case _:
            lines.insert(a, statement(random))
    return "\n".join(lines)


def _numbers(random: Random, text: str) -> str:
    places = list(_NUMBER.finditer(text))
    if not places:
        return text
    place = random.choice(places)
    new = random.choice([*NUMBERS, *ABSURD, str(random.randrange(1, 300))])
    return text[: place.start()] + new + text[place.end() :]


def _characters(random: Random, text: str) -> str:
    a = random.randrange(len(text) + 1)
    b = min(len(text), a + random.choice([0, 1, 5, 40]))
    put: str = random.choice([*SIGNS, "", "é", "\u202e", "\x1b[31m", "\ufeff", "🙂", text[a:b] * 2])
    return text[:a] + put + text[b:]


def _cut(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


_CHANGES: tuple[Callable[[Random, str], str], ...] = (
    _words,
    _words,
    _words,
    _lines,
    _lines,
    _numbers,
    _numbers,
    _numbers,
    _characters,
    _cut,
)


def anything(random: Random) -> str:
    """Characters, bytes and words in random order."""
    match random.randrange(3):
        case 0:
            return random.randbytes(random.randrange(60)).decode("utf-8", "surrogateescape")
        case 1:
            return "".join(chr(random.choice([random.randrange(128), random.randrange(0xD7FF)])) for _ in range(40))
        case _:
            return " ".join(random.choice([*SIGNS, *NAMES, *LAYERS, *NUMBERS]) for _ in range(random.randrange(30)))


def text(random: Random) -> str:
    """A text of any kind."""
    match random.randrange(20):
        case 0 | 1 | 2:
            return valid(random)
        case 3 | 4 | 5:
            return changed(random, program(random))
        case 6 | 7:
            return symbolic(random)
        case 8:
            return changed(random, symbolic(random))
        case 9 | 10 | 11 | 12:
            return statements(random)
        case 13 | 14 | 15:
            return one_layer(random)
        case 16 | 17:
            return changed(random, random.choice(SMALL))
        case 18:
            return random.choice(SMALL)
        case _:
            return anything(random)


def several(random: Random) -> tuple[tuple[str, str], ...]:
    """One file, or two or three of which the first may use the others."""
    main = text(random)
    if random.random() < 0.8:
        return (("a.arch", main),)
    used = random.choice(
        [
            f"block unit(filters, s = 1) {body(random, 1)}\n",
            f"block unit(filters, s = 1) {{ conv filters k3 s=s p1 nobias; bn; relu }}\ninput {random.choice(SIZES)}\n",
            f'use "c.arch"\nblock unit {body(random, 1)}\n',
            f'use "a.arch"\nblock unit {body(random, 1)}\n',
            text(random),
        ]
    )
    use = random.choice(
        ['use "b.arch"', 'use "b.arch"', "use std", 'use "none.arch"', 'use "../b.arch"', "use b", "use"]
    )
    position = 0 if not main.startswith("net ") else main.find("\n") + 1
    main = f"{main[:position]}{use}\n{main[position:]}{random.choice(['', 'unit 8', 'unit', 'unit 4 s2 x2'])}\n"
    return (("a.arch", main), ("b.arch", used), ("c.arch", f"block other {body(random, 1)}\n"))
