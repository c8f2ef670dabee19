"""Printed source as one would review it: arguments, loops, annotations, format."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import archdsl
from tests.programs.network_property import check_source

PRINTED = (
    "resnet50", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "efficientnet_v2_s", "swin_v2_t", "vit_b_16",
    "inception_v3", "shufflenet_v2_x0_5", "unet", "ssd300_vgg16", "retinanet_resnet50_fpn", "yolov8n", "char_lstm",
    "t5_small", "convlstm", "mamba_130m", "tcn", "vae", "bert_base",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The printed source of some networks of the zoo, one file each."""
    path = tmp_path_factory.mktemp("printed")
    for name in PRINTED:
        (path / f"net_{name}.py").write_text(archdsl.load(f"zoo:{name}").source(), encoding="utf-8")
    return path


def run(folder: Path, *command: str) -> str:
    """The output of a tool that must succeed."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_printed_source_is_formatted_like_ruff(folder: Path) -> None:
    pytest.importorskip("ruff")
    run(folder, "ruff", "format", "--isolated", "--line-length", "120", "--check", ".")
    run(folder, "ruff", "check", "--isolated", "--select", "E4,E7,E9,F,I,B,SIM,UP", ".")


def test_lines_fit_88_columns_except_in_included_modules(folder: Path) -> None:
    for name in ("resnet50", "densenet121", "inception_v3", "yolov8n", "unet", "ssd300_vgg16"):
        run(folder, "ruff", "format", "--isolated", "--line-length", "88", "--check", f"net_{name}.py")


def test_printed_source_passes_mypy_strict(folder: Path) -> None:
    pytest.importorskip("mypy")
    run(folder, "mypy", "--strict", ".")


def built(text: str, **arguments: int) -> torch.nn.Module:
    """The module that printed source builds."""
    network = archdsl.loads(text)
    check_source(network.graph)
    space: dict[str, type[torch.nn.Module]] = {}
    exec(network.source(), space)
    with torch.device("meta"):
        return space[network.graph.name](**arguments)


def test_parameter_used_only_by_layers_is_a_constructor_argument() -> None:
    text = "net N(classes = 10, width = 8)\ninput 3x8x8\nstage stem { conv width k3; bn }\ngap; fc 2*classes\n"
    module = built(text, classes=7, width=6)
    assert module.get_parameter("fc1.weight").shape == (14, 6)
    assert module.get_parameter("stem.bn1.weight").shape == (6,)
    with torch.device("meta"):
        given = archdsl.loads(text, classes=7, width=6).to_torch()
    names = {name: p.shape for name, p in module.state_dict().items()}
    assert names == {name: p.shape for name, p in given.state_dict().items()}


NOT_ARGUMENTS = {
    "a number of repetitions": "net N(n = 2)\ninput 3x8x8\nrepeat n { conv 3 k1 }\n",
    "a condition": "net N(n = 2)\ninput 3x8x8\nif n > 2 { relu }\nconv n k1\n",
    "a sum": "net N(n = 2)\ninput 3x8x8\nconv n + 4 k1\n",
    "a value of a function": 'net N(n = 2)\ninput 4x8x8\nrearrange "(c n) h w -> c n h w" n=n\n',
    "inside of a block": "net N(n = 2)\ninput 3x8x8\nblock b { residual { conv 3 k1; scale n }; bn }\nb; conv n k1\n",
}


@pytest.mark.parametrize("text", NOT_ARGUMENTS.values(), ids=NOT_ARGUMENTS)
def test_parameter_that_changes_the_structure_is_not_an_argument(text: str) -> None:
    network = archdsl.loads(text)
    check_source(network.graph)
    assert "n: int" not in network.source().rpartition("class N(")[2]


BLOCK = """block b(c, s = 1) {
  residual { conv c k3 s=s p1; bn } shortcut { if s != 1 or @c != c { conv c k1 s=s } }
  relu
}"""


def test_projection_shortcut_is_conditional() -> None:
    text = f"input 8x8x8\n{BLOCK}\nb 8; b 16 s2; b 16; b 32 s2; b 32\n"
    source = archdsl.loads(text).source()
    check_source(archdsl.loads(text).graph)
    assert source.count("class B(") == 1
    assert "class B2(" not in source
    assert "if stride != 1:" in source or "if in_channels != out_channels:" in source


def test_block_uses_with_different_structure_have_separate_classes() -> None:
    text = (
        "input 8x8x8\nblock b(act) { residual { conv 8 k3 p1; act; conv 8 k3 p1 }; act }\n"
        "b act=relu; b act=gelu; b act=relu\n"
    )
    check_source(archdsl.loads(text).graph)
    assert "class B2(" in archdsl.loads(text).source()


def test_consecutive_block_uses_become_a_loop() -> None:
    text = f"input 8x8x8\n{BLOCK}\nstage s {{ b 8 x5 }}\nb 8 x6\n"
    source = archdsl.loads(text).source()
    check_source(archdsl.loads(text).graph)
    assert '**{f"b{i}": B() for i in range(1, 6)}' in source
    assert source.count("for i in range(1, 7):") == 2


def test_flat_source_has_no_arguments() -> None:
    text = f"net N(classes = 10)\ninput 8x8x8\n{BLOCK}\nb 8; b 16 s2; b 16; b 32 s2; b 32\ngap; fc classes\n"
    source = archdsl.loads(text).source(flat=True)
    assert source.count("def __init__(self) -> None:") == source.count("def __init__(") == 6
    space: dict[str, type[torch.nn.Module]] = {}
    exec(source, space)
    expected = archdsl.loads(text).to_torch().state_dict()
    assert {name: p.shape for name, p in space["N"]().state_dict().items()} == {n: p.shape for n, p in expected.items()}


FUNCTIONS = {
    "padding": ("input 8x20\n", "pad before=n; conv 8 k3 d=n; relu", "b 1; b 2; b 4", "F.pad(x, (self.dilation, 0))"),
    "a bound": ("input 8x9x9\n", "slice n; conv 8 k1", "b 1; b 3; b 5", "x[:, self."),
    "a factor, whole or not": ("input 8x9x9\n", "residual { conv 8 k1; scale n }", "b 2; b 0.5; b 3", "self.scale"),
    "another name than that of a module": (
        "input 8x20\n",
        "pad after=n; conv 8 k2 as padding; relu",
        "b 1; b 2; b 3",
        "self.padding2",
    ),
    "several results": (
        "input 8x20\n",
        "pad before=n; conv 8 k2 d=n as a; from a; conv 8 k1; add in as o; from a; conv 4 k1 as s; output o, s",
        "b 1 as x, s; b 2 as x2, s2; b 4 as x3, s3; concat s s2 s3 x3",
        "-> tuple[Tensor, Tensor]",
    ),
}


@pytest.mark.parametrize(("head", "body", "uses", "line"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_varying_numbers_of_layers_are_arguments(head: str, body: str, uses: str, line: str) -> None:
    text = f"{head}block b(n) {{ {body} }}\n{uses}\n"
    source = archdsl.loads(text).source()
    check_source(archdsl.loads(text).graph)
    assert line in source
    assert source.count("class B") == 1, source


LINES = {"tcn": 70, "nerf": 145, "wavenet": 385, "stable_diffusion_unet": 440, "shufflenet_v2_x0_5": 135}
"""The most lines of code, for networks whose blocks differ in the numbers of functions."""


@pytest.mark.parametrize("name", LINES)
def test_printed_source_has_at_most_the_recorded_lines(name: str) -> None:
    source = archdsl.load(f"zoo:{name}").source()
    assert sum(bool(line.strip()) for line in source.splitlines()) <= LINES[name]
