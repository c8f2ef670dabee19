"""The usual way to draw a network: build it in torch, and let torchview trace a tensor through it.

It uses the same renderer as archdsl, so that only the generation of the diagram differs.
"""

import sys
from pathlib import Path

import torch
from graphviz.backend import dot_command  # type: ignore[import-untyped]  # it has no types
from torchview import draw_graph  # type: ignore[import-not-found]  # installed by hand for the comparison

import archdsl
from archdsl.backends.diagram.engine import embedded
from archdsl.text.paths import examples

if __name__ == "__main__":
    dot_command.DOT_BINARY = embedded()
    with torch.device("meta"):
        network = archdsl.load(examples() / "zoo" / "resnet.arch", depths=[3, 8, 36, 3]).to_torch()
    drawn = draw_graph(network, input_size=(1, 3, 224, 224), device="meta", expand_nested=True)
    Path(sys.argv[1]).write_bytes(drawn.visual_graph.pipe(format="svg", quiet=True))
