"""Check a network from Python, compare widths, and save a diagram: python compare_widths.py [FOLDER]."""

import sys
from pathlib import Path

import archdsl

TEXT = """\
net Small(classes = 10, width = 1.0)
input 3x32x32
conv 16*width k3 same; bn; relu; maxpool 2
conv 32*width k3 same; bn; relu; gap
fc classes
"""


def compare(widths: tuple[float, ...]) -> dict[float, archdsl.Network]:
    """The network at each width."""
    return {width: archdsl.loads(TEXT, name="small.arch", width=width) for width in widths}


def largest(network: archdsl.Network) -> archdsl.LayerInfo:
    """The layer with the most parameters."""
    return max(network.layers, key=lambda layer: layer.parameters)


def main(folder: Path) -> None:
    """Print the sizes of three networks, and save the diagram of the smallest."""
    networks = compare((0.5, 1.0, 2.0))
    for width, network in networks.items():
        layer = largest(network)
        print(f"width {width}: {network.parameters:,} parameters, most of them in {layer.name} ({layer.text})")
    network = networks[0.5]
    print(network.inputs, network.outputs)
    print(network.table(columns=["params", "rf"], format="markdown"))
    network.diagram(folder / "small.svg", theme="print")
    analysis = archdsl.check(text="input 3x32x32; covn 8 k3")
    for found in analysis.diagnostics:
        print(found.diagnostic.code, found.diagnostic.message())
    try:
        archdsl.loads("input 8; fcc 2")
    except archdsl.ArchError as error:
        print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
