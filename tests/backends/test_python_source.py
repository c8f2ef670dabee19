"""Printed source builds the same module as `to_torch`."""

from typing import Any

import pytest
import torch

import archdsl
from archdsl.backends.python_source import class_name
from tests.programs.network_property import check_source, from_source


def source(text: str) -> str:
    network = archdsl.loads(text)
    check_source(network.graph)
    return network.source()


def forward(text: str) -> list[str]:
    """The lines of the last class's forward method."""
    return [line.strip() for line in source(text).rpartition("def forward")[2].splitlines()[1:]]


def test_plain_chain_becomes_sequential() -> None:
    text = source("input 3x8x8\nstage stem { conv 4 k3; bn; relu }\ngap; fc 10\n")
    assert "self.stem = nn.Sequential(\n            OrderedDict(\n                conv1=nn.Conv2d(3, 4, 3)," in text


def test_uses_of_a_block_share_a_class() -> None:
    text = source("input 4x8x8\nblock twice { residual { conv 4 k3 p1; relu } }\nstage a { twice x3 }\ntwice\n")
    assert text.count("class Twice(") == 1


def test_modules_missing_in_torch_are_included() -> None:
    text = source("input 4x8x8; drop_path 0.1; scale 0.5 learned\n")
    assert text.count("class DropPath(nn.Module)") == text.count("class Scale(nn.Module)") == 1


def test_printed_source_freezes_weights() -> None:
    assert 'self.get_parameter("a.conv1.weight").requires_grad_(False)' in source(
        "input 3x8x8; stage a { conv 4 k1 frozen }\n"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("input x 3x4x4; residual { conv 3 k1 }", "x = y + x"),
        ("input x 3x4x4; mul { sigmoid } { tanh } { relu }", "x = branch1 * branch2 * x"),
        ("input a 3x4x4; concat { relu } a", "return torch.cat([x, a], 1)"),
    ],
)
def test_merges_are_printed_as_expressions(text: str, line: str) -> None:
    assert line in forward(text)[-2:]


class TestLiveValues:
    """Values must not be overwritten before they are read."""

    def test_operands_of_a_three_way_merge(self) -> None:
        source("input 2x4x4; add { lrn 2 } { bn } as a\nadd { gelu } a { avgpool 1 }\n")

    def test_scope_with_several_results(self) -> None:
        source("input 4x6x6; aux a { bn; aux b { relu }; gap; sigmoid }\n")

    def test_unused_result_of_a_scope(self) -> None:
        source("input 24; stage a { relu as kept }\nscale 0.5; stage b { add in as lost }\noutput kept\n")

    def test_inputs_named_like_local_variables(self) -> None:
        source("input y 3x4x4\ninput x 3x4x4\nadd { conv 3 k1 } y { relu }\n")

    def test_python_keywords_and_modules_as_names(self) -> None:
        source(
            "net class(self = 2)\ninput torch 3x4x4\ninput nn 3x4x4\n"
            "conv self k1 as lambda\nconcat { relu as F } lambda\n"
        )


class TestReuse:
    """A reused module keeps its name."""

    def test_reused_layer_in_the_same_scope(self) -> None:
        assert forward("input 3x8x8; conv 3 k1 as a; relu; reuse a\n")[-2:] == ["x = self.a(x)", "return x"]

    def test_reused_layer_within_its_stage(self) -> None:
        text = source("input 3x8x8; stage s { conv 3 k1 as a; reuse a; relu }\nfc 2 axis=0\n")
        assert text.count("self.a(x)") == 2

    def test_reused_layer_of_another_scope_keeps_state_names(self) -> None:
        scope = "stage s { bn; reuse a; stage t { relu; conv 3 k1 x2 }; add { conv 3 k1; reuse t } }"
        text = f"input 3x8x8; conv 3 k1 as a\n{scope}\n"
        assert "self.s.t = nn.Module()" in source(text)
        keys = list(archdsl.loads(text).to_torch().state_dict())
        assert [key for key in keys if key.endswith("weight")] == [
            "a.weight", "s.bn1.weight", "s.t.conv1.weight", "s.t.conv2.weight", "s.conv1.weight",
        ]  # fmt: skip

    def test_reused_block(self) -> None:
        block = "block b { residual { conv 3 k3 p1; bn }; relu }"
        source(f"input 3x8x8\n{block}\nb as first\ndropout; reuse first as second\nadd {{ }} first second\n")


@pytest.mark.parametrize("word", ["resnet50", "dense_block", "class", "2d", "ñ", "", "a-b c", "None"])
def test_class_names_are_identifiers(word: str) -> None:
    assert class_name(word).isidentifier()
    compile(f"class {class_name(word)}: pass", "", "exec")


def test_hostile_name_is_escaped_in_the_docstring(tmp_path: object) -> None:
    from archdsl.backends.python_source import to_source

    graph = archdsl.loads("input 3x4x4; relu").graph
    text = to_source(graph, origin='x"""\nimport os\n\\.arch')
    assert "import os" not in text.splitlines()
    assert isinstance(from_source(text, graph), torch.nn.Module)


DECIDING = [
    "input 3x8x8; conv 8 k3; if c > 3 { relu }; gap; fc c",
    "input 3x8x8; conv c k3; if @c > 3 { conv 4 k1 }; gap; fc 10",
    "input 3x8x8; b c; gap; fc 10",
    "input 3x8x8; conv c k3; let d = @c; if d > 100 { conv 4 k1 }; gap; fc 10",
    "input 3x8x8; let d = c; let e = d; if e > 100 { relu }; gap; fc c",
    "input 3x8x8; conv 12//c + 1 k3; gap; fc c",
    "input 3x8x8; let d = max(c, 6); conv d k3; gap; fc c",
    "input 3x8x8; conv 4 k3; repeat c { relu; conv 4 k1 }; gap; fc c",
    "input 3x8x8; repeat 2 { fc_or_not c }; gap; fc 3",
    "input 3x8x8; conv [4, 5, 6, 7, 8, 9, 10, 11, 12, 13][c % 9] k3; gap; fc c",
    "input 3x8x8; conv (4 if c < 4 else 5) k3; gap; fc c",
]
SIZES = [
    "input 3x8x8; conv c k3; relu; gap; fc 10",
    "input 3x8x8; let d = 2*c; conv d k3; bn; gap; fc 4",
    "input 3x8x8; conv 4 k3; if @c > 3 { relu }; gap; fc c",
    "input 5 int(c); embedding 4; gap; fc c",
]
BLOCKS = (
    "block b(n) { conv n k3 p1; residual when in@c == n { conv n k3 p1 } }\n"
    "block fc_or_not(n) { if n > 4 { conv n k1 } else { relu } }\n"
)


@pytest.mark.parametrize(("text", "named"), [*((each, False) for each in DECIDING), *((each, True) for each in SIZES)])
def test_class_arguments_give_the_network_with_these_values(text: str, named: bool) -> None:
    written = f"net A(c=8)\n{BLOCKS}{text}\n"
    code = archdsl.loads(written).source()
    assert ("c: int = 8" in code) == named
    if named:
        space: dict[str, Any] = {"__name__": "generated"}
        exec(code, space)
        for value in (1, 2, 3, 5, 13):
            expected = archdsl.loads(written, c=value).to_torch()
            assert shapes(space["A"](c=value)) == shapes(expected)


def shapes(module: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in module.state_dict().items()}
