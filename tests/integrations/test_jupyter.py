"""The cell magic in a real shell, and the display of networks."""

from typing import Any
from xml.etree import ElementTree

import pytest
from IPython.testing.globalipapp import start_ipython
from IPython.utils.capture import capture_output

import archdsl

CELL = "net Tiny(classes = 2)\ninput 1x8x8\nconv 4 k3; relu\ngap; fc classes\n"


@pytest.fixture(scope="module")
def started() -> Any:
    shell = start_ipython()  # type: ignore[no-untyped-call]
    # A terminal's shell produces only text; a notebook's produces all formats.
    shell.display_formatter.active_types = shell.display_formatter.format_types
    shell.run_line_magic("load_ext", "archdsl")
    return shell


@pytest.fixture
def shell(started: Any) -> Any:
    started.user_ns.pop("net", None)
    return started


def run(shell: Any, line: str, cell: str = CELL) -> tuple[Any, Any]:
    with capture_output() as seen:
        done = shell.run_cell(f"%%arch {line}\n{cell}")
    return done, seen


def shown(seen: Any) -> str:
    return "".join(output.data["text/html"] for output in seen.outputs)


def test_cell_is_rendered_and_bound(shell: Any) -> None:
    done, seen = run(shell, "net")
    assert done.success
    assert isinstance(shell.user_ns["net"], archdsl.Network)
    assert shell.user_ns["net"].parameters == 50
    assert "<svg" in shown(seen)
    assert "<table" not in shown(seen)


def test_magic_options(shell: Any) -> None:
    _, seen = run(shell, 'net table nodiagram set="classes=3" input=1x16x16')
    assert "<svg" not in shown(seen)
    assert "Tiny: 1×16×16 → 3" in shown(seen)
    assert shell.user_ns["net"].graph.settings == {"classes": 3}


def test_cell_without_a_name_binds_no_variable(shell: Any) -> None:
    _, seen = run(shell, "table")
    assert "<table" in shown(seen)
    assert not [name for name, value in shell.user_ns.items() if isinstance(value, archdsl.Network)]


def test_errors_are_shown_like_check_and_fail_the_cell(shell: Any) -> None:
    run(shell, "net")
    before = shell.user_ns["net"]
    done, seen = run(shell, "net", "input 1x8x8\nconv 4 k9\n")
    assert isinstance(done.error_in_exec, archdsl.ArchError)
    assert "error[E0401]" in seen.stdout + seen.stderr
    assert "net.arch:2:" in seen.stdout + seen.stderr
    assert "Traceback" not in seen.stdout + seen.stderr
    assert shell.user_ns["net"] is before


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("net veiw=blocks", "%%arch: there is no option `veiw`; did you mean `view`?"),
        ('net set="', "%%arch: No closing quotation in"),
        ("net view=x", "%%arch: `view` must be one of layers, blocks, stages, volumes, not `x`"),
    ],
)
def test_invalid_first_line_is_reported(shell: Any, line: str, output: str) -> None:
    done, seen = run(shell, line)
    assert not done.success
    assert output in seen.stdout + seen.stderr
    assert "Traceback" not in seen.stdout + seen.stderr


def test_warning_is_shown_with_the_diagram(shell: Any) -> None:
    done, seen = run(shell, "net", "input 1x8x8\nconv 4 k3; relu; relu\ngap; fc 2\n")
    assert done.success
    assert "warning[W" in seen.stderr
    assert "<svg" in shown(seen)


def test_hostile_text_is_escaped(shell: Any) -> None:
    _, seen = run(shell, "net table", CELL.replace("fc classes", "fc (3 if 1<2 else 4) # <script>"))
    assert "if 1&lt;2 else" in shown(seen)
    assert "<script>" not in shown(seen)
    done, seen = run(shell, "net table", CELL + 'use "<img src=x onerror=alert(1)>"\n')
    assert not done.success
    assert not seen.outputs


def test_network_display_is_svg_or_html() -> None:
    network = archdsl.loads(CELL)
    drawn = network._repr_svg_()
    assert drawn is not None
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    shown = network._repr_html_()
    assert shown is not None
    assert "parameters 50, all trainable" in shown
    assert drawn.splitlines()[0] in shown


def test_deep_network_display_uses_the_blocks_view() -> None:
    drawn = archdsl.load("zoo:resnet152")._repr_svg_()
    assert drawn is not None
    assert len(drawn) < 200_000
