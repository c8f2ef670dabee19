"""The example inputs of the source network, from `--input`."""

import re
from collections.abc import Mapping, Sequence

import torch

from ..elaborate.given_values import parse_sizes
from .import_problem import UnusableSource

_IDS = re.compile(r"(?P<sizes>\S*?)\s*int(\((?P<vocabulary>[1-9]\d{0,9})\))?")


def example_of(inputs: Sequence[str]) -> tuple[torch.Tensor, ...] | Mapping[str, torch.Tensor]:
    """A tensor with one sample for each input: `3x224x224`, or `128 int(30522)` for IDs below 30522.

    If the inputs have names (`input_ids=128 int`), the tensors by name. Raises UnusableSource.
    """
    named: dict[str, torch.Tensor] = {}
    plain: list[torch.Tensor] = []
    for given in inputs:
        name, equals, value = given.rpartition("=")
        if equals and not name.isidentifier():
            raise UnusableSource(f"--input: `{given}` is not NAME=SIZE")
        if name in named:
            raise UnusableSource(f"--input: the size of `{name}` is given twice")
        if equals:
            named[name] = _tensor(value)
        else:
            plain.append(_tensor(value))
    if named and plain:
        raise UnusableSource("--input: either all inputs have names or none")
    return named or tuple(plain)


def _tensor(text: str) -> torch.Tensor:
    ids = _IDS.fullmatch(text.strip())
    sizes = ids["sizes"] if ids else text.strip()
    try:
        dims = parse_sizes(sizes) if sizes or not ids else ()
    except ValueError:
        dims = ("",)
    if any(isinstance(dim, str) for dim in dims):
        raise UnusableSource(f"--input: `{text}` is not a size like 3x224x224, or 128 int(30522) for IDs")
    random = torch.Generator().manual_seed(0)
    if ids:
        return torch.randint(0, int(ids["vocabulary"] or 2), (1, *dims), generator=random)  # type: ignore[arg-type]  # integers, as checked above
    return torch.randn(1, *dims, generator=random)  # type: ignore[arg-type]  # integers
