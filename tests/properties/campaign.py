"""Generates many examples in several processes for a given time: counts, kinds of failures, a file for each kind."""

import json
import multiprocessing
import os
import re
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from archdsl.record import Record

from .example import FOUND, from_json, to_json
from .fuzz_worker import Find, Report, Work, begin

_EVERY = 10.0
"""Seconds between two lines of progress."""
_SILENT = 180.0
"""Seconds without a message after which a process is considered hung: shrinking takes 20, an example at most 30."""


class Plan(Record):
    """The settings of a campaign. `found` is None if nothing is to be saved."""

    properties: tuple[str, ...]
    minutes: float
    processes: int
    seed: int
    summary: Path
    found: Path | None = FOUND
    runs: int | None = None
    resume: bool = False


class Campaign:
    """Generates examples until the time is over or the runs are done; `run` returns the number of kinds of failures."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.counts: Counter[str] = Counter()
        self.seconds = dict.fromkeys(plan.properties, 0.0)
        self.kinds: Counter[str] = Counter()
        self.finds: dict[str, Find] = {}
        self.seed = plan.seed
        self.next = plan.seed
        self.before = 0.0
        self.start = time.monotonic()
        self.workers: list[_Process] = []
        if plan.resume and plan.summary.is_file():
            self._continue(json.loads(plan.summary.read_text(encoding="utf-8")))

    def run(self) -> int:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            self.workers = [self._begin(self.next + i, Path(folder) / f"{i}.json") for i in range(self.plan.processes)]
            shown = time.monotonic()
            try:
                while not self._over():
                    self._listen()
                    if time.monotonic() - shown > _EVERY:
                        shown = time.monotonic()
                        self._show()
                        self._save()
            except KeyboardInterrupt:
                print("stopped; `--resume` goes on", flush=True)
            finally:
                for worker in self.workers:
                    worker.end()
                self._save()
        self._conclude()
        return len(self.kinds)

    def _over(self) -> bool:
        runs = self.plan.runs
        if runs is not None and self.counts.total() >= runs:
            return True
        return time.monotonic() - self.start > self.plan.minutes * 60

    # --- processes ---

    def _begin(self, first: int, current: Path) -> "_Process":
        work = Work(properties=self.plan.properties, first=first, step=self.plan.processes, current=str(current))
        return _Process(work)

    def _listen(self) -> None:
        ready = wait([worker.receiver for worker in self.workers], timeout=1.0)
        for index, worker in enumerate(self.workers):
            if worker.receiver in ready:
                try:
                    self._receive(index, worker.receiver.recv())
                except EOFError:
                    self._record_death(index, "the process died")
            elif time.monotonic() - worker.last_message > _SILENT:
                self._record_death(index, "the process hangs")

    def _receive(self, index: int, message: Any) -> None:
        worker = self.workers[index]
        worker.last_message = time.monotonic()
        if isinstance(message, Find):
            self._keep(message)
            return
        assert isinstance(message, Report)
        self.counts.update(message.counts)
        for name, taken in message.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
        self.kinds.update(message.kinds)
        worker.next = message.next
        self.next = max(self.next, message.next)
        if message.finished:
            worker.end()
            self.workers[index] = self._begin(message.next, Path(worker.work.current))

    def _record_death(self, index: int, reason: str) -> None:
        """Record the cause of a process's death, and continue after that example."""
        worker = self.workers[index]
        status = worker.end()
        current = Path(worker.work.current)
        text = current.read_text(encoding="ascii") if current.is_file() else ""
        if not text:
            raise RuntimeError(f"{reason} before its first example, with status {status}")
        kind = f"{from_json(text).holds}: {reason}, status {status}"
        seed = int(re.sub(r"\D", "", json.loads(text)["kind"]) or worker.next)
        self.kinds[kind] += 1
        self._keep(Find(kind=kind, details=f"seed {seed}", example=to_json(from_json(text), kind)))
        self.workers[index] = self._begin(seed + self.plan.processes, current)

    # --- findings ---

    def _keep(self, find: Find) -> None:
        # The count of the kind comes with the next report, which may arrive after the end.
        self.kinds.setdefault(find.kind, 0)
        known = self.finds.get(find.kind)
        if known is not None and len(known.example) <= len(find.example):
            return
        self.finds[find.kind] = find
        if self.plan.found is not None:
            self.plan.found.mkdir(parents=True, exist_ok=True)
            (self.plan.found / f"{file_name(find.kind)}.json").write_text(find.example, encoding="utf-8")
        if known is None:
            print(f"found  {find.kind}", flush=True)

    def _show(self) -> None:
        minutes = (time.monotonic() - self.start) / 60
        each = ", ".join(f"{name} {count:,}" for name, count in sorted(self.counts.items()))
        rate = self.counts.total() / max(self.before + minutes * 60, 1)
        print(f"{minutes:6.1f} min  {each}  ({rate:.0f} a second)  {len(self.kinds)} kinds of failures", flush=True)

    def _save(self) -> None:
        self.plan.summary.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "seed": self.seed,
            "next": self.next,
            "seconds": round(self.before + time.monotonic() - self.start, 1),
            "processes": self.plan.processes,
            "examples": dict(self.counts),
            "seconds_of_each": {name: round(taken, 1) for name, taken in self.seconds.items()},
            "failures": dict(self.kinds.most_common()),
            "first_of_each": {
                kind: json.loads(find.example) | {"details": find.details} for kind, find in self.finds.items()
            },
        }
        beside = self.plan.summary.with_suffix(".new")
        beside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        os.replace(beside, self.plan.summary)

    def _continue(self, record: dict[str, Any]) -> None:
        """Continue where a summary ends."""
        self.seed, self.next, self.before = record["seed"], record["next"], record["seconds"]
        self.counts.update(record["examples"])
        self.seconds |= record["seconds_of_each"]
        self.kinds.update(record["failures"])

    def _conclude(self) -> None:
        print()
        for name in self.plan.properties:
            count, taken = self.counts[name], self.seconds.get(name, 0.0)
            print(f"{name:12} {count:>10,} examples, {count / max(taken, 0.1):.0f} a second in each process")
        print(f"seed {self.seed}; the summary is {self.plan.summary}")
        if not self.kinds:
            print("no failure")
        for kind, count in self.kinds.most_common():
            print(f"\n{max(count, 1):,} × {kind}")
            if kind in self.finds:
                print(_indented(self.finds[kind]))


class _Process:
    """A worker process and its connection."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.work = work
        self.next = work.first
        self.receiver: Connection
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=begin, args=(work, sender), daemon=True)
        self.process.start()
        sender.close()
        self.last_message = time.monotonic() + 60  # importing takes some time

    def end(self) -> int | None:
        """Stop the process; returns its exit status if it had ended by itself."""
        self.process.join(0.5)
        status = self.process.exitcode
        if status is None:
            self.process.terminate()
            self.process.join(5)
            if self.process.exitcode is None:
                self.process.kill()
        self.receiver.close()
        return status


def file_name(kind: str) -> str:
    """The name of the file with the first failure of a kind."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")[:90]


def _indented(find: Find) -> str:
    record = json.loads(find.example)
    lines = [f"$ archdsl {' '.join(map(repr, record['arguments']))}"]
    for name, text in record["files"].items():
        lines += [f"{name}:", *(f"  {line}" for line in text.splitlines()[:12])]
    lines += find.details.splitlines()[-6:]
    return "\n".join(f"    {line}" for line in lines)
