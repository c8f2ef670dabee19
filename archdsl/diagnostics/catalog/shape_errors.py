"""E04: shape errors."""

from ...text.source import Span
from ..diagnostic import Change, Diagnostic, Edit, Fix, Label, Related


class UnsuitableInput(Diagnostic):
    """The input's shape violates a requirement of the layer; the label at `^` states which."""

    code = "E0402"
    title = "layer cannot take its input"
    wrong = "input 64x28x28\npixelshuffle 3\n"
    right = "input 63x28x28\npixelshuffle 3\n"

    keyword: str
    shape: str | None
    why: str
    help_texts: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    """The change with which the layer would accept its input."""
    maker: Related | None = None

    def message(self) -> str:
        return f"`{self.keyword}` cannot take {'any input' if self.shape is None else f'an input of {self.shape}'}"

    def label(self) -> str:
        return self.why

    def others(self) -> tuple[Label, ...]:
        if self.maker is None:
            return ()
        return (self.maker.label(),)

    def help(self) -> tuple[str, ...]:
        return self.help_texts


class KernelTooLarge(UnsuitableInput):
    """A kernel is larger than the padded input it slides over.

    The output size floor((W − K' + 2P)/S) + 1 would be below 1. W is the input size, P the padding and S the stride;
    K' = D·(K − 1) + 1 is the size that a kernel of size K spans with dilation D.
    """

    code = "E0401"
    title = "kernel larger than its input"
    wrong = "input 3x4x4\nconv 8 k5\n"
    right = "input 3x4x4\nconv 8 k5 p1\n"

    def message(self) -> str:
        return f"the kernel of `{self.keyword}` is larger than its input of {self.shape}"


class ChannelsComeFirst(Diagnostic):
    """The kernel does not fit because the input is written as height × width × channels.

    `32x32x3` means 32 channels of 32×3. PyTorch puts the channels first; Keras and image files put them last.
    """

    code = "E0409"
    title = "channels last"
    wrong = "input 32x32x3\nconv 8 k5\n"
    right = "input 3x32x32\nconv 8 k5\n"

    keyword: str
    sizes: str
    reordered: str
    why: str
    at: Span

    def message(self) -> str:
        channels, *spatial = self.sizes.split("x")
        return f"`{self.sizes}` is read as {channels} channels of {'×'.join(spatial)}: channels come first"

    def label(self) -> str:
        return "this is channels-last order, as in Keras and in image files"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.at, text=f"so the kernel of `{self.keyword}` does not fit; {self.why}"),)

    def fix(self) -> Fix:
        edits = (Edit(span=self.span, text=self.reordered),) if self.span.text == self.sizes else ()
        return Fix(title=f"write `{self.reordered}` instead of `{self.sizes}`", edits=edits)


class WrongDimensions(Diagnostic):
    """The number in a layer's name is not the number of spatial dimensions of the tensor.

    `conv1d` is for signals C×L, `conv2d` for images C×H×W, `conv3d` for volumes C×D×H×W; `conv` takes all three. The
    same holds for pooling, normalization and dropout layers whose names contain a number in PyTorch and Keras. Usually
    the channel dimension is missing: a grayscale volume is 1×64×64×64.
    """

    code = "E0410"
    title = "wrong number of spatial dimensions"
    wrong = "input 64x64x64\nconv3d 32 k3\n"
    right = "input 1x64x64x64\nconv3d 32 k3\n"

    keyword: str
    shape: str
    count: int
    wanted: int
    maker: Related | None = None

    def message(self) -> str:
        needs = {1: "a signal C×L", 2: "an image C×H×W", 3: "a volume C×D×H×W"}[self.wanted]
        return f"`{self.keyword}` needs {needs}, but gets {self.shape}"

    def label(self) -> str:
        if not self.count:
            return "a vector has no spatial dimensions"
        what = ("a signal C×L has 1 spatial dimension", "an image C×H×W has 2 spatial dimensions", "a volume has 3")
        return f"{what[self.count - 1]}, not {self.wanted}"

    def others(self) -> tuple[Label, ...]:
        if self.maker is None:
            return ()
        return (self.maker.label(),)


