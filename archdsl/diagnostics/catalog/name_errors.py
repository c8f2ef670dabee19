"""E02: unknown and duplicate names."""

import re
from typing import ClassVar

from ..diagnostic import Diagnostic, Edit, Label, Related
from .syntax_errors import python_help


class _Unknown(Diagnostic):
    """What diagnostics of unknown names share."""

    name: str
    nearest: str | None


_INSTEAD = {
    "separableconv": "a separable convolution is two layers, `dwconv` and a `conv` with `k1`",
    "cropping": "`crop` takes the size that is kept; Cropping2D takes the number to remove at each end",
    "activation": "each activation is a separate layer: `relu`, `gelu`, `tanh`",
    "bidirectional": "`bidirectional` is an option of `lstm`, `gru` and `rnn`",
    "timedistributed": "`fc` acts on each step of a sequence separately",
    "concatenate": "`concat` takes bodies in braces or names of tensors",
    "cat": "`concat` takes bodies in braces or names of tensors",
    "subtract": "`sub` subtracts tensors; `shift` adds a constant, which may be negative",
    "divide": "`div` divides tensors; `scale` multiplies by a constant",
    "max": "`amax` is the maximum over axes, and `maximum` the maximum of several tensors",
    "min": "`amin` is the minimum over axes, and `minimum` the minimum of several tensors",
    "mm": "`matmul` multiplies matrices",
    "bmm": "`matmul` multiplies matrices",
    "transpose": "`permute` takes the input axis for each output axis, counted from 0 without the batch",
    "layerscale": "`scale` with `learned` has a learned factor per channel",
    "positionalencoding": "`pos sines` adds sines and cosines; `pos` adds a learned vector to each step",
    "depthtospace": "`pixelshuffle` orders the channels as PyTorch does; TensorFlow and ONNX do otherwise",
    "spacetodepth": "`pixelunshuffle` orders the channels as PyTorch does; TensorFlow and ONNX do otherwise",
    "rescaling": "`scale` multiplies each element; training standardizes images automatically",
}
"""The replacements for layers of other frameworks, by their names without underscores and dimensions."""


class UnknownLayer(_Unknown):
    """No layer or block has this name.

    `archdsl layers` lists the layers; blocks are defined with `block NAME(…) { … }` or imported with `use`.
    """

    code = "E0201"
    title = "unknown layer"
    wrong = "input 3x32x32\ncovn 64 k3\n"
    right = "input 3x32x32\nconv 64 k3\n"

    is_certain: bool = False
    """Whether the word is certainly a typo; only then may a fix replace one layer with another."""
    is_operation: bool = False
    """Whether the word names a common operation that is not a layer here."""
    in_std: bool = False
    """Whether `std` has a block of this name."""

    def message(self) -> str:
        return f"there is no layer or block `{self.name}`"

    def label(self) -> str:
        if self.in_std:
            return "a block of `std`, which this file does not use"
        return "a common operation, but not a layer here" if self.is_operation else ""

    def help(self) -> tuple[str, ...]:
        if (instead := _INSTEAD.get(re.sub("[123]d$", "", self.name.lower().replace("_", "")))) is not None:
            return (instead,)
        if self.in_std:
            return (f"`use std` imports the blocks of `std`; `archdsl layers {self.name}` describes this one",)
        return () if self.nearest else ("`archdsl layers` lists the layers; `block NAME { … }` defines your own",)


class UnknownName(_Unknown):
    """A bare word is not a flag of the layer, a shorthand, a variable or a tensor.

    The parameters of the network or block and the names that `let` and `repeat … as` define are variables; `as`,
    `stage`, `input` and `carry` name tensors. A block sees no variables or tensors outside it, except the parameters of
    its file's network.
    """

    code = "E0202"
    title = "unknown name"
    wrong = "net N(width = 8)\ninput 3x32x32\nconv widht k3\n"
    right = "net N(width = 8)\ninput 3x32x32\nconv width k3\n"

    what: str
    known: tuple[str, ...] = ()
    help_texts: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    """What the words at the span most likely mean, if that is clear."""

    def message(self) -> str:
        return f"`{self.name}` is {self.what}"

    def help(self) -> tuple[str, ...]:
        if python := python_help(self.span):
            return python
        if self.nearest:
            return ()
        return (f"available: {', '.join(f'`{name}`' for name in self.known)}",) if self.known else self.help_texts


