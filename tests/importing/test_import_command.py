"""`archdsl import`: what it writes, and its errors."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file

import archdsl
from archdsl.cli import main
from archdsl.importing.python_candidates import candidates
from archdsl.text.file_formats import FORMATS

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, classes)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

class Ids(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.fc = nn.Embedding(50, 6), nn.Linear(6, 4)

    def forward(self, ids):
        return self.fc(self.table(ids))

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
    def forward(self, x):
        return torch.fft.fft(self.fc(x).detach()).real

def fails():
    raise RuntimeError("no weights")

def exits():
    raise SystemExit(3)

number = 3

class Stop(BaseException):
    pass

def stops():
    raise Stop("no more")

class Stops(Net):
    def forward(self, x):
        raise Stop("no more")

async def later():
    return Net()

def sized(classes, /, *, width=8):
    return Net(classes)

def __getattr__(name):
    if name == "late":
        raise RuntimeError("not today")
    raise AttributeError(name)
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder with a module `imported_example`."""
    (tmp_path / "imported_example.py").write_text(MODULE)
    (tmp_path / "bad.py").write_text("class Net(")
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])  # as for the installed command
    monkeypatch.delitem(sys.modules, "imported_example", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["import", *words])


def test_callable_is_imported(run: Run) -> None:
    result = run("imported_example:Net", "--input", "3x16x16", "--set", "classes=7", "-o", "net.arch", "--name", "mine")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("imported: 287 parameters, 42,392 MACs, ")
    assert (
        Path("net.arch").read_text()
        == "net mine\ninput 3x16x16\n\nconv 8 k3; relu; gap  # archdsl: ignore[W0910]\nfc 7\n"
    )
    commands = (["check", "--strict"], ["fmt", "--check"], ["diagram", "-o", "net.svg"], ["compile", "-o", "net.py"])
    for command, *options in commands:
        done = CliRunner().invoke(main, [command, "net.arch", *options])
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("source", ["imported_example.py:Net", "models/code.py:Net", "./models/code.py:Net"])
def test_callable_in_a_file_is_imported(run: Run, source: str) -> None:
    """A file may have the name of a module of Python, and import its neighbors."""
    Path("models").mkdir()
    Path("models/code.py").write_text("import neighbor\n\nNet = neighbor.Net\n")
    Path("models/neighbor.py").write_text(MODULE)
    result = run(source, "--input", "3x9x9")
    assert result.exit_code == 0, result.output
    assert result.stdout == "net Net\ninput 3x9x9\n\nconv 8 k3; relu; gap  # archdsl: ignore[W0910]\nfc 10\n"
    sys.modules.pop("neighbor", None)


PACKAGE = {
    "__init__.py": "from .net import Net",
    "net.py": "from own_pkg.parts import nn\nfrom .parts import Net\nfrom shared_values import OTHER",
    "parts.py": MODULE,
    "nested/__init__.py": "",
    "nested/two.py": "from ..net import Net",
    "tried.py": "try:\n    from .missing import Net\nexcept ImportError:\n    from parts import Net",
}
NOT_IN_A_PACKAGE = {
    "loose_pkg/net.py": "from .parts import Net",
    "loose_pkg/parts.py": MODULE,
    "loose_pkg/deep/net.py": "from ..parts import Net",
}


@pytest.fixture
def packages(run: Run) -> Iterator[None]:
    """Folders of Python files, whose modules are forgotten afterwards."""
    before = set(sys.modules)
    every = {f"own_pkg/{name}": text for name, text in PACKAGE.items()} | NOT_IN_A_PACKAGE
    every |= {"xml/__init__.py": "", "xml/net.py": "from . import parts", "shared_values.py": "OTHER = 1"}
    for name, text in every.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"own_pkg", "loose_pkg", "parts", "shared_values"}:
            del sys.modules[name]


