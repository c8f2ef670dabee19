"""Torch modules as networks: the same function, and a text that passes every check."""

import logging
import sys
from contextlib import nullcontext
from random import Random

import pytest
import torch
from torch import nn

import archdsl
from archdsl.diagnostics import Sink
from archdsl.importing import ImportFailed
from archdsl.importing.proof import randomized_state
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

from .modules import MODULES, Function, Standardized, conv


def randomized(module: nn.Module) -> nn.Module:
    """The module in eval mode with other weights than zeros and ones, so that a wrong copy shows."""
    learned = {name for name, _ in module.named_parameters()}
    module.load_state_dict(randomized_state(module.state_dict(), learned))
    return module.eval()


@torch.no_grad()
def assert_same(imported: archdsl.importing.Imported, module: nn.Module, *x: torch.Tensor) -> None:
    """The imported network computes what the module does, and its text is as good as a person's."""
    expected, found = module(*x), imported.to_torch()(*x)
    expected = list(expected.values()) if isinstance(expected, dict) else [expected]
    for theirs, ours in zip(expected, found if isinstance(found, tuple) else [found], strict=True):
        torch.testing.assert_close(ours.reshape(theirs.shape), theirs, rtol=1e-4, atol=1e-5)
    assert imported.proof is not None
    assert imported.proof.holds
    source = Source(imported.text)
    assert format_program(parse(source, Sink())) == imported.text
    assert not analyze(source, Sink()).diagnostics
    assert imported.network is not None
    assert imported.network.diagram(format="dot").text.startswith("digraph")


@pytest.mark.parametrize("name", MODULES)
def test_torch_module_is_imported_with_equal_outputs(name: str) -> None:
    torch.manual_seed(0)
    make, sizes = MODULES[name]
    module = randomized(make())
    before = {each: tensor.clone() for each, tensor in module.state_dict().items()}
    x = torch.randn(3, *sizes)
    imported = archdsl.from_torch(module, x)
    assert_same(imported, module, x)
    assert all(bool((tensor == before[each]).all()) for each, tensor in module.state_dict().items())


@pytest.mark.parametrize("name", ["attention in shifted windows", "encoder layer", "growing", "u-net"])
def test_imported_network_can_be_exported(name: str) -> None:
    make, sizes = MODULES[name]
    x = torch.randn(2, *sizes)
    module = archdsl.from_torch(make(), x).to_torch()
    program = torch.export.export(module, (x,))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(x), module(x))


def test_shared_parameters_are_counted_once() -> None:
    make, sizes = MODULES["shared weights"]
    module = make()
    imported = archdsl.from_torch(module, torch.randn(1, *sizes))
    assert imported.network is not None
    assert imported.network.parameters == sum(p.numel() for p in module.parameters())
    assert "reuse" in imported.text


@pytest.mark.parametrize("name", ["encoder layer", "multi-head attention", "attention by hand"])
def test_handwritten_attention_becomes_one_layer(name: str) -> None:
    make, sizes = MODULES[name]
    text = archdsl.from_torch(make(), torch.randn(1, *sizes)).text
    assert "attention" in text
    assert "matmul" not in text


def test_windows_are_arguments_of_attention() -> None:
    make, sizes = MODULES["attention in shifted windows"]
    text = archdsl.from_torch(make(), torch.randn(1, *sizes)).text
    assert "attention h3 window=4 shift=2 relative" in text


def test_dense_concatenations_become_a_repetition() -> None:
    make, sizes = MODULES["growing"]
    text = archdsl.from_torch(make(), torch.randn(1, *sizes)).text
    assert text.partition("\n\n")[2] == "concat { conv 4 k3 p1 } x5\n"


def test_parameter_only_subgraphs_are_folded() -> None:
    module = archdsl.loads("net a\ninput 12x8x8\nattention h3 window=4 relative=mlp cosine\n").to_torch()
    imported = archdsl.from_torch(module, torch.randn(1, 12, 8, 8), name="a")
    assert imported.proof is not None
    assert imported.proof.macs[0] == imported.proof.macs[1]
    assert "attention h3 window=4 relative=mlp cosine" in imported.text


# --- elements that move ---


