"""A named number or block that is never used."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...syntax import ast
from ._facts import Facts


class UnusedName(Diagnostic):
    """A parameter, a `let`, an index, a block or a carried tensor is never used.

    Usually a use of it is missing or misspelled. In the example, `--set width=32` would change nothing. Unused names of
    tensors and stages are not reported, because they also name the weights.

    Source: Flake8 F841, rustc's `unused_variables`.
    """

    code = "W0901"
    title = "unused name"
    wrong = "net N(width = 16)\ninput 3x32x32\nconv 16 k3\n"
    right = "net N(width = 16)\ninput 3x32x32\nconv width k3\n"
    severity = Severity.WARNING

    what: str
    name: str

    def message(self) -> str:
        return f"{self.what} `{self.name}` is never used"

    def help(self) -> tuple[str, ...]:
        return ("use it or remove it",)


def find(facts: Facts) -> Iterator[UnusedName]:
    """Names that occur nowhere else in the file. A file with only blocks is a library for other files."""
    defined: list[tuple[str, ast.Word]] = []
    used: set[str] = set()
    for part in facts.statements:
        match part:
            case ast.Net() | ast.Block():
                what = "the parameter"
                defined += [(what, p.name) for p in part.parameters]
                if isinstance(part, ast.Block) and facts.graph.nodes:
                    defined.append(("the block", part.name))
            case ast.Let():
                defined += [("the value", word) for word in part.target.names if not part.target.unpacks]
            case ast.Repeat():
                # A row of a table is unpacked completely, even if some of its entries are not used.
                if part.target is not None and not part.target.unpacks:
                    defined += [("the index", word) for word in part.target.names]
                defined += [("the carried tensor", carried.name) for carried in part.carried]
            case ast.Scan():
                defined += [("the carried tensor", carried.name) for carried in part.carried]
            case ast.Variable():
                used.add(part.name)
            case ast.At() if part.of is not None:
                used.add(part.of.text)
            case ast.Size():
                used.update(dim for dim in part.dims if isinstance(dim, str))
            case ast.LayerStatement():
                used.add(part.keyword.text)
            case ast.Merge():
                used.update(operand.text for operand in part.operands if isinstance(operand, ast.Word))
            case ast.From() | ast.Reuse():
                used.add(part.name.text)
            case ast.Output():
                used.update(word.text for word in part.names)
            case _:
                pass
    for what, word in defined:
        if word.text not in used and not word.text.startswith("_"):
            yield UnusedName(span=word.span, what=what, name=word.text)
