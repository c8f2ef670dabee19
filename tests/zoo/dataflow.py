"""The operations that torch runs, with the tensors that flow between them, as text."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map


class _Record(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types here
    def __init__(self, given: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types here
        self.tensors: list[Tensor] = []  # kept alive: an id is that of one tensor
        self.numbers: dict[int, int] = {}
        self.calls: list[str] = []
        for tensor in given:
            self.named(tensor)

    def named(self, value: Any) -> Any:
        """A tensor by its number and shape; anything else as it is."""
        if not isinstance(value, Tensor):
            return value
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.tensors)
            self.tensors.append(value)
        return f"t{self.numbers[id(value)]} {tuple(value.shape)}"

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = tree_map(self.named, (args, kwargs or {}))
        result = func(*args, **(kwargs or {}))
        self.calls.append(f"{func}{given} -> {tree_map(self.named, result)}")
        return result


def dataflow(run: Callable[[], Any], given: Iterable[Tensor]) -> list[str]:
    """The calls of a function in order, then its result. The tensors in `given` are named by their order."""
    record = _Record(given)
    with record:
        result = run()
    return [*record.calls, f"return {tree_map(record.named, result)}"]