class ArgumentsConflict(UnsuitableInput):
    """Arguments of a layer are mutually exclusive, or one needs another, regardless of the input."""

    code = "E0411"
    title = "invalid combination of arguments"
    wrong = "input 3x32x32\nconv 8 k3 weight=standardized init=kaiming\n"
    right = "input 3x32x32\nconv 8 k3 weight=standardized\n"

    def message(self) -> str:
        return f"invalid combination of arguments for `{self.keyword}`"

    def others(self) -> tuple[Label, ...]:
        return ()


class NeedsFlatten(UnsuitableInput):
    """`fc` works on the last axis of a vector or a sequence. An image must become one of these first,
    unless `axis=` is given.

    `flatten` keeps every element; `gap` averages each channel over its spatial dimensions.
    """

    code = "E0403"
    title = "`fc` on an image"
    wrong = "input 3x8x8\nconv 8 k3\nfc 10\n"
    right = "input 3x8x8\nconv 8 k3\nflatten\nfc 10\n"

    def message(self) -> str:
        return f"`{self.keyword}` needs a vector or a sequence, but gets {self.shape}"


class GroupsDoNotDivide(UnsuitableInput):
    """The channels cannot be split into this many equal groups."""

    code = "E0404"
    title = "groups do not divide the channels"
    wrong = "input 60x28x28\ngroupnorm 8\n"
    right = "input 60x28x28\ngroupnorm 6\n"


class PaddingTooLarge(UnsuitableInput):
    """`maxpool` and `avgpool` can be padded by at most half their kernel, as in PyTorch."""

    code = "E0405"
    title = "padding larger than half the kernel"
    wrong = "input 8x16x16\nmaxpool 2 p2\n"
    right = "input 8x16x16\nmaxpool 2 p1\n"

    def message(self) -> str:
        return f"`{self.keyword}` is padded by more than half its kernel"


class HeadsDoNotDivide(UnsuitableInput):
    """The features cannot be split equally among this many heads."""

    code = "E0406"
    title = "heads do not divide the features"
    wrong = "net N(T = 16, C = 64)\ninput TxC\nattention h5\n"
    right = "net N(T = 16, C = 64)\ninput TxC\nattention h4\n"


class OperandsDiffer(Diagnostic):
    """The operands of a merge have incompatible shapes.

    `add`, `mul` and other elementwise merges need equal shapes, except that they broadcast axes of length 1; `add` does
    so only for one value per channel, such as C×1×1. `concat` joins along one axis, by default the channels,
    and needs equal sizes on all others.
    """

    code = "E0407"
    title = "incompatible operands"
    wrong = "input 64x32x32\nresidual { conv 128 k3 s2 p1 }\n"
    right = "input 64x32x32\nresidual { conv 128 k3 s2 p1 } shortcut { conv 128 k1 s2 }\n"

    keyword: str
    why: str
    operands: tuple[Related, ...] = ()
    start: Related | None = None
    whole: bool = False
    """Whether the tensor where the paths split is itself an operand."""

    def message(self) -> str:
        return f"the operands of `{self.keyword}` have incompatible shapes"

    def label(self) -> str:
        return self.why

    def others(self) -> tuple[Label, ...]:
        paths = [Label(span=each.span, text=f"this path gives {each.shape}") for each in self.operands]
        if self.start is not None:
            is_operand = f"the other operand, {self.start.shape}, comes from here"
            words = is_operand if self.whole else f"the paths split here, at {self.start.shape}"
            paths.append(Label(span=self.start.span, text=words))
        return tuple(paths)


class WeightsDiffer(Diagnostic):
    """`reuse` applies existing weights, so they must fit its input.

    Usually that means the same number of channels.
    """

    code = "E0408"
    title = "weights do not fit the new input"
    wrong = "input 3x8x8\nconv 8 k3 as a\nreuse a\n"
    right = "input 8x8x8\nconv 8 k3 as a\nreuse a\n"

    name: str
    first: str
    now: str

    def message(self) -> str:
        return f"the weights of `{self.name}` do not fit here"

    def label(self) -> str:
        return f"they were created for an input of {self.first}, but this one is {self.now}"
