"""The worked example, examples/extension: its layer, lint, data set, task and backend take part in everything."""

import json
import math
import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir
from importlib import import_module
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.agents import tools
from archdsl.agents.agent_files import AgentFiles
from archdsl.cli import main
from archdsl.contract.layer import Op, Reject
from archdsl.lsp.open_documents import OpenDocuments
from archdsl.packages.package_loading import load_package
from archdsl.service import Document
from archdsl.service.completion import completions
from archdsl.service.hover import hover
from archdsl.text.library import AllowedPackages, Stack
from archdsl.text.package_names import RequiredPackage
from archdsl.zoo import shipped
from tests.layers import layer_property, oracle
from tests.layers.contract import call_all
from tests.layers.reading import check_reads
from tests.layers.saving import declared_bytes, saved_bytes
from tests.layers.strategies import cases

ROOT = Path(__file__).resolve().parents[2]
NETWORK = """use "gempool"
net Pooled(classes = 2)
input 1x16x16
stage features { conv 8 k3 same; relu; conv 8 k3 same; relu }
gem; fc classes
train { data stripes; epochs 1; optimizer adam lr=1e-2; precision fp32; layout channels_first }
"""
ALLOW = ["gempool"]

pytestmark = pytest.mark.usefixtures("gempool")


@pytest.fixture
def named_in_source(monkeypatch: pytest.MonkeyPatch, gempool: None) -> None:
    """The oracle evaluates printed calls, which name the package's module."""
    import_module("gempool.modules")
    monkeypatch.setitem(oracle._NAMES, "gempool", import_module("gempool"))


def gem() -> type[Op]:
    return load_package(RequiredPackage(name="gempool")).layers["gem"]


def run(*words: str, input: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, words, input=input, catch_exceptions=False)
    return result.exit_code, result.output


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.usefixtures("named_in_source")
def test_example_layer_matches_torch(data: st.DataObject) -> None:
    """Shape, weights, multiply-accumulates, source, reads and saved tensors, as for the layers of archdsl."""
    op, xs = data.draw(cases(gem()))
    layer_property.check(op, xs)
    try:
        y = op.infer(xs)
    except Reject:
        return
    call_all(op, xs, y)
    if op.eps < 0.1:  # type: ignore[attr-defined]  # a larger one hides the numbers that the check varies
        check_reads(op, xs, y)
    if all(size > 1 for size in xs[0].dims):
        assert declared_bytes(op, xs, y) == saved_bytes(op, xs)


def test_network_with_example_layer_is_checked_built_and_printed() -> None:
    network = archdsl.loads(NETWORK, allow=ALLOW)
    assert network.graph.packages[0].package.version == "1.0"
    module = network.to_torch().eval()
    assert sum(p.numel() for p in module.parameters()) == network.parameters
    names: dict[str, object] = {}
    exec(compile(network.source(), "printed", "exec"), names)
    printed = names["Pooled"]()  # type: ignore[operator]
    printed.load_state_dict(module.state_dict())
    x = torch.rand(2, 1, 16, 16)
    assert torch.equal(module(x), printed.eval()(x))
    assert "import gempool.modules" in network.source()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), module(x))
    assert "gem" in network.diagram(format="mmd").text
    assert network.layers["gem1"].macs == 0


@pytest.mark.parametrize("form", ["mmd", "dot", "svg", "tikz"])
def test_diagrams_show_the_example_layer(form: str) -> None:
    text = archdsl.loads(NETWORK, allow=ALLOW).diagram(format=form).text
    assert "gem 3" in text


def test_keras_source_refuses_the_example_layer() -> None:
    status, output = run("compile", "-e", NETWORK, "--to", "keras", "--allow", "gempool")
    assert status == 1
    assert output.splitlines()[0] == "error: gem, line 5: Keras has no counterpart for this layer"


