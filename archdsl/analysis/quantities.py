"""Counts and bytes in words: `15.47 G`, `241.1 KiB`."""

from ..graph import Draft, Graph, likely_shape
from ..shapes.symbolic import concrete


def si(count: int) -> str:
    """`15.47 G`, `416.5 K`: at most four digits, and a prefix from 1,000 on."""
    for unit, word in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            return f"{count / unit:.4g} {word}"
    return str(count)


def size(count: int) -> str:
    """Bytes in binary units: `241.1 KiB`."""
    value = float(count)
    for word in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or word == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {word}" if word == "B" else f"{value:.1f} {word}"


def at_example(network: Draft | Graph, count: int) -> str:
    """A count of a network: `9,219`; if it depends on symbolic dimensions, at the example sizes: `9,219 at 3×8×8`."""
    number = concrete(count)
    if number is count:
        return f"{count:,}"
    shapes = (likely_shape(network.nodes[i]) for i in network.inputs)
    return f"{number:,} at " + ", ".join(
        "×".join(str(concrete(dim)) for dim in shape.dims) for shape in shapes if shape
    )
