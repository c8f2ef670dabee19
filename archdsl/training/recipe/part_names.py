"""Names of parts and outputs of a network in a recipe. Imports nothing."""

FREE = "free"
"""The word in `loss` for an output that has no loss."""


def frozen_parts(names: str | None) -> tuple[str, ...]:
    """The names of the frozen parts in the text of `freeze`."""
    return tuple(part.strip() for part in (names or "").split(",") if part.strip())


def is_part(name: str, part: str) -> bool:
    """Whether a dotted name belongs to a part: `whiten.conv1.bias` belongs to `whiten` and to `whiten.conv1`."""
    return name == part or name.startswith(f"{part}.")
