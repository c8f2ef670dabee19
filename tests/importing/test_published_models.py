"""Models of torchvision, timm and transformers as networks. scripts/import_goals.py imports many more of them."""

import warnings
from typing import Any

import pytest
import torch

import archdsl
from archdsl.importing.torch_module import Example

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
def test_torchvision_models_are_imported(torchvision: Any, name: str) -> None:
    module = torchvision.models.get_model(name, weights=None).eval()
    _check(module, torch.randn(1, 3, 64, 64))


@pytest.mark.parametrize("name", TIMM)
def test_timm_models_are_imported(torchvision: Any, name: str) -> None:
    timm = pytest.importorskip("timm")
    module = timm.create_model(name).eval()
    _check(module, torch.randn(1, *module.default_cfg["input_size"]))


def test_transformers_bert_is_imported(torchvision: Any) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, vocab_size=70
    )
    module = transformers.BertModel(config, add_pooling_layer=False).eval()
    ids = {"input_ids": torch.randint(0, 70, (1, 12)), "token_type_ids": torch.randint(0, 2, (1, 12))}
    assert "attention h3" in _check(module, ids)
    with pytest.raises(archdsl.importing.ImportFailed, match="token_type_ids"):
        archdsl.from_torch(module, ids["input_ids"])


@pytest.mark.parametrize("name", ["Llama", "Qwen2"])
def test_transformers_decoders_are_imported(torchvision: Any, name: str) -> None:
    transformers = pytest.importorskip("transformers")
    kind = getattr(transformers, f"{name}Model")
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    module = kind(kind.config_class(**sizes, intermediate_size=48, vocab_size=70, use_cache=False)).eval()
    text = _check(module, torch.randint(0, 70, (1, 12)))
    assert "attention h4 kv_heads=2" in text
    assert "matmul" not in text


def _check(module: torch.nn.Module, x: Example) -> str:
    imported = archdsl.from_torch(module, x)
    assert imported.proof is not None
    assert imported.proof.holds
    assert imported.proof.difference is not None
    return imported.text
