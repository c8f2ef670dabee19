"""Which input positions a position of a network depends on, by torch's gradients; compared to the receptive fields.

`python -m tests.analysis.gradients --networks 1000 [NETWORK…]` checks that many random networks, and those of the zoo.

Activations are replaced with the identity and maxima with means, weights and inputs are positive, and numbers have 64
bits: nothing cancels or saturates, so that a gradient is 0 exactly for the positions that do not matter. Nonzero
intermediate gradients are replaced with random ones around 1, so they do not vanish, however deep the network is.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from random import Random

import torch
from torch import Tensor, nn

import archdsl
from archdsl.analysis.receptive_field import channel_axes, fields, input_axes, support
from archdsl.backends.torch import apply, make_module
from archdsl.contract.call import Apply, Module, Step
from archdsl.graph import Graph, Node
from archdsl.layers.activation import Activation
from archdsl.layers.conv import UpConv
from archdsl.layers.cut import Crop, Slice
from archdsl.layers.sequence import Attention

CHAINS = ("lenet5", "alexnet", "alexnet2012", "zfnet", "vgg11", "vgg16_bn", "nin", "airbench94", "squeezenet1_1")
BRANCHED = (
    "googlenet",
    "inception_v3",
    "resnet18",
    "resnet50",
    "densenet121",
    "unet",
    "mobilenet_v2",
    "shufflenet_v2_x1_0",
)
Places = set[tuple[int, ...]]


def smooth(step: Step) -> Step:
    """The step with a mean in place of a maximum."""
    if isinstance(step, Apply):
        kwargs = tuple((k, 0.0 if k == "value" and v == -torch.inf else v) for k, v in step.kwargs)
        return step.replace(target=step.target.replace("amax", "mean"), kwargs=kwargs)
    return step.replace(target=step.target.replace("MaxPool", "AvgPool"))


def run(graph: Graph, wanted: int) -> tuple[dict[int, Tensor], Tensor]:
    """The inputs, and the differentiable result of a node."""
    generator = torch.Generator().manual_seed(0)
    values: dict[int, Tensor] = {}
    modules: dict[int, nn.Module] = {}
    for node in graph.nodes[: wanted + 1]:
        if node.id in graph.inputs:
            values[node.id] = torch.rand(1, *node.shape.dims, generator=generator, dtype=torch.float64) + 0.5
            values[node.id].requires_grad_()
        else:
            values[node.id] = _step(graph, node, [values[i] for i in node.inputs], modules, generator)
            values[node.id].register_hook(  # type: ignore[no-untyped-call]  # torch has no types here
                lambda gradient: (gradient != 0) * (0.5 + torch.rand_like(gradient))
            )
    return {i: values[i] for i in graph.inputs}, values[wanted]


def _step(
    graph: Graph, node: Node, inputs: list[Tensor], modules: dict[int, nn.Module], generator: torch.Generator
) -> Tensor:
    if isinstance(node.op, Activation):
        return inputs[0] * 1.0
    owner = node.id if node.shared is None else node.shared
    shapes = graph.shapes_in(node)
    for step in map(smooth, node.op.steps(shapes)):
        if isinstance(step, Module) and owner not in modules:
            modules[owner] = make_module(step).double().eval()
            for parameter in modules[owner].parameters():
                fan = max(1, parameter.numel() // len(parameter))
                nn.init.uniform_(parameter, 0.5 / fan, 1.5 / fan, generator=generator)
        inputs = [apply(step, modules.get(owner), inputs), *inputs[1:]]
    return inputs[0] * 1.0


def depends(graph: Graph, node: Node, positions: Sequence[Sequence[int]]) -> list[Places]:
    """For each position, the positions of the first input that all channels of a node together depend on."""
    inputs, result = run(graph, node.id)
    channels, of_input = channel_axes(graph)[node.id], channel_axes(graph)[graph.inputs[0]]
    assert of_input is not None
    found = []
    for position in positions:
        place = tuple(slice(None) if axis == channels else i for axis, i in enumerate(position))
        (gradient,) = torch.autograd.grad(result[(0, *place)].sum(), inputs[graph.inputs[0]], retain_graph=True)
        found.append({tuple(at) for at in (gradient[0] != 0).any(of_input).nonzero().tolist()})
    return found


def check(graph: Graph, random: Random, count: int = 2) -> int:
    """Compare the last layers that have positions to torch, at the center and elsewhere. Returns how many."""
    known, seen, entry = support(graph), fields(graph), graph.inputs[0]
    lengths = [graph.nodes[entry].shape.dims[axis] for axis in input_axes(graph, graph.nodes[entry])]
    # If a layer cuts off ends, later padding is in the middle of the input, and no position is far from it.
    cuts = any(isinstance(node.op, Crop | Slice | UpConv) for node in graph.nodes)
    held = 0
    placed = [node for node in graph.layers if any(s.has_positions for s in seen[node.id])]
    for node in placed[-1:] + random.sample(placed, min(count, len(placed))):
        positions = [size // 2 for size in node.shape.dims], [random.randrange(size) for size in node.shape.dims]
        for position, found in zip(positions, depends(graph, node, positions), strict=True):
            channels = channel_axes(graph)[node.id]
            declared = known.rows(node.id, entry, [None if i == channels else at for i, at in enumerate(position)])
            if known.is_exact(node.id):
                assert found == declared, f"{node.name} at {position}: {_differ(found, declared)}"
            assert found <= declared, f"{node.name} at {position}: {_differ(found, declared)}"
            far = seen.places(node.id, position)
            if far is not None and seen[node.id][0].exact and not cuts:
                inside = all(0 <= i < side for place in far for i, side in zip(place, lengths, strict=True))
                assert far == declared or not inside, f"{node.name} at {position}: {_differ(far, declared)}"
            held += 1
    return held


def _differ(a: Places, b: Places) -> str:
    return f"{len(a)} and {len(b)} places; {sorted(a - b)[:6]} in the first alone, {sorted(b - a)[:6]} in the second"


# --- random networks ---

_SIDES = (
    "k3",
    "k2",
    "k5 p2",
    "k3 p1",
    "k3 s2 p1",
    "k3 d2",
    "k3 p2 d2",
    "k1 s2",
    "k4 s2 p1",
    "k1x3",
    "k3x1 p1x0",
    "k3 p3 d3",
)
_LONGER = (
    "upsample 2", "upsample 2 bilinear", "upsample size=13x19", "upsample 3 bicubic", "upconv 3 k2 s2",
    "upconv 3 k3 s2 p1 output_padding=1", "upconv 3 k1 s2",
)  # fmt: skip
_MODES = ("reflect", "replicate", "circular")
_KEEPING = (
    "conv 3 k3 same", "conv 3 k3 d2 same", "conv 3 k1x5 same", "conv 3 k5x1 same", "conv 3 k1", "avgpool 3 s1 p1",
    "conv 3 k3 p1; conv 3 k3 p1", "mul { gap keep; conv 3 k1 }", "groupnorm 1", "maxpool 3 s1 p1", "dwconv k3 p1 d1",
    "mul { conv 1 k3 p1 }", "upconv 3 k3 p1", "", "conv 3 k3 p1 pad_mode=circular",
)  # fmt: skip


def program(random: Random) -> str:
    """A small network of convolutions, pooling, resampling and branches."""
    size = random.choice(("24x20", "17x23", "31x16"))
    lines = [f"input 2x{size}", "conv 3 k1"]
    for _ in range(random.randint(2, 6)):
        lines.append(statement(random))
    return "; ".join(lines)


def statement(random: Random) -> str:
    """One statement that keeps three channels."""
    match random.randrange(10):
        case 0 | 1 | 2:
            return f"conv 3 {random.choice(_SIDES)}"
        case 3 | 4:
            bodies = [f"{{ {random.choice(_KEEPING)} }}" for _ in range(random.randint(2, 3))]
            return f"{random.choice(('add', 'concat'))} {' '.join(bodies)}; conv 3 k1"
        case 5:
            return f"residual {{ {random.choice(_KEEPING[:-2])} }}"
        case 6:
            return random.choice(("avgpool 2", "maxpool 3 s2 ceil", "avgpool 3 s2 p1", "adaptive_avgpool 9x7"))
        case 7:
            return random.choice(_LONGER)
        case 8:
            mode = random.choice(_MODES)
            return (
                f"pad {random.randint(1, 2)} mode={mode}" if random.random() < 0.5 else "pad before=1 after=0 value=1"
            )
        case _:
            return random.choice(
                ("crop 5", "pixelunshuffle 1", "conv 12 k1; pixelshuffle 2", "slice 1 axis=2", "relu", "bn")
            )


def random_network(seed: int) -> archdsl.Network:
    """A random network without errors."""
    random = Random(seed)
    while True:
        try:
            return archdsl.loads(program(random))
        except archdsl.ArchError:
            continue


def main() -> None:
    """Check random networks and those of the zoo."""
    parser = argparse.ArgumentParser(description="Hold receptive fields against gradients.")
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", default=(*CHAINS, *BRANCHED))
    options = parser.parse_args()
    start = time.perf_counter()
    held = sum(
        check(random_network(seed).graph, Random(seed)) for seed in range(options.seed, options.seed + options.networks)
    )
    print(f"{options.networks:,} random networks, {held:,} places, {time.perf_counter() - start:.0f} s", flush=True)
    for name in options.names:
        graph = archdsl.load(f"zoo:{name}").graph
        if any(isinstance(node.op, Attention) for node in graph.nodes):
            sys.exit(f"{name} has attention, whose gradients may cancel")
        print(f"{name}: {check(graph, Random(0), count=1)} places, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
