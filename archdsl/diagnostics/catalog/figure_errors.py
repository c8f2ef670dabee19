"""E10: the `figure { … }` block, which sets how the network is drawn."""

from ...text.source import Span
from ..diagnostic import Diagnostic, Edit, Fix, Label
from ..set_twice import SetTwice

_NET = "input 3x8x8\nconv 4 k3 nobias; bn; relu\nflatten; fc 10\n"


class UnknownFigureSetting(Diagnostic):
    """A statement in `figure { … }` starts with a word that is not a setting."""

    code = "E1001"
    title = "unknown figure setting"
    wrong = f'{_NET}figure {{ titel "A small network" }}\n'
    right = f'{_NET}figure {{ title "A small network" }}\n'

    name: str
    known: tuple[str, ...]
    nearest: str | None = None

    def message(self) -> str:
        return f"there is no figure setting `{self.name}`"

    def help(self) -> tuple[str, ...]:
        near = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        return (*near, f"the settings are {', '.join(self.known)}")

    def fix(self) -> Fix | None:
        return _replaced(self.span, self.nearest)


class InvalidFigureSetting(Diagnostic):
    """A figure setting does not have the required form."""

    code = "E1002"
    title = "invalid figure setting"
    wrong = f"{_NET}figure {{ title Small }}\n"
    right = f'{_NET}figure {{ title "Small" }}\n'

    why: str
    form: str
    replacement: str | None = None

    def message(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        if self.replacement is not None:
            return (f"write `{self.replacement}`",)
        return (f"it is written `{self.form}`",)

    def fix(self) -> Fix | None:
        return _replaced(self.span, self.replacement)


class UnknownFigureName(Diagnostic):
    """A figure names a layer, a stage or a block that the network does not have, or a kind that no layer has."""

    code = "E1003"
    title = "unknown name in a figure"
    wrong = f'{_NET}figure {{ label conv2 "features" }}\n'
    right = f'{_NET}figure {{ label conv1 "features" }}\n'

    what: str
    name: str
    nearest: str | None = None
    hint: str = ""

    def message(self) -> str:
        return f"there is no {self.what} `{self.name}`"

    def help(self) -> tuple[str, ...]:
        near = (f"did you mean `{self.nearest}`?",) if self.nearest else ()
        return (*near, *((self.hint,) if self.hint else ()))

    def fix(self) -> Fix | None:
        quoted = self.nearest is not None and (self.span.text.startswith('"') or "." in self.nearest)
        return _replaced(self.span, f'"{self.nearest}"' if quoted else self.nearest)


class InvalidColor(Diagnostic):
    """A color is not written as `#` and six hexadecimal digits."""

    code = "E1004"
    title = "invalid color"
    wrong = f'{_NET}figure {{ color conv "77aadd" }}\n'
    right = f'{_NET}figure {{ color conv "#77aadd" }}\n'

    found: str
    replacement: str | None = None

    def message(self) -> str:
        return f"a color is `#` and six hexadecimal digits, not `{self.found}`"

    def help(self) -> tuple[str, ...]:
        near = (f"did you mean `{self.replacement}`?",) if self.replacement else ()
        return near or ('write a color like `"#77aadd"`',)

    def fix(self) -> Fix | None:
        return _replaced(self.span, self.replacement and f'"{self.replacement}"')


class LowContrast(Diagnostic):
    """Text on a color would be hard to read: its contrast ratio is below the 4.5 that WCAG 2 requires at level AA."""

    code = "E1005"
    title = "low contrast"
    wrong = f'{_NET}figure {{ color conv "#113355" }}\n'
    right = f'{_NET}figure {{ color conv "#77aadd" }}\n'

    color: str
    text_color: str
    contrast: float
    page: str
    replacement: str

    def message(self) -> str:
        return f"text on `{self.color}` has a contrast of {self.contrast:.1f}, less than 4.5"

    def label(self) -> str:
        return f"text on a {self.page} page is `{self.text_color}`"

    def help(self) -> tuple[str, ...]:
        return (f"the nearest readable color is `{self.replacement}`",)

    def fix(self) -> Fix | None:
        return _replaced(self.span, f'"{self.replacement}"')


class GroupsOverlap(Diagnostic):
    """A layer is in two groups of a figure; groups cannot overlap or contain each other."""

    code = "E1006"
    title = "overlapping groups"
    wrong = f'{_NET}figure {{ group "A" conv1 bn1; group "B" bn1 relu1 }}\n'
    right = f'{_NET}figure {{ group "A" conv1 bn1; group "B" relu1 }}\n'

    name: str
    first: Span
    without: Span

    def message(self) -> str:
        return f"`{self.name}` is in two groups"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.first, text="it is in this group"),)

    def help(self) -> tuple[str, ...]:
        return (f"remove `{self.name}` from one of them",)

    def fix(self) -> Fix | None:
        return Fix(title=f"remove `{self.name}`", edits=(Edit(span=self.without, text=""),), ambiguous=True)


class GroupNotConnected(Diagnostic):
    """The layers of a group of a figure are not connected, or are in different stages or blocks.

    A frame around them would also contain the layers between them, or cross the frame of a stage or block.
    """

    code = "E1007"
    title = "group that is not connected"
    wrong = f'{_NET}figure {{ group "A" conv1 relu1 }}\n'
    right = f'{_NET}figure {{ group "A" conv1 to=relu1 }}\n'

    why: str
    advice: str

    def message(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return (self.advice,)


class RepeatedFigureSetting(SetTwice):
    """A figure sets the same thing twice."""

    code = "E1008"
    title = "duplicate figure setting"
    wrong = f'{_NET}figure {{ title "A"; title "B" }}\n'
    right = f'{_NET}figure {{ title "B" }}\n'


class CannotHide(Diagnostic):
    """A figure cannot hide a layer that reads several tensors: it would not show that they are merged.

    `hide bn` hides every `bn`, and `hide norm` every layer of that kind. You cannot hide a stage, a block, or one `bn`
    without the others.
    """

    code = "E1009"
    title = "layer that cannot be hidden"
    wrong = "input 3x8x8\nresidual { conv 3 k3 p1; relu }\nflatten; fc 10\nfigure { hide add }\n"
    right = "input 3x8x8\nresidual { conv 3 k3 p1; relu }\nflatten; fc 10\nfigure { hide relu }\n"

    word: str
    why: str
    advice: str = ""

    def message(self) -> str:
        return f"`{self.word}` cannot be hidden"

    def label(self) -> str:
        return self.why

    def help(self) -> tuple[str, ...]:
        return (self.advice,) if self.advice else ()


def _replaced(span: Span, text: str | None) -> Fix | None:
    """A fix that writes another text in place of a span; None without one."""
    return None if not text else Fix(title=f"write `{text}`", edits=(Edit(span=span, text=text),))
