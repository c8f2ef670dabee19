"""E03: arguments and expressions."""

from ...text.counts import counted
from ..diagnostic import Diagnostic, Edit, Fix


class MissingArgument(Diagnostic):
    """A layer or block is missing a required argument."""

    code = "E0301"
    title = "missing argument"
    wrong = "input 3x32x32\nconv 64\n"
    right = "input 3x32x32\nconv 64 k3\n"

    keyword: str
    names: tuple[str, ...]
    doc: str
    is_block: bool = False

    def message(self) -> str:
        return f"`{self.keyword}` requires {' and '.join(f'`{name}`' for name in self.names)}"

    def label(self) -> str:
        return self.doc

    def help(self) -> tuple[str, ...]:
        return () if self.is_block else (f"`archdsl layers {self.keyword}` describes its arguments",)


class UnknownArgument(Diagnostic):
    """The layer or block has no argument with this name."""

    code = "E0302"
    title = "unknown argument"
    wrong = "input 3x32x32\nconv 64 k3 p1 strid=2\n"
    right = "input 3x32x32\nconv 64 k3 p1 stride=2\n"

    keyword: str
    name: str
    nearest: str | None
    known: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.keyword}` has no argument `{self.name}`"

    def help(self) -> tuple[str, ...]:
        if self.nearest:
            return ()
        return (f"it takes {', '.join(f'`{name}`' for name in self.known)}" if self.known else "it takes no arguments",)


class TooManyArguments(Diagnostic):
    """The layer takes fewer positional arguments than were given.

    Modules such as PyTorch's `Conv2d` take the input channels first. Here these are inferred, and values after the
    kernel need a letter or a name: `Conv2d(1, 16, 5, 1, 2)` is `conv 16 k5 p2`.
    """

    code = "E0303"
    title = "too many arguments"
    wrong = "input 3x32x32\nconv 64 3 2 1\n"
    right = "input 3x32x32\nconv 64 3 s2 p1\n"

    keyword: str
    positional: tuple[str, ...]
    named: tuple[str, ...]
    correction: Fix | None = None

    def message(self) -> str:
        if not self.positional:
            return f"`{self.keyword}` takes no positional arguments"
        count = len(self.positional)
        return f"`{self.keyword}` takes {counted(count, 'positional argument')}: {', '.join(self.positional)}"

    def label(self) -> str:
        return "no positional argument is left for this" if self.positional else ""

    def fix(self) -> Fix | None:
        return self.correction

    def help(self) -> tuple[str, ...]:
        return (f"named arguments: {', '.join(f'`{name}`' for name in self.named)}",) if self.named else ()


class ArgumentTwice(Diagnostic):
    """An argument is given twice."""

    code = "E0304"
    title = "duplicate argument"
    wrong = "input 3x32x32\nconv 64 k3 kernel=5\n"
    right = "input 3x32x32\nconv 64 k3\n"

    name: str
    first: str

    def message(self) -> str:
        return f"`{self.name}` is given twice"

    def label(self) -> str:
        return f"`{self.first}` already sets it"


class BadValue(Diagnostic):
    """An argument does not accept the given value."""

    code = "E0305"
    title = "invalid value"
    wrong = "input 3x32x32\nconv 64 k3 s0\n"
    right = "input 3x32x32\nconv 64 k3 s1\n"

    keyword: str
    name: str
    value: str
    words: str

    def message(self) -> str:
        return f"`{self.name}` of `{self.keyword}` cannot be {self.value}"

    def label(self) -> str:
        return f"expected {self.words}"


class BadExpression(Diagnostic):
    """Possible causes: division by zero, a number that is too large, operands of incompatible types."""

    code = "E0306"
    title = "expression cannot be evaluated"
    wrong = "net N(groups = 0)\ninput 64\nfc 64 // groups\n"
    right = "net N(groups = 2)\ninput 64\nfc 64 // groups\n"

    why: str

    def message(self) -> str:
        return f"this expression cannot be evaluated: {self.why}"


class TensorAsNumber(Diagnostic):
    """A tensor is used where a number is needed."""

    code = "E0307"
    title = "tensor used as a number"
    wrong = "input 3x32x32\nconv 8 k3 as a\nconv a k3\n"
    right = "input 3x32x32\nconv 8 k3 as a\nconv @c k3\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` is a tensor, but a number is needed here"

    def help(self) -> tuple[str, ...]:
        return ("a size of the current tensor is written with `@`, such as `@c`",)


