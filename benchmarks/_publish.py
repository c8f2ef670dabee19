"""Copy the medians and ratios in benchmarks/results/ to benchmarks/published/, for the pages that quote them.

    python benchmarks/_publish.py startup diagram step

Run it after `make bench` on an otherwise idle machine; a test compares the numbers in the README with these files.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    for name in sys.argv[1:]:
        measured = json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))
        kept = (
            measured
            if "timings" not in measured
            else {
                "benchmark": measured["benchmark"],
                "machine": measured["machine"],
                "rounds": len(measured["timings"][0]["rounds_ms"]),
                "median_ms": {timing["name"]: round(timing["median_ms"]) for timing in measured["timings"]},
                "ratio": {timing["name"]: round(timing["ratio"], 2) for timing in measured["timings"]},
            }
        )
        text = json.dumps(kept, indent=2) + "\n"
        (HERE / "published" / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