@pytest.mark.parametrize(
    "source", [*(f"own_pkg/{name}" for name in PACKAGE if name != "nested/__init__.py"), *NOT_IN_A_PACKAGE]
)
def test_callable_in_a_file_of_a_package_is_imported(run: Run, packages: None, source: str) -> None:
    """Relative imports work, whatever the current folder is, as do imports from the current folder."""
    for name in (source, str(Path(source).resolve())):
        result = run(f"{name}:Net", "--input", "3x9x9")
        assert result.exit_code == 0, result.output
        assert result.stdout.endswith("conv 8 k3; relu; gap  # archdsl: ignore[W0910]\nfc 10\n")


def test_package_shadowed_by_another_module_is_refused(run: Run, packages: None) -> None:
    importlib.import_module("xml")
    result = run("xml/net.py:Net", "--input", "3x9x9")
    assert result.exit_code == 2
    assert "Python finds another module `xml`\n  = help: rename the folder" in result.output


def test_standard_output_has_only_the_text(run: Run) -> None:
    result = run("imported_example:Net", "--input", "3x16x16")
    assert result.stdout.endswith("fc 10\n")
    assert "imported:" in result.stderr


PRINTS = """
from imported_example import Net
print("in the module")

class Loud(Net):
    def __init__(self):
        print("in the constructor")
        super().__init__()

    def forward(self, x):
        print("in the forward pass")
        return super().forward(x)
"""


def test_standard_output_has_nothing_that_the_module_prints(run: Run) -> None:
    Path("loud.py").write_text(PRINTS)
    result = run("loud.py:Loud", "--input", "3x9x9")
    assert result.stdout == "net Loud\ninput 3x9x9\n\nconv 8 k3; relu; gap  # archdsl: ignore[W0910]\nfc 10\n"
    for place in ("module", "constructor", "forward pass"):
        assert f"in the {place}\n" in result.stderr


def test_imported_weights_are_written(run: Run) -> None:
    result = run("imported_example:Net", "--input", "3x9x9", "-o", "net.arch", "--weights", "net.safetensors")
    assert result.exit_code == 0, result.output
    module = archdsl.load("net.arch").to_torch()
    assert not module.load_state_dict(load_file("net.safetensors")).missing_keys


def test_input_of_ids_is_imported(run: Run) -> None:
    result = run("imported_example:Ids", "--input", "12 int(50)")
    assert result.exit_code == 0, result.output
    assert "input 12 int(50)\n\nembedding 6\nfc 4\n" in result.stdout


def test_partial_import_writes_unknown_layers(run: Run) -> None:
    result = run("imported_example:Odd", "--input", "8", "--partial", "-o", "net.arch")
    assert result.exit_code == 1
    assert "fft_fft" in result.stderr
    assert "= note: `detach` is left out" in result.stderr
    assert "unknown" in Path("net.arch").read_text()


