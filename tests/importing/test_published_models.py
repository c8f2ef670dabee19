"""Models of torchvision, timm and transformers as networks. scripts/import_goals.py imports many more of them."""

import warnings
from typing import Any

import pytest
import torch

import archdsl

TORCHVISION = ["resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small", "squeezenet1_1"]
TIMM = ["resnet10t", "ghostnetv2_100", "vit_tiny_patch16_224", "regnety_002"]


@pytest.fixture(scope="module")
def torchvision() -> Any:
    for operator in ("nms", "qnms"):
        # Declared here, because a torchvision built for another torch cannot load its own.
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torchvision")


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(torchvision: Any, name: str) -> None:
    module = torchvision.models.get_model(name, weights=None).eval()
    _check(module, torch.randn(1, 3, 64, 64))


@pytest.mark.parametrize("name", TIMM)
def test_timm(torchvision: Any, name: str) -> None:
    timm = pytest.importorskip("timm")
    module = timm.create_model(name).eval()
    _check(module, torch.randn(1, *module.default_cfg["input_size"]))


def test_bert() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, vocab_size=70
    )
    module = transformers.BertModel(config, add_pooling_layer=False).eval()
    _check(module, torch.randint(0, 70, (1, 12)))


def _check(module: torch.nn.Module, x: torch.Tensor) -> None:
    imported = archdsl.from_torch(module, x)
    assert imported.proof is not None
    assert imported.proof.holds
    assert imported.proof.difference is not None
