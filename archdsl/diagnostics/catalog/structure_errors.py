"""E05: the structure of a network."""

from ...text.counts import counted
from ...text.source import Span
from ..diagnostic import Diagnostic, Edit, Fix


class NoInput(Diagnostic):
    """A statement needs a tensor, but no `input` comes before it."""

    code = "E0501"
    title = "no input"
    wrong = "conv 64 k3\n"
    right = "input 3x32x32\nconv 64 k3\n"

    def message(self) -> str:
        return "there is no input to apply this to"

    def help(self) -> tuple[str, ...]:
        return ("a network starts with the shape of one sample, channels first",)


_MINIMAL = "\ninput 3x32x32; conv 64 k3\n"


class NothingHere(Diagnostic):
    """The text contains no network: no statement creates a tensor."""

    code = "E0502"
    title = "empty network"
    wrong = "# nothing yet\n"
    right = "input 3x32x32\nconv 64 k3\n"

    def message(self) -> str:
        return "there is no network here"

    def fix(self) -> Fix:
        edit = Edit(span=Span(self.span.source, *[len(self.span.source.text)] * 2), text=_MINIMAL)
        return Fix(title="insert a minimal network: `input 3x32x32; conv 64 k3`", edits=(edit,))


class BadInput(Diagnostic):
    """An `input` statement is malformed, or has a size that is not allowed."""

    code = "E0503"
    title = "invalid input"
    wrong = "input 3x0x32\nconv 8 k3\n"
    right = "input 3x32x32\nconv 8 k3\n"

    why: str
    help_texts: tuple[str, ...] = ("an input has the shape of one sample without the batch, channels first",)
    correction: Fix | None = None

    def message(self) -> str:
        return "invalid `input` statement"

    def label(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return self.help_texts

    def fix(self) -> Fix | None:
        return self.correction


class _NeedsSizes(Diagnostic):
    """An error that goes away with values for the symbolic dimensions of the inputs."""

    sized_inputs: str
    """The options that set the sizes: `--input 3x224x224`."""

    def help(self) -> tuple[str, ...]:
        return (f"set the sizes: `{self.sized_inputs}`",) if self.sized_inputs else ()


class SymbolicSize(_NeedsSizes):
    """The number of a layer's weights depends on a symbolic dimension.

    Convolutions and pooling layers work with symbolic dimensions (`input 3xHxW`). The number of weights of an `fc`
    after `flatten` depends on the number of elements, so the sizes must be known: pass `--input 3x224x224`, write them
    in the text or declare them (`net N(H = 224, W = 224)`). With `gap` instead of `flatten`, they need not be known.
    """

    code = "E0504"
    title = "weights depend on a symbolic dimension"
    wrong = "input 3xHxW\nconv 8 k3\nflatten; fc 10\n"
    right = "input 3xHxW\nconv 8 k3\ngap; fc 10\n"
    has_alternatives = True

    keyword: str
    symbols: tuple[str, ...]

    def message(self) -> str:
        names = " and ".join(f"`{symbol}`" for symbol in self.symbols)
        return f"the weights of `{self.keyword}` depend on {names}"

    def label(self) -> str:
        return "their number cannot be determined"


class Misplaced(Diagnostic):
    """A statement is not allowed at this position.

    For example, `net` is not at the start of the file, `block` or `use` is inside a body, or `output` is not at the end
    of its block.
    """

    code = "E0505"
    title = "misplaced definition"
    wrong = "input 3x32x32\nnet N\nconv 8 k3\n"
    right = "net N\ninput 3x32x32\nconv 8 k3\n"

    word: str
    where: str

    def message(self) -> str:
        return f"`{self.word}` is not allowed here"

    def label(self) -> str:
        return self.where


_SPLIT = "block split { slice 0 4 as a; from in; slice 4 8 as b; output a, b }"


class ResultsDiffer(Diagnostic):
    """A statement gives names to more or fewer results than it has.

    A block that ends in `output a, b` has two results, and each use of it names both: `split as low, high`. The
    first is then the current tensor. Layers, and blocks without such an `output`, have one result.
    """

    code = "E0513"
    title = "wrong number of results"
    wrong = f"{_SPLIT}\ninput 8x16x16\nsplit as low\n"
    right = f"{_SPLIT}\ninput 8x16x16\nsplit as low, high; concat low high\n"

    keyword: str
    results: int
    names: int

    def message(self) -> str:
        results = counted(self.results, "result")
        names = f"{self.names} {'is' if self.names == 1 else 'are'} named" if self.names else "none is named"
        return f"`{self.keyword}` has {results}, but {names}"

    def help(self) -> tuple[str, ...]:
        if self.results == 1:
            return ()
        return (f"name each: `{self.keyword} … as {', '.join(f'name{i + 1}' for i in range(self.results))}`",)


class MissingNextValue(Diagnostic):
    """A scan or a repetition carries a tensor over, but its body does not define the next value.

    With `carry sum = …`, `sum` is the value before a step; the tensor that the body names `as sum` is the value after
    it. Names defined in the body of a merge do not count: they are not visible outside it.
    """

    code = "E0514"
    title = "carried tensor without a next value"
    wrong = "input 8x32\nrepeat 3 carry sum = 8x32 { fc 32; relu; add sum }\n"
    right = "input 8x32\nrepeat 3 carry sum = 8x32 { fc 32; relu; add sum as sum }\n"

    keyword: str
    name: str

    def message(self) -> str:
        return f"`{self.name}` is carried over, but the body does not define its next value"

    def help(self) -> tuple[str, ...]:
        return (f"`as {self.name}` after a layer in the body of the `{self.keyword}` defines it",)


class AssertFailed(Diagnostic):
    """An assertion does not hold."""

    code = "E0506"
    title = "assertion failed"
    wrong = "input 3x32x32\nconv 64 k3\nassert params < 1K\n"
    right = "input 3x32x32\nconv 64 k3\nassert params < 2K\n"

    condition: str
    measured: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.condition}` does not hold"

    def label(self) -> str:
        return ", ".join(self.measured)


class UndecidedLayer(_NeedsSizes):
    """An argument of a layer is a symbolic dimension, so the layer is different for each size.

    An example is `upsample size=@h` on an input of symbolic height: no module can be built from it. `check --sizes`
    still works, because it checks each size separately.
    """

    code = "E0512"
    title = "layer depends on a symbolic dimension"
    wrong = "input 3xHxW\nlet P = @h\nconv 8 k3 s2 p1; upsample size=PxP\n"
    right = "input 3xHxW\nconv 8 k3 s2 p1; upsample 2\n"
    has_alternatives = True

    text: str

    def message(self) -> str:
        return f"`{self.text}` is a different layer for each input size"

    def label(self) -> str:
        return "one of its arguments is symbolic"

    def help(self) -> tuple[str, ...]:
        return (*super().help(), "`archdsl check --sizes 224,256` checks each size separately")


class NothingToMeasure(Diagnostic):
    """An assertion uses the receptive field, but the network has none.

    `rf` is the largest receptive field of any layer whose output has positions (pixels or steps), in input elements
    along one axis.
    """

    code = "E0511"
    title = "nothing to measure"
    wrong = "input 8\nfc 10\nassert rf == 3\n"
    right = "input 3x8x8\nconv 10 k3\nassert rf == 3\n"

    name: str

    def message(self) -> str:
        return f"this network has no `{self.name}` to measure"

    def help(self) -> tuple[str, ...]:
        return ("`rf` needs a layer whose output has positions, such as `conv`",)


class NotAComparison(Diagnostic):
    """An assertion must compare values: `assert params < 1M`, `assert out == 10`."""

    code = "E0507"
    title = "assertion without a comparison"
    wrong = "input 8\nfc 10\nassert params\n"
    right = "input 8\nfc 10\nassert params < 1K\n"

    def message(self) -> str:
        return "an assertion must compare two values"

    def help(self) -> tuple[str, ...]:
        return ("compare with `==`, `!=`, `<`, `<=`, `>` or `>=`",)


class NeedsInputName(Diagnostic):
    """In a network with several inputs, each input needs a name."""

    code = "E0508"
    title = "unnamed input"
    wrong = "input 3x32x32\ninput b 3x32x32\nadd b\n"
    right = "input a 3x32x32\ninput b 3x32x32\nadd a\n"

    def message(self) -> str:
        return "with several inputs, each needs a name"

    def fix(self) -> Fix | None:
        return Fix(title="name the input", edits=(Edit(span=self.span.tail, text=" first"),))


class NeedsSetting(Diagnostic):
    """A network parameter has no default and was given no value."""

    code = "E0509"
    title = "parameter without a value"
    wrong = "net N(classes)\ninput 8\nfc classes\n"
    right = "net N(classes = 10)\ninput 8\nfc classes\n"
    has_alternatives = True

    name: str

    def message(self) -> str:
        return f"`{self.name}` has no value"

    def help(self) -> tuple[str, ...]:
        return (f"set it with `--set {self.name}=…`, or give it a default in the text",)


class UndecidedSize(_NeedsSizes):
    """An operation is not supported on a symbolic dimension.

    Sums, differences, products and `//` by a number are supported; a division by `H` and a fractional exponent are not.
    Give the dimension a value with `--input 3x224x224` or `net N(H = 224)`.
    """

    code = "E0510"
    title = "operation on a symbolic dimension"
    wrong = "input 3xHxW\nconv 8 k3\nlet n = 64 // @h\ngap; fc n\n"
    right = "input 3xHxW\ngap; fc 64\n"
    has_alternatives = True

    why: str

    def message(self) -> str:
        return "this depends on a symbolic dimension"

    def label(self) -> str:
        return self.why
