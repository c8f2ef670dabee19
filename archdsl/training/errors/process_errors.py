"""Problems of distributed training."""

from ...text.counts import counted
from .problem import Problem


class CannotJoin(Problem):
    """A process that cannot connect to the others."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"cannot join the other processes of this training run: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (
            "start the processes with `torchrun --nproc-per-node=2 -m archdsl train …`",
            "unset WORLD_SIZE to train in a single process",
        )


class PeerLost(Problem):
    """Another process of the training run ended unexpectedly."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"another process of this training run ended unexpectedly, so this one stops, too ({self.why})"

    def help(self) -> tuple[str, ...]:
        return (
            "see the output of that process",
            "`--resume RUN` with the same number of processes resumes from the latest checkpoint",
        )


class PeerFailed(Problem):
    """Another process of the training run could not start, and has reported the reason."""

    def message(self) -> str:
        return "another process of this training run could not start"


class BatchTooSmall(Problem):
    """A batch with fewer images than processes."""

    def __init__(self, batch: int, processes: int) -> None:
        super().__init__(batch, processes)
        self.batch, self.processes = batch, processes

    def message(self) -> str:
        return f"a batch of {self.batch} cannot be split over {counted(self.processes, 'process')}"

    def help(self) -> tuple[str, ...]:
        return (
            f"the batch size is the total over all processes: `--batch {32 * self.processes}` gives 32 images to each",
        )


class CannotShard(Problem):
    """A training run that `shard` does not support."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"`shard` does not apply to this training run: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("without `--shard`, each process keeps the whole network",)
