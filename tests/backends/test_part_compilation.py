"""Parts of a torch module under torch.compile, torch.export, torch.fx and TorchScript, and sharded."""

import copy
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.backends import two_shards
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

compiles = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
"""torch.compile itself looks at the gradients of its inputs."""

ROOT = Path(__file__).resolve().parents[2]


# --- torch.compile, torch.export, torch.fx, TorchScript ---


@compiles
@every_text
def test_whole_module_compiles(text: str) -> None:
    module, x = built(text), batch(text)
    torch._dynamo.reset()
    expected = gradients(copy.deepcopy(module), x)
    whole: Any = torch.compile(module, backend="aot_eager", fullgraph=True)
    found = gradients(whole, x)
    torch.testing.assert_close({name.removeprefix("_orig_mod."): grad for name, grad in found.items()}, expected)


@compiles
@every_text
def test_single_part_compiles(text: str) -> None:
    module, x = built(text), batch(text)
    torch._dynamo.reset()
    expected = gradients(copy.deepcopy(module), x)
    for path in paths(text):
        if "." not in path:
            module.get_submodule(path).compile(backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(gradients(module, x), expected)
    torch.testing.assert_close(gradients(copy.deepcopy(module), x), expected)


@compiles
def test_many_stages_are_compiled() -> None:
    """More than torch compiles versions of one method."""
    stages = "".join(
        f"stage s{i} {{ fc {8 + i}; relu; fc 8 }}\nstage r{i} {{ residual {{ fc {8 + i} ; fc 8 }} }}\n"
        for i in range(12)
    )
    module, x = built(f"input 8\n{stages}"), torch.rand(2, 8)
    torch._dynamo.reset()
    expected = module(x)
    for part in module.children():
        part.compile(backend="eager", fullgraph=True)
    equal(module(x), expected)


@compiles
@pytest.mark.parametrize("size", ["8", "4x8"])  # rows of numbers are a sequence after the first block
def test_equal_blocks_are_compiled_once(size: str) -> None:
    module = built(f"input {size}\nblock b {{ residual {{ fc 16; relu; fc 8 }} }}\nb x6\n")
    x = torch.rand(2, *map(int, size.split("x")), requires_grad=True)
    torch._dynamo.reset()
    graphs: list[Any] = []

    def backend(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    expected = module(x)
    assert len({type(part) for part in module.children()}) == 1
    for part in module.children():
        part.compile(backend=backend, fullgraph=True)
    equal(module(x), expected)
    assert len(graphs) == 1


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # of torch.export.unflatten
@every_text
def test_export_keeps_the_parts(text: str) -> None:
    module, x = built(text).eval(), batch(text)
    program = torch.export.export(module, (x,))
    equal(program.module()(x), module(x))
    stacks = [node.meta.get("nn_module_stack", {}) for node in program.graph.nodes]
    assert set(paths(text)) <= {path.split("@")[0] for stack in stacks for path, _ in stack.values()}
    equal(torch.export.unflatten(program)(x), module(x))


@pytest.mark.parametrize("text", [CHAIN, RESNET, UNET], ids=["chain", "resnet", "unet"])
def test_module_can_be_traced_and_scripted(text: str) -> None:
    module, x = built(text).eval(), batch(text)
    equal(torch.fx.symbolic_trace(module)(x), module(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        equal(torch.jit.trace(module, x)(x), module(x))  # type: ignore[no-untyped-call]  # torch has no types here
        equal(torch.jit.script(module)(x), module(x))


def test_quantization_dtype_and_functional_calls() -> None:
    module, x = built(RESNET).eval(), batch(RESNET)
    doubled = {name: 2 * p for name, p in module.layer2.named_parameters()}
    equal(
        torch.func.functional_call(module.layer2, {name: p / 2 for name, p in doubled.items()}, (module.stem(x),)),
        module.layer2(module.stem(x)),
    )
    module.layer2.to(torch.float64)
    assert module.layer2(module.stem(x).double()).dtype == torch.float64
    assert {p.dtype for p in module.layer1.parameters()} == {torch.float32}
    with torch.device("meta"):
        assert built(RESNET).layer1.to_empty(device="cpu").basic1.conv1.weight.device.type == "cpu"


# --- several processes ---


def test_fully_shard_wraps_each_stage(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.backends.two_shards", str(tmp_path)]
    processes = [subprocess.Popen([*command, str(rank)], cwd=ROOT) for rank in range(2)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    module = two_shards.model()
    two_shards.train(module)
    found = torch.load(tmp_path / "weights.pt")
    assert list(found) == list(module.state_dict())
    torch.testing.assert_close(found, dict(module.state_dict()), rtol=1e-5, atol=1e-6)
