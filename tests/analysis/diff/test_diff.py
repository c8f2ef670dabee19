"""Which layers are equal, and which weights carry over, compared to torch's state dicts."""

import html

import pytest
import torch
from markdown_it import MarkdownIt

import archdsl
from archdsl.analysis import diff as differences
from archdsl.analysis.diff.diff_markdown import _cell
from archdsl.analysis.diff.diff_markdown import render as as_markdown
from archdsl.analysis.diff.diff_report import report
from archdsl.analysis.diff.diff_text import render
from archdsl.analysis.diff.differences import Diff
from archdsl.analysis.state_dict import state_dict
from archdsl.text.markdown import table

BASE = """\
input 3x32x32
stage low  { conv 16 k3 p1; bn; relu; conv 16 k3 p1; bn; relu }
stage high { conv 32 k3 s2 p1; bn; relu }
gap; fc 10
"""


def diff(a: archdsl.Network, b: archdsl.Network) -> Diff:
    return differences.diff(a.graph, b.graph, (a.program.source.name, b.program.source.name))


def module(network: archdsl.Network) -> torch.nn.Module:
    with torch.device("meta"):
        return network.to_torch()


def kinds(a: str, b: str) -> list[tuple[str, str]]:
    rows = diff(archdsl.loads(a), archdsl.loads(b)).rows
    return [(row.kind, row.layer.name) for row in rows if row.kind != "same"]


ZOO = ["lenet5", "resnet18", "densenet121", "efficientnet_b0", "convnext_tiny", "unet"]


