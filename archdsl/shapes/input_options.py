"""The options of the commands that give the symbolic dimensions of inputs a value."""

from collections.abc import Iterable

from .shape import Shape
from .symbolic import Sym, concrete


def sized_inputs(inputs: Iterable[tuple[str | None, Shape | None]]) -> str:
    """`--input 3x224x224`: every input with symbolic dimensions, at its example size; a named input with its name.

    Empty without symbolic dimensions. Inputs whose shape is unknown are left out.
    """
    options: list[str] = []
    for name, shape in inputs:
        if shape is not None and any(isinstance(size, Sym) for size in shape.dims):
            sizes = example_size(shape)
            options.append(f"--input {sizes}" if name is None else f"--input {name}={sizes}")
    return " ".join(options)


def example_size(shape: Shape) -> str:
    """The size with the example values of its symbolic dimensions, as an option takes it: `3x224x224`."""
    return "x".join(str(concrete(size)) for size in shape.dims)
