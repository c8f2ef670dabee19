"""Descriptions of torch calls, so that layers need not import torch.

One backend makes the call; another prints it as source. `nn.Conv2d(3, 64, 5)` is a module; `F.pad(ARG, (1, 1))` is a
function call on the layer's input `ARG`; `method.flatten(ARG, 1)` is `x.flatten(1)`; `operator.add(ARG, ARG2)` is `x +
x2`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ..record import Record
from ..shapes.symbolic import Sym


class Placeholder(Record):
    """A tensor argument: the layer's input with this index; after the first step, the result of the previous step."""

    index: int = 0


ARG = Placeholder()
ARG2 = Placeholder(index=1)
ARGS = Placeholder(index=-1)
"""All the inputs, as a list."""


class Module(Record):
    """`target(*args, **kwargs)` constructs an `nn.Module`, which is applied to ARG.

    If there are additional inputs, it takes them as well: by the names in `inputs`, else in order.
    """

    target: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    inputs: tuple[str, ...] = ()

    def applied(self, tensors: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with which the module is called on these tensors, by position and by name."""
        count = len(self.inputs)
        first = len(tensors) - count
        return tuple(tensors[:first]), dict(zip(self.inputs, tensors[first:], strict=True))


class ModuleBody:
    """An argument of a module that is a module itself, built from a graph."""

    __slots__ = ()

    def symbols(self) -> Iterator[Sym]:
        """The symbolic dimensions among the arguments of its calls."""
        raise NotImplementedError


class Copies(Record):
    """An argument of a module: a list of this many modules, each built from the same body."""

    body: ModuleBody
    count: int


class Apply(Record):
    """A stateless call; placeholders among the arguments stand for tensors.

    `target` is a dotted name, `.name` for a method of the first argument, or an `operator.` name.
    """

    target: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()


def symbols_in(value: Any) -> Iterator[Sym]:
    """The symbolic dimensions among the arguments of one or several calls."""
    match value:
        case Sym():
            yield value
        case tuple():
            for each in value:
                yield from symbols_in(each)
        case Module() | Apply():
            yield from symbols_in(value.args)
            for _, each in value.kwargs:
                yield from symbols_in(each)
        case ModuleBody():
            yield from value.symbols()
        case Copies():
            yield from value.body.symbols()
        case slice():
            yield from symbols_in((value.start, value.stop, value.step))
        case _:
            pass


Step = Module | Apply
Steps = tuple[Step, ...]


class _Modules:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> "_ModuleMaker":
        return _ModuleMaker(f"{self._prefix}.{name}")


class _ModuleMaker:
    def __init__(self, target: str) -> None:
        self._target = target

    def __call__(self, *args: Any, **kwargs: Any) -> Module:
        return Module(target=self._target, args=args, kwargs=tuple(kwargs.items()))


class _Functions:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> "_FunctionMaker":
        return _FunctionMaker(f"{self._prefix}.{name}")


class _FunctionMaker:
    def __init__(self, target: str) -> None:
        self._target = target

    def __call__(self, *args: Any, **kwargs: Any) -> Apply:
        return Apply(target=self._target, args=args, kwargs=tuple(kwargs.items()))


nn = _Modules("torch.nn")
ours = _Modules("archdsl.backends.modules")
"""The few modules that torch lacks; printed source includes their code."""
F = _Functions("torch.nn.functional")
torch = _Functions("torch")
method = _Functions("")
init = _Functions("torch.nn.init")
operator = _Functions("operator")
