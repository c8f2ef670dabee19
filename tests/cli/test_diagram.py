import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

from archdsl.cli.diagram import command
from archdsl.cli.diff import command as diff
from tests.backends.diagram.programs import LENET


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.arch"
    path.write_text(LENET)
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args])


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("net.svg", b"<?xml"),
        ("net.html", b"<!doctype html>"),
        ("net.png", b"\x89PNG"),
        ("net.dot", b"digraph {"),
        ("net.gv", b"digraph {"),
        ("net.mmd", b"---\ntitle:"),
        ("net.tex", b"% LeNet5\n"),
        ("NET.SVG", b"<?xml"),
    ],
)
def test_extension_selects_the_format(net: Path, name: str, start: bytes) -> None:
    out = net.with_name(name)
    result = run(net, "-o", out)
    assert result.exit_code == 0, result.output
    assert result.output == f"{out}: LeNet5, 61,706 parameters\n"
    assert out.read_bytes().startswith(start)
    assert sorted(p.name for p in net.parent.iterdir()) == sorted(["net.arch", name])


def test_diagram_to_standard_output(net: Path) -> None:
    result = run(net, "-o", "-", "--format", "svg")
    assert result.exit_code == 0
    assert ElementTree.fromstring(result.stdout_bytes).tag.endswith("svg")


def test_standard_output_requires_a_format(net: Path) -> None:
    result = run(net, "-o", "-")
    assert result.exit_code == 2
    assert "`--format svg`" in result.output


@pytest.mark.parametrize("name", ["net.jpeg", "net"])
def test_unknown_extension_is_refused(net: Path, name: str) -> None:
    result = run(net, "-o", net.with_name(name))
    assert result.exit_code == 2
    assert "use one of .svg, .html, .htm, .png, .pdf, .eps, .dot" in result.output


def test_output_in_a_missing_folder_is_refused(net: Path) -> None:
    result = run(net, "-o", net.parent / "pictures" / "net.svg")
    assert result.exit_code == 2
    assert f"there is no folder {net.parent / 'pictures'}" in result.output
    assert not (net.parent / "pictures").exists()


def test_errors_are_shown_and_no_file_is_written(net: Path) -> None:
    net.write_text("input 3x4x4; conv 8 k5")
    out = net.with_name("net.svg")
    out.write_text("the picture of yesterday")
    result = run(net, "-o", out)
    assert result.exit_code == 1
    assert "error[E" in result.output
    assert out.read_text() == "the picture of yesterday"


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path / "net.arch", "-o", tmp_path / "net.svg").exit_code == 2


def test_settings_and_input_sizes_are_applied(net: Path) -> None:
    result = run(net, "-o", "-", "--format", "mmd", "--set", "classes=7", "--input", "1x28x28")
    assert result.exit_code == 1, "LeNet's last convolution does not fit on 28 by 28"
    net.write_text("net N(classes = 2); input 3x8x8; gap; fc classes")
    result = run(net, "-o", "-", "--format", "mmd", "--set", "classes=7", "--input", "5x28x28")
    assert "5×28×28" in result.output
    assert "fc 7" in result.output


def test_content_of_a_diagram_can_be_selected(net: Path) -> None:
    result = run(net, "-o", "-", "--format", "dot", "--direction", "LR", "--no-parameters", "--macs", "--no-caption")
    assert 'rankdir="LR"' in result.output
    assert "118K MACs" in result.output
    assert "parameters" not in result.output


