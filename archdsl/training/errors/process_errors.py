"""Problems of several processes that train one network."""

from .problem import Problem


class CannotJoin(Problem):
    """One of several processes that does not find the others."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"cannot join the other processes of the training: {self.why}"

    def help(self) -> tuple[str, ...]:
        return (
            "`torchrun --nproc-per-node=2 -m archdsl train …` starts several that find each other",
            "unset WORLD_SIZE to train in one",
        )


class PeerLost(Problem):
    """Another process of the training has ended before its time."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"another process of the training is gone, so this one ends too ({self.why})"

    def help(self) -> tuple[str, ...]:
        return ("see what the other said; `--resume RUN`, in as many processes, goes on from the newest checkpoint",)


class PeerFailed(Problem):
    """Another process of the training could not begin; that one has said why."""

    def message(self) -> str:
        return "another process of the training could not begin"


class BatchTooSmall(Problem):
    """A batch with fewer images than processes."""

    def __init__(self, batch: int, processes: int) -> None:
        super().__init__(batch, processes)
        self.batch, self.processes = batch, processes

    def message(self) -> str:
        return f"a batch of {self.batch} cannot be divided among {self.processes} processes"

    def help(self) -> tuple[str, ...]:
        return (f"the batch is that of all processes together: `--batch {32 * self.processes}` gives each 32 images",)
