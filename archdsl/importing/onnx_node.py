"""A node of an ONNX graph, as its operator's function sees it."""

from collections.abc import Sequence
from math import prod
from typing import Any, NoReturn

import torch

from .import_problem import ImportFailed, ImportProblem
from .onnx_tensors import MOST_ELEMENTS, to_tensor

MOST_NUMBERS = 4096
"""The largest number of elements of an argument."""


class KnownTensors:
    """The tensors that are known without running the network.

    `numbers` has those of the tensors that do not depend on the input, and of small initializers; `learned` the names
    of initializers with weights; `shapes` the sizes of all tensors for `theirs`, the number of samples of the
    file.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, list[Any]] = {}
        self.known: set[str] = set()
        self.learned: set[str] = set()
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.theirs = self.ours = 1

    def add(self, name: str, tensor: torch.Tensor) -> None:
        """Record a tensor's numbers if there are at most `MOST_NUMBERS`."""
        if tensor.numel() <= MOST_NUMBERS:
            self.numbers[name] = tensor.detach().flatten().tolist()


class OnnxNode:
    """A node's attributes, and the inputs that are known without running the network."""

    def __init__(self, proto: Any, opset: int, facts: KnownTensors) -> None:
        self.kind: str = proto.op_type
        self.name: str = proto.name
        self.inputs: tuple[str, ...] = tuple(proto.input)
        self.outputs: tuple[str, ...] = tuple(proto.output)
        self.results = len(proto.output)
        self.opset = opset
        self._attributes = {each.name: each for each in proto.attribute}
        self._facts = facts

    def get(self, name: str, default: Any) -> Any:
        """An attribute's value."""
        import onnx

        found = self._attributes.get(name)
        if found is None:
            return default
        value = onnx.helper.get_attribute_value(found)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return list(value) if isinstance(value, list | tuple) else value

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return len(self.inputs) > index and bool(self.inputs[index])

    def is_known(self, index: int) -> bool:
        """Whether an input is independent of the input of the network."""
        return self.has(index) and self.inputs[index] in self._facts.known

    def is_learned(self, index: int) -> bool:
        """Whether an input is an initializer with weights."""
        return self.has(index) and self.inputs[index] in self._facts.learned

    def _numbers(self, index: int) -> list[Any]:
        found = self._facts.numbers.get(self.inputs[index])
        if found is None:
            self.refuse(f"`{self.kind}` with an argument that depends on the input", "arguments that are numbers")
        return found

    def integers(self, index: int) -> list[int]:
        """An input as integers."""
        return [int(each) for each in self._numbers(index)]

    def floats(self, index: int) -> list[float]:
        """An input as numbers."""
        return [float(each) for each in self._numbers(index)]

    def number(self, index: int) -> float:
        """An input as one number."""
        (found,) = self.floats(index)
        return found

    def constant(self, name: str | None = None) -> torch.Tensor:
        """The tensor of a constant."""
        if name is not None:
            found = self.get(name, None)
            return torch.zeros(1) if found is None else to_tensor(found)
        for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
            found = self.get(key, None)
            if found is not None:
                return to_tensor(found) if key == "value" else torch.tensor(found)
        return self.refuse("a constant that is not a tensor of numbers", "a tensor")

    def dtype(self) -> torch.dtype:
        """The dtype that `Cast` converts to."""
        kinds = {1: torch.float32, 10: torch.float32, 11: torch.float32, 16: torch.float32, 9: torch.bool}
        kinds |= {2: torch.uint8, 3: torch.int8, 6: torch.int32, 7: torch.int64}
        found = kinds.get(self.get("to", 0))
        if found is None:
            self.refuse("a conversion to another dtype", "a layer that rounds")
        return found

    def rebatched(self, x: torch.Tensor, wanted: Sequence[int]) -> list[int]:
        """A shape for the file's batch size, converted to that of the import."""
        facts = self._facts
        before, after = facts.shapes.get(self.inputs[0]), facts.shapes.get(self.outputs[0])
        if before is None or after is None or facts.theirs == facts.ours or len(before) != x.ndim:
            return list(wanted)
        changed = [axis for axis, (a, b) in enumerate(zip(before, x.shape, strict=True)) if a != b]
        if not changed:
            return list(wanted)
        axis = axis_of_samples(before, changed[0], after)
        if axis is None:
            return list(wanted)
        return [*after[:axis], after[axis] * facts.ours // facts.theirs, *after[axis + 1 :]]

    def samples(self, tensors: Sequence[torch.Tensor], axis: int) -> list[torch.Tensor]:
        """Tensors to concatenate; those for the file's batch size are repeated for that of the import."""
        facts = self._facts
        if axis == 0 or facts.theirs == facts.ours or not any(each.shape[0] == facts.ours for each in tensors):
            return list(tensors)
        return [
            each.expand(facts.ours, *each.shape[1:]) if each.shape[0] == facts.theirs == 1 else each for each in tensors
        ]

    def check_size(self, dims: Sequence[int]) -> None:
        """Raises ImportFailed for a tensor that is too large."""
        if prod(dims) > MOST_ELEMENTS or any(dim < 0 for dim in dims):
            raise ImportFailed(f"`{self.name}` makes a constant of {prod(dims):,} elements: too many")

    def refuse(self, what: str, needs: str) -> NoReturn:
        """Raises ImportFailed for an operation without a counterpart."""
        problem = ImportProblem(self.name, what, needs)
        raise ImportFailed("1 operation cannot be imported:", [problem])


def axis_of_samples(before: Sequence[int], place: int, after: Sequence[int]) -> int | None:
    """The axis of a reshaped tensor that has the samples, which were at axis `place`; None if it is ambiguous."""
    outer, passed = prod(before[:place]), 1
    if before[place] > 1:
        # If one sample is part of an axis that is split, the axis of length 1 has it.
        for axis, size in enumerate(after):
            if size == 1 and outer < prod(after[:axis]) <= outer * before[place]:
                return axis
    for axis, size in enumerate(after):
        if passed < outer < passed * size:
            return axis
        if passed == outer:
            # One sample may belong to the axis before it or after it: to an axis that is split, not to an axis that
            # consists of whole axes, such as features joined from heads.
            whole = {prod(before[place + 1 : end]) for end in range(place + 2, len(before) + 1)}
            is_before = size in whole if before[place] == 1 else size != before[place]
            return axis - 1 if axis and is_before else axis
        passed *= size
    return None
