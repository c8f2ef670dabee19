"""The parameters of a block, and its use with their values."""

from collections.abc import Mapping

from ..contract.arguments import REQUIRED, ParameterSpec
from ..record import Record
from ..syntax import ast


def block_parameters(block: ast.Block) -> tuple[ParameterSpec, ...]:
    """A block's parameters as binding needs them: all positional; a single letter is also a shorthand."""
    return tuple(
        ParameterSpec(
            name=p.name.text,
            kind=None,
            default=REQUIRED if p.default is None else p.default,
            letter=p.name.text if len(p.name.text) == 1 else None,
            positional=True,
        )
        for p in block.parameters
    )


class BlockCall(Record):
    """A use of a block: its statement, the definition, and the parameters whose values are numbers."""

    statement: ast.LayerStatement
    block: ast.Block
    values: Mapping[str, int | float]

    def numbers(self) -> list[tuple[str, int | float]]:
        """The arguments in the statement that are numbers, in order, each after `s=`, `s` or nothing."""
        found: list[tuple[str, int | float]] = []
        names = [parameter.name.text for parameter in self.block.parameters]
        free = [name for name in names if all(arg.name is None or arg.name.text != name for arg in self.statement.args)]
        for arg in self.statement.args:
            short = self._shorthand(arg.value, free) if arg.name is None else None
            name = short or (arg.name.text if arg.name is not None else next(iter(free), None))
            if name is None:
                return []
            free = [each for each in free if each != name]
            if name in self.values:
                before = f"{name}=" if arg.name is not None else short or ""
                found.append((before, self.values[name]))
        return found

    @staticmethod
    def _shorthand(value: ast.Expr, free: list[str]) -> str | None:
        """The parameter that `s2` sets."""
        if not isinstance(value, ast.Variable):
            return None
        name = value.name.rstrip("0123456789")
        return name if name != value.name and len(name) == 1 and name in free else None
