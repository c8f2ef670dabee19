"""A backend: the layers of a network as comma-separated values."""

import csv
import io

from archdsl.extension import Graph, costs


def to_csv(graph: Graph) -> str:
    """One line per layer: its name, its keyword, its shape, its parameters and its multiply-accumulates."""
    table = costs(graph)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "layer", "shape", "parameters", "macs"])
    for node in graph.layers:
        cost = table[node.id]
        writer.writerow([node.name, node.op.keyword, node.shape, cost.parameters, cost.macs])
    return text.getvalue()
