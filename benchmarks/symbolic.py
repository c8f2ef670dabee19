"""Analyzing a network with symbolic input dimensions, compared with fixed ones.

    python benchmarks/symbolic.py

It times the steps from the text to the graph, its costs and its constraints: with fixed sizes, and with a symbol for
each spatial dimension. In the second case every shape is a closed form, and the valid sizes are derived and formatted.
All runs are in one process, in turn.
"""

from collections.abc import Callable

from _harness import compare, report

from archdsl import zoo
from archdsl.analysis.table import totals, verdict
from archdsl.diagnostics import Sink
from archdsl.elaborate import Override
from archdsl.network import analyze
from archdsl.text.source import Source

NETWORKS = {"resnet152": (3, "H", "W"), "unet": (1, "H", "W")}


def run(name: str, sizes: tuple[int | str, ...] | None) -> Callable[[], object]:
    """What is timed: everything that `archdsl check` shows of the network, every shape as text."""
    kept = zoo.find(name).source()

    def analysed() -> object:
        # A new source: nothing may be cached from the previous round.
        source = Source(kept.text, name=kept.name, path=kept.path)
        network = analyze(source, Sink(), None, Override({None: sizes} if sizes else {})).checked()
        shapes = [str(node.shape) for node in network.graph.nodes]
        return shapes, totals(network.graph), verdict(network.graph), network.sizes.described() if sizes else None

    return analysed


def main() -> None:
    """Time each network both ways."""
    for name, sizes in NETWORKS.items():
        print(name)
        contenders = {"with sizes": run(name, None), "with symbolic dimensions": run(name, sizes)}
        report(f"symbolic_{name}", compare(contenders))
        print()


if __name__ == "__main__":
    main()
