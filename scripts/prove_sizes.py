"""Hold what archdsl says of input sizes against torch: for the zoo's networks, every square and many rectangles.

    python scripts/prove_sizes.py [NAME…] [--most 300] [--rectangles 50]

For each network that takes images, its module (with the weights of its own size) is run on the meta device at squares
of 1 to `--most` and at rectangles drawn at random. Whether torch raises must be what the closed forms say, and so must
the shape that comes out. Prints a line a network; exits with 1 at the first disagreement.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator

import torch

import archdsl
from archdsl.arguments import is_whole
from archdsl.graph import Node
from archdsl.shape import Layout
from archdsl.zoo import entries


def prove(name: str, most: int, rectangles: int, step: int = 1) -> int | None:
    """How many sizes agree; None for a network that takes no image. Raises AssertionError with the size."""
    network = archdsl.load(f"zoo:{name}")
    shape = network.graph.nodes[network.graph.inputs[0]].shape
    if len(network.graph.inputs) != 1 or shape is None or shape.layout is not Layout.IMAGE:
        return None
    sizes = network.sizes
    # A layer with an argument like `@h` is another one at another size: the module is made for each.
    asks = any(type(value) is not int for node in sizes.graph.nodes for value in arguments(node))
    module = None if asks else module_of(network)
    draw = random.Random(name)
    asked = [(n, n) for n in range(1, most + 1, step)]
    asked += [(draw.randint(1, most), draw.randint(1, most)) for _ in range(rectangles)]
    for height, width in asked:
        verdict = sizes.verdict((height, width))
        found = run(module or at_size(name, shape.channels, height, width), shape.channels, height, width)
        said = verdict.outputs if verdict.failed is None else None
        assert said == found, f"{name} at {height}×{width}: said {said} ({verdict.failed}), torch {found}"
    return len(asked)


def arguments(node: Node) -> Iterator[int]:
    """The whole numbers among a layer's arguments."""
    for _, value in node.op or ():
        yield from (each for each in (value if isinstance(value, tuple) else (value,)) if is_whole(each))


def module_of(network: archdsl.Network) -> torch.nn.Module:
    """The network's module on the meta device."""
    with torch.device("meta"):
        return network.to_torch().eval()


def at_size(name: str, *dims: int) -> torch.nn.Module | None:
    """The module of a text for one input size; None where the text has a mistake there."""
    try:
        return module_of(archdsl.load(f"zoo:{name}", input=dims))
    except archdsl.ArchError:
        return None


@torch.no_grad()
def run(module: torch.nn.Module | None, channels: int, height: int, width: int) -> tuple[tuple[int, ...], ...] | None:
    """The shapes that torch gives, without the batch; None where it raises or there is no module."""
    if module is None:
        return None
    try:
        out = module(torch.empty(2, channels, height, width, device="meta"))
    except (RuntimeError, ValueError, IndexError):
        return None
    outs = out if isinstance(out, tuple) else (out,)
    return tuple(tuple(each.shape[1:]) for each in outs)


def main() -> None:
    """Run it over the zoo."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--rectangles", type=int, default=50)
    options = parser.parse_args()
    total, networks, start = 0, 0, time.perf_counter()
    for name in options.names or list(entries()):
        began = time.perf_counter()
        try:
            count = prove(name, options.most, options.rectangles)
        except AssertionError as error:
            sys.exit(str(error))
        if count is not None:
            total, networks = total + count, networks + 1
            print(f"{name:<24} {count} sizes agree, {time.perf_counter() - began:.1f} s", flush=True)
    print(f"{networks} networks, {total:,} sizes, no disagreement, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
