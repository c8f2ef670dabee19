"""E07: a bound that keeps a text from taking the machine."""

from typing import ClassVar

from ..diagnostic import Diagnostic


class TooDeep(Diagnostic):
    """Bodies, parentheses and `else if` may stand inside one another to a bound.

    A block gives a name to an inner part and makes the text flatter.
    """

    code = "E0701"
    title = "nested too deeply"
    wrong = "input 8\nlet n = " + "(" * 41 + "1" + ")" * 41 + "\nfc n\n"
    right = "input 8\nlet n = ((1))\nfc n\n"

    limit: int

    def message(self) -> str:
        return f"more than {self.limit} braces, parentheses and `else` inside one another"

    def help(self) -> tuple[str, ...]:
        return ("name an inner part: `block part { … }`, then use `part`",)


class TooLong(Diagnostic):
    """A statement or a text is longer than any that a person writes."""

    code = "E0702"
    title = "too long"
    wrong = "input 8\nlet n = " + "1 + " * 250 + "1\nfc n\n"
    right = "input 8\nlet n = 251\nfc n\n"

    what: str
    count: int | None
    limit: int
    unit: str

    def message(self) -> str:
        count = "" if self.count is None else f" of {self.count:,} {self.unit}"
        return f"this {self.what}{count} is longer than {self.limit:,} {self.unit}"

    def help(self) -> tuple[str, ...]:
        return ("`repeat` and blocks write once what comes again",) if self.what == "text" else ()


class TooManyDigits(Diagnostic):
    """An integer has more digits than a size can have."""

    code = "E0703"
    title = "an integer is too long"
    wrong = "input 8\nfc 1000000000000000000000\n"
    right = "input 8\nfc 1000\n"

    limit: int

    def message(self) -> str:
        return f"an integer of more than {self.limit} digits"


class TooManyLayers(Diagnostic):
    """The network would have more layers than the bound, counted before any of them is made."""

    code = "E0704"
    title = "too many layers"
    wrong = "input 8\nrepeat 1000 { repeat 1000 { fc 8; relu } }\n"
    right = "input 8\nrepeat 10 { fc 8; relu }\n"

    count: int
    limit: int

    def message(self) -> str:
        return f"this makes {self.count:,} layers, more than {self.limit:,}"

    def help(self) -> tuple[str, ...]:
        return ("lower a repetition; the innermost is multiplied by all that stand around it",)


class TooManyTurns(Diagnostic):
    """Repetitions and blocks take more turns than the bound. Mostly one makes no layer, so that it may as well go."""

    code = "E0708"
    title = "too many turns"
    wrong = "input 8\nrepeat 1000000 { let a = 1 }\nfc 8\n"
    right = "input 8\nfc 8\n"

    limit: int

    def message(self) -> str:
        return f"repetitions and blocks take more than {self.limit:,} turns by here"

    def help(self) -> tuple[str, ...]:
        return ("lower a repetition, or take away one that makes no layer",)


class TooLarge(Diagnostic):
    """A tensor or a layer's weights would have more than 2^63 elements."""

    code = "E0705"
    title = "too many elements"
    wrong = "input 1000000000\nfc 10000000000\n"
    right = "input 1000\nfc 1000\n"

    what: str
    count: int

    def message(self) -> str:
        return f"{self.what} of {self.count:,} elements: more than 2^63, which no machine addresses"


class RecursionFound(Diagnostic):
    """A block uses itself, directly or through others."""

    code = "E0706"
    title = "a block uses itself"
    wrong = "block a { relu; b }\nblock b { a }\ninput 8\na\n"
    right = "block a { relu; b }\nblock b { fc 8 }\ninput 8\na\n"

    chain: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.chain[0]}` uses itself: {' → '.join(self.chain)}"

    def help(self) -> tuple[str, ...]:
        return ("for a fixed number of times, write `repeat N { … }`",)


class TooManyFiles(Diagnostic):
    """More files are used than the bound."""

    code = "E0707"
    title = "too many files"
    wrong = "".join(f'use "part{i}.arch"\n' for i in range(101)) + "input 8\nfc 8\n"
    right = 'use "part0.arch"\nuse "part1.arch"\ninput 8\nfc 8\n'
    files: ClassVar = {f"part{i}.arch": f"block unit{i} {{ fc 8; relu }}\n" for i in range(101)}

    limit: int

    def message(self) -> str:
        return f"more than {self.limit} files are used"
