"""`Network.diagram` refuses what `archdsl diagram` refuses, and names the argument."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.backends.diagram import CannotDraw
from archdsl.backends.diagram.raster_size import MOST_PIXELS, require_raster
from archdsl.cli import main

NET = archdsl.loads(
    "net N\nblock res(c) { residual { conv c k3 p1; bn; relu }; relu }\n"
    "input 3x16x16\nstage one { res 3; res 3 }\ngap; fc 10\n"
)
LIGHT = 'figure { color conv "#ffcc88" }\n'
CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"heat": "params", "view": "volumes"}, "heat"),
    ({"heat": "params", "field": "one"}, "heat"),
    ({"heat": "params", "format": "mmd"}, "heat"),
    ({"heat": "params", "format": "html"}, "heat"),
    ({"heat": "macs", "macs": True}, "macs"),
    ({"heat": "macs", "parameters": True}, "parameters"),
    ({"view": "volumes", "direction": "TB"}, "direction"),
    ({"view": "volumes", "columns": 2}, "columns"),
    ({"view": "volumes", "fold": False}, "fold"),
    ({"direction": "LR", "columns": 2}, "columns"),
    ({"format": "html", "width": "85mm"}, "width"),
    ({"format": "dot", "place": "column"}, "place"),
    ({"format": "mmd", "legend": False}, "legend"),
    ({"format": "svg", "dpi": 300}, "dpi"),
    ({"caption": False, "title": "x"}, "title"),
    ({"sheets": True}, "sheets"),
    ({"view": "layers", "detail": "res"}, "detail"),
    ({"view": "blocks", "field": "one"}, "field"),
]


@pytest.mark.parametrize(("arguments", "name"), CONFLICTS, ids=[str(a) for a, _ in CONFLICTS])
def test_argument_without_effect_is_refused_like_its_option(
    tmp_path: Path, arguments: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValueError, match=f"leave out `{name}`") as raised:
        NET.diagram(**arguments)
    assert "--" not in str(raised.value)
    (tmp_path / "net.arch").write_text(NET.text, encoding="utf-8")
    words = ["diagram", str(tmp_path / "net.arch"), "-o", str(tmp_path / "net.svg")]
    for argument, value in arguments.items():
        option = {"place": "for"}.get(argument, argument)
        words += (
            [f"--{option if value else f'no-{option}'}"] if isinstance(value, bool) else [f"--{option}", str(value)]
        )
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "leave out --" in done.stderr


@pytest.mark.parametrize("heat", [{}, {"parameters": False}])
def test_heat_of_params_implies_parameter_labels(heat: dict[str, Any]) -> None:
    plain = NET.diagram(heat="params").data
    assert NET.diagram(heat="params", parameters=True).data == plain
    assert NET.diagram(heat="params", **heat).data != NET.diagram(**heat).data


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"width": 85}, TypeError, r'width: .*`width="85mm"`'),
    ({"font": 7}, TypeError, r'font: .*`font="7pt"`'),
    ({"font": "7", "width": "85mm"}, ValueError, "without a unit: write it like 7pt"),
    ({"title": 3}, TypeError, "title: a string is expected"),
    ({"view": 3}, TypeError, "view: a string is expected"),
    ({"format": 3}, TypeError, "format: a string is expected"),
    ({"expand": "res", "view": "blocks"}, TypeError, r'expand=\["res"\]'),
    ({"expand": 3}, TypeError, "expand: a list"),
    ({"path": 3}, TypeError, "path: a path"),
    ({"style": 3}, TypeError, "style: a path"),
    ({"columns": 0}, ValueError, "columns is an integer from 1 to 20, not 0"),
    ({"format": "png", "dpi": 5000}, ValueError, "dpi is an integer from 24 to 1200, not 5000"),
    ({"theme": "drk"}, ValueError, "did you mean `dark`"),
]


@pytest.mark.parametrize(("arguments", "error", "words"), WRONG, ids=[str(a) for a, _, _ in WRONG])
def test_invalid_argument_is_named_in_the_error(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        NET.diagram(**arguments)


@pytest.mark.parametrize(("width", "height"), [(1587.4, 1133.9), (20_000.0, 20.0), (3000.0, 3000.0), (100.0, 7000.0)])
def test_suggested_resolution_is_the_largest_that_fits(width: float, height: float) -> None:
    largest = max((dpi for dpi in range(1, 1201) if _fits(width, height, dpi)), default=0)
    if largest == 1200:
        return
    with pytest.raises(CannotDraw, match=f"{largest} dpi is the most that fits") as raised:
        require_raster(width, height, 1200)
    assert f"{MOST_PIXELS / 1e6:.0f} megapixels" in str(raised.value)


def _fits(width: float, height: float, dpi: int) -> bool:
    try:
        require_raster(width, height, dpi)
    except CannotDraw:
        return False
    return True


def test_poster_with_too_many_pixels_is_refused() -> None:
    with pytest.raises(CannotDraw, match=r"26,457×18,898 pixels .*: 717 dpi is the most that fits"):
        NET.diagram(format="png", place="poster", dpi=1200)


def test_light_style_gives_a_light_html_page(tmp_path: Path) -> None:
    style = tmp_path / "house.arch"
    style.write_text(LIGHT, encoding="utf-8")
    page = NET.diagram(format="html", style=style)
    assert page.data == NET.diagram(format="html", style=style, theme="light").data
    assert NET.diagram(format="html").data == NET.diagram(format="html", theme="auto").data
    with pytest.raises(CannotDraw, match="or use another theme"):
        NET.diagram(format="html", style=style, theme="auto")
    style.write_text(LIGHT.replace("#ffcc88", "#dddddd"), encoding="utf-8")
    (tmp_path / "net.arch").write_text(NET.text, encoding="utf-8")
    words = ["diagram", str(tmp_path / "net.arch"), "-o", str(tmp_path / "a.html"), "--style", str(style)]
    assert CliRunner().invoke(main, words).exit_code == 0


@pytest.mark.parametrize("view", ["volumes", "stages", "blocks"])
def test_group_hidden_in_a_view_is_reported_as_a_group(view: str) -> None:
    inside = archdsl.loads(NET.text + 'figure { group "Part" conv1 bn1 }\n')
    with pytest.raises(CannotDraw, match=f"the view `{view}` does not show the group `Part`.* use the view `layers`"):
        inside.diagram(view=view)
    assert inside.diagram(view="layers").data
