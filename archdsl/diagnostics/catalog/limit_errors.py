"""E07: resource limits."""

from typing import ClassVar

from ..diagnostic import Diagnostic


class TooDeep(Diagnostic):
    """Bodies, parentheses, `else if` or uses of blocks are nested beyond the limit.

    To reduce the nesting, move an inner body into a block, or compute an inner expression first with `let`.
    """

    code = "E0701"
    ends_elaboration = True
    title = "nested too deeply"
    wrong = "input 8\nlet n = " + "(" * 41 + "1" + ")" * 41 + "\nfc n\n"
    right = "input 8\nlet n = ((1))\nfc n\n"

    limit: int

    def message(self) -> str:
        what = "bodies and uses of blocks" if self.uses else "braces, parentheses, brackets and `else`"
        return f"more than {self.limit} levels of nested {what}"

    def help(self) -> tuple[str, ...]:
        if self.uses:
            return ("to repeat a fixed number of times, write `repeat N { … }`",)
        return ("move an inner body into a block, or compute an inner expression first with `let`",)


class TooLong(Diagnostic):
    """A statement or a file exceeds the length limit."""

    code = "E0702"
    title = "too long"
    wrong = "input 8\nlet n = " + "1 + " * 250 + "1\nfc n\n"
    right = "input 8\nlet n = 251\nfc n\n"

    what: str
    count: int | None
    limit: int
    unit: str

    def message(self) -> str:
        if self.count is None:
            return f"this {self.what} has more than {self.limit:,} {self.unit}"
        return f"this {self.what} has {self.count:,} {self.unit}, more than {self.limit:,}"

    def help(self) -> tuple[str, ...]:
        return ("use `repeat` and blocks for repeated parts",) if self.what == "text" else ()


class TooManyDigits(Diagnostic):
    """An integer has more than 18 digits."""

    code = "E0703"
    title = "integer too long"
    wrong = "input 8\nfc 1000000000000000000000\n"
    right = "input 8\nfc 1000\n"

    limit: int

    def message(self) -> str:
        return f"this integer has more than {self.limit} digits"


class TooManyLayers(Diagnostic):
    """The network would have more layers than the limit allows."""

    code = "E0704"
    ends_elaboration = True
    title = "too many layers"
    wrong = "input 8\nrepeat 1000 { repeat 1000 { fc 8; relu } }\n"
    right = "input 8\nrepeat 10 { fc 8; relu }\n"

    count: int
    limit: int

    def message(self) -> str:
        return f"this would create {self.count:,} layers, more than the limit of {self.limit:,}"

    def help(self) -> tuple[str, ...]:
        return ("lower a repeat count; nested counts multiply",)


class TooManyIterations(Diagnostic):
    """The iterations and uses of blocks exceed the limit. Usually the cause is a repetition that creates no layer."""

    code = "E0708"
    ends_elaboration = True
    title = "too many iterations"
    wrong = "input 8\nrepeat 1000000 { let a = 1 }\nfc 8\n"
    right = "input 8\nfc 8\n"

    limit: int

    def message(self) -> str:
        return f"more than {self.limit:,} iterations and uses of blocks up to here"

    def help(self) -> tuple[str, ...]:
        return ("lower a repeat count, or remove a repetition that creates no layer",)


class TooManySteps(Diagnostic):
    """Repetitions execute more statements and expressions than allowed."""

    code = "E0710"
    ends_elaboration = True
    title = "too many steps"
    wrong = "input 8xHxW\nrepeat 100000 as i { let a = @h + i }\nconv 8 k3\n"
    right = "input 8xHxW\nconv 8 k3\n"

    limit: int

    def message(self) -> str:
        return f"the statements and expressions up to here take more than {self.limit:,} steps"

    def help(self) -> tuple[str, ...]:
        return ("lower a repeat count, or move what does not depend on the index out of the repetition",)


class TooLarge(Diagnostic):
    """The number of elements of a tensor or weight, or of multiply-accumulates of a layer, would exceed 2^63."""

    code = "E0705"
    title = "too many elements"
    wrong = "input 1000000000\nfc 10000000000\n"
    right = "input 1000\nfc 1000\n"

    what: str
    count: int
    unit: str

    def message(self) -> str:
        return f"{self.what} would have {self.count:,} {self.unit}, more than 2^63"


class RecursionFound(Diagnostic):
    """A block uses itself, directly or through other blocks."""

    code = "E0706"
    title = "recursive block"
    wrong = "block a { relu; b }\nblock b { a }\ninput 8\na\n"
    right = "block a { relu; b }\nblock b { fc 8 }\ninput 8\na\n"

    chain: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.chain[0]}` uses itself: {' → '.join(self.chain)}"

    def help(self) -> tuple[str, ...]:
        return ("to repeat a fixed number of times, write `repeat N { … }`",)


class TooManyFiles(Diagnostic):
    """More files are used than the limit allows."""

    code = "E0707"
    title = "too many files"
    wrong = "".join(f'use "part{i}.arch"\n' for i in range(101)) + "input 8\nfc 8\n"
    right = 'use "part0.arch"\nuse "part1.arch"\ninput 8\nfc 8\n'
    files: ClassVar = {f"part{i}.arch": f"block unit{i} {{ fc 8; relu }}\n" for i in range(101)}

    limit: int

    def message(self) -> str:
        return f"more than {self.limit} files are used"


_COUNTS = f"[{', '.join(map(str, range(22)))}]"


class TooManyEntries(Diagnostic):
    """A list or the lists that an expression computes have more entries than the limit allows."""

    code = "E0709"
    title = "too many entries"
    wrong = f"let a = {_COUNTS}\nlet b = [[[x for x in a] for y in a] for z in a]\ninput 8\nfc len(b)\n"
    right = f"let a = {_COUNTS}\nlet b = [[x for x in a] for y in a]\ninput 8\nfc len(b)\n"

    limit: int

    def message(self) -> str:
        return f"the lists created here have more than {self.limit:,} entries in total"
