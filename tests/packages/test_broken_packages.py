"""A package that cannot be used, or whose code fails: one line that names it, at the place in the text."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import archdsl
from archdsl.cli import main
from archdsl.contract.layer import Layer
from archdsl.packages.failures import PackageFailed
from archdsl.packages.guarded_layer import REQUIRED

from .written_packages import write_package

_NUMBERS = count()

LAYER = '''
from archdsl.extension import *


class Own(Layer):
    """A layer of a test."""

    keyword = "own"
    style = "activation"

    def out(self, x): return x
    def reads(self, x, y): return pointwise(x.rank)
    def saves(self, x, y): return NO_SAVED_TENSORS
    def torch(self, x): return nn.ReLU()
'''
LINT = '''
from archdsl.extension import *


class Own(Diagnostic):
    """A lint of a test."""

    code = "OWN01"
    title = "own"
    wrong = right = ""
    severity = Severity.WARNING

    def message(self): return "a warning"


def find(facts):
    yield Own(span=facts.graph.nodes[-1].span)
'''
POINTS = {"archdsl.layers": {"own": "{name}.layers:Own"}}


class Installed:
    """Writes packages, each with a name of its own: a process loads a package once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        modules: Mapping[str, str],
        points: Mapping[str, Mapping[str, str]] = POINTS,
        version: str = "1.0",
        name: str | None = None,
    ) -> str:
        name = name or f"own{next(_NUMBERS)}"
        named = {
            group: {key: value.format(name=name.replace("-", "_")) for key, value in each.items()}
            for group, each in points.items()
        }
        write_package(self.folder, name, modules, named, version)
        return name


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.syspath_prepend(tmp_path)
    return Installed(tmp_path)


def messages(package: str, text: str = "input 3x8x8; own; fc 2", target: str | None = None) -> list[str]:
    """The codes and messages of a text that uses a package."""
    source = f'use "{target or package}"\n{text}\n'
    found = archdsl.check(text=source, allow=[package])
    assert str(found)
    return [f"{each.diagnostic.code} {each.diagnostic.message()}" for each in found.diagnostics]


def test_valid_package_has_no_error(installed: Installed) -> None:
    assert messages(installed({"layers": LAYER}), "input 8; own; fc 2") == []


