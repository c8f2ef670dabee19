"""Problems with a device: not there, out of memory, or without a compiler."""

from .problem import Problem


class NoDevice(Problem):
    """A device that this machine, or this build of torch, does not have."""

    exit_status = 2

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted

    def message(self) -> str:
        return f"`{self.wanted}`: torch finds no such device here"

    def help(self) -> tuple[str, ...]:
        return ("`--device cpu`, or `--device auto` to take what there is",)


class OutOfMemory(Problem):
    """The device has no room for a batch. `fits` is the largest that the analysis says would, `free` bytes there were.

    Both are None where that is not known.
    """

    def __init__(self, batch: int, device: str, fits: int | None = None, free: int | None = None) -> None:
        super().__init__(batch, device)
        self.batch, self.device, self.fits, self.free = batch, device, fits, free

    def message(self) -> str:
        known = f"; {self.free / 1e9:.2f} GB were free" if self.free is not None else ""
        return f"{self.device} has no memory for a batch of {self.batch}{known}"

    def help(self) -> tuple[str, ...]:
        if self.fits == 0:
            return ("by the analysis not even one image fits: make the network or its input smaller",)
        fits = self.fits if self.fits is not None and self.fits < self.batch else max(1, self.batch // 2)
        parts = next((n for n in range(-(-self.batch // fits), self.batch + 1) if self.batch % n == 0), self.batch)
        if parts > 2 * -(-self.batch // fits):  # an awkward number: nearly the same steps will do
            parts = -(-self.batch // fits)
        way = f"`--batch {self.batch // parts} --accumulate {parts}` makes the same steps from smaller batches"
        if fits == self.fits:
            way = f"by the analysis a batch of {fits} fits; {way}"
        return (way, "`--precision bf16`")


class CannotCompile(Problem):
    """torch.compile does not get along with what is installed, or with the network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def message(self) -> str:
        return f"torch.compile failed: {self.why}"

    def help(self) -> tuple[str, ...]:
        return ("a new run without `--compile` trains the same", "on the CPU it needs a C++ compiler: `g++`")