@pytest.mark.usefixtures("onnx_functions")
def test_example_layer_onnx_round_trip(tmp_path: Path) -> None:
    """The file has the operations of its module, which are imported as those of any other module."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    file, text = str(tmp_path / "net.onnx"), tmp_path / "read.arch"
    status, output = run("export", "-e", NETWORK, "-o", file, "--allow", "gempool")
    assert status == 0, output
    assert "gives the same outputs for batches of 1 and 3" in output
    status, output = run("import", file, "-o", str(text))
    assert status == 0, output
    assert "outputs equal to" in output or "bit-identical outputs" in output
    assert "pow 3; gap" in text.read_text()
    assert archdsl.load(text).parameters == archdsl.loads(NETWORK, allow=ALLOW).parameters - 1, (
        "the exponent is constant"
    )


def test_importing_the_example_module_names_the_unsupported_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "uses_gem.py").write_text(
        "from gempool.modules import GeM\nfrom torch import nn\n"
        "def network(): return nn.Sequential(nn.Conv2d(3, 4, 3), GeM(), nn.Linear(4, 2))\n"
    )
    status, output = run("import", "uses_gem:network", "--input", "3x8x8")
    assert status == 1
    assert "1 (GeM): a power with a tensor as its exponent" in output


def test_example_layer_with_symbolic_sizes_and_receptive_fields() -> None:
    network = archdsl.loads('use "gempool"; input 3xHxW; conv 8 k3 s2; relu; gem; fc 10', allow=ALLOW)
    report = network.report(columns="params,rf")
    assert report["layers"][-1]["shape"] == [10]
    assert "memory" in archdsl.loads(NETWORK, allow=ALLOW).report(columns="memory")["layers"][3]


def test_example_layer_in_blocks_parameters_and_other_files(tmp_path: Path) -> None:
    (tmp_path / "blocks.arch").write_text('use "gempool"\nblock head(n, pool = gem) { pool; fc n }\n')
    text = 'use "blocks.arch"\nnet N(pool = gap)\ninput 3x8x8\nrelu; head 4\n'
    path = tmp_path / "net.arch"
    path.write_text(text)
    network = archdsl.load(path, allow=ALLOW)
    assert [info.keyword for info in network.layers] == ["relu", "gem", "fc"]
    path.write_text('use "blocks.arch"\ninput 3x8x8\ngem\n')
    found = archdsl.check(path, allow=ALLOW)
    assert [each.diagnostic.code for each in found.diagnostics] == ["E0201"], (
        "the file itself does not name the package"
    )
    named = 'use "gempool"\nnet N(pool = gap)\ninput 3x8x8\nrelu; pool\n'
    assert archdsl.loads(named, allow=ALLOW, pool="gem").layers[-1].keyword == "gem"
    assert run("check", "-e", named, "--set", "pool=gem", "--allow", "gempool")[0] == 0


def test_example_lint_warns_and_can_be_ignored() -> None:
    text = 'use "gempool"\ninput 3x8x8\nconv 4 k3\ngem p2{}\nfc 2\n'
    found = archdsl.check(text=text.format(""), allow=ALLOW)
    assert [each.diagnostic.code for each in found.diagnostics] == ["GEM01"]
    assert found.ok
    ignored = archdsl.check(text=text.format("  # archdsl: ignore[GEM01]"), allow=ALLOW)
    assert not ignored.diagnostics


def test_errors_about_the_example_layer_have_suggestions() -> None:
    found = archdsl.check(text='use "gempool"; input 3x8x8; gemm; fc 2', allow=ALLOW)
    assert found.diagnostics[0].suggestions[0].title == "write `gem` instead of `gemm`"
    found = archdsl.check(text='use "gempool"; input 3x8x8; gem epz=1e-3', allow=ALLOW)
    assert [fix.title for fix in found.diagnostics[0].suggestions][:1] == [
        "write `gem eps=1e-3` instead of `gem epz=1e-3`"
    ]
    found = archdsl.check(text='use "gempool"; input 3x8x8; relu gem', allow=ALLOW)
    assert [each.diagnostic.code for each in found.diagnostics] == ["E0102"]


def test_formatting_needs_no_package() -> None:
    assert (
        run("fmt", "-", input='use   "gempool"\ninput 3x8x8\ngem   p3;fc 2\n')[1]
        == 'use "gempool"\ninput 3x8x8\ngem p3; fc 2\n'
    )


def test_editor_service_supports_the_example_layer() -> None:
    text = 'use "gempool"\ninput 3x8x8\nrelu\ngem p2\n'
    document = Document(text, Stack(shipped(), AllowedPackages(ALLOW)))
    assert document.now.graph is not None
    shown = hover(document.now, text.index("gem p2") + 1)
    assert shown is not None
    assert "generalized mean" in shown.text
    assert "https://archdsl" not in shown.text
    labels = {each.label for each in completions(document.now, text.index("gem p2"))}
    assert {"gem", "gap"} <= labels
    document.edit(0, len('use "gempool"\n'), "")
    assert [each.diagnostic.code for each in document.now.found] == ["E0201"]


def test_servers_load_packages_only_if_allowed_at_start(tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_text(NETWORK)
    for allow, codes in (((), ["E0604"]), (ALLOW, [])):
        document = OpenDocuments(allow=allow).open(path.as_uri(), NETWORK)
        assert [each.diagnostic.code for each in document.now.found] == codes
        for network, text in (("net.arch", None), (None, NETWORK)):
            report = tools.check(AgentFiles(tmp_path, allow), network, text, {}, None)
            assert [each.code for each in report.diagnostics] == codes


def test_package_of_another_revision_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_text(NETWORK)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(tmp_path))
    for words in (("init", "-q"), ("add", "net.arch"), ("commit", "-q", "-m", "a")):
        subprocess.run([*git, *words], check=True, capture_output=True)
    path.write_text("input 1x16x16; gap; fc 2")
    with chdir(tmp_path):
        status, output = run("diff", "HEAD:net.arch", "net.arch")
        assert status == 2
        assert "E0604" in output
        assert run("diff", "HEAD:net.arch", "net.arch", "--allow", "gempool")[0] == 1


def test_commands_list_and_explain_the_example_layer() -> None:
    assert "gempool" not in run("layers")[1]
    status, output = run("layers", "--allow", "gempool")
    assert status == 0
    assert "layers of gempool 1.0" in output
    assert run("layers", "gem")[0] == 2
    assert "initial exponent" in run("layers", "gem", "--allow", "gempool")[1]
    listed = json.loads(run("layers", "--format", "json", "--allow", "gempool")[1])["layers"]
    assert "gem" in {each["keyword"] for each in listed}
    assert "warning[GEM01]" in run("explain", "gem01", "--allow", "gempool")[1]
    assert run("explain", "GEM01")[0] == 2
    assert run("layers", "--allow", "nobody-has-this")[0] == 2
    assert run("check", "-e", "input 8; fc 2", "--allow", "../x")[0] == 2


def test_compile_selects_the_example_backend() -> None:
    status, output = run("compile", "-e", NETWORK, "--to", "gempool:csv")
    assert status == 0
    assert "gem1,gem,8,1,0" in output
    status, output = run("compile", "-e", NETWORK, "--to", "gempool:csw")
    assert status == 2
    assert "did you mean `gempool:csv`?" in output
    assert run("compile", "-e", NETWORK, "--to", "nobody-has-this:csv")[0] == 2
    assert run("compile", "-e", NETWORK, "--to", "tensorflow")[0] == 2


def test_example_data_set_is_checked_and_trains(tmp_path: Path) -> None:
    status, output = run("check", "-e", NETWORK.replace("classes = 2", "classes = 3"), "--allow", "gempool")
    assert status == 1
    assert "`stripes` has 2 classes" in output
    (tmp_path / "net.arch").write_text(NETWORK)
    folder = str(tmp_path / "run")
    status, output = run("train", str(tmp_path / "net.arch"), "--out", folder, "--allow", "gempool")
    assert status == 0, output
    assert run("eval", folder)[0] == 1
    assert run("eval", folder, "--allow", "gempool")[0] == 0
    (printed,) = re.findall("`archdsl (predict .*)`", output)
    assert run(*shlex.split(printed))[0] == 0
    assert archdsl.load_run(folder, allow=ALLOW).network.layers["gem1"].keyword == "gem"
    with pytest.raises(archdsl.ArchError, match="runs only if you allow it"):
        archdsl.load_run(folder)


ORDINAL = NETWORK.replace("fc classes", "fc 1").replace("stripes;", "stripes; task ordinal;")


def test_example_task_is_checked_and_trains(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(ORDINAL)
    folder = str(tmp_path / "run")
    status, output = run("train", str(tmp_path / "net.arch"), "--out", folder, "--allow", "gempool")
    assert status == 0, output
    assert "test class distance " in output
    loaded = archdsl.load_run(folder, allow=ALLOW)
    assert (loaded.task, loaded.recipe["loss"]["name"]) == ("ordinal", "custom")
    assert set(loaded.metrics[0]["validation"]) == {"loss", "class_distance", "accuracy"}
    for file in ("report.html", "curves.svg"):
        assert "class distance" in (tmp_path / "run" / file).read_text().lower()
    status, output = run("eval", folder, "--allow", "gempool")
    assert "class distance" in output
    status, output = run("predict", folder, "test:0", "--allow", "gempool", "--format", "json")
    assert sum(json.loads(output)[0]["classes"].values()) == pytest.approx(1)
    assert run("predict", folder, "test:0", "--allow", "gempool", "-o", str(tmp_path))[0] == 2
    status, output = run("predict", folder, "test:0")
    assert status == 1
    assert "E0604" in output


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("fc 1", "fc 2"), "E0816", "one logit for each class but the first; this network outputs 2"),
        (("task ordinal", "task ordinl"), "E0803", "there is no task `ordinl`"),
        (("task ordinal", "task ordinal; loss mse"), "E0817", "ordinal cannot minimize `mse`"),
        (("task ordinal", "task ordinal; augment mixup=0.2"), "E0817", "is not supported for ordinal"),
        (("task ordinal", "task ordinal; tta flip"), "E0817", "which ordinal does not have"),
        (("data stripes", "data shapes"), "E0817", "from which ordinal cannot learn"),
        (("task ordinal", "task classification; loss custom"), "E0817", "classification cannot minimize `custom`"),
        (
            (ORDINAL, "input 1x8x8; gap; fc 1; train { data digits; task ordinal }"),
            "E0803",
            "there is no task `ordinal`",
        ),
    ],
)
def test_recipe_incompatible_with_the_example_task_is_refused(change: tuple[str, str], code: str, words: str) -> None:
    status, output = run("check", "-e", ORDINAL.replace(*change), "--allow", "gempool", "--format", "json")
    assert status == 1
    assert words in {each["code"]: each["message"] for each in json.loads(output)["diagnostics"]}[code]


def test_example_loss_is_a_sum_over_thresholds() -> None:
    scores = import_module("gempool.ordinal_scores")
    output, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 3, 3, 0])
    expected = 0.0
    for row, label in zip(output.tolist(), labels.tolist(), strict=True):
        for step, logit in enumerate(row):
            expected += math.log1p(math.exp(-logit if label > step else logit))
    assert scores.ordinal_loss(output, labels).item() == pytest.approx(expected / output.numel())
    assert scores.classes_of(torch.tensor([[3.0, 1.0, -2.0], [-1.0, -1.0, -1.0]])).tolist() == [2, 0]


def test_packages_are_not_executed_without_permission(example_paths: list[Path]) -> None:
    """Not even the code that finds packages is loaded, unless a text names one and it is allowed."""
    code = (
        "import sys; from click.testing import CliRunner; from archdsl.cli import main; text = sys.argv[1]\n"
        "other = ['check', '-e', 'input 8; fc 2', '--allow', 'gempool']\n"
        "for words in (['check', '-e', text], ['fmt', '-', '--check'], other):\n"
        "    CliRunner().invoke(main, words, input=text)\n"
        "print([name for name in sys.modules if name.startswith('gempool') or name == 'importlib.metadata'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *example_paths]))}
    result = subprocess.run(
        [sys.executable, "-c", code, NETWORK], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n", result.stderr
