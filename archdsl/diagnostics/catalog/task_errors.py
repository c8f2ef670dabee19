"""E08, continued: whether the network and the recipe fit the task that is learned."""

from ..diagnostic import Diagnostic


class WrongImageOutput(Diagnostic):
    """The output does not have the shape that the task needs.

    Segmentation needs one number per class for each pixel of the input; reconstruction needs an output of the input's
    shape; detection needs one number per class, four distances and the center-ness at each location; a task from a
    package has its own requirements.
    """

    code = "E0816"
    title = "output does not fit the task"
    wrong = "input 3x64x64\nconv 4 k3\ntrain { data shapes }\n"
    right = "input 3x64x64\nconv 4 k3 p1\ntrain { data shapes }\n"
    has_alternatives = True

    why: str
    found: str
    wanted: str
    suggestions: tuple[str, ...] = ()
    channels: int = 0
    """The number of channels of the feature map that the task needs; 0 if it needs none."""

    size: tuple[int, ...] = ()
    """The spatial size of the network's input, which the output must have if `exact`, and otherwise not exceed."""

    exact: bool = True
    has_other_stride: bool = False
    """Whether the output fits, but has the same spatial size as another output."""

    def message(self) -> str:
        return f"{self.why}; this network outputs {self.found}"

    def label(self) -> str:
        return f"outputs {self.found}, not {self.wanted}"

    def help(self) -> tuple[str, ...]:
        return self.suggestions


class WrongSampleInput(Diagnostic):
    """The samples are numbers, audio, token IDs or captioned images, and the network's input does not match them."""

    code = "E0818"
    title = "input does not match the samples"
    wrong = "input 16\nfc 1\ntrain { data friedman }\n"
    right = "input 10\nfc 1\ntrain { data friedman }\n"

    data: str
    has: str
    found: str
    wanted: str
    option: str = ""
    """The option that sets the vocabulary, where the network has a parameter for it."""

    def message(self) -> str:
        return f"`{self.data}` has {self.has}, but this network takes {self.found}"

    def label(self) -> str:
        return f"takes {self.found}"

    def help(self) -> tuple[str, ...]:
        return (f"write `input {self.wanted}`", *((f"or use `{self.option}`",) if self.option else ()))


class NotForTask(Diagnostic):
    """A setting does not apply to the task, or the data lacks targets for it."""

    code = "E0817"
    title = "setting does not fit the task"
    wrong = "input 3x64x64\nconv 4 k3 p1\ntrain { data shapes; augment mixup=0.2 }\n"
    right = "input 3x64x64\nconv 4 k3 p1\ntrain { data shapes; augment flip }\n"

    why: str
    suggestion: str
    setting: tuple[str, ...] = ()
    """The path of the setting in the recipe."""

    def message(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return (self.suggestion,)
