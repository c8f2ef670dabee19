"""Color themes."""

from collections.abc import Mapping

from ...graph import FontFamily
from ...record import Record


class Theme(Record):
    """The colors of a diagram, as `#rrggbb`.

    `fills` maps a kind of layer to its color, and `other` is the color of all other kinds; `text` is for text on them.
    `note` is for secondary text: shapes, numbers. `cluster` fills stages and blocks, cycling through its colors with
    the depth.
    """

    name: str
    background: str
    text: str
    note: str
    line: str
    skip: str
    cluster: tuple[str, ...]
    cluster_line: str
    end: str
    fills: Mapping[str, str]
    other: str
    heat: tuple[str, str]
    """The colors of the lowest and of the highest value of a measure."""
    dark: "Theme | None" = None
    """The colors on a dark page, in formats that follow the page; None for the same colors everywhere."""
    font: FontFamily = FontFamily.SANS

    def fill(self, style: str) -> str:
        """The color of a kind of layer."""
        return self.fills.get(style, self.other)

    def change(self, kind: str) -> str:
        """The color of a layer that was `added`, `removed` or `changed`; the colors are distinct even with color vision
        deficiencies.
        """
        return {"added": self.fill("attention"), "removed": self.fill("pool"), "changed": self.fill("norm")}.get(
            kind, self.end
        )

    def heat_color(self, heat: float) -> str:
        """The color of a value of `BoxRow.heat`, which is from 0 to 1."""
        return mixed(*self.heat, heat)

    def border(self, style: str) -> str:
        """The color of the border of a kind of layer: its fill color mixed with that of the text."""
        return mixed(self.fill(style), self.text, 0.45)


def mixed(color: str, other: str, part: float) -> str:
    """Mix two colors; `part` is the fraction of the second one."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


# Paul Tol's "light" scheme, designed for filled labeled cells: its colors are distinct with the common color vision
# deficiencies, and black on each has a contrast of at least 7 (https://sronpersonalpages.nl/~pault/).
LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#1a1a1a",
    note="#4d4d4d",
    line="#4d4d4d",
    skip="#8a8a8a",
    cluster=("#f5f5f5", "#ececec"),
    cluster_line="#c4c4c4",
    end="#ffffff",
    fills={
        "conv": "#77aadd",
        "pool": "#ee8866",
        "norm": "#eedd88",
        "activation": "#bbcc33",
        "linear": "#ffaabb",
        "attention": "#44bb99",
        "recurrent": "#99ddff",
    },
    other="#dddddd",
    heat=("#ffffff", "#f28e2b"),
)

DARK = Theme(
    name="dark",
    background="#0d1117",
    text="#f5f5f5",
    note="#c3c9d0",
    line="#aab2bb",
    skip="#7d8590",
    cluster=("#161b22", "#21262d"),
    cluster_line="#3d444d",
    end="#0d1117",
    fills={
        "conv": "#2166c4",
        "pool": "#7a3413",
        "norm": "#7b6b14",
        "activation": "#44662c",
        "linear": "#ab3b79",
        "attention": "#1e7a59",
        "recurrent": "#0d4560",
    },
    other="#4a4f56",
    heat=("#161b22", "#a34a00"),
)

# For black-and-white printing: shades of gray that stay distinct in a copy. The labels name the kinds.
PRINT = Theme(
    name="print",
    background="#ffffff",
    text="#000000",
    note="#333333",
    line="#000000",
    skip="#777777",
    cluster=("#ffffff", "#f7f7f7"),
    cluster_line="#999999",
    end="#ffffff",
    fills={
        "conv": "#bdbdbd",
        "pool": "#8f8f8f",
        "norm": "#e9e9e9",
        "activation": "#d6d6d6",
        "linear": "#a6a6a6",
        "attention": "#808080",
        "recurrent": "#cacaca",
    },
    other="#f7f7f7",
    heat=("#ffffff", "#8f8f8f"),
)

AUTO = LIGHT.replace(name="auto", dark=DARK)

THEMES = {theme.name: theme for theme in (LIGHT, DARK, PRINT, AUTO)}
