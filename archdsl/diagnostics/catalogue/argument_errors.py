"""E03: arguments and expressions."""

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

    PyTorch's modules take the input channels first. Here these are inferred, and the values after the first ones have a
    letter or a name: `Conv2d(1, 16, 5, 1, 2)` is `conv 16 k5 p2`.
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
        return f"`{self.keyword}` takes {count} positional argument{'s' * (count > 1)}: {', '.join(self.positional)}"

    def label(self) -> str:
        return "one too many"

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
    """An argument does not accept its value."""

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
    """An expression cannot be evaluated: division by zero, a number that is too large, operands of different types."""

    code = "E0306"
    title = "expression cannot be evaluated"
    wrong = "net N(groups = 0)\ninput 64\nfc 64 // groups\n"
    right = "net N(groups = 2)\ninput 64\nfc 64 // groups\n"

    why: str

    def message(self) -> str:
        return f"this expression cannot be evaluated: {self.why}"


class TensorAsNumber(Diagnostic):
    """A tensor is used where a number is needed.

    The sizes of the current tensor are `@c`, `@h`, `@w`.
    """

    code = "E0307"
    title = "tensor used as a number"
    wrong = "input 3x32x32\nconv 8 k3 as a\nconv a k3\n"
    right = "input 3x32x32\nconv 8 k3 as a\nconv @c k3\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` is a tensor, but a number is needed here"

    def help(self) -> tuple[str, ...]:
        return ("the sizes of the current tensor are `@c`, `@h`, `@w`",)


class SuffixOutside(Diagnostic):
    """The suffixes `K`, `M` and `G` are for assertions and settings; write the sizes of layers in full."""

    code = "E0308"
    title = "suffix outside an assertion"
    wrong = "input 64\nfc 4K\n"
    right = "input 64\nfc 4000\nassert params < 1M\n"

    text: str
    value: str

    def message(self) -> str:
        return f"the suffix of `{self.text}` is allowed only in assertions and settings"

    def fix(self) -> Fix:
        return Fix(title=f"write `{self.value}`", edits=(Edit(span=self.span, text=self.value),), safe=True)
