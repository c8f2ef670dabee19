"""Small networks computed without torch give what torch gives."""

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.lecture.filters import PRESETS, filtered
from archdsl.lecture.small_networks import evaluate
from archdsl.lecture.stored_lenet5 import lenet5, trained, untrained

CHAINS = [
    "input 1x9x7; conv 3 k3 s2 p1",
    "input 2x8x8; conv 4 k3 same; relu; maxpool 2; conv 2 k2 d2; gap; fc 3",
    "input 2x7x9; conv 4 k5 p2 nobias; tanh; avgpool 3 s2 p1; gmp; fc 2",
    "input 1x6x6; conv 2 k3 p1 pad_mode=constant pad_value=1; maxpool 3 s2 p1; flatten; fc 4; relu; fc 2 nobias",
    "input 3x8x8; conv 2 k3 same_upper s3",
    "input 1x5x5; maxpool 2 ceil",
    "input 1x8x8; conv 2 k4 same",
]


@pytest.mark.parametrize("text", CHAINS)
def test_outputs_match_torch(text: str) -> None:
    network = archdsl.loads(text)
    torch.manual_seed(0)
    model = network.to_torch().double()
    graph = network.graph
    weights = {name: tensor.flatten().tolist() for name, tensor in model.state_dict().items()}
    image = torch.randn(graph.nodes[graph.inputs[0]].shape.dims, dtype=torch.float64)
    with torch.no_grad():
        expected = model(image[None])[0]
    output = torch.tensor(evaluate(graph, weights, image.tolist())[graph.output.id], dtype=torch.float64)
    torch.testing.assert_close(output.view(expected.shape), expected)


@pytest.mark.parametrize(
    "text",
    [
        "input 4x8x8; conv 4 k3 groups=2",
        "input 1x8x8; conv 1 k3 p1 pad_mode=reflect",
        "input 1x8x8; conv 1 k3 fixed=sobel_x",
        "input 1x8x8; avgpool 3 p1 s1 exclude_pad",
        "input 1x8x8; avgpool 3 ceil",
        "input 1x8x8; gelu",
    ],
)
def test_unsupported_layers_are_refused(text: str) -> None:
    network = archdsl.loads(text)
    weights = {name: tensor.flatten().tolist() for name, tensor in network.to_torch().state_dict().items()}
    shape = network.graph.nodes[network.graph.inputs[0]].shape.dims
    with pytest.raises(ValueError, match="not supported"):
        evaluate(network.graph, weights, torch.zeros(shape).tolist())


@pytest.mark.parametrize("preset", PRESETS)
def test_filters_match_torch_convolutions(preset: str) -> None:
    pixels = torch.rand(9, 8, dtype=torch.float64)
    weight = torch.tensor(PRESETS[preset], dtype=torch.float64).view(1, 1, 3, 3)
    expected = torch.nn.functional.conv2d(pixels[None, None], weight, padding=1)[0, 0]
    output = torch.tensor(filtered(pixels.tolist(), PRESETS[preset]), dtype=torch.float64)
    torch.testing.assert_close(output, expected)


def test_stored_weights_classify_the_digits(tmp_path: Path) -> None:
    """At least 90 % of the test images, after rounding to 8 bits; random weights do not."""
    from archdsl.training.data.dataset_spec import ImageShape
    from archdsl.training.data.images import Request
    from archdsl.training.data.resize import fit_splits
    from archdsl.training.data.sets import digits
    from archdsl.training.loop.standardization import measure

    splits = fit_splits(digits.load(Request(ImageShape(1, 8, 8), tmp_path)), ImageShape(1, 32, 32), "resize")
    assert splits.test is not None
    standard = measure(splits.train.images)
    images = (torch.from_numpy(splits.test.images).float() / 255 - standard.mean[0]) / standard.deviation[0]
    model = archdsl.load("examples/lenet5.arch").to_torch().eval()
    accuracies = []
    for weights in (trained(), untrained()):
        state = {name: torch.tensor(weights[name]).view(own.shape) for name, own in model.state_dict().items()}
        model.load_state_dict(state)
        with torch.no_grad():
            right = model(images).argmax(1) == torch.from_numpy(splits.test.labels)
        accuracies.append(right.float().mean().item())
    assert accuracies[0] > 0.9
    assert accuracies[1] < 0.3


def test_random_weights_have_torch_bounds() -> None:
    for name, tensor in archdsl.load("examples/lenet5.arch").to_torch().state_dict().items():
        own = untrained()[name]
        assert len(own) == tensor.numel()
        # The largest of n uniform numbers is close to the bound, for torch's and for these.
        inputs = lenet5_inputs(name)
        assert max(map(abs, own)) <= inputs**-0.5
        assert tensor.abs().max().item() <= inputs**-0.5 + 1e-6


def lenet5_inputs(name: str) -> int:
    path = tuple(name.split(".")[:-1])
    node = next(node for node in lenet5().layers if node.path == path)
    dims = node.op.weights_of(lenet5().shapes_in(node))["weight"]
    inputs = 1
    for size in dims[1:]:
        inputs *= size
    return inputs
