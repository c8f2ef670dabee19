"""Times several alternatives side by side, so that their ratios are reliable.

A machine's speed drifts by tens of percent within minutes. Therefore every round runs each alternative once, the ratio
to the baseline is computed within the round, and the result is the median over the rounds.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
MIN_ROUNDS = 15


@dataclass(frozen=True)
class Timing:
    """The time of one alternative in milliseconds, and its ratio to the baseline."""

    name: str
    median_ms: float
    min_ms: float
    ratio: float
    rounds_ms: tuple[float, ...]


def compare(
    contenders: Mapping[str, Callable[[], object]],
    *,
    rounds: int = MIN_ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Timing]:
    """Time the alternatives in turn; the first one is the baseline. `time.process_time` is the clock for CPU time.

    A warm-up round compiles bytecode and fills the system's file cache. Every other round runs in reverse order, so
    that no alternative benefits from its position.
    """
    if rounds < MIN_ROUNDS:
        raise ValueError(f"{rounds} rounds are too few for a median to be trusted: at least {MIN_ROUNDS}")
    for run in contenders.values():
        run()
    names = list(contenders)
    measured: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            start = clock()
            contenders[name]()
            measured[name].append((clock() - start) * 1000)
    return relative_to_first(measured)


def relative_to_first(measured: Mapping[str, Sequence[float]]) -> list[Timing]:
    """The timings of the alternatives, from milliseconds by round; the first one is the baseline."""
    baseline = next(iter(measured.values()))
    return [
        Timing(
            name=name,
            median_ms=median(times),
            min_ms=min(times),
            ratio=median(mine / base for mine, base in zip(times, baseline, strict=True)),
            rounds_ms=tuple(times),
        )
        for name, times in measured.items()
    ]


def process(*command: str | Path) -> Callable[[], None]:
    """Return a function that runs a command in a fresh process, from the top folder, and raises if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = [str(word) for word in command]

    def run() -> None:
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words[0]} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")

    return run


def script(name: str) -> Path:
    """Return the path of a console script in the current environment."""
    return Path(sys.executable).with_name(name)


def report(name: str, timings: Sequence[Timing]) -> None:
    """Print the timings as a table, and write them to results/NAME.json."""
    width = max(len(timing.name) for timing in timings)
    print(f"{'':{width}}  {'median':>10}  {'min':>10}  {'ratio':>6}")
    for timing in timings:
        print(f"{timing.name:{width}}  {timing.median_ms:7.1f} ms  {timing.min_ms:7.1f} ms  {timing.ratio:6.2f}")
    rounds = len(timings[0].rounds_ms)
    print(f"ratio: the median over {rounds} rounds of the time beside that of {timings[0].name} in the same round")
    RESULTS.mkdir(exist_ok=True)
    result = {"benchmark": name, "machine": machine(), "timings": [asdict(timing) for timing in timings]}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, str | int | None]:
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
