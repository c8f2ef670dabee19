"""Weights by the names that torchvision gives them: `--from resnet50.pth` for a network of the zoo."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from math import prod
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
from archdsl.backends.weight_matching import match_weights, same_elements

# By family, networks of the zoo whose layers structure alone cannot tell apart.
NETWORKS: Mapping[str, str] = {
    "ResNet": "resnet18",
    "DenseNet": "densenet121",
    "ConvNeXt": "convnext_tiny",
    "RegNet": "regnet_y_400mf",
    "ShuffleNet": "shufflenet_v2_x0_5",
    "GoogLeNet": "googlenet",
    "ViT": "vit_b_32",
    "Inception": "inception_v3",
    "MaxViT": "maxvit_t",
    "Swin": "swin_t",
    "SwinV2": "swin_v2_t",
}
TIMM: Mapping[str, tuple[str, str]] = {
    "timm ConvNeXt": ("convnext_tiny", "convnext_tiny"),
    "timm ViT": ("vit_b_32", "vit_base_patch32_224"),
    "timm Swin": ("swin_t", "swin_tiny_patch4_window7_224"),
    "timm Mixer": ("mixer_s16", "mixer_s16_224"),
    "timm ConvMixer": ("convmixer_1024_20", "convmixer_1024_20_ks9_p14"),
    "timm RegNet": ("regnet_y_400mf", "regnety_004"),
    "timm EfficientNet": ("efficientnet_b0", "efficientnet_b0"),
    "timm MobileNetV2": ("mobilenet_v2", "mobilenetv2_100"),
    "timm MobileNetV3 large": ("mobilenet_v3_large", "mobilenetv3_large_100"),
    "timm MobileNetV3 small": ("mobilenet_v3_small", "mobilenetv3_small_100"),
    "timm MnasNet": ("mnasnet1_0", "mnasnet_100"),
}
"""By family, a network of the zoo and timm's name for it."""
ALSO_TIMM = {"efficientnet_v2_s": "efficientnetv2_s"}
"""Networks with the rules of another family."""
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
def test_names_and_shapes_match_torchvision(family: str, name: str) -> None:
    module = built(name)
    own = shapes(module)
    names = published(family, module)
    assert len(set(names.values())) == len(names)
    assert digest({theirs: own[ours] for ours, theirs in names.items()}) == RECORDED[name]
    found = match_weights(weight_layers(module), own, {theirs: own[ours] for ours, theirs in names.items()})
    assert found.names == names
    assert not found.heads
    assert not found.unused


def elements(names: Mapping[str, tuple[int, ...]]) -> str:
    """The digest of names and numbers of elements: timm has some tensors in other shapes."""
    return digest({name: (prod(shape),) for name, shape in names.items()})


@pytest.mark.parametrize("family", TIMM)
def test_names_and_sizes_match_timm(family: str) -> None:
    module = built(TIMM[family][0])
    own, names = shapes(module), published(family, module)
    assert len(set(names.values())) == len(names)
    assert elements({theirs: own[ours] for ours, theirs in names.items()}) == RECORDED[family]


@pytest.mark.skipif(find_spec("timm") is None, reason="timm is an oracle, installed by hand")
@pytest.mark.parametrize(("name", "theirs"), [*TIMM.values(), *ALSO_TIMM.items()])
def test_outputs_with_timm_weights_match_timm(name: str, theirs: str, tmp_path: Path) -> None:
    """Where timm has another eps, its module gets ours: only the weights are compared."""
    from scripts import conformance

    conformance.torchvision_models()  # timm imports it
    import timm  # type: ignore[import-not-found, import-untyped, unused-ignore]

    other = timm.create_model(theirs).eval()
    network = archdsl.load(f"zoo:{name}")
    module = network.to_torch().eval()
    eps = next((part.eps for part in module.modules() if isinstance(part, nn.BatchNorm2d)), 1e-5)
    for part in other.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = eps
    conformance.scatter(other)
    save_file(
        {key: tensor.contiguous().clone() for key, tensor in other.state_dict().items()}, tmp_path / "w.safetensors"
    )
    assert not load_weights(module, tmp_path / "w.safetensors").match.heads
    x = torch.randn(1, *network.graph.nodes[network.graph.inputs[0]].shape.dims)
    with torch.no_grad():
        expected, found = other(x), module(x)
    assert float((expected - found).abs().max() / expected.abs().max()) < 1e-4


def test_tensor_of_another_shape_is_reshaped(tmp_path: Path) -> None:
    """timm's factors of channels are vectors, its MobileNetV3 has a 1×1 convolution for a fully connected layer."""
    for family, ours, shape in (
        ("timm ConvNeXt", "stage1.unit1.scale1.weight", (96,)),
        ("timm MobileNetV3 small", "fc1.weight", (1024, 576, 1, 1)),
    ):
        module = archdsl.load(f"zoo:{TIMM[family][0]}").to_torch()
        names, state = published(family, module), state_of(family, module)
        state[names[ours]] = state[names[ours]].reshape(shape)
        save_file(state, tmp_path / "w.safetensors")
        load_weights(module, tmp_path / "w.safetensors")
        assert torch.equal(module.state_dict()[ours].flatten(), state[names[ours]].float().flatten())
        state[names[ours]] = torch.zeros(shape[0] + 1, *shape[1:])
        save_file(state, tmp_path / "w.safetensors")
        with pytest.raises(CannotLoad):
            load_weights(module, tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ((96,), (96, 1, 1), True),
        ((10, 5, 1, 1), (10, 5), True),
        ((8, 4, 7, 7), (8, 196), True),
        ((8, 4), (4, 8), False),
        ((8, 4, 3, 3), (8, 3, 4, 3), False),
        ((12, 1), (1, 12), True),
        ((6, 4), (24,), False),
    ],
)
def test_same_elements_detects_reshaped_tensors(a: tuple[int, ...], b: tuple[int, ...], same: bool) -> None:
    assert same_elements(a, b) == same_elements(b, a) == same


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is an oracle that make conformance installs")
@pytest.mark.parametrize(("family", "name"), NETWORKS.items())
def test_order_of_execution_matches_torchvision(family: str, name: str) -> None:
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


def test_sharded_half_precision_file_with_prefix_is_loaded(tmp_path: Path) -> None:
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
def test_weights_of_another_depth_are_refused(name: str, other: str) -> None:
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
