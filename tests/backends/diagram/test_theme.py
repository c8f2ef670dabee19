"""Colors that everybody can distinguish, with readable text."""

import itertools

import pytest

from archdsl.backends.diagram.figure_options import KINDS
from archdsl.backends.diagram.theme import DARK, LIGHT, THEMES, Theme, mixed
from archdsl.layers import registry

# Machado, Oliveira & Fernandes (2009), severity 1: linear RGB as seen without one kind of cone cells.
DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(color: str) -> list[float]:
    values = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: list[float]) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, v)) for v in rgb)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, deficiency: str | None) -> float:
    seen = []
    for color in (one, other):
        rgb = linear(color)
        if deficiency:
            rgb = [sum(a * b for a, b in zip(row, rgb, strict=True)) for row in DEFICIENCIES[deficiency]]
        seen.append(lab(rgb))
    return float(sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_has_sufficient_contrast(theme: Theme) -> None:
    heats = [theme.heat_color(step / 10) for step in range(11)]
    changes = [theme.change(kind) for kind in ("added", "removed", "changed", "same")]
    for fill in (*theme.fills.values(), theme.other, theme.end, *heats, *changes):
        assert contrast(theme.text, fill) >= 4.5, fill
    for behind in (theme.background, *theme.cluster):
        assert contrast(theme.note, behind) >= 4.5, behind
        assert contrast(theme.skip, behind) >= 2.5, behind


@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_layer_colors_are_distinguishable(theme: Theme, deficiency: str | None) -> None:
    fills = [*theme.fills.items(), ("other", theme.other)]
    for (name, one), (other_name, other) in itertools.combinations(fills, 2):
        assert distance(one, other, deficiency) > 8, (name, other_name)


def test_colored_layer_kinds_exist() -> None:
    styles = {layer.style for layer in registry().values()}
    assert "" not in styles
    assert set(KINDS) == set(LIGHT.fills) == set(DARK.fills) == set(THEMES["print"].fills)
    assert set(KINDS) <= styles


def test_colors_are_mixed_linearly() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#77aadd", "#77aadd", 0.3) == "#77aadd"
