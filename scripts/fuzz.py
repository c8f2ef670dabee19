"""Generate new examples of every property, and save those that fail (tests/properties).

    make fuzz                                           all properties, ten minutes
    python3 scripts/dev.py fuzz --minutes 60 --property commands --processes 8 --seed 7
    python3 scripts/dev.py fuzz --resume                continue the previous run, including its counts
    python3 scripts/dev.py fuzz --coverage              texts guided by code coverage (Atheris, Linux)

The first failure of each kind is shrunk and saved as tests/properties/found/KIND.json, which the tests replay from then
on. fuzz/summary.json has the counts. The exit status is 1 if anything was found.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# For the worker processes, before they import torch.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="Agg")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def main() -> int:
    """Run until the time is up."""
    if "--coverage" in sys.argv[1:]:
        script = str(ROOT / "scripts" / "coverage_fuzz.py")
        os.execv(sys.executable, [sys.executable, script, *(word for word in sys.argv[1:] if word != "--coverage")])
    from tests.properties.campaign import Campaign, Plan
    from tests.properties.properties import PROPERTIES

    parser = argparse.ArgumentParser(description="Generate new examples of every property, and save those that fail.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to run [default: 10]")
    parser.add_argument("--runs", type=int, help="stop after this many examples, even if time is left")
    parser.add_argument(
        "--property", action="append", choices=list(PROPERTIES), help="only this property; may be repeated"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="[default: one for each core]")
    parser.add_argument("--seed", type=int, help="the seed of the examples [default: random]")
    parser.add_argument("--resume", action="store_true", help="continue the run of the summary")
    parser.add_argument(
        "--summary", type=Path, default=ROOT / "fuzz" / "summary.json", help="[default: fuzz/summary.json]"
    )
    parser.add_argument(
        "--found", type=Path, default=ROOT / "tests" / "properties" / "found", help="where failing examples are saved"
    )
    options = parser.parse_args()
    plan = Plan(
        properties=tuple(options.property or PROPERTIES),
        minutes=options.minutes,
        processes=options.processes,
        seed=secrets.randbelow(1 << 40) if options.seed is None else options.seed,
        summary=options.summary,
        found=options.found,
        runs=options.runs,
        resume=options.resume,
    )
    return int(bool(Campaign(plan).run()))


if __name__ == "__main__":
    sys.exit(main())
