"""Outputs compared to torchvision's, with torchvision's weights. A sample; `make conformance` compares all."""

import pytest

from scripts.conformance import Missing, compare, torchvision_models

SAMPLE = [
    "alexnet",
    "convnext_tiny",
    "efficientnet_b0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "vgg11_bn",
]


@pytest.mark.parametrize("name", SAMPLE)
def test_outputs_match_torchvision(name: str) -> None:
    try:
        torchvision_models()
    except Missing as missing:
        pytest.skip(str(missing))
    result = compare(name)
    assert result.conforms, result