BROKEN: dict[str, tuple[Mapping[str, str], Mapping[str, Mapping[str, str]], str]] = {
    "an import that fails": (
        {"layers": "import nothing_of_this_name"},
        POINTS,
        "No module named 'nothing_of_this_name'",
    ),
    "an error at import": ({"layers": "1 / 0"}, POINTS, "ZeroDivisionError: division by zero (layers.py:1)"),
    "an exit at import": ({"layers": "import sys; sys.exit('bye')"}, POINTS, "SystemExit: bye"),
    "a syntax error": ({"layers": "def"}, POINTS, "SyntaxError"),
    "no such class": ({"layers": ""}, POINTS, "AttributeError"),
    "no class": ({"layers": "Own = 3"}, POINTS, "is not a subclass of `Layer`"),
    "another keyword": (
        {"layers": LAYER},
        {"archdsl.layers": {"other": "{name}.layers:Own"}},
        "both need the same name",
    ),
    "a method is missing": ({"layers": LAYER.replace("def reads", "def read")}, POINTS, "does not implement `reads`"),
    "no docstring": ({"layers": LAYER.replace('"""A layer of a test."""', "")}, POINTS, "has no docstring"),
    "an unknown style": ({"layers": LAYER.replace("activation", "nothing")}, POINTS, "there is no style 'nothing'"),
    "a core layer": (
        {"layers": LAYER.replace('"own"', '"conv"')},
        {"archdsl.layers": {"conv": "{name}.layers:Own"}},
        "declares a layer `conv`, which is a word of the language",
    ),
    "a keyword of the language": (
        {"layers": LAYER.replace('"own"', '"repeat"')},
        {"archdsl.layers": {"repeat": "{name}.layers:Own"}},
        "declares a layer `repeat`, which is a word of the language",
    ),
    "a synonym of a core layer": (
        {"layers": LAYER.replace("style =", 'synonyms = ("linear",); style =')},
        POINTS,
        "declares a layer `linear`, which is a word of the language",
    ),
    "a name that is no word": (
        {"layers": LAYER.replace('"own"', '"Own layer"')},
        {"archdsl.layers": {"Own layer": "{name}.layers:Own"}},
        "cannot be the name of a layer",
    ),
    "a misspelled group": (
        {"layers": LAYER},
        {"archdsl.layer": POINTS["archdsl.layers"]},
        "did you mean `archdsl.layers`?",
    ),
    "no entry points": ({"layers": LAYER}, {}, "does not extend archdsl"),
    "a lint without find": (
        {"lint": LINT.replace("def find", "def search")},
        {"archdsl.lints": {"own": "{name}.lint"}},
        "is not a module with a function `find`",
    ),
    "a lint with a code of ours": (
        {"lint": LINT.replace("OWN01", "W0901")},
        {"archdsl.lints": {"own": "{name}.lint"}},
        "the code `W0901` must be",
    ),
    "a lint that is an error": (
        {"lint": LINT.replace("Severity.WARNING", "Severity.ERROR")},
        {"archdsl.lints": {"own": "{name}.lint"}},
        "OWN01 must be a warning",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_package_is_reported_at_its_use(installed: Installed, kind: str) -> None:
    modules, points, words = BROKEN[kind]
    package = installed(modules, points)
    (found,) = messages(package)
    assert found.startswith(f"E0605 package `{package}`: ")
    assert words in found
    assert "\n" not in found


METHODS = {
    "out": "x",
    "weights": "x",
    "buffers": "x",
    "macs": "x, y",
    "torch": "x",
    "initializers": "x",
    "reads": "x, y",
    "saves": "x, y",
    "windows": "x",
    "explain": "x, y",
    "reason": "x, y",
    "frozen_weights": "",
    "whitening": "",
}


def with_method(name: str, body: str) -> str:
    arguments = ", ".join(filter(None, ("self", METHODS[name])))
    return f"{LAYER}    def {name}({arguments}): {body}\n"


def test_every_required_method_has_a_case() -> None:
    assert set(REQUIRED[Layer]) <= set(METHODS)
    own = {name for name in vars(Layer) if not name.startswith("_") and callable(getattr(Layer, name))}
    of_several = {"infer", "steps", "slides"} | {name for name in own if name.endswith("_of")}
    assert own - of_several - set(METHODS) == set()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("body", ["raise KeyError('missing')", "return object()"])
def test_failing_layer_method_is_reported_at_the_layer(installed: Installed, name: str, body: str) -> None:
    package = installed({"layers": with_method(name, body)})
    (found,) = messages(package)
    assert found.startswith(f"E0605 package `{package}`: `own` failed in `{name}`: ")
    assert "\n" not in found
    assert ("KeyError: 'missing' (layers.py:" in found) if "raise" in body else ("it returned object, not " in found)


def test_reject_in_a_method_other_than_out_is_reported(installed: Installed) -> None:
    package = installed({"layers": with_method("macs", "raise Reject(None, 'too large')")})
    (found,) = messages(package)
    assert "it rejects an input that `out` accepts (too large)" in found


def test_failure_in_a_later_analysis_has_no_traceback(installed: Installed) -> None:
    """A rule that fails after the network was accepted ends the command with a one-line error."""
    rule = "Own.calls = getattr(Own, 'calls', 0) + 1; assert Own.calls < 2; return pointwise(x.rank)"
    text = 'use "{}"; input 3x8x8; own; conv 2 k3'
    package = installed({"layers": with_method("reads", rule)})
    words = ["check", "-e", text.format(package), "--columns", "rf", "--allow", package]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert f"package `{package}`: `own` failed in `reads`: AssertionError" in result.output
    package = installed({"layers": with_method("reads", rule)})
    network = archdsl.loads(text.format(package), allow=[package])
    with pytest.raises(PackageFailed, match="failed in `reads`"):
        network.table(columns="rf")


@pytest.mark.parametrize(
    "find",
    ["raise ValueError('no')", "return 3", "yield 3", "yield Own(span=facts.graph.nodes[-1].span).message()"],
)
def test_failing_lint_is_an_error_at_the_use(installed: Installed, find: str) -> None:
    lint = LINT[: LINT.index("def find")] + f"def find(facts):\n    {find}\n"
    package = installed({"lint": lint}, {"archdsl.lints": {"own": "{name}.lint"}})
    (found,) = messages(package, "input 3x8x8; flatten; fc 2")
    assert found.startswith(f"E0605 package `{package}`: its lint OWN01 failed: ")


def test_lint_with_a_failing_message_is_an_error(installed: Installed) -> None:
    lint = LINT.replace('return "a warning"', "raise ValueError('no')")
    package = installed({"lint": lint}, {"archdsl.lints": {"own": "{name}.lint"}})
    (found,) = messages(package, "input 3x8x8; flatten; fc 2")
    assert "its lint OWN01 failed: ValueError: no" in found


OWN = "import torch\n\nclass Own(torch.nn.Module):\n    "
NUMPY = f"{OWN}def forward(self, x): return torch.from_numpy(x.detach().numpy() + 1)"


def with_module(installed: Installed, module: str | None) -> str:
    """A package whose layer calls a class of this module; None leaves the module out."""
    name = f"torch{next(_NUMBERS)}"
    layer = LAYER.replace("nn.ReLU()", f"Module(target='{name}.modules.Own')")
    return installed({"layers": layer} | ({} if module is None else {"modules": module}), name=name)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (None, "ModuleNotFoundError"),
        ("", "AttributeError"),
        (f"{OWN}def __init__(self): raise ValueError('no')", "ValueError: no (modules.py:4)"),
        (f"{OWN}def __init__(self, size): super().__init__()", "missing 1 required positional argument"),
        ("def Own(): return 3", "returned int, not a module"),
        (f"{OWN}def forward(self, x): raise KeyError('missing')", "KeyError: 'missing' (modules.py:4)"),
        (f"{OWN}def forward(self, x): return [x]", "its module returns list, not a tensor"),
        (f"{OWN}def forward(self, x): return x[:, :1]", "returns 2×1×8×8 for a batch of 2, but it declares 2×3×8×8"),
        (
            f"{OWN}def __init__(self):\n        super().__init__()\n        self.w = torch.nn.Parameter(torch.ones(3))",
            "its module has the weights w 3, but it declares none",
        ),
    ],
)
def test_torch_module_that_contradicts_its_declaration_is_reported(
    installed: Installed, module: str | None, words: str
) -> None:
    package = with_module(installed, module)
    network = archdsl.loads(f'use "{package}"; input 3x8x8; own; flatten; fc 2', allow=[package])
    with pytest.raises(PackageFailed) as failure:
        network.to_torch()
    assert str(failure.value).startswith(f"package `{package}`: `own` failed in torch: ")
    assert words in str(failure.value)
    assert "\n" not in str(failure.value)