def moves(random: Random, dims: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """A random chain of operations that move elements."""
    found: list[tuple[str, tuple[int, ...]]] = []
    shape = list(dims)
    for _ in range(random.randint(1, 6)):
        kind = random.choice(["permute", "split", "merge", "select", "roll"])
        at = random.randrange(len(shape))
        if kind == "permute":
            order = random.sample(range(len(shape)), len(shape))
            shape = [shape[i] for i in order]
            found.append(("permute", tuple(order)))
        elif kind == "split" and shape[at] % 2 == 0 and shape[at] > 2 and len(shape) < 5:
            part = random.choice([2, shape[at] // 2])
            shape[at : at + 1] = [part, shape[at] // part]
            found.append(("reshape", tuple(shape)))
        elif kind == "merge" and at + 1 < len(shape):
            shape[at : at + 2] = [shape[at] * shape[at + 1]]
            found.append(("reshape", tuple(shape)))
        elif kind == "select" and len(shape) > 2:
            found.append(("select", (at, random.randrange(shape[at]))))
            del shape[at]
        elif kind == "roll":
            found.append(("roll", (random.randrange(-2, 3), at)))
    while len(shape) > 4:
        shape[0:2] = [shape[0] * shape[1]]
        found.append(("reshape", tuple(shape)))
    return found


class Moves(nn.Module):
    def __init__(self, steps: list[tuple[str, tuple[int, ...]]]) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, numbers in self.steps:
            match name:
                case "permute":
                    x = x.permute(0, *(i + 1 for i in numbers))
                case "reshape":
                    x = x.reshape(-1, *numbers)
                case "select":
                    x = x.select(numbers[0] + 1, numbers[1])
                case _:
                    x = x.roll(numbers[0], numbers[1] + 1)
        return x + 1


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_rearranged_elements_are_imported_or_refused(first: int) -> None:
    refused = 0
    for seed in range(first, first + 20):
        random = Random(seed)
        dims = tuple(random.choice([2, 3, 4, 6, 8]) for _ in range(random.choice([2, 3, 3, 4])))
        module = Moves(moves(random, dims))
        x = torch.arange(2.0 * torch.Size(dims).numel()).reshape(2, *dims)
        try:
            imported = archdsl.from_torch(module, x)
        except ImportFailed as error:
            refused += bool(error.problems)
            continue
        found = imported.to_torch()(x)
        assert bool((found.reshape(module(x).shape) == module(x)).all()), seed
    assert refused <= 4


# --- what is refused ---


def test_other_epsilon_of_standardized_filters_is_refused() -> None:
    with pytest.raises(ImportFailed, match="a form of `weight=` that computes it"):
        archdsl.from_torch(Standardized(12, 8, 3, eps=1e-3), torch.randn(1, 12, 8, 8))


REFUSED = {
    "an operation without a layer": (lambda x: torch.fft.fft(x).real, "fft_fft"),
    "a part of the samples": (lambda x: x[:1], "samples"),
    "samples that are mixed": (lambda x: x.flatten(0, 1) @ torch.ones(8, 4), "batch axis"),
    "a fixed tensor": (lambda x: x + torch.linspace(0, 1, 8), "fixed tensor of"),
    "a reversed axis": (lambda x: x.flip(-1), "reversing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_function_is_refused(name: str) -> None:
    function, words = REFUSED[name]
    with pytest.raises(ImportFailed, match=words):
        archdsl.from_torch(Function(function), torch.randn(1, 6, 8))


def test_partial_import_names_unknown_functions() -> None:
    module = Function(lambda x, a, b: b(torch.fft.fft(a(x)).real), a=conv(3, 4), b=conv(4, 5))
    imported = archdsl.from_torch(module, torch.randn(1, 3, 8, 8), name="part", partial=True)
    assert imported.network is None
    assert "unknown" in imported.text
    assert "conv 5 k3 p1" in imported.text
    assert "fft_fft" in imported.text
    with pytest.raises(ImportFailed):
        imported.to_torch()


def test_data_dependent_control_flow_is_refused() -> None:
    with pytest.raises(ImportFailed, match=r"torch\.export"):
        archdsl.from_torch(Function(lambda x: x if x.sum() > 0 else -x), torch.randn(1, 3))


@pytest.mark.parametrize("example", [torch.tensor(1.0), [], ["x"]], ids=["a number", "nothing", "text"])
def test_invalid_example_input_is_refused(example: object) -> None:
    with pytest.raises(ImportFailed, match="example"):
        archdsl.from_torch(nn.Linear(3, 3), example)  # type: ignore[arg-type]  # that is the point


def test_training_mode_of_submodules_is_restored() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1).eval())
    imported = archdsl.from_torch(module, torch.randn(1, 3))
    assert module[0].training
    assert not module[1].training
    assert "dropout 0.1" in imported.text


def test_wrong_conversion_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl.importing import rules

    table = dict(rules.rules())
    monkeypatch.setattr("archdsl.importing.lift.rules", lambda: table | {"sigmoid": table["tanh"]})
    with pytest.raises(ImportFailed, match="differ by"):
        archdsl.from_torch(nn.Sequential(nn.Linear(3, 3), nn.Sigmoid()), torch.randn(1, 3))


def test_exception_in_a_rule_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl.importing import rules

    def fails(*_: object) -> None:
        raise KeyError("axis")

    table = dict(rules.rules())
    monkeypatch.setattr("archdsl.importing.lift.rules", lambda: table | {"sigmoid": fails})
    with pytest.raises(ImportFailed, match="`sigmoid` with these arguments is not supported"):
        archdsl.from_torch(nn.Sequential(nn.Linear(3, 3), nn.Sigmoid()), torch.randn(1, 3))


class Loud(nn.Module):
    """A module that prints and logs; torch cannot trace it if it has a `limit`, and would print why."""

    def __init__(self, limit: bool) -> None:
        super().__init__()
        self.fc, self.limit = nn.Linear(4, 3), limit

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print("printed by the module", file=sys.stderr)
        logging.getLogger("mine").warning("logged by the module")
        y: torch.Tensor = self.fc(x)
        return y[: int(x.sum().item())] if self.limit else y


@pytest.mark.parametrize("limit", [False, True])
def test_only_torch_output_is_suppressed(
    limit: bool, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ImportFailed) if limit else nullcontext():
        archdsl.from_torch(Loud(limit), torch.zeros(2, 4))
    assert set(capsys.readouterr().err.splitlines()) == {"printed by the module"}
    assert {record.message for record in caplog.records} == {"logged by the module"}
    assert not logging.getLogger("torch").disabled
