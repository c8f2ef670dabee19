"""What has no effect on outputs, but on training: it is kept, refused or reported, and never lost without a word."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.importing import ImportFailed
from archdsl.importing.keras_import import import_keras
from archdsl.importing.proof import difference

from .modules import Function
from .test_keras import conv, dense, layer, saved, sequential


def _without_bias() -> nn.Module:
    first = nn.Linear(4, 3)
    first.bias.requires_grad = False
    return nn.Sequential(first, nn.ReLU(), nn.Linear(3, 2))


def _frozen(module: nn.Module) -> nn.Module:
    return module.requires_grad_(requires_grad=False)


def _detached() -> nn.Module:
    return Function(lambda x, a, b: b(a(x).detach()), a=nn.Linear(4, 4), b=nn.Linear(4, 4))


def _table(**options: object) -> nn.Module:
    return nn.Embedding(10, 4, **options)  # type: ignore[arg-type]  # options of the class


NUMBERS, IDS = torch.randn(2, 4), torch.zeros(2, 5, dtype=torch.int64)
REPORTED: dict[str, tuple[Callable[[], nn.Module], torch.Tensor, str]] = {
    "a frozen bias": (_without_bias, NUMBERS, "23 of them trained instead of 20"),
    "a frozen shift": (lambda: _frozen(nn.BatchNorm1d(4)), NUMBERS, "4 of them trained instead of 0"),
    "a stopped gradient": (_detached, NUMBERS, "`detach` is left out"),
    "the row of padding": (lambda: _table(padding_idx=0), IDS, "`padding_idx` is left out"),
}


@pytest.mark.parametrize("name", REPORTED)
def test_lost_training_behavior_is_reported(name: str) -> None:
    make, x, words = REPORTED[name]
    imported = archdsl.from_torch(make(), x)
    assert words in "\n".join([str(imported.proof), *imported.notes])


FROZEN: dict[str, tuple[nn.Module, torch.Tensor]] = {
    "linear": (nn.Linear(4, 4, bias=False), NUMBERS),
    "convolution": (nn.Conv2d(2, 3, 3, bias=False), torch.randn(2, 2, 5, 5)),
    "table": (_table(), IDS),
    "table with padding": (_table(padding_idx=0), IDS),
    "layer norm": (nn.LayerNorm(4, bias=False), NUMBERS),
    "recurrent": (nn.GRU(4, 3, batch_first=True, bias=False), torch.randn(2, 5, 4)),
    "slopes": (nn.PReLU(4), NUMBERS),
}


@pytest.mark.parametrize("name", FROZEN)
def test_imported_frozen_weights_remain_frozen(name: str) -> None:
    module, x = FROZEN[name]
    if isinstance(module, nn.GRU):
        module = Function(lambda x, a: a(x)[0], a=module)
    imported = archdsl.from_torch(_frozen(module), x)
    assert imported.proof is not None
    assert imported.network is not None
    trained = sum(p.numel() for p in imported.network.to_torch().parameters() if p.requires_grad)
    assert imported.proof.trainable == (trained, 0)
    assert bool(trained) is ("of them trained instead of 0" in str(imported.proof))
    assert not imported.notes


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "a mean over all batches": (nn.BatchNorm1d(4, momentum=None), "means over all batches"),
    "dropout in eval mode": (Function(lambda x, a: F.dropout(a(x), 0.2), a=nn.Linear(4, 4)), "active in eval mode"),
    "a weight without its bias": (
        Function(lambda x, a: a(x) + F.linear(x, a.weight), a=nn.Linear(4, 4)),
        "belongs to several layers",
    ),
    "outputs that are not finite": (Function(lambda x, a: (a(x) * 0).log(), a=nn.Linear(4, 4)), "cannot be compared"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_training_behavior_is_refused_with_the_reason(name: str) -> None:
    module, words = REFUSED[name]
    with pytest.raises(ImportFailed) as error:
        archdsl.from_torch(module, NUMBERS)
    assert words in str(error.value)
    assert "internal error" not in str(error.value)


SHARED: dict[str, Callable[[torch.Tensor, nn.Module], object]] = {
    "twice in a sum": lambda x, a: a(x) + a(x).relu(),
    "as two outputs": lambda x, a: (a(x), a(x)),
    "three times": lambda x, a: a(x) * a(x) + a(x),
}


@pytest.mark.parametrize("name", SHARED)
def test_repeated_call_on_the_same_tensor_shares_weights(name: str) -> None:
    imported = archdsl.from_torch(Function(SHARED[name], a=nn.Linear(4, 4)), NUMBERS)
    assert imported.proof is not None
    assert imported.proof.parameters == (20, 20)
    assert imported.proof.holds


def test_partially_finite_outputs_are_compared() -> None:
    imported = archdsl.from_torch(Function(lambda x, a: a(x).log(), a=nn.Linear(4, 4)), NUMBERS)
    assert imported.proof is not None
    assert imported.proof.holds


@pytest.mark.parametrize("found", [float("inf"), float("-inf"), float("nan"), 1.0])
@pytest.mark.parametrize("expected", [float("inf"), float("-inf"), float("nan")])
def test_nonfinite_values_are_compared(expected: float, found: float) -> None:
    alike = repr(expected) == repr(found)
    assert difference([torch.tensor([1, expected])], [torch.tensor([1, found])]) == (0 if alike else float("inf"))


KERAS_REFUSED = {
    "pooling": layer("MaxPooling2D", "odd", pool_size=2, strides=2, padding="valid", data_format="channels_first"),
    "flattening": layer("Flatten", "odd", data_format="channels_first"),
    "global pooling": layer("GlobalAveragePooling2D", "odd", data_format="channels_first"),
    "dropout of whole rows": layer("Dropout", "odd", rate=0.5, noise_shape=[None, 1, 1, 3]),
    "a root mean square": layer("LayerNormalization", "odd", epsilon=1e-3, scale=True, center=True, rms_scaling=True),
    "an activation with arguments": conv("odd", 4, activation={"class_name": "ELU", "config": {"name": "elu"}}),
}


@pytest.mark.parametrize("name", KERAS_REFUSED)
def test_keras_training_options_are_not_ignored(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="`odd` cannot be imported"):
        import_keras(saved(sequential(KERAS_REFUSED[name]), tmp_path), "net")


def test_keras_training_behavior_is_reported(tmp_path: Path) -> None:
    entries = [
        layer("GaussianNoise", "noise", stddev=0.1),
        conv("a", 4, kernel_regularizer={"class_name": "L2"}),
        layer("Flatten", "b"),
        dense("c", 3),
    ]
    imported = import_keras(saved(sequential(*entries), tmp_path), "net")
    assert [note.split("`")[1] for note in imported.notes] == ["noise", "kernel_regularizer"]


def test_nontrainable_keras_layers_are_frozen(tmp_path: Path) -> None:
    imported = import_keras(saved(sequential(conv("a", 4, trainable=False, use_bias=False)), tmp_path), "net")
    assert "conv 4 k3 p1 nobias frozen" in imported.text
