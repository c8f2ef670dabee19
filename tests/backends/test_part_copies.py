"""Parts of a torch module are copied and stored, and what a user reads of them."""

import copy
import gc
import inspect
import linecache
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

from tests.backends.part_networks import (
    RESNET,
    UNET,
    batch,
    built,
    equal,
    every_text,
    first,
    paths,
)

ROOT = Path(__file__).resolve().parents[2]


# --- copies and files ---


@every_text
@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle", "torch.save"])
def test_module_copies_compute_the_same(text: str, way: str, tmp_path: Path) -> None:
    module, x = built(text).eval(), batch(text)
    module.register_buffer("calls", torch.tensor(3))
    match way:
        case "copy":
            made = copy.copy(module)
        case "deepcopy":
            made = copy.deepcopy(module)
        case "pickle":
            made = pickle.loads(pickle.dumps(module))
        case _:
            torch.save(module, tmp_path / "module.pt")
            made = torch.load(tmp_path / "module.pt", weights_only=False)
    equal(made(x), module(x))
    assert type(made) is type(module)
    assert repr(made) == repr(module)
    equal(made.state_dict(), module.state_dict())
    if way != "copy":
        first_of = next(iter(made.parameters()))
        assert first_of is not next(iter(module.parameters()))
        with torch.no_grad():
            for p in made.parameters():
                p.add_(1)
        assert not torch.equal(first(made(x)), first(module(x)))


@every_text
def test_single_part_is_copied(text: str) -> None:
    module = built(text)
    for path in paths(text):
        part = module.get_submodule(path)
        made = pickle.loads(pickle.dumps(part))
        equal(made.state_dict(), part.state_dict())
        assert type(made) is type(part)


def test_module_is_loaded_in_another_process(tmp_path: Path) -> None:
    module, x = built(RESNET).eval(), batch(RESNET)
    torch.save((module, x, module(x)), tmp_path / "module.pt")
    code = (
        "import sys, torch; m, x, y = torch.load(sys.argv[1], weights_only=False);"
        "torch.testing.assert_close(m(x), y); m.layer1.basic1.conv1.weight"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "module.pt")], check=True, cwd=ROOT)


def test_changed_module_is_copied() -> None:
    module, x = built(RESNET).eval(), batch(RESNET)
    module.layer1.basic2 = nn.Identity()
    module.stem.append(nn.Tanh())
    weight_norm(module.layer2.basic1.conv1)
    for made in (copy.deepcopy(module), pickle.loads(pickle.dumps(copy.deepcopy(module.stem)))):
        equal(made(x), (module if made.__class__ is module.__class__ else module.stem)(x))


def test_parametrized_part_is_copied() -> None:
    class Positive(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.abs()

    module = built("input 8; stage a { residual { fc 8; relu } }; residual { fc 8 }")
    module.a.register_parameter("gain", nn.Parameter(torch.tensor(-1.0)))
    parametrize.register_parametrization(module.a, "gain", Positive())
    assert module.a.gain.item() == 1
    made = copy.deepcopy(module)
    equal(made(torch.ones(2, 8)), module(torch.ones(2, 8)))
    assert made.a.gain.item() == 1


def test_averaged_model_of_weights() -> None:
    module, x = built(RESNET), batch(RESNET)
    average = torch.optim.swa_utils.AveragedModel(module)
    average.update_parameters(module)
    equal(average.module.eval()(x), module.eval()(x))


# --- what a user reads ---


def test_repr_uses_the_names_of_the_text() -> None:
    text = repr(built("input 8\nblock widen(n) { fc n; relu; fc 8 }\nstage body { widen 16 x3; widen 32 }\nfc 2\n"))
    assert text == (
        "Network(\n"
        "  (body): Stage(\n"
        "    (widen1-widen3): 3 x Widen(\n"
        "      (fc1): Linear(in_features=8, out_features=16, bias=True)\n"
        "      (relu1): ReLU()\n"
        "      (fc2): Linear(in_features=16, out_features=8, bias=True)\n"
        "    )\n"
        "    (widen4): Widen(\n"
        "      (fc1): Linear(in_features=8, out_features=32, bias=True)\n"
        "      (relu1): ReLU()\n"
        "      (fc2): Linear(in_features=32, out_features=8, bias=True)\n"
        "    )\n"
        "  )\n"
        "  (fc1): Linear(in_features=8, out_features=2, bias=True)\n"
        ")"
    )


def test_inspect_getsource_of_a_part() -> None:
    module = built(UNET)
    source = inspect.getsource(module.up.forward)
    assert source.splitlines()[0].strip() == "def forward(self, x: torch.Tensor, down1: torch.Tensor) -> torch.Tensor:"
    assert "torch._C" not in inspect.getsource(built("input 5 int(7); embedding 8 as e; reuse e").forward)


def test_traceback_shows_the_source_line_of_a_part() -> None:
    module = built(UNET)
    with pytest.raises(RuntimeError) as caught:
        module.up(torch.rand(2, 9, 8, 8), torch.rand(2, 4, 16, 16))
    assert any("self.upconv1(x)" in (frame.line or "") for frame in traceback.extract_tb(caught.value.__traceback__))


def test_generated_classes_are_garbage_collected() -> None:
    def files() -> list[str]:
        return [name for name in linecache.cache if name.startswith("<archdsl Fleeting")]

    module = built("net Fleeting\ninput 8; residual { fc 8 }")
    assert len(files()) == 1
    del module
    gc.collect()
    assert files() == []
