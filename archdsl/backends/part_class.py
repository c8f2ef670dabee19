"""The classes of the parts of a torch module: the network, its stages, branches and blocks.

A class is made from its text, and parts with equal text share it, as instances of a handwritten class do. So
`torch.compile` compiles a block once for all its uses, and `inspect.getsource(part.forward)` shows what runs.
"""

import hashlib
import linecache
import re
from collections.abc import Iterator
from itertools import groupby
from textwrap import indent
from typing import Any
from weakref import WeakValueDictionary, finalize

import torch
from torch import nn

_TEXT = "_archdsl_text"  # modules have no names with a leading underscore (`elaborate.module_names`)
_classes: "WeakValueDictionary[str, type[nn.Module]]" = WeakValueDictionary()


def _reduce(part: nn.Module, protocol: Any) -> Any:
    """For `copy` and `pickle`: a part is its text and its state."""
    text = vars(type(part)).get(_TEXT)
    # torch itself subclasses the class of a module that it parametrizes or shards.
    if text is None:
        return object.__reduce_ex__(part, protocol)
    return _empty, (text,), part.__getstate__()  # type: ignore[no-untyped-call]  # torch has no types here


def _repr(part: nn.Module) -> str:
    """The parts and layers, with equal neighbors as one: `(unit1-unit2): 2 x Unit(…)`."""
    children = [(name, repr(module)) for name, module in part._modules.items()]
    lines = "".join(f"\n  {label}: {indent(text, '  ').lstrip()}" for label, text in _folded(children))
    return f"{type(part).__name__}({lines}{chr(10) if lines else ''})"


class Part(nn.Module):
    """A part with its own `forward`."""

    __reduce_ex__ = _reduce
    __repr__ = _repr


class ChainPart(nn.Sequential):
    """A part that applies its modules in order: it can be indexed, sliced and extended like nn.Sequential."""

    __reduce_ex__ = _reduce
    __repr__ = _repr


_CHAIN_FORWARD = """
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in self:
            x = module(x)
        return x
"""
"""Defined in each class, because torch.compile does not compile the method of nn.Sequential itself."""


def part_class(name: str, doc: str, key: str, forward: str | None) -> type[nn.Module]:
    """The class of a part, the same class for equal arguments.

    `forward` is the source of its method, indented as in a class; None for a chain. `key` distinguishes parts that have
    the same source but different layers.
    """
    base, body = ("ChainPart", _CHAIN_FORWARD) if forward is None else ("Part", f"\n{forward.rstrip()}\n")
    return _from_text(f'class {name}({base}):\n    """{doc}"""\n    # layers {key}\n{body}')


def _from_text(text: str) -> type[nn.Module]:
    """The class that a text defines, the same class for the same text."""
    found = _classes.get(text)
    if found is None:
        found = _classes[text] = _make(text)
    return found


def _make(text: str) -> type[nn.Module]:
    name = re.split(r"\W", text, maxsplit=2)[1]
    file = f"<archdsl {name} {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    scope: dict[str, Any] = {"__name__": __name__, "Part": Part, "ChainPart": ChainPart, "torch": torch, **_CONSTANTS}
    exec(compile(text, file, "exec"), scope)  # the text is generated from a graph, or from a pickle
    made: type[nn.Module] = scope[name]
    setattr(made, _TEXT, text)
    # For tracebacks, debuggers and torch.jit.script, which read the source; None keeps it from being looked up on disk.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    finalize(made, linecache.cache.pop, file, None)
    return made


_CONSTANTS = {"inf": float("inf"), "nan": float("nan"), "NoneType": type(None), "device": torch.device}
"""Names that torch.fx uses in generated code for what has no literal."""


def _empty(text: str) -> nn.Module:
    """A part without its state, for `copy` and `pickle`."""
    made = _from_text(text)
    return made.__new__(made)


def _folded(children: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Labels and texts; consecutive numbers with the same text share one, as in the text of an nn.ModuleList."""
    numbered = list(enumerate(children))
    for _, group in groupby(numbered, key=lambda each: _fold_key(each[0], *each[1])):
        same = [child for _, child in group]
        (first, text), (last, _) = same[0], same[-1]
        yield (f"({first})", text) if len(same) == 1 else (f"({first}-{last})", f"{len(same)} x {text}")


def _fold_key(place: int, name: str, text: str) -> tuple[str, int, str]:
    """A key that is equal for neighbors that fold: `block2` and `block3` with the same text."""
    stem = name.rstrip("0123456789")
    number = name[len(stem) :]
    return (stem, int(number) - place, text) if number else (name, -place - 1, text)