class SuffixedArgument(Diagnostic):
    """The arguments of layers cannot have the suffix `K`, `M` or `G`."""

    code = "E0308"
    title = "suffix not allowed"
    wrong = "input 64\nfc 4K\n"
    right = "input 64\nfc 4000\nassert params < 1M\n"

    text: str
    value: str

    def message(self) -> str:
        return f"`{self.text}` must be written in full as an argument of a layer"

    def fix(self) -> Fix:
        return Fix(title=f"write `{self.value}`", edits=(Edit(span=self.span, text=self.value),), safe=True)


class ListAsNumber(Diagnostic):
    """A list is used where a single number is needed.

    `depths[0]` is an entry of a list, `len(depths)` the number of its entries and `sum(depths)` their sum;
    `repeat depths as d { … }` runs a body for each entry.
    """

    code = "E0309"
    title = "list used as a number"
    wrong = "net N(widths = [8, 16])\ninput 3x32x32\nconv widths k3\n"
    right = "net N(widths = [8, 16])\ninput 3x32x32\nconv widths[0] k3\n"

    name: str
    count: int
    numbers: bool
    """Whether its entries are numbers and few enough for a size."""
    is_name: bool

    def message(self) -> str:
        return f"`{self.name}` is a list, but a number is needed here"

    def label(self) -> str:
        return f"a list of {self.count} {'entry' if self.count == 1 else 'entries'}"

    def fix(self) -> Fix | None:
        parts = [part.strip() for part in self.name.strip("[]").split(",")]
        if self.is_name or not self.numbers or not all(part.isdigit() for part in parts):
            return None
        size = "x".join(parts)
        return Fix(title=f"write `{size}`", edits=(Edit(span=self.span, text=size),))

    def help(self) -> tuple[str, ...]:
        if not self.is_name:
            return ("a size is written with the letter x: `3x32x32`",) if self.numbers and self.fix() is None else ()
        return (f"`{self.name}[0]` is its first entry; `repeat {self.name} as NAME {{ … }}` runs for each entry",)


class LayerAsNumber(Diagnostic):
    """A layer or block is used where a number is needed.

    The name of a layer or block can be passed to a block, whose body uses it as a statement.
    """

    code = "E0310"
    title = "layer used as a number"
    wrong = "input 3x32x32\nblock unit(c, act = relu) { conv c k3; act }\nunit c=silu\n"
    right = "input 3x32x32\nblock unit(c, act = relu) { conv c k3; act }\nunit 8 act=silu\n"

    name: str
    layer: str

    def message(self) -> str:
        what = "a layer" if self.name == self.layer else f"the layer `{self.layer}`"
        return f"`{self.name}` is {what}, but a number is needed here"


class NoEntry(Diagnostic):
    """A list has no entry with this index."""

    code = "E0311"
    title = "index out of range"
    wrong = "net N(widths = [8, 16])\ninput 3x32x32\nconv widths[2] k3\n"
    right = "net N(widths = [8, 16])\ninput 3x32x32\nconv widths[1] k3\n"

    index: int
    count: int

    def message(self) -> str:
        return f"there is no entry {self.index}"

    def label(self) -> str:
        if not self.count:
            return "the list is empty"
        last = f" to {self.count - 1}" if self.count > 1 else ""
        return f"the list has {self.count} {'entry' if self.count == 1 else 'entries'}: 0{last}"

    def help(self) -> tuple[str, ...]:
        return ("entries are counted from 0; `[-1]` is the last one",) if self.count else ()


class CannotUnpack(Diagnostic):
    """A list has more or fewer entries than there are names in brackets.

    `let [k, c] = [3, 64]` names the entries of a list, and `repeat rows as [k, c] { … }` those of each list in `rows`.
    """

    code = "E0312"
    title = "wrong number of entries"
    wrong = "input 3x32x32\nrepeat [[3, 8], [5, 16, 2]] as [k, c] { conv c k=k }\n"
    right = "input 3x32x32\nrepeat [[3, 8], [5, 16]] as [k, c] { conv c k=k }\n"

    value: str
    count: int | None
    wanted: int

    def message(self) -> str:
        found = f"{self.value} is not a list" if self.count is None else f"{self.value} has {self.count}"
        names = "1 name needs" if self.wanted == 1 else f"{self.wanted} names need"
        return f"{names} a list of {self.wanted} {'entry' if self.wanted == 1 else 'entries'}, but {found}"
