"""E08: the `train { … }` block, and whether the network fits the data."""

from ...text.word_lists import listed
from ..diagnostic import Diagnostic, Edit, Fix
from ..set_twice import SetTwice


class UnknownTrainSetting(Diagnostic):
    """A statement in `train { … }` starts with a word that is not a setting."""

    code = "E0801"
    title = "unknown setting"
    wrong = "input 1x8x8\nflatten; fc 10\ntrain { epoch 5 }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { epochs 5 }\n"

    name: str
    known: tuple[str, ...]
    nearest: str | None = None
    line: str | None = None
    """The setting that has an argument with this name, or with that of `argument`."""
    argument: str | None = None
    kinds: tuple[str, ...] = ()

    def message(self) -> str:
        return f"there is no setting `{self.name}`"

    def help(self) -> tuple[str, ...]:
        if self.line is not None:
            return (f"`{self.argument}` is an argument of `{self.line}`",)
        near = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        return (*near, f"the settings are {', '.join(self.known)}")

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        return Fix(title=f"write `{self.nearest}`", edits=(Edit(span=self.span, text=self.nearest),))


class UnknownField(Diagnostic):
    """A setting in `train { … }` does not take this word or argument."""

    code = "E0802"
    title = "unknown argument of a setting"
    wrong = "input 1x8x8\nflatten; fc 10\ntrain { optimizer adam momentum=0.9 }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { optimizer sgd momentum=0.9 }\n"

    setting: str
    name: str
    known: tuple[str, ...]
    nearest: str | None = None
    owners: tuple[str, ...] = ()

    def message(self) -> str:
        return f"`{self.setting}` takes no `{self.name}`"

    def help(self) -> tuple[str, ...]:
        near = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        owners = (f"`{self.name}` is for {listed(self.owners)}",) if self.owners else ()
        known = (f"`{self.setting}` takes {', '.join(self.known)}",) if self.known else ()
        return (*near, *owners, *known)

    def fix(self) -> Fix | None:
        if self.nearest is None:
            return None
        text = self.span.text.replace(self.name, self.nearest, 1)
        if text == self.span.text:
            return None
        return Fix(title=f"write `{self.nearest}`", edits=(Edit(span=self.span, text=text),))