def test_file_mode_and_symlink_are_preserved(net: Path) -> None:
    target = net.with_name("target.dot")
    target.write_text("")
    target.chmod(0o640)
    link = net.with_name("link.dot")
    link.symlink_to(target)
    assert run(net, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert target.read_text().startswith("digraph")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    fresh = net.with_name("fresh.dot")
    assert run(net, "-o", fresh).exit_code == 0
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("format", ["pdf", "eps"])
def test_pdf_and_eps_need_no_system_programs(
    net: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(net, "-o", net.with_name(f"net.{format}"))
    assert result.exit_code == 0, result.output
    assert net.with_name(f"net.{format}").read_bytes().startswith(b"%PDF" if format == "pdf" else b"%!PS-Adobe")


def test_character_without_a_glyph_is_refused(net: Path) -> None:
    result = run(net, "--title", "שלום", "-o", net.with_name("net.pdf"))
    assert result.exit_code == 2
    assert "`ש` (U+05E9, hebrew letter shin) belongs to a script" in result.output
    assert "use svg" in result.output
    assert not net.with_name("net.pdf").exists()


def test_folder_as_output_file_is_refused(net: Path) -> None:
    folder = net.with_name("net.svg")
    folder.mkdir()
    result = run(net, "-o", folder)
    assert result.exit_code == 2
    assert "it is a folder" in result.output


def test_check_reports_outdated_diagrams(net: Path) -> None:
    out = net.with_name("net.svg")
    missing = run(net, "-o", out, "--check")
    assert (missing.exit_code, missing.output) == (1, f"{out} is missing; run without --check to write it\n")
    assert not out.exists()
    assert run(net, "-o", out).exit_code == 0
    fresh = run(net, "-o", out, "--check")
    assert (fresh.exit_code, fresh.output) == (0, f"{out} is up to date\n")
    before = out.read_bytes()
    net.write_text(LENET.replace("fc 84", "fc 85"))
    stale = run(net, "-o", out, "--check")
    assert stale.exit_code == 1
    assert "is out of date" in stale.output
    assert out.read_bytes() == before


def test_check_requires_an_output_file(net: Path) -> None:
    assert run(net, "-o", "-", "--format", "svg", "--check").exit_code == 2


def test_views_and_themes_can_be_selected(net: Path) -> None:
    stages = run(net, "-o", "-", "--format", "dot", "--view", "stages", "--theme", "dark", "--legend").output
    assert "features" in stages
    assert "conv 6" not in stages
    assert 'bgcolor="#0d1117"' in stages
    assert "convolution" in stages
    assert run(net, "-o", "-", "--format", "dot", "--view", "volumes").output.startswith("// neato -n2")


def test_view_unsupported_by_the_format_is_refused(net: Path) -> None:
    result = run(net, "-o", net.with_name("net.mmd"), "--view", "volumes")
    assert result.exit_code == 2
    assert "Mermaid does not support the view `volumes`" in result.output


def test_title_follows_the_requested_network(net: Path) -> None:
    out = net.with_name("net.svg")
    for words, title in (
        (("zoo:resnet50",), "ResNet-50"),
        (("zoo:resnet50", "--title", "Ours"), "Ours"),
        ((net,), "LeNet5"),
    ):
        assert run(*words, "--view", "stages", "-o", out).exit_code == 0
        assert ElementTree.parse(out).getroot().findtext("{http://www.w3.org/2000/svg}title") == title


def test_title_without_a_caption_is_refused(net: Path) -> None:
    result = run(net, "-o", net.with_name("net.svg"), "--title", "A", "--no-caption")
    assert result.exit_code == 2
    assert "--no-caption leaves no place for a title" in result.output


@pytest.mark.parametrize("view", ["blocks", "stages"])
def test_block_is_expanded_at_any_depth(net: Path, view: str) -> None:
    plain, opened = net.with_name("plain.dot"), net.with_name("opened.dot")
    run("zoo:resnet50", "--view", view, "-o", plain)
    assert run("zoo:resnet50", "--view", view, "--expand", "bottleneck", "-o", opened).exit_code == 0
    assert "conv 64 1×1" not in plain.read_text()
    assert "conv 64 1×1" in opened.read_text()


def test_unknown_block_to_expand_is_an_error(net: Path) -> None:
    result = run("zoo:resnet50", "--view", "blocks", "--expand", "botleneck", "-o", net.with_name("net.dot"))
    assert result.exit_code == 2
    assert "no block or stage `botleneck` to expand; did you mean `bottleneck`?" in result.output


@pytest.mark.parametrize(("view", "warned"), [("layers", True), ("stages", False)])
def test_mermaid_limit_of_arrows_is_reported(net: Path, view: str, warned: bool) -> None:
    out = net.with_name("net.mmd")
    result = run("zoo:densenet201", "--no-fold", "--view", view, "-o", out)
    assert result.exit_code == 0
    assert ("more than the 500 that Mermaid renders by default" in result.stderr) == warned
    arrows = sum("->" in line for line in out.read_text().splitlines())
    assert (arrows > 500) == warned
    assert not warned or f"{arrows} arrows" in result.stderr


@pytest.mark.parametrize(("layers", "warned"), [(440, True), (300, False)])
def test_mermaid_limit_of_characters_is_reported(net: Path, layers: int, warned: bool) -> None:
    out = net.with_name("net.mmd")
    result = run("-e", f"input 8x32x32; conv 8 k3 p1 x{layers}", "--no-fold", "--macs", "-o", out)
    assert result.exit_code == 0
    size = len(out.read_text(encoding="utf-8"))
    assert (size > 50_000) == warned
    assert (f"{size:,} characters are more than the 50,000" in result.stderr) == warned
    assert "arrows" not in result.stderr


UNET = """
input 1x32x32
block double(c) { conv c k3 p1; relu; conv c k3 p1; relu }
double 8 as d1; maxpool 2; double 16 as d2; maxpool 2; double 32
upconv 16 k2 s2; concat d2; double 16; upconv 8 k2 s2; concat d1; double 8; conv 2 k1
"""


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ([], True),
        (["--no-parameters"], True),
        (["--view", "layers"], False),
        (["--direction", "LR"], False),
        (["--columns", "2"], False),
    ],
)
def test_unet_view_is_selected_automatically(tmp_path: Path, options: list[str], chosen: bool) -> None:
    """If neither an option nor the format says otherwise."""
    net, out = tmp_path / "net.arch", tmp_path / "net.svg"
    net.write_text(UNET)
    assert ("view unet" in run(net, "-o", out, *options).output) == chosen
    explicit = tmp_path / "explicit.svg"
    run(net, "-o", explicit, "--view", "unet", *[each for each in options if each == "--no-parameters"])
    assert (out.read_bytes() == explicit.read_bytes()) == chosen
    assert "view unet" not in run(net, "-o", tmp_path / "net.dot").output


