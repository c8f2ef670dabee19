"""Compare archdsl's valid input sizes with torch: for the zoo's networks, every square and many rectangles.

    python scripts/verify_sizes.py [NAME…] [--most 300] [--rectangles 50]

For each network that takes images, torch runs its layers (with the weights of its own size) on the meta device for
squares of 1 to `--most` and for random rectangles. Torch must raise exactly when the closed forms reject the size, and
the output shapes must agree. Each layer runs once for each input shape, so repeated blocks and sizes with the same
shapes cost only a lookup. Prints one line per network; exits with 1 after any disagreement.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator

import torch

import archdsl
from archdsl.analysis.state_dict import state_dict
from archdsl.backends.torch import apply, make_module
from archdsl.contract.arguments import is_integer
from archdsl.contract.call import Module, Step
from archdsl.graph import Graph, Node
from archdsl.shapes.shape import Layout
from archdsl.zoo import entries

Dims = tuple[int, ...]


def verify(name: str, most: int, rectangles: int, step: int = 1) -> int | None:
    """The number of sizes that agree; None for a network without images. Raises AssertionError with the size."""
    network = archdsl.load(f"zoo:{name}")
    shape = network.graph.nodes[network.graph.inputs[0]].shape
    if len(network.graph.inputs) != 1 or shape.layout is not Layout.IMAGE:
        return None
    sizes = network.sizes
    # A layer with an argument like `@h` is a different one at another size: the text is elaborated again for each size,
    # and must give the same weights as at the network's own size.
    varies = any(type(value) is not int for node in sizes.graph.nodes for value in arguments(node))
    graph = None if varies else network.graph
    draw, calls = random.Random(name), Calls()
    tested = [(n, n) for n in range(1, most + 1, step)]
    tested += [(draw.randint(1, most), draw.randint(1, most)) for _ in range(rectangles)]
    for height, width in tested:
        dims = (shape.channels, height, width)
        verdict = sizes.verdict((height, width))
        found = calls.outputs(graph or at_size(name, dims, network.graph), dims)
        predicted = verdict.outputs if verdict.failed is None else None
        assert predicted == found, f"{name} at {height}×{width}: archdsl {predicted} ({verdict.failed}), torch {found}"
    return len(tested)


def arguments(node: Node) -> Iterator[int]:
    """The integers among a layer's arguments."""
    for _, value in node.op:
        yield from (each for each in (value if isinstance(value, tuple) else (value,)) if is_integer(each))


def at_size(name: str, dims: Dims, own: Graph) -> Graph | None:
    """The graph of a text for one input size; None if the text has an error there, or other weights."""
    try:
        graph = archdsl.load(f"zoo:{name}", input=dims).graph
    except archdsl.ArchError:
        return None
    return graph if weights(graph) == weights(own) else None


def weights(graph: Graph) -> dict[str, Dims]:
    """The shapes of the parameters by name."""
    return {name: tensor.shape for name, tensor in state_dict(graph).items() if tensor.parameter}


class Calls:
    """Torch's calls on the meta device: the shapes that each returns, computed once per call and input shapes."""

    def __init__(self) -> None:
        self._modules: dict[str, torch.nn.Module] = {}
        self._shapes: dict[tuple[str, tuple[Dims, ...]], Dims | None] = {}
        self._steps: dict[int, list[tuple[int, tuple[int, ...], list[tuple[str, Step]]]]] = {}

    def outputs(self, graph: Graph | None, dims: Dims) -> tuple[Dims, ...] | None:
        """The shapes that torch returns, without the batch; None if it raises or there is no network."""
        if graph is None:
            return None
        values: dict[int, Dims] = {graph.inputs[0]: (2, *dims)}
        for node, inputs, steps in self._layers(graph):
            current = tuple(values[i] for i in inputs)
            result: Dims | None = current[0]
            for words, step in steps:
                result = self._shape(words, step, current)
                if result is None:
                    return None
                current = (result, *current[1:])
            assert result is not None
            values[node] = result
        return tuple(values[i][1:] for _, i in graph.outputs)

    def _layers(self, graph: Graph) -> list[tuple[int, tuple[int, ...], list[tuple[str, Step]]]]:
        """The calls of each layer, with a text that identifies them; cached for the last graph."""
        if id(graph) not in self._steps:
            made = []
            for node in graph.layers:
                shapes = graph.shapes_in(node)
                assert not node.op.shared_weights, "no network of images reads another layer's weights"
                made.append((node.id, node.inputs, [(repr(step), step) for step in node.op.steps(shapes)]))
            self._steps = {id(graph): made}
            self._kept = graph  # keeps it alive, so that its id is not reused
        return self._steps[id(graph)]

    def _shape(self, words: str, step: Step, inputs: tuple[Dims, ...]) -> Dims | None:
        key = words, inputs
        if key not in self._shapes:
            self._shapes[key] = self._run(words, step, inputs)
        return self._shapes[key]

    @torch.no_grad()
    def _run(self, words: str, step: Step, inputs: tuple[Dims, ...]) -> Dims | None:
        module = None
        if isinstance(step, Module):
            if words not in self._modules:
                with torch.device("meta"):
                    self._modules[words] = make_module(step).eval()
            module = self._modules[words]
        try:
            out = apply(step, module, [torch.empty(shape, device="meta") for shape in inputs])
        except (RuntimeError, ValueError, IndexError):
            return None
        return tuple(out.shape)


def main() -> None:
    """Verify the networks of the zoo."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--rectangles", type=int, default=50)
    options = parser.parse_args()
    total, networks, wrong, start = 0, 0, 0, time.perf_counter()
    for name in options.names or list(entries()):
        began = time.perf_counter()
        try:
            count = verify(name, options.most, options.rectangles)
        except AssertionError as error:
            wrong += 1
            print(error, flush=True)
            continue
        if count is not None:
            total, networks = total + count, networks + 1
            print(f"{name:<24} {count} sizes agree, {time.perf_counter() - began:.1f} s", flush=True)
    seconds = time.perf_counter() - start
    print(f"{networks} networks, {total:,} sizes, {wrong or 'no'} disagreements, {seconds:.0f} s")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
