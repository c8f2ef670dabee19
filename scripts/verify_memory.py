"""Compare archdsl's estimate of training memory with what torch's autograd keeps, for all networks of the zoo.

    python scripts/verify_memory.py [NAME…] [--batch 2] [--precision fp32]

For each network, the bytes that the forward pass keeps for the backward pass are counted with saved-tensor hooks, each
memory region once, excluding weights. Prints one line per network, then the median error and the largest; exits with 1
if an error exceeds 10 %.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import archdsl
from archdsl.analysis.memory import PRECISIONS, memory
from archdsl.zoo import entries

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.analysis.saved import saved_bytes  # importable from the repository's root

_MOST = 0.1


def main() -> int:
    """Compare every network; the exit status says whether all errors are small."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32")
    options = parser.parse_args()
    errors: dict[str, float] = {}
    start = time.perf_counter()
    for name in options.names or entries():
        network = archdsl.load(f"zoo:{name}")
        estimated = memory(network.graph, batch=options.batch, precision=options.precision).activations
        counted = saved_bytes(network, options.batch, options.precision)
        errors[name] = estimated / counted - 1
        print(
            f"{name:<20} {estimated / 2**20:10.2f} MiB estimated {counted / 2**20:10.2f} kept {errors[name]:+8.3%}",
            flush=True,
        )
    sizes = {name: abs(error) for name, error in errors.items()}
    worst = max(sizes, key=lambda name: sizes[name])
    median = statistics.median(sizes.values())
    print(f"{len(sizes)} networks, {options.precision}, batches of {options.batch}: ", end="")
    print(f"median error {median:.3%}, worst {sizes[worst]:.3%} ({worst}), {time.perf_counter() - start:.0f} s")
    return int(sizes[worst] > _MOST)


if __name__ == "__main__":
    sys.exit(main())