def test_torch_module_check_runs_once_and_preserves_the_rng_state(installed: Installed) -> None:
    module = f"{OWN}calls = 0\n    def forward(self, x): Own.calls += 1; return x + torch.rand(1) * 0"
    package = with_module(installed, module)
    network = archdsl.loads(f'use "{package}"; input 3x8x8; own; own; flatten; fc 2', allow=[package])
    torch.manual_seed(0)
    first = network.to_torch()
    torch.manual_seed(0)
    second = network.to_torch()
    assert torch.equal(first.get_parameter("fc1.weight"), second.get_parameter("fc1.weight"))
    assert vars(type(first.get_submodule("own1")))["calls"] == 1


@pytest.mark.parametrize(("form", "words"), [("torch", "torch cannot export"), ("torchscript", "torch.jit outputs")])
def test_failing_export_names_the_layer(installed: Installed, tmp_path: Path, form: str, words: str) -> None:
    package = with_module(installed, NUMPY)
    text = f'use "{package}"\ninput 3x8x8\nconv 3 k3 same; relu\nown\nflatten; fc 2\n'
    line = ["export", "-e", text, "--to", form, "-o", str(tmp_path / "net"), "--allow", package]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert result.exit_code == 1
    assert f"error: own, line 4: {words}" in result.output
    assert not list(tmp_path.glob("net*"))


DATA = """
from archdsl.extension import DataSpec, ImageShape
SPEC = DataSpec("own", ("a", "b"), ImageShape(1, 8, 8), shipped=True)
def load(request): return 3
"""


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("", "is not a module with SPEC"),
        (DATA.replace('"own"', '"other"'), "both need the same name"),
    ],
)
def test_broken_data_set_is_reported_by_check(installed: Installed, module: str, words: str) -> None:
    package = installed({"data": module}, {"archdsl.datasets": {"own": "{name}.data"}})
    text = f'use "{package}"; input 1x8x8; flatten; fc 2; train {{ data own }}'
    result = CliRunner().invoke(main, ["check", "-e", text, "--allow", package])
    assert result.exit_code == 1
    assert words in result.output
    assert f"error[E0605]: package `{package}`" in result.output


def test_failing_data_set_ends_the_training(installed: Installed, tmp_path: Path) -> None:
    package = installed({"data": DATA}, {"archdsl.datasets": {"own": "{name}.data"}})
    text = f'use "{package}"; input 1x8x8; flatten; fc 2; train {{ data own }}'
    words = ["train", "-e", text, "--out", str(tmp_path / "run"), "--allow", package]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 1
    assert f"package `{package}`: the data set `own` returned int, not Splits" in result.output


