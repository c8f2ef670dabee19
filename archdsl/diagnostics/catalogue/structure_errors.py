"""E05: the parts of a network."""

from ..diagnostic import Diagnostic, Edit, Fix


class NoInput(Diagnostic):
    """A statement needs a tensor, and no `input` stands before it."""

    code = "E0501"
    title = "no input"
    wrong = "conv 64 k3\n"
    right = "input 3x32x32\nconv 64 k3\n"

    def message(self) -> str:
        return "there is no input for this to work on"

    def help(self) -> tuple[str, ...]:
        return ("begin with the sizes of one sample, channels first: `input 3x32x32`",)


class NothingHere(Diagnostic):
    """The text holds no network: no statement makes a tensor."""

    code = "E0502"
    title = "an empty network"
    wrong = "# nothing yet\n"
    right = "input 3x32x32\nconv 64 k3\n"

    def message(self) -> str:
        return "there is no network here"

    def help(self) -> tuple[str, ...]:
        return ("the smallest is `input 3x32x32; conv 64 k3`",)


class BadInput(Diagnostic):
    """An `input` statement is not of the form `input [NAME] SIZES [int(V)]`."""

    code = "E0503"
    title = "an input that cannot be read"
    wrong = "input 3x0x32\nconv 8 k3\n"
    right = "input 3x32x32\nconv 8 k3\n"

    why: str
    helps: tuple[str, ...] = ("the sizes of one sample without the batch, channels first: `input 3x32x32`",)

    def message(self) -> str:
        return "this input cannot be read"

    def label(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return self.helps


class SymbolicSize(Diagnostic):
    """A layer's weights depend on a size that is not known.

    Convolutions and poolings work for sizes that are not known (`input 3xHxW`). The weights of an `fc` after `flatten`
    are as many as the tensor has elements, so the sizes must be known: give them with `--input 3x224x224`, write them,
    declare them (`net N(H = 224, W = 224)`), or make the head independent of them with `gap`.
    """

    code = "E0504"
    title = "weights that depend on an unknown size"
    wrong = "input 3xHxW\nconv 8 k3\nflatten; fc 10\n"
    right = "input 3xHxW\nconv 8 k3\ngap; fc 10\n"

    keyword: str
    symbols: tuple[str, ...]

    def message(self) -> str:
        names = " and ".join(f"`{symbol}`" for symbol in self.symbols)
        return f"the weights of `{self.keyword}` depend on {names}"

    def label(self) -> str:
        return "how many they are cannot be told"

    def help(self) -> tuple[str, ...]:
        return ("give the sizes: `--input 3x224x224`", "or let `gap` take the sides away before it")


class Misplaced(Diagnostic):
    """A definition stands where it cannot: `net` not at the beginning, `block` or `use` inside a body."""

    code = "E0505"
    title = "a definition in the wrong place"
    wrong = "input 3x32x32\nnet N\nconv 8 k3\n"
    right = "net N\ninput 3x32x32\nconv 8 k3\n"

    word: str
    where: str

    def message(self) -> str:
        return f"`{self.word}` cannot stand here"

    def label(self) -> str:
        return self.where


class AssertFailed(Diagnostic):
    """An assertion does not hold; the message has the measured value."""

    code = "E0506"
    title = "an assertion does not hold"
    wrong = "input 3x32x32\nconv 64 k3\nassert params < 1K\n"
    right = "input 3x32x32\nconv 64 k3\nassert params < 2K\n"

    condition: str
    measured: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.condition}` does not hold"

    def label(self) -> str:
        return ", ".join(self.measured)


class UndecidedLayer(Diagnostic):
    """A layer has a symbolic dimension among its arguments, so it is another layer for each size.

    `upsample size=@h` of an input of unknown height is one: no module can be made of it. `check --sizes` answers all
    the same, since each size is checked by itself.
    """

    code = "E0512"
    title = "a layer that depends on an unknown size"
    wrong = "input 3xHxW\nlet P = @h\nconv 8 k3 s2 p1; upsample size=PxP\n"
    right = "input 3xHxW\nconv 8 k3 s2 p1; upsample 2\n"

    text: str

    def message(self) -> str:
        return f"`{self.text}` is another layer for each size of the input"

    def label(self) -> str:
        return "one of its arguments is not known"

    def help(self) -> tuple[str, ...]:
        return ("give the sizes: `--input 3x224x224`", "`archdsl check --sizes 224,256` answers for each size")


class NothingToMeasure(Diagnostic):
    """An assertion asks for the receptive field, and the network has none.

    `rf` is the largest receptive field, in elements of the input along one axis, of a layer whose output has places.
    """

    code = "E0511"
    title = "an assertion about what is not there"
    wrong = "input 8\nfc 10\nassert rf == 3\n"
    right = "input 3x8x8\nconv 10 k3\nassert rf == 3\n"

    name: str

    def message(self) -> str:
        return f"this network has no `{self.name}` to measure"

    def help(self) -> tuple[str, ...]:
        return ("`rf` needs a layer with a kernel, such as `conv` or `maxpool`",)


class NotAComparison(Diagnostic):
    """An assertion compares: `assert params < 1M`, `assert out == 10`."""

    code = "E0507"
    title = "an assertion that compares nothing"
    wrong = "input 8\nfc 10\nassert params\n"
    right = "input 8\nfc 10\nassert params < 1K\n"

    def message(self) -> str:
        return "an assertion compares two values"

    def help(self) -> tuple[str, ...]:
        return ("`assert params < 1M`, `assert macs <= 50M`, `assert out == 10`",)


class NeedsInputName(Diagnostic):
    """A network with several inputs names each of them."""

    code = "E0508"
    title = "an input without a name"
    wrong = "input 3x32x32\ninput b 3x32x32\nadd b\n"
    right = "input a 3x32x32\ninput b 3x32x32\nadd a\n"

    def message(self) -> str:
        return "with several inputs each has a name"

    def help(self) -> tuple[str, ...]:
        return ("`input left 3x32x32`",)

    def fix(self) -> Fix | None:
        return Fix(title="name it", edits=(Edit(span=self.span.tail, text=" first"),))


class NeedsSetting(Diagnostic):
    """A parameter of the network has no default and was given no value."""

    code = "E0509"
    title = "a parameter without a value"
    wrong = "net N(classes)\ninput 8\nfc classes\n"
    right = "net N(classes = 10)\ninput 8\nfc classes\n"

    name: str

    def message(self) -> str:
        return f"`{self.name}` has no value"

    def help(self) -> tuple[str, ...]:
        return (f"give it with `--set {self.name}=…`, or a default in the text",)


class UndecidedSize(Diagnostic):
    """A size that is not known is asked for something that has no closed form.

    Sums, differences, products and `//` by a number are exact for every value of `H`; a division by it, or a power, is
    not. Give the size a value: `--input 3x224x224`, or `net N(H = 224)`.
    """

    code = "E0510"
    title = "an operation on an unknown size"
    wrong = "input 3xHxW\nconv 8 k3\nlet n = 64 // @h\ngap; fc n\n"
    right = "input 3xHxW\ngap; fc 64\n"

    why: str

    def message(self) -> str:
        return "this depends on a size that is not known"

    def label(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return ("give the sizes: `--input 3x224x224`",)