def test_style_detail_and_field_options(net: Path) -> None:
    style, out = net.with_name("style.arch"), net.with_name("out.svg")
    style.write_text('figure { title "Styled"; hide tanh }')
    assert run(net, "-o", out, "--style", style).output.endswith("out.svg: Styled, 61,706 parameters\n")
    assert "not shown: tanh" in out.read_text()
    assert run(net, "-o", out, "--field", "conv2").exit_code == 0
    assert "sees 14×14 of 32×32" in out.read_text()
    assert run(net, "-o", out, "--view", "volumes", "--sheets").exit_code == 0
    for words, reason in (
        (["--sheets"], "without --view volumes, there are no feature maps: leave out --sheets"),
        (["--view", "blocks", "--field", "conv2"], "only the view `volumes` shows tensors to scale"),
        (["--view", "layers", "--detail", "features"], "shows all details"),
        (["--detail", "nothing"], "there is no block or stage `nothing` to show in detail"),
    ):
        result = run(net, "-o", out, *words)
        assert result.exit_code == 2
        assert reason in result.output


@pytest.mark.parametrize("program", [command, diff])
def test_pptx_without_its_package_names_the_extra(
    net: Path, monkeypatch: pytest.MonkeyPatch, program: click.Command
) -> None:
    monkeypatch.setattr("archdsl.extras._importable", lambda module: module != "pptx")
    out = net.with_name("net.pptx")
    names = [str(net)] * (2 if program is diff else 1)
    result = CliRunner().invoke(program, [*names, "-o", str(out)])
    assert result.exit_code == 2
    assert "a diagram for PowerPoint needs the extra `pptx`: python-pptx is not installed" in result.output
    assert not out.exists()