@pytest.mark.parametrize("name", ZOO)
def test_state_dict_shapes_match_torch(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    real = module(network)
    found = state_dict(network.graph)
    assert {key: tensor.shape for key, tensor in found.items()} == {
        key: tuple(value.shape) for key, value in real.state_dict().items()
    }
    assert {key for key, tensor in found.items() if tensor.parameter} == dict(real.named_parameters()).keys()


MIXED = """\
input words 20 int(50)
embedding 16 as table
pos; attention 4; lstm 8 bidirectional; fc 16; prelu; layernorm
reuse table
"""


def test_state_dict_shapes_of_shared_and_learned_weights() -> None:
    network = archdsl.loads(MIXED)
    assert {key: tensor.shape for key, tensor in state_dict(network.graph).items()} == {
        key: tuple(value.shape) for key, value in network.to_torch().state_dict().items()
    }


def test_inserted_layer_does_not_change_later_layers() -> None:
    more = BASE.replace("; relu }\nstage high", "; relu; conv 16 k3 p1; bn; relu }\nstage high")
    assert kinds(BASE, more) == [("added", "low.conv3"), ("added", "low.bn3"), ("added", "low.relu3")]
    assert kinds(more, BASE) == [("removed", "low.conv3"), ("removed", "low.bn3"), ("removed", "low.relu3")]
    early = BASE.replace("stage low  {", "stage low  { conv 3 k1;")
    assert kinds(BASE, early) == [("added", "low.conv1")]


def test_changed_layer_is_one_row() -> None:
    assert kinds(BASE, BASE.replace("conv 16 k3 p1; bn; relu }", "conv 16 k5 p2; bn; relu }")) == [
        ("changed", "low.conv2")
    ]
    rows = kinds(BASE, BASE.replace("{ conv 32 k3 s2 p1; bn", "{ conv 32 k3 s2 p1; groupnorm 4"))
    assert rows == [("changed", "high.groupnorm1")]


def test_renamed_stage_is_equal() -> None:
    found = diff(archdsl.loads(BASE), archdsl.loads(BASE.replace("stage high", "stage top")))
    assert all(row.kind == "same" for row in found.rows)
    assert [pair.a.name for pair in found.weights.renamed][:2] == ["high.conv1.weight", "high.conv1.bias"]
    assert found.differs


def test_position_in_the_text_is_ignored() -> None:
    assert not diff(archdsl.loads(BASE), archdsl.loads("# a comment\n" + BASE.replace("; ", "\n"))).differs


REWIRED = [
    ("sub a b as c", "sub b a as c", {"c": "inputs"}, "sub: reads a b → b a"),
    ("from a; relu as c", "from b; relu as c", {"c": "inputs"}, "relu as c: reads a → b"),
    ("mul a b as c", "mul a b b as c", {"c": "inputs"}, "mul: reads a b → a b b"),
    ("mul a b as c", "mul b a as c", {}, "4 unchanged"),
    ("relu as c; reuse a as d", "relu as c; reuse b as d", {"b": "shares"}, "weights of a → b"),
    ("output a", "output b", {"b": "outputs"}, "fc 4 as b: output none → 1"),
    ("output a, b", "output b, a", {"a": "outputs", "b": "outputs"}, "fc 4 as a: output 1 → 2"),
    ("add a b as c", "add a { fc 4; relu } as c", {}, "relu1"),
]


@pytest.mark.parametrize(("old", "new", "changes", "shown"), REWIRED)
def test_layers_with_other_connections_differ(old: str, new: str, changes: dict[str, str], shown: str) -> None:
    head = "input 4; fc 4 as a; from in; fc 4 as b; "
    found = diff(archdsl.loads(head + old), archdsl.loads(head + new))
    rows = [row for row in found.rows if row.kind == "changed"]
    assert {row.layer.name.rpartition(".")[2]: ", ".join(set(row.changes) - {"name"}) for row in rows} == changes
    assert shown in render(found)


def test_another_vocabulary_of_an_unread_input_is_a_change() -> None:
    a, b = (f"input words 5 int({size}); input x 4; relu" for size in (7, 9))
    assert kinds(a, b) == [("changed", "words")]


CHANGES = [
    ("stage low  {", "stage low  { conv 3 k1;"),
    ("stage low", "stage bottom"),
    ("fc 10", "fc 7"),
    ("gap;", "conv 32 k3 p1; relu; gap;"),
    ("bn; relu; conv 16 k3 p1;", "conv 16 k5 p2;"),
    ("stage high {", "stage high { conv 16 k3 p1; bn; relu;"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_carried_over_tensors_load_into_the_other_module(old: str, new: str) -> None:
    """The tensors that carry over, loaded under their new names, are the old layers' weights and fit."""
    a, b = archdsl.loads(BASE), archdsl.loads(BASE.replace(old, new, 1))
    weights = diff(a, b).weights
    first, second = a.to_torch().state_dict(), b.to_torch()
    names = {each.name: each.name for each in weights.same} | {pair.a.name: pair.b.name for pair in weights.renamed}
    result = second.load_state_dict({names[key]: value for key, value in first.items() if key in names}, strict=False)
    assert not result.unexpected_keys
    missing = {each.name for each in weights.new} | {pair.b.name for pair in weights.changed}
    # torch requires no count of batches in a state dict without a version.
    assert set(result.missing_keys) == {name for name in missing if not name.endswith("num_batches_tracked")}
    assert {each.name for each in weights.left} | {
        pair.a.name for pair in weights.changed
    } == first.keys() - names.keys()
    for pair in weights.changed:
        assert first[pair.a.name].shape == pair.a.shape != pair.b.shape == tuple(second.state_dict()[pair.b.name].shape)
    by_name = {key for key, value in second.state_dict().items() if key in first and value.shape == first[key].shape}
    assert set(weights.conflicting) == by_name - {each.name for each in weights.same}


def test_layer_inserted_in_a_deep_network_is_found() -> None:
    block = "residual { conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn }; relu"
    a = archdsl.loads(f"input 8x8x8\nrepeat 120 {{ {block} }}")
    b = archdsl.loads(f"input 8x8x8\nrepeat 50 {{ {block} }}\nconv 8 k5 p2\nrepeat 90 {{ {block} }}")
    found = diff(a, b)
    assert [sum(row.kind == kind for row in found.rows) for kind in ("changed", "added", "removed")] == [0, 141, 0]
    assert next(row.layer.name for row in found.rows if row.kind == "added") == "conv101"


def test_text_report_of_a_diff() -> None:
    more = BASE.replace("conv 32 k3", "conv 48 k3").replace("gap; fc 10", "gap; dropout; fc 10")
    a, b = archdsl.loads(BASE, name="old.arch"), archdsl.loads(more, name="new.arch")
    shown = [" ".join(line.split()) for line in render(diff(a, b)).splitlines()]
    assert shown[2:10] == [
        "layer output params MACs field",
        "… 7 unchanged",
        "~ high.conv1 conv 32 k3 s2 p1 → conv 48 k3 s2 p1 32×16×16 → 48×16×16 4,640 → 6,960 1,179,648 → 1,769,472 7",
        "~ high.bn1 bn 32×16×16 → 48×16×16 64 → 96 7",
        "~ high.relu1 relu 32×16×16 → 48×16×16 7",
        "~ gap1 gap 32 → 48",
        "+ dropout1 dropout 48",
        "~ fc1 fc 10 10 330 → 490 320 → 480",
    ]
    assert shown[-2:] == [
        "weights 16 of 23 tensors carry over, 2,909 of 10,541 values (27.6%)",
        "16 with the same name, 7 with a different shape",
    ]


def test_symbolic_shapes_are_compared_as_closed_forms() -> None:
    a = archdsl.loads("input 3xHxW; conv 8 k3; gap; fc 5")
    b = archdsl.loads("input 3xHxW; conv 8 k3 s2; gap; fc 5")
    row = next(row for row in diff(a, b).rows if row.kind == "changed")
    assert (row.a and row.a.shape, row.b and row.b.shape) == ("8×(H − 2)×(W − 2)", "8×⌊(H − 1)/2⌋×⌊(W − 1)/2⌋")
    assert "H" in str(report(diff(a, b)).layers[1].model_dump()["a"]["macs"])
    assert not diff(a, a).differs


def test_markdown_report_escapes_hostile_names() -> None:
    name = "a|b`<script>alert(1)</script>`@someone [x](http://y)"
    a, b = archdsl.loads(BASE, name=name), archdsl.loads(BASE.replace("k3 s2", "k5 s2"), name="b")
    page = MarkdownIt("commonmark").enable("table").render(as_markdown(diff(a, b)))
    assert "<script>" not in page
    assert "href" not in page
    assert f"<code>{html.escape(name)}</code>" in page
    assert "<code>conv 32 k3 s2 p1 → conv 32 k5 s2 p1</code>" in page


def test_pipe_character_is_escaped_in_a_table_cell() -> None:
    assert _cell("a|b") == "`a\\|b`"
    row = MarkdownIt("commonmark").enable("table").render(table(["x", "y"], "ll", [[_cell("a|`b"), "c"]]))
    assert "<td><code>a|`b</code></td>\n<td>c</td>" in row
