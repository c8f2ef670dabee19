"""What a `figure { … }` block sets, with its names found in the network."""

from enum import StrEnum

from ..record import Record

Path = tuple[str, ...]
TRANSPARENT = "transparent"


class FontFamily(StrEnum):
    """The fonts of figures, which every machine has under some name."""

    SANS = "sans"
    SERIF = "serif"


class FigureColor(Record):
    """A color as `#rrggbb`: of a kind of layer, or of the background if `kind` is empty.

    `dark` is the color on a dark page, None without one. A background may be TRANSPARENT.
    """

    kind: str
    light: str
    dark: str | None = None


class FigureLabel(Record):
    """The label of all layers, stages, blocks and outputs that have a name."""

    name: str
    text: str
    nodes: frozenset[int] = frozenset()
    scopes: frozenset[Path] = frozenset()
    outputs: frozenset[str] = frozenset()
    of_group: bool = False
    """Whether it is the title of a group, rather than a line `label`."""

    @property
    def matches(self) -> int:
        """How many parts of the network have the name."""
        return len(self.nodes) + len(self.scopes) + len(self.outputs)


class FigureGroup(Record):
    """A frame around parts that are not a scope of the text: its title, the scope that it is in, and its parts.

    `members` are the paths of layers, stages and blocks directly in the scope.
    """

    title: str
    scope: Path
    members: tuple[Path, ...]


class FigureSettings(Record):
    """The settings of a figure. None and empty values set nothing.

    `caption` is the line above the diagram, empty for none. `hidden` are nodes, and `hidden_words` the layers as the
    block names them.
    """

    title: str | None = None
    caption: str | None = None
    labels: tuple[FigureLabel, ...] = ()
    hidden: frozenset[int] = frozenset()
    hidden_words: tuple[str, ...] = ()
    colors: tuple[FigureColor, ...] = ()
    font: FontFamily | None = None
    background: FigureColor | None = None
    groups: tuple[FigureGroup, ...] = ()

    def overridden(self, other: "FigureSettings") -> "FigureSettings":
        """These settings, overridden by those that another block sets; layers that either block hides are hidden."""
        given = {name: value for name, value in other if value not in (None, (), frozenset())}
        names = {label.name for label in other.labels}
        kinds = {color.kind for color in other.colors}
        given["labels"] = (*(each for each in self.labels if each.name not in names), *other.labels)
        given["colors"] = (*(each for each in self.colors if each.kind not in kinds), *other.colors)
        given["hidden"] = self.hidden | other.hidden
        given["hidden_words"] = tuple(dict.fromkeys((*self.hidden_words, *other.hidden_words)))
        return self.replace(**given)
