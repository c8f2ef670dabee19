"""Processes wait for the data without a collective operation, whose timeout would end the wait."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from archdsl.training.errors.process_errors import PeerLost
from archdsl.training.processes import preparation
from archdsl.training.processes.distributed import DistributedGroup, ProcessRank
from archdsl.training.processes.preparation import preparing, wait_for

HOUR = 3600.0


class Memory:
    """A store in memory, and a clock that only sleeping advances; `work` is called with the number of sleeps."""

    def __init__(self, work: Callable[["Memory", int], None]) -> None:
        self.values: Counter[str] = Counter()
        self.now, self.sleeps, self._work = 0.0, 0, work
        self.lock = threading.Lock()

    def add(self, key: str, amount: int) -> int:
        with self.lock:
            self.values[key] += amount
            return self.values[key]

    def sleep(self, seconds: float) -> None:
        self.now += HOUR / 10
        self.sleeps += 1
        self._work(self, self.sleeps)

    def clock(self) -> float:
        return self.now


def long_work(store: Memory, sleeps: int) -> None:
    """Alive for ten hours, then ready."""
    store.add("a alive", 1)
    if sleeps == 100:
        store.add("a ready", 1)


def test_process_that_sends_heartbeats_is_waited_for() -> None:
    store = Memory(long_work)
    wait_for(store, ["a"], store.sleep, store.clock)
    assert store.now == pytest.approx(10 * HOUR)


def test_process_without_heartbeats_is_lost() -> None:
    store = Memory(lambda *_: None)
    with pytest.raises(PeerLost, match="no heartbeat"):
        wait_for(store, ["a"], store.sleep, store.clock)


def test_unreachable_store_is_reported() -> None:
    class Gone:
        def add(self, key: str, amount: int) -> int:
            raise RuntimeError("Connection reset by peer")

    with pytest.raises(PeerLost, match="the process that hosts the rendezvous has ended"):
        wait_for(Gone(), ["a"])
    with pytest.raises(RuntimeError), preparing(Gone(), "a"):
        pass


@pytest.mark.parametrize("fails", [False, True])
def test_preparing_process_sends_heartbeats(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_BEAT_SECONDS", 0.001)
    store = Memory(lambda *_: None)
    try:
        with preparing(store, "a"):
            while store.add("a alive", 0) < 3:
                time.sleep(0.001)
            assert store.values["a ready"] == 0
            if fails:
                raise KeyError
    except KeyError:
        assert fails
    heartbeats = store.values["a alive"]
    assert store.values["a ready"] == 1
    assert not any(thread.name == "a" for thread in threading.enumerate())
    assert store.values["a alive"] == heartbeats


@pytest.mark.parametrize(("rank", "local", "works"), [(0, 0, True), (1, 1, False), (2, 0, True), (3, 1, False)])
def test_one_process_per_machine_prepares_the_data(
    rank: int, local: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines with two processes each: all wait for both machines, with one collective operation before that."""
    done: list[str] = []

    def others(store: Memory, sleeps: int) -> None:
        for name in ("data 1 0", "data 1 2"):
            store.add(f"{name} alive", 1)
            if sleeps == 50 and name != f"data 1 {rank}":
                store.add(f"{name} ready", 1)

    def sums(tensor: Tensor, *_: object) -> None:
        done.append("sum")
        tensor.copy_(torch.tensor([1, 0, 1, 0]))

    def work() -> str:
        done.append("work")
        return "data"

    store = Memory(others)
    monkeypatch.setattr(dist.distributed_c10d, "_get_default_store", lambda: store)
    monkeypatch.setattr(dist, "all_reduce", sums)
    monkeypatch.setattr(wait_for, "__defaults__", (store.sleep, store.clock))
    found = DistributedGroup(ProcessRank(rank, 4, local, 2)).prepare_data(work)
    assert found == ("data" if works else None)
    assert done == (["sum", "work"] if works else ["sum"])
    assert all(store.values[f"data 1 {each}"] == 0 and store.values[f"data 1 {each} ready"] == 1 for each in (0, 2))