class NameTaken(Diagnostic):
    """A name is defined twice, or a block has the name of a layer."""

    code = "E0203"
    title = "name already taken"
    wrong = "input 3x32x32\nconv 8 k3 as a\nconv 8 k3 as a\n"
    right = "input 3x32x32\nconv 8 k3 as a\nconv 8 k3 as b\n"

    name: str
    first: Related | None = None
    why: str = "is already defined"

    def message(self) -> str:
        return f"`{self.name}` {self.why}"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.first.span, text="first defined here"),) if self.first else ()


class UnknownSize(Diagnostic):
    """`@` refers to a size that the current tensor does not have.

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
    tensor: str | None = None
    """The name of the tensor; None for the current one."""

    def message(self) -> str:
        whose = "the current tensor" if self.tensor is None else f"`{self.tensor}`"
        return f"{whose}, {self.shape}, has no size `@{self.name}`"

    def label(self) -> str:
        return f"it has {', '.join(f'`@{letter}`' for letter in self.letters)}"


class SizeBeforeInput(Diagnostic):
    """`@` refers to a size of the current tensor, but no `input` comes before it.

    The default of a network parameter cannot use `@` either, because it is evaluated before any input.
    """

    code = "E0207"
    title = "size before any input"
    wrong = "let n = @c\ninput 64\nfc n\n"
    right = "input 64\nlet n = @c\nfc n\n"

    name: str

    def message(self) -> str:
        return f"`@{self.name}` is a size of the current tensor, but there is no tensor yet"

    def label(self) -> str:
        return "no `input` comes before this"


class UnknownFunction(_Unknown):
    """Only the built-in functions can be called: min, max, len, sum, round, floor, ceil, sqrt, exp, log, round_to."""

    code = "E0205"
    title = "unknown function"
    wrong = "input 64\nfc flor(3.5)\n"
    right = "input 64\nfc floor(3.5)\n"

    def message(self) -> str:
        return f"there is no function `{self.name}`"

    def help(self) -> tuple[str, ...]:
        functions = "min, max, len, sum, round, floor, ceil, sqrt, exp, log and round_to"
        return () if self.nearest else (f"the functions are {functions}",)


class UnknownSetting(_Unknown):
    """`--set` or a call from Python sets a parameter that the network does not declare."""

    code = "E0206"
    title = "unknown network parameter"
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


class WrongSetting(Diagnostic):
    """`--set` or a call from Python gives a parameter a value whose type differs from that of its default.

    A parameter whose default is a list takes a list: `--set depths=3,4,6,3`, or `--set depths=[3]` for one entry. One
    whose default is a layer takes the name of a layer.
    """

    code = "E0208"
    title = "wrong type of network parameter"
    wrong = "net N(widths = [8, 16])\ninput 3x32x32\nrepeat widths as c { conv c k3; relu }\n"
    right = "net N(widths = 2)\ninput 3x32x32\nrepeat widths { conv 8 k3 p1; relu }\n"
    settings: ClassVar = {"widths": 16}

    name: str
    wanted: str
    value: str

    def message(self) -> str:
        return f"`{self.name}` is {self.wanted}, but {self.value} was given"

    def help(self) -> tuple[str, ...]:
        return (f"`--set {self.name}=3,4` sets a list, and `--set {self.name}=[3]` a list with one entry",) * (
            self.wanted == "a list"
        )


class AmbiguousWord(Diagnostic):
    """A word has two meanings, and either is possible here.

    With a tensor named `c4`, `c4` may be the tensor or `c=4`; with one named `x2`, `x2` may be the tensor or a
    repetition. After the arguments of a block, a layer's name may be another argument or, if a `;` is missing, the next
    statement. If only one meaning is possible in a given place, the word has that meaning.
    """

    code = "E0209"
    title = "ambiguous word"
    wrong = "input 3x32x32\nlet k5 = 3\nconv 8 k5\n"
    right = "input 3x32x32\nlet k5 = 3\nconv 8 kernel=k5\n"

    name: str
    meanings: tuple[str, str]
    """What the word may be: "the variable `k5`", "`kernel=5`"."""
    readings: tuple[Edit, ...]
    """What to write for each of the two meanings."""

    def message(self) -> str:
        return f"`{self.name}` is ambiguous here"

    def label(self) -> str:
        return f"either {self.meanings[0]}, or {self.meanings[1]}"
