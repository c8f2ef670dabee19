"""Problems with a device: not available, out of memory, or without a compiler."""

from .problem import Problem


class NoDevice(Problem):
    """A device that this machine, or this build of torch, does not support."""

    exit_status = 2

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted

    def message(self) -> str:
        return f"`{self.wanted}`: torch finds no such device"

    def help(self) -> tuple[str, ...]:
        return ("use `--device cpu`, or `--device auto` to pick an available one",)


class OutOfMemory(Problem):
    """A batch does not fit in memory. `fits` is the largest batch that fits, according to the analysis; `free` is in
    bytes.

    Both are None if unknown.
    """

    def __init__(self, batch: int, device: str, fits: int | None = None, free: int | None = None) -> None:
        super().__init__(batch, device)
        self.batch, self.device, self.fits, self.free = batch, device, fits, free

    def message(self) -> str:
        known = f"; {self.free / 1e9:.2f} GB were free" if self.free is not None else ""
        return f"{self.device} is out of memory for a batch of {self.batch}{known}"

    def help(self) -> tuple[str, ...]:
        if self.fits == 0:
            return ("according to the memory analysis, not even one image fits: make the network or its input smaller",)
        fits = self.fits if self.fits is not None and self.fits < self.batch else max(1, self.batch // 2)
        parts = next((n for n in range(-(-self.batch // fits), self.batch + 1) if self.batch % n == 0), self.batch)
        if parts > 2 * -(-self.batch // fits):  # rounded down: nearly the same number of steps
            parts = -(-self.batch // fits)
        smaller = f"`--batch {self.batch // parts} --accumulate {parts}`"
        suggestion = f"{smaller} gives the same batch per step (batch norm uses the smaller batches)"
        if fits == self.fits:
            suggestion = f"according to the memory analysis, a batch of {fits} fits; {suggestion}"
        return (suggestion, "`--precision bf16`")


class CannotCompile(Problem):
    """torch.compile fails with the installed packages, or for this network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"torch.compile failed: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("a new run without `--compile` trains the same network", "on the CPU it needs a C++ compiler: `g++`")
