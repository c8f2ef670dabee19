"""Stages, branches and blocks of a torch module do what modules written by hand do."""

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from archdsl.backends.units import _SEQUENTIAL
from tests.backends.part_networks import (
    CHAIN,
    RESNET,
    UNET,
    batch,
    built,
    equal,
    every_text,
    gradients,
    paths,
)

# --- hooks ---


@every_text
def test_forward_hooks_see_inputs_and_outputs_of_parts(text: str) -> None:
    module, x = built(text).eval(), batch(text)
    seen: dict[str, list[tuple[Any, Any]]] = {path: [] for path in paths(text)}
    hooks = [
        module.get_submodule(path).register_forward_hook(
            lambda _, args, result, path=path: seen[path].append((args, result))
        )
        for path in seen
    ]
    module(x)
    for hook in hooks:
        hook.remove()
    for path, calls in seen.items():
        assert len(calls) == (2 if path == "decoder" else 1)
        for args, result in calls:
            equal(module.get_submodule(path)(*args), result)


def test_forward_hooks_can_change_inputs_and_outputs() -> None:
    module, x = built(RESNET).eval(), batch(RESNET)
    module.layer2.register_forward_pre_hook(lambda part, args: (torch.zeros_like(args[0]),))
    module.gap1.register_forward_hook(lambda part, args, result: result + 1)
    zeros = torch.zeros(2, 4, 8, 8)
    equal(module(x), module.fc1((module.layer2(zeros).mean((2, 3), keepdim=True) + 1).flatten(1)))


@every_text
def test_backward_hooks_fire(text: str) -> None:
    module, x = built(text), batch(text)
    seen: list[str] = []
    for path in paths(text):
        module.get_submodule(path).register_full_backward_hook(lambda part, into, out, path=path: seen.append(path))
    with warnings.catch_warnings():
        # On ids, as in every module by hand whose input needs no gradient.
        warnings.filterwarnings("ignore", "Full backward hook is firing")
        gradients(module, x)
    assert set(seen) == set(paths(text))


# --- calls of a part, and its children ---


def test_stage_can_be_called_separately() -> None:
    module, x = built(UNET).eval(), batch(UNET)
    skip = module.down1(x)
    low = module.down2(module.maxpool1(skip))
    equal(module.conv1(module.up(low, skip)), module(x))
    equal(module.up(x=low, down1=skip), module.up(low, skip))


def test_children_of_a_chain_compute_the_network() -> None:
    module, x = built(CHAIN).eval(), batch(CHAIN)
    assert [name for name, _ in module.named_children()] == ["a", "b", "conv1"]
    equal(nn.Sequential(*module.children())(x), module(x))
    equal(nn.Sequential(*module.a.children())(x), module.a(x))


def test_children_are_in_the_order_of_execution() -> None:
    names = [name for name, _ in built(RESNET).layer2.basic1.named_children()]
    assert names == ["conv1", "bn1", "relu1", "conv2", "bn2", "shortcut", "relu2"]
    body = nn.Sequential(*[*built(RESNET).eval().children()][:-1])
    assert body(batch(RESNET)).shape == (2, 8, 1, 1)


def test_chain_can_be_indexed_and_sliced() -> None:
    module, x = built(CHAIN).eval(), batch(CHAIN)
    stage: Any = module.a
    assert isinstance(stage, nn.Sequential)
    assert (len(stage), stage[0], stage[-1]) == (3, stage.conv1, stage.relu1)
    equal(stage[:2](x), module.a.bn1(module.a.conv1(x)))
    stage.append(nn.Identity())
    equal(module(x), built(CHAIN).eval()(x))
    del stage[0]
    stage.insert(0, nn.Conv2d(3, 8, 1))
    assert module(x).shape == (2, 4, 8, 8)


def test_part_has_the_attributes_of_sequential() -> None:
    public = {name for name in dir(nn.Sequential) if not name.startswith("_")}
    assert public - set(dir(nn.Module)) == set(_SEQUENTIAL)


