"""How computing threads should wait for each other: spinning, OpenMP's default, or sleeping.

    python benchmarks/_waiting.py

It times a small training run in a fresh process for each policy and round, alone and next to one busy process per core,
as on a shared machine. It decides whether `archdsl train` should set OMP_WAIT_POLICY=PASSIVE. It should not: on two
cores with other work, sleeping took 1.3 times as long as spinning, and 1.1 times as long next to two more busy
processes. The cost there comes from threads that wait for others without a core; OMP_NUM_THREADS=1 avoids it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _harness import relative_to_first, report

HERE = Path(__file__).resolve().parent
ROUNDS = 15
POLICIES = {"asleep: PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"}, "spinning: the default": {}}

CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
import _nets
from archdsl.training.loop.device_setup import DeviceSetup
subject = {"airbench94": _nets.airbench94(batches=6), "small": _nets.small(batches=24)}[sys.argv[2]]
setup = DeviceSetup(_nets.CPU, "bf16", "channels_last")
train = _nets.ByArchdsl(subject, _nets.a_recipe(subject, 4), setup, (3, 32, 32)).steps
train()
start = time.perf_counter()
train()
print((time.perf_counter() - start) * 1000)
"""


def measure(name: str, policy: dict[str, str]) -> float:
    """Milliseconds of a training run in a separate process."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    words = [sys.executable, "-c", CHILD, str(HERE), name]
    done = subprocess.run(words, env={**plain, **policy}, capture_output=True, text=True, check=True)
    return float(done.stdout)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """This many processes that compute all the time."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    for name in ("airbench94", "small"):
        for others in (0, os.cpu_count() or 1):
            print(f"\n{name}, {'beside ' + str(others) + ' busy processes' if others else 'alone'}")
            rounds: dict[str, list[float]] = {policy: [] for policy in POLICIES}
            with busy(others):
                for number in range(ROUNDS):
                    for policy in POLICIES if number % 2 == 0 else reversed(POLICIES):
                        rounds[policy].append(measure(name, POLICIES[policy]))
            report(f"waiting-{name}-{'shared' if others else 'alone'}", relative_to_first(rounds))


if __name__ == "__main__":
    main()
