"""Weights by the names that torchvision gives them: `--from resnet50.pth` for a network of the zoo."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import archdsl
from archdsl.backends.published_names import NAMINGS
from archdsl.backends.weight_files import CannotLoad
from archdsl.backends.weight_layers import weight_layers
from archdsl.backends.weight_loading import load_weights
from archdsl.backends.weight_matching import match_weights

# By family, networks of the zoo whose layers structure alone cannot tell apart.
NETWORKS: Mapping[str, str] = {
    "ResNet": "resnet18",
    "DenseNet": "densenet121",
    "ConvNeXt": "convnext_tiny",
    "RegNet": "regnet_y_400mf",
    "ShuffleNet": "shufflenet_v2_x0_5",
    "GoogLeNet": "googlenet",
    "ViT": "vit_b_32",
}
RECORDED = json.loads(Path(__file__).with_name("torchvision_names.json").read_text(encoding="utf-8"))
"""For each network, the digest of torchvision's names and shapes: tests/backends/record_torchvision_names.py."""

Shapes = dict[str, tuple[int, ...]]


def built(name: str) -> nn.Module:
    with torch.device("meta"):
        return archdsl.load(f"zoo:{name}").to_torch().eval()


def shapes(module: nn.Module) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def published(family: str, module: nn.Module) -> dict[str, str]:
    """The names of the family's rules for all tensors, by ours."""
    found = {}
    for layer in weight_layers(module):
        for name in layer.shapes:
            theirs = NAMINGS[family].tensor(layer.name, name)
            assert theirs is not None, layer.name
            found[f"{layer.name}.{name}"] = theirs
    return found


def digest(names: Mapping[str, tuple[int, ...]]) -> str:
    lines = sorted(f"{name} {tuple(shape)}" for name, shape in names.items())
    return sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.parametrize(("family", "name"), NETWORKS.items())
def test_the_names_and_shapes_are_those_of_torchvision(family: str, name: str) -> None:
    module = built(name)
    own = shapes(module)
    names = published(family, module)
    assert len(set(names.values())) == len(names)
    assert digest({theirs: own[ours] for ours, theirs in names.items()}) == RECORDED[name]
    found = match_weights(weight_layers(module), own, {theirs: own[ours] for ours, theirs in names.items()})
    assert found.names == names
    assert not found.heads
    assert not found.unused


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is an oracle that make conformance installs")
@pytest.mark.parametrize(("family", "name"), NETWORKS.items())
def test_the_order_of_execution_is_that_of_torchvision(family: str, name: str) -> None:
    """Each tensor is the one that torchvision's forward pass reaches at the same time."""
    from scripts import conformance

    network = archdsl.load(f"zoo:{name}")
    sizes = network.graph.nodes[network.graph.inputs[0]].shape.dims
    ours, theirs = built(name), conformance.build(name, sizes[-1]).to("meta")
    with torch.no_grad():
        _, ordered = conformance.run_in_order(theirs, torch.empty(1, *sizes, device="meta"))
    waiting: dict[tuple[str, tuple[int, ...]], deque[str]] = defaultdict(deque)
    for key, tensor in ordered:
        waiting[conformance.kind_of(key, tensor), tuple(tensor.shape)].append(key)
    names = published(family, ours)
    for key, tensor in conformance.learned(ours):
        assert names[key] == waiting[conformance.kind_of(key, tensor), tuple(tensor.shape)].popleft()


def state_of(family: str, module: nn.Module) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    names, own = published(family, module), shapes(module)
    return {
        theirs: torch.rand(own[ours], generator=generator).half()
        for ours, theirs in names.items()
        if not ours.endswith("num_batches_tracked")
    }


def test_a_file_in_shards_with_a_prefix_in_half_precision_in_any_order(tmp_path: Path) -> None:
    """Another head, `module.` before all names, 16 bits, sorted names, two files with an index."""
    state = {f"module.{name}": tensor for name, tensor in sorted(state_of("ResNet", built("resnet18")).items())}
    names = list(state)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: state[name] for name in part}, tmp_path / file)
    places = {name: file for file, part in parts.items() for name in part}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    module = archdsl.load("zoo:resnet18", classes=7).to_torch()
    head = module.get_parameter("fc1.weight").clone()
    loaded = load_weights(module, index)
    assert (loaded.match.prefix, loaded.match.heads, loaded.converted) == ("module.", ("fc1",), ("float16",))
    assert torch.equal(module.get_parameter("fc1.weight"), head)
    first = state["module.layer2.0.downsample.0.weight"].float()
    assert torch.equal(module.state_dict()["layer2.unit1.basic1.shortcut.conv1.weight"], first)
    assert loaded.match.renamed["layer2.unit1.basic1.shortcut.conv1"] == "module.layer2.0.downsample.0"


@pytest.mark.parametrize(("name", "other"), [("resnet18", "resnet34"), ("resnet34", "resnet18")])
def test_another_depth_is_refused(name: str, other: str) -> None:
    module, names = built(name), published("ResNet", built(other))
    own = shapes(built(other))
    with pytest.raises(CannotLoad):
        match_weights(weight_layers(module), shapes(module), {theirs: own[ours] for ours, theirs in names.items()})


def test_auxiliary_heads_are_not_used() -> None:
    module = built("googlenet")
    own, names = shapes(module), published("GoogLeNet", module)
    file = {theirs: own[ours] for ours, theirs in names.items()} | {"aux1.conv.conv.weight": (128, 512, 1, 1)}
    assert match_weights(weight_layers(module), own, file).unused == ("aux1.conv.conv.weight",)
    with pytest.raises(CannotLoad):
        match_weights(weight_layers(module), own, file | {"other.conv.weight": (128, 512, 1, 1)})