@pytest.mark.parametrize("name", sorted(_SEQUENTIAL))
def test_layers_can_be_named_like_methods_of_sequential(name: str) -> None:
    for text in (
        f"input 3x8x8; stage a {{ conv 4 k1 as {name}; relu }}",
        f"input 3x8x8; stage a {{ stage {name} {{ conv 4 k1; relu }}; relu }}",
    ):
        module = built(text)
        assert module(torch.rand(2, 3, 8, 8)).shape == (2, 4, 8, 8)
        assert isinstance(module.a.get_submodule(name), nn.Module)


def test_every_part_has_a_module_even_without_layers() -> None:
    module = built("input 3x8x8; stage a { flatten }; stage b { identity }; fc 2")
    seen: list[str] = []
    module.a.register_forward_hook(lambda *_: seen.append("a"))
    module.b.register_forward_hook(lambda *_: seen.append("b"))
    module(torch.rand(2, 3, 8, 8))
    assert seen == ["a", "b"]


# --- replacing ---


def test_part_is_replaced() -> None:
    module, x = built(RESNET).eval(), batch(RESNET)
    module.layer1 = nn.Identity()
    equal(module(x), module.fc1(module.layer2(module.stem(x)).mean((2, 3))))
    module.layer2.basic2 = nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU())
    module.fc1 = nn.Linear(8, 3)
    module.set_submodule("stem.relu1", nn.SiLU())
    assert module(x).shape == (2, 3)
    assert "layer2.basic2.0.weight" in module.state_dict()
    assert not any(name.startswith("layer1") for name in module.state_dict())
    assert gradients(module, x).keys() == dict(module.named_parameters()).keys()


def test_part_with_several_inputs_is_replaced() -> None:
    class Up(nn.Module):
        def forward(self, x: Tensor, down1: Tensor) -> Tensor:
            return down1

    module, x = built(UNET).eval(), batch(UNET)
    module.up = Up()
    equal(module(x), module.conv1(module.down1(x)))


def test_wrapped_part_computes_the_same() -> None:
    class Twice(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = 2 * self.inner(x)
            return result

    module, x = built(RESNET).eval(), batch(RESNET)
    module.layer2 = Twice(module.layer2)
    expected = module.fc1(2 * module.layer2.inner(module.layer1(module.stem(x))).mean((2, 3)))
    torch.testing.assert_close(module(x), expected)


# --- gradient checkpointing ---


def saved(module: nn.Module, x: Tensor) -> int:
    """The bytes that are kept for the backward pass, without parameters."""
    kept: dict[int, int] = {}
    own = {p.untyped_storage().data_ptr() for p in module.parameters()}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = module(x)
    del result
    return sum(kept.values())


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("text", [RESNET, UNET], ids=["resnet", "unet"])
def test_checkpointed_stage_gives_the_same_gradients(text: str, reentrant: bool) -> None:
    module, x = built(text), batch(text).requires_grad_()
    expected, before = gradients(copy.deepcopy(module), x), saved(copy.deepcopy(module), x)
    for part in [module.layer1, module.layer2] if text is RESNET else [module.up, module.down2]:
        forward = part.forward
        part.forward = lambda *args, forward=forward: checkpoint(forward, *args, use_reentrant=reentrant)
    again = copy.copy(module)
    equal(gradients(module, x), expected)
    assert saved(again, x) < 0.7 * before


def test_torch_checkpoint_wrapper_preserves_state_names() -> None:
    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import apply_activation_checkpointing

    module, x = built(RESNET), batch(RESNET)
    expected, state = gradients(copy.deepcopy(module), x), list(module.state_dict())
    kind = type(module.layer1.basic1)
    apply_activation_checkpointing(module, check_fn=lambda part: isinstance(part, kind))
    assert list(module.state_dict()) == state
    found = {name.replace("_checkpoint_wrapped_module.", ""): grad for name, grad in gradients(module, x).items()}
    equal(found, expected)