class BadSetting(Diagnostic):
    """A setting does not accept the given value."""

    code = "E0803"
    title = "invalid setting"
    wrong = "input 1x8x8\nflatten; fc 10\ntrain { batch 0 }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { batch 32 }\n"

    why: str
    help_texts: tuple[str, ...] = ()

    def message(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return self.help_texts


class RepeatedSetting(SetTwice):
    """A setting is given twice."""

    code = "E0804"
    title = "duplicate setting"
    wrong = "input 1x8x8\nflatten; fc 10\ntrain { epochs 5; epochs 10 }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { epochs 10 }\n"


class WrongInput(Diagnostic):
    """The network's input does not have the shape of the images in the data."""

    code = "E0811"
    title = "input does not match the data"
    wrong = "input 3x32x32\nflatten; fc 10\ntrain { data mnist }\n"
    right = "input 1x28x28\nflatten; fc 10\ntrain { data mnist }\n"
    has_alternatives = True

    data: str
    wanted: str
    found: str
    same_channels: bool
    symbolic: bool = False
    """Whether the input has dimensions without a fixed value; `wanted` is then a size that it may have."""
    option: str = ""
    """The option that sets a symbolic input: `--input 3x32x32`, or with its name if there are several."""

    def message(self) -> str:
        if self.symbolic:
            return f"training on `{self.data}` needs an input of a fixed size, but this network takes {self.found}"
        return f"`{self.data}` has images of {self.wanted.replace('x', '×')}, but this network takes {self.found}"

    def label(self) -> str:
        if self.symbolic:
            return f"{self.found} is not a fixed size"
        return f"{self.found} is not {self.wanted.replace('x', '×')}"

    def help(self) -> tuple[str, ...]:
        if self.symbolic:
            loaded = "" if "=" in self.option else f', or `input="{self.wanted}"` for `archdsl.load`'
            return (f"give the size: `{self.option}`{loaded}",)
        sized = ("to keep the input, pad or crop the images (`fit=pad`, `--fit pad`) or resize them (`fit=resize`)",)
        return sized if self.same_channels else ()


class WrongOutput(Diagnostic):
    """The network does not output one number per class of the data, or one per value to predict."""

    code = "E0812"
    title = "output does not match the data"
    wrong = "input 1x28x28\nflatten; fc 100\ntrain { data mnist }\n"
    right = "input 1x28x28\nflatten; fc 10\ntrain { data mnist }\n"
    has_alternatives = True

    data: str
    classes: int
    found: str
    option: str = ""
    """The option that sets this number of classes, if the network has a parameter for it."""
    counted: str = "classes"
    help_texts: tuple[str, ...] = ()

    def message(self) -> str:
        return f"`{self.data}` has {self.classes} {self.counted}, but this network outputs {self.found}"

    def label(self) -> str:
        return f"outputs {self.found}, not {self.classes}"

    def help(self) -> tuple[str, ...]:
        return (f"or use `{self.option}`",) if self.option else self.help_texts


class NotForImages(Diagnostic):
    """The samples are images, but the network does not take an image as its only input."""

    code = "E0813"
    title = "network does not take images"
    wrong = "input 16\nfc 10\ntrain { data digits }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { data digits }\n"

    found: str
    wanted: str = ""
    """The shape of the data's images, where the network would take their elements as a vector."""

    def message(self) -> str:
        return f"the samples are images, channels × height × width, but this network takes {self.found}"

    def help(self) -> tuple[str, ...]:
        return ("a network for images has one input of channels × height × width",)


class OutputWithoutLoss(Diagnostic):
    """An additional output of the network has no loss, so training would not change the weights that only it uses.

    For an output `early`, `loss cross_entropy early=0.3` adds the same loss times 0.3, `early=mse` adds another loss,
    and `early=free` declares that it has none.
    """

    code = "E0814"
    title = "output without a loss"
    wrong = "input 1x8x8\nflatten; fc 16 as h; relu\naux early { fc 10 }\nfc 10\ntrain { data digits }\n"
    right = (
        "input 1x8x8\nflatten; fc 16 as h; relu\naux early { fc 10 }\nfc 10\n"
        "train { data digits; loss cross_entropy early=0.3 }\n"
    )

    name: str
    loss: str

    def message(self) -> str:
        return f"the output `{self.name}` has no loss"

    def label(self) -> str:
        return f"no loss depends on `{self.name}`"

    def help(self) -> tuple[str, ...]:
        return (
            f"`loss {self.loss} {self.name}=0.3` adds its loss with the weight 0.3",
            f"`{self.name}=free` declares that it has none",
        )


class UnreachedWeights(Diagnostic):
    """No loss depends on these weights, so training would not change them."""

    code = "E0815"
    title = "weights that no loss depends on"
    wrong = (
        "input 1x8x8\nflatten; fc 16 as h; relu\naux early { fc 10 }\nfc 10\n"
        "train { data digits; loss cross_entropy early=free }\n"
    )
    right = (
        "input 1x8x8\nflatten; fc 16 as h; relu\naux early { fc 10 }\nfc 10\n"
        "train { data digits; loss cross_entropy early=free; freeze early }\n"
    )

    names: tuple[str, ...]

    def message(self) -> str:
        shown = listed(tuple(f"`{name}`" for name in self.names[:3]))
        more = f" and {len(self.names) - 3:,} more" if len(self.names) > 3 else ""
        return f"no loss depends on the weights of {shown}{more}"

    def label(self) -> str:
        return "no output with a loss depends on it"

    def help(self) -> tuple[str, ...]:
        return (f"remove it, write `freeze {', '.join(self.names)}`, or add a loss to an output that depends on it",)
