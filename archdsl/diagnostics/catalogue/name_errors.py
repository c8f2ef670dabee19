"""E02: a name that nothing has, or that something has already."""

import re
from typing import ClassVar

from ..diagnostic import Diagnostic, Edit, Fix, Label, Related


class _Unknown(Diagnostic):
    """What the unknown names share."""

    name: str
    nearest: str | None

    def label(self) -> str:
        return f"did you mean `{self.nearest}`?" if self.nearest else ""

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        return Fix(title=f"write `{self.nearest}`", edits=(Edit(span=self.span, text=self.nearest),))


_INSTEAD = {
    "separableconv": "a separable convolution is two layers: `dwconv k3; conv 64 k1`",
    "cropping": "`crop 24` keeps 24 of each side, from the middle; Cropping2D says how many go at either end",
    "activation": "an activation is a layer by its own name: `relu`, `gelu`, `tanh`",
    "bidirectional": "`lstm 64 bidirectional`: it is an option of the layer",
    "timedistributed": "`fc 64` acts on each step of a sequence by itself",
    "concatenate": "`concat { … } { … }`, or of named tensors `concat a b`",
    "rescaling": "`scale 1/255` multiplies each element; training standardizes images by itself",
}
"""What is written here for layers that other frameworks have, by their names without underscores and dimensions."""


class UnknownLayer(_Unknown):
    """No layer and no block has this name.

    Layers are listed by `archdsl layers`; blocks are defined with `block NAME(…) { … }` or brought in with `use`. A
    word that names an operation of the field, like `matmul` or `swiglu`, is no misspelling of a layer that looks alike.
    """

    code = "E0201"
    title = "unknown layer"
    wrong = "input 3x32x32\ncovn 64 k3\n"
    right = "input 3x32x32\nconv 64 k3\n"

    is_certain: bool = False
    """Whether the word can be nothing else than a slip: only then may a fix replace one layer by another."""
    is_operation: bool = False
    """Whether the word names an operation of the field, which no layer here is."""

    def message(self) -> str:
        return f"there is no layer or block `{self.name}`"

    def label(self) -> str:
        return "an operation that has no layer here" if self.is_operation else super().label()

    def help(self) -> tuple[str, ...]:
        if (instead := _INSTEAD.get(re.sub("[123]d$", "", self.name.lower().replace("_", "")))) is not None:
            return (instead,)
        return (
            () if self.nearest else ("`archdsl layers` lists the layers; `block NAME { … }` defines one of your own",)
        )

    def fix(self) -> Fix | None:
        return super().fix() if self.is_certain else None


class UnknownName(_Unknown):
    """A bare word is no flag of the layer, no shorthand, no variable and no tensor.

    Variables are the parameters of the network or block and what `let` defines; tensors are named by `as`, `stage`
    and `input`. A block sees its own parameters and those of its file's network only.
    """

    code = "E0202"
    title = "unknown name"
    wrong = "net N(width = 8)\ninput 3x32x32\nconv widht k3\n"
    right = "net N(width = 8)\ninput 3x32x32\nconv width k3\n"

    what: str
    known: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()

    def message(self) -> str:
        return f"`{self.name}` is {self.what}"

    def help(self) -> tuple[str, ...]:
        if self.nearest:
            return ()
        return (f"there are {', '.join(f'`{name}`' for name in self.known)}",) if self.known else self.helps


class NameTaken(Diagnostic):
    """A name is given twice, or to a block although a layer has it."""

    code = "E0203"
    title = "the name is taken"
    wrong = "input 3x32x32\nconv 8 k3 as a\nconv 8 k3 as a\n"
    right = "input 3x32x32\nconv 8 k3 as a\nconv 8 k3 as b\n"

    name: str
    first: Related | None = None
    why: str = "is defined already"

    def message(self) -> str:
        return f"`{self.name}` {self.why}"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.first.span, text="first given here"),) if self.first else ()


class UnknownSize(Diagnostic):
    """`@` asks for a size that the current tensor does not have.

    An image has `@c`, `@h`, `@w`; a volume `@c`, `@d`, `@h`, `@w`; a signal `@c`, `@l`; a sequence `@t`, `@c`; a vector
    `@c`.
    """

    code = "E0204"
    title = "no such size"
    wrong = "input 3x32x32\nfc @t\n"
    right = "input 3x32x32\nflatten; fc @c\n"

    name: str
    shape: str
    letters: tuple[str, ...]

    def message(self) -> str:
        return f"the current tensor, {self.shape}, has no size `@{self.name}`"

    def label(self) -> str:
        return f"it has {', '.join(f'`@{letter}`' for letter in self.letters)}"


class SizeBeforeInput(Diagnostic):
    """`@` asks for a size of the current tensor, and no `input` stands before it.

    The default of a network's parameter cannot ask for one either: the network begins after it.
    """

    code = "E0207"
    title = "a size before any input"
    wrong = "let n = @c\ninput 64\nfc n\n"
    right = "input 64\nlet n = @c\nfc n\n"

    name: str

    def message(self) -> str:
        return f"`@{self.name}` is a size of the current tensor, and there is none yet"

    def label(self) -> str:
        return "no `input` stands before this"


class UnknownFunction(_Unknown):
    """Only the functions of the language can be called: min, max, round, floor, ceil, sqrt, round_to."""

    code = "E0205"
    title = "unknown function"
    wrong = "input 64\nfc flor(3.5)\n"
    right = "input 64\nfc floor(3.5)\n"

    def message(self) -> str:
        return f"there is no function `{self.name}`"

    def help(self) -> tuple[str, ...]:
        return () if self.nearest else ("there are min, max, round, floor, ceil, sqrt and round_to",)


class UnknownSetting(_Unknown):
    """`--set` or a caller gives a parameter that the network does not declare."""

    code = "E0206"
    title = "the network has no such parameter"
    wrong = "net N(width = 8)\ninput 3x32x32\nconv width k3\n"
    right = "net N(depth = 8)\ninput 3x32x32\nconv depth k3\n"
    settings: ClassVar = {"depth": 16}

    known: tuple[str, ...]

    def message(self) -> str:
        return f"the network has no parameter `{self.name}`"

    def help(self) -> tuple[str, ...]:
        if self.known:
            return (f"it has {', '.join(f'`{name}`' for name in self.known)}",)
        return ("parameters are declared as `net NAME(width = 1.0, classes = 10)`",)

    def fix(self) -> None:
        return None