TASK = """
from archdsl.extension import *
import torch
import torch.nn.functional as F


class OwnScores(Scores):
    finite = True

    def summary(self): return {"loss": 1.0, "own_metric": 2.0}


class OwnMeter(Meter):
    def update(self, output, targets): pass
    def scores(self, group, count): return OwnScores()


class Own(Task):
    name = "own"
    targets = ("class",)
    losses = ("custom",)
    metric = "own_metric"
    metrics = (Metric("own_metric", "own metric"),)

    def fits(self, output, input, classes): return True
    def check(self, graph, node, spec, sink): pass
    def loss(self, recipe, facts): return F.cross_entropy
    def meter(self, loss, recipe, facts): return OwnMeter()
    def output_words(self, loss): return "logits"
    def answers(self, output, inputs, facts, loss): return [Answer() for _ in output]
"""
TASK_POINTS = {"archdsl.tasks": {"own": "{name}.task:Own"}}
TASK_TEXT = (
    'use "{}"; input 1x8x8; flatten; fc 10; '
    "train {{ data digits; task own; batch 512; epochs 1; precision fp32; layout channels_first }}"
)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("Own = 3", "is not a subclass of `Task`"),
        (TASK.replace("def fits", "def fit"), "does not implement `fits`"),
        (TASK.replace('targets = ("class",)', ""), "does not declare `targets`"),
        (TASK.replace('name = "own"', 'name = "other"'), "both need the same name"),
        (TASK.replace('"custom",', ""), "has no losses"),
        (TASK.replace('"custom"', '"hinge"'), "names the loss `hinge`"),
        (TASK.replace('metric = "own_metric"', 'metric = "other"'), "selects epochs by `other`, which is not a metric"),
        (TASK.replace('Metric("own_metric", "own metric")', "3"), "int is not a Metric"),
        (TASK.replace('Metric("own_metric", "own metric")', 'Metric("accuracy", "mine")'), "another metric `accuracy`"),
        (TASK.replace("sink): pass", "sink): 1 / 0"), "failed in `check`: ZeroDivisionError: division by zero"),
    ],
)
def test_broken_task_is_reported_by_check(installed: Installed, module: str, words: str) -> None:
    package = installed({"task": module}, TASK_POINTS)
    result = CliRunner().invoke(main, ["check", "-e", TASK_TEXT.format(package), "--allow", package])
    assert result.exit_code == 1
    (found,) = [line for line in result.output.splitlines() if line.startswith("error[")]
    assert found.startswith(f"error[E0605]: package `{package}`: ")
    assert words in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("return F.cross_entropy", "1 / 0"), "failed in `loss`: ZeroDivisionError"),
        (("return F.cross_entropy", "return 3"), "failed in `loss`: it returned int, not a loss"),
        (("F.cross_entropy", "lambda output, targets: 1 / 0"), "the loss of the task `own` failed: ZeroDivisionError"),
        (("F.cross_entropy", "lambda output, targets: output"), "it returned a tensor of 512×10, not a scalar tensor"),
        (("F.cross_entropy", "lambda output, targets: 3"), "it returned int, not a scalar tensor"),
        (("return OwnMeter()", "return 3"), "failed in `meter`: it returned int, not a Meter"),
        (("targets): pass", "targets): 1 / 0"), "the meter of the task `own` failed: ZeroDivisionError"),
        (("return OwnScores()", "return 3"), "it returned int, not Scores"),
        (('return {"loss": 1.0, "own_metric": 2.0}', "return 3"), "is not a mapping from names to numbers"),
        (('"own_metric": 2.0', '"own_metric": "high"'), "is not a mapping from names to numbers"),
        (('"own_metric": 2.0', '"other": 2.0'), "`other` in its summary is not a metric"),
        (('"loss": 1.0, ', ""), "its summary lacks `loss`"),
        (('"own_metric": 2.0', ""), "its summary lacks `own_metric`"),
    ],
)
def test_failing_task_ends_the_training(
    installed: Installed, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    package = installed({"task": TASK.replace(*change)}, TASK_POINTS)
    line = ["train", "-e", TASK_TEXT.format(package), "--out", str(tmp_path / "run"), "--allow", package]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert result.exit_code == 1
    (found,) = [line for line in result.output.splitlines() if line.startswith("archdsl: ")]
    assert found.startswith(f"archdsl: package `{package}`: ")
    assert words in found


def test_valid_task_trains(installed: Installed, tmp_path: Path) -> None:
    """The same task without an error, so that each refusal above has its own cause."""
    package = installed({"task": TASK}, TASK_POINTS)
    line = ["train", "-e", TASK_TEXT.format(package), "--out", str(tmp_path / "run"), "--allow", package]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "test own metric 2.0000" in result.output


@pytest.mark.parametrize(
    ("backend", "words"),
    [("def own(graph): 1 / 0", "ZeroDivisionError"), ("def own(graph): return 3", "returned int, not str or bytes")],
)
def test_failing_backend_is_reported(installed: Installed, backend: str, words: str) -> None:
    package = installed({"backend": backend}, {"archdsl.backends": {"own": "{name}.backend:own"}})
    result = CliRunner().invoke(
        main, ["compile", "-e", "input 8; fc 2", "--to", f"{package}:own"], catch_exceptions=False
    )
    assert result.exit_code == 1
    assert words in result.output
    assert result.output.count("\n") == 1


def test_required_package_version_is_checked(installed: Installed) -> None:
    package = installed({"layers": LAYER}, version="1.10.2rc1")
    assert messages(package, "input 8; own; fc 2", f"{package}>=1.9") == []
    assert messages(package, "input 8; own; fc 2", f"{package}>=1.10.2") == []
    (found,) = messages(package, "input 8; own; fc 2", f"{package}>=1.10.3")
    assert "version 1.10.2rc1 is installed, but the file requires 1.10.3 or newer" in found


def test_package_names_are_normalized(installed: Installed) -> None:
    installed({"layers": LAYER}, name="Own-Package")
    for written in ("own-package", "Own_Package", "OWN-PACKAGE"):
        found = archdsl.check(text=f'use "{written}"; input 8; own; fc 2', allow=["own_package"])
        assert not found.diagnostics


def test_layer_of_two_packages_is_ambiguous(installed: Installed) -> None:
    first, second = installed({"layers": LAYER}), installed({"layers": LAYER})
    text = f'use "{first}"\nuse "{second}"\ninput 8; own; fc 2\n'
    found = archdsl.check(text=text, allow=[first, second])
    assert [each.diagnostic.message() for each in found.diagnostics] == [
        f"`own` is a layer of two packages, `{first}` and `{second}`"
    ]


def test_files_can_wrap_layers_with_the_same_name(installed: Installed, tmp_path: Path) -> None:
    first, second = installed({"layers": LAYER}), installed({"layers": LAYER})
    for package in (first, second):
        (tmp_path / f"{package}.arch").write_text(f'use "{package}"\nblock of_{package} {{ own }}\n')
    path = tmp_path / "net.arch"
    path.write_text(f'use "{first}.arch"\nuse "{second}.arch"\ninput 8; of_{first}; of_{second}\n')
    assert len(archdsl.load(path, allow=[first, second]).layers) == 2


def test_block_with_the_name_of_a_package_layer_is_ambiguous(installed: Installed, tmp_path: Path) -> None:
    package = installed({"layers": LAYER})
    (found,) = messages(package, "block own { relu }\ninput 8; own; fc 2")
    assert found == f"E0203 `own` is a layer of the package `{package}`"
    (tmp_path / "blocks.arch").write_text("block own { relu }\n")
    path = tmp_path / "net.arch"
    path.write_text(f'use "{package}"\nuse "blocks.arch"\ninput 8; own; fc 2\n')
    (diagnostic,) = archdsl.check(path, allow=[package]).diagnostics
    assert f"a layer of the package `{package}` and a block of this file" in diagnostic.diagnostic.message()


def test_package_that_is_not_installed_or_not_allowed_is_refused(tmp_path: Path) -> None:
    (found,) = messages("nobody-has-this")
    assert "no package with this name is installed" in found
    path = tmp_path / "net.arch"
    (tmp_path / "parts.arch").write_text("block part { relu }\n")
    path.write_text('use "parts"\ninput 8; part; fc 2\n')
    (diagnostic,) = archdsl.check(path).diagnostics
    assert diagnostic.diagnostic.code == "E0604"
    assert diagnostic.diagnostic.label() == "did you mean the file `parts.arch`?"
    with pytest.raises(TypeError, match="allow takes a list"):
        archdsl.loads("input 8; fc 2", allow="gempool")


def test_package_prints_go_to_standard_error(installed: Installed) -> None:
    package = installed({"layers": f"print('hello')\n{LAYER}"})
    text = f'use "{package}"; input 8; own; fc 2'
    result = CliRunner().invoke(main, ["check", "-e", text, "--format", "json", "--allow", package])
    assert result.exit_code == 0
    assert "hello" not in result.stdout