ERRORS = {
    "no callable": (["imported_example:Nett"], 2, "did you mean `imported_example:Net`?"),
    "no package": (["no_such_package:net"], 2, "there is no Python module `no_such_package`"),
    "an exit": (["imported_example:exits"], 1, "raises SystemExit: 3"),
    "a BaseException": (["imported_example:stops"], 1, "raises Stop: no more"),
    "a BaseException in a pass": (["imported_example:Stops"], 1, "torch.export cannot trace the module: no more"),
    "an async function": (["imported_example:later"], 2, "`imported_example:later` is an `async` function"),
    "a positional argument": (["imported_example:sized"], 2, "give --set classes=…"),
    "an error of an attribute": (["imported_example:late"], 1, "imported_example:late raises RuntimeError: not today"),
    "a folder as a file": (["folder.py:Net"], 2, "folder.py is a folder"),
    "a folder": (["folder.py"], 2, "folder.py is a folder"),
    "a folder as a model": (["folder.onnx"], 2, "folder.onnx is a folder"),
    "a folder of networks": (["folder.arch"], 2, "folder.arch is a folder"),
    "no name": ([""], 2, "the name of the source is empty"),
    "a network text": (["net.arch"], 2, "is the text of a network already"),
    "a notebook": (["net.ipynb"], 2, "is a Jupyter notebook"),
    "not callable": (["imported_example:number"], 2, "cannot be called"),
    "another result": (["builtins:dict"], 1, "returns dict, not a torch module"),
    "an error in it": (["imported_example:fails"], 1, "RuntimeError: no weights"),
    "an argument": (["imported_example:Net", "--set", "width=2"], 2, "`imported_example:Net` has no argument `width`"),
    "a misspelled argument": (["torch.nn:Linear", "--set", "in_featurs=3"], 2, "did you mean `in_features`?"),
    "a missing argument": (["torch.nn:Linear", "--set", "in_features=3"], 2, "give --set out_features=…"),
    "missing arguments": (["torch.nn:Linear"], 2, "`torch.nn:Linear` needs `in_features` and `out_features`"),
    "no argument": (["imported_example:Net", "--set", "2"], 2, "`2` is not NAME=VALUE"),
    "no size": (["imported_example:Net", "--input", "3xHxW"], 2, "is not a size like 3x224x224"),
    "a wrong size": (["imported_example:Net", "--input", "4x8x8"], 1, "torch.export cannot trace the module"),
    "no counterpart": (["imported_example:Odd", "--input", "8"], 1, "--partial"),
    "pickled": (["net.pth"], 2, "never unpickled"),
    "another format of Keras": (["net.h5"], 2, "save it as .keras"),
    "weights": (["net.safetensors"], 2, "holds only weights"),
    "a file without a callable": (["imported_example.py"], 2, "`imported_example.py:Net`, "),
    "no file": (["missing.py:Net"], 2, "there is no file missing.py"),
    "an error in a file": (["bad.py:Net"], 1, "SyntaxError"),
    "no kind": (["net.xyz"], 2, "neither MODULE:CALLABLE, FILE.py:CALLABLE nor a file of a known kind"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_import_errors_write_nothing(run: Run, name: str) -> None:
    words, status, message = ERRORS[name]
    for folder in ("folder.py", "folder.onnx", "folder.arch"):
        Path(folder).mkdir()
    result = run(*words, "-o", "net.arch")
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not Path("net.arch").exists()


def test_positional_only_argument_is_given_by_name(run: Run) -> None:
    result = run("imported_example:sized", "--input", "3x9x9", "--set", "classes=7")
    assert result.exit_code == 0, result.output
    assert "fc 7\n" in result.stdout


def test_suffix_of_a_python_file_may_be_upper_case(run: Run) -> None:
    Path("NET.PY").write_text(MODULE)
    assert run("NET.PY:Net", "--input", "3x9x9").exit_code == 0
    assert "`NET.PY:Net`" in run("NET.PY").stderr


def test_python_file_lists_only_what_may_make_a_network(run: Run) -> None:
    Path("many.py").write_text(
        """import enum, torch
from dataclasses import dataclass
import timm.models as others
from torch import nn
from torch.nn import Sequential
from torch.utils.data import Dataset
class Net(nn.Module): ...
class Deep(Net): ...
class Row(Sequential): ...
class Other(others.ResNet): ...
class Whole(torch.nn.Module): ...
class Images(Dataset): ...
class Kind(enum.Enum): ...
class Plain: ...
class _Own(nn.Module): ...
@dataclass
class Config: ...
def make(classes=3, *, width=2): ...
def block(channels): ...
def main() -> None: ...
async def later(): ...
""",
        encoding="utf-8",
    )
    names = ["Net", "Deep", "Row", "Other", "Whole", "make"]
    assert candidates(Path("many.py")) == names
    Path("few.py").write_text("def block(channels): ...\nclass Plain: ...\n")
    assert candidates(Path("few.py")) == ["block"]


def test_every_format_of_another_tool_is_imported_or_refused_with_a_reason(run: Run) -> None:
    for suffix, found in FORMATS.items():
        file = Path(f"net{suffix}")
        file.write_bytes(b"x")
        result = run(str(file))
        assert result.exit_code in (1, 2)
        assert "of a known kind" not in result.stderr, suffix
        checked = CliRunner().invoke(main, ["check", str(file)])
        assert (checked.exit_code == 2) == bool(found.what)
        if found.importer is not None and found.what:
            assert f"`archdsl import net{suffix}` converts it" in checked.stderr
