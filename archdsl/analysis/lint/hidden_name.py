"""A number whose name is hidden by a flag or shorthand."""

from collections.abc import Iterable, Iterator, Sequence

from ...contract.arguments import ParameterSpec, find_parameter, parameter_of_word
from ...diagnostics import Diagnostic, Label, Severity
from ...graph.block_call import block_parameters
from ...layers import find as find_layer
from ...syntax import ast
from ...text.source import Span
from ._facts import Facts


class HiddenName(Diagnostic):
    """A parameter, a `let` or an index has the name of a flag or shorthand, and is read as that in a
    layer's arguments.

    With `let s2 = 1`, `conv 8 k3 s2` still has a stride of 2, because both positional arguments are given. In
    `conv 8 k5` after `let k5 = 3`, nothing else sets the kernel, so `k5` is ambiguous, which is an error (E0209).

    Source: the language reference, "Words with two meanings".
    """

    code = "W0916"
    title = "name hidden by a flag or shorthand"
    wrong = "input 3x33x33\nlet s2 = 1\nconv 8 k3 s2\n"
    right = "input 3x33x33\nlet step = 1\nconv 8 k3 s=step\n"
    severity = Severity.WARNING

    name: str
    keyword: str
    argument: str
    defined: Span

    def message(self) -> str:
        return f"`{self.name}` is read as the `{self.argument}` of `{self.keyword}`, not as the variable"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.defined, text="this name is hidden"),)

    def help(self) -> tuple[str, ...]:
        return (f"choose another name, or write `{self.argument}=({self.name})`",)


def find(facts: Facts) -> Iterator[HiddenName]:
    """Arguments that are flags or shorthands of their layer or block and also names of numbers."""
    names: dict[str, Span] = {}
    blocks: dict[str, tuple[ParameterSpec, ...]] = {}
    for part in facts.statements:
        if isinstance(part, ast.Net | ast.Block):
            names |= {p.name.text: p.name.span for p in part.parameters}
            if isinstance(part, ast.Block):
                blocks[part.name.text] = block_parameters(part)
        elif isinstance(part, ast.Let | ast.Repeat) and part.target is not None:
            names |= {word.text: word.span for word in part.target.names}
    if not names:
        return
    for part in facts.statements:
        if isinstance(part, ast.LayerStatement):
            keyword = part.keyword.text
            layer = None if keyword in blocks else find_layer(keyword)
            parameters = layer.parameters if layer else blocks.get(keyword, ())
            for arg in part.args:
                if isinstance(arg.value, ast.Variable) and arg.value.name in names:
                    hiding = _read_as(parameters, arg)
                    if hiding is not None and arg.name is None and not _lacks_value(parameters, part.args):
                        name = arg.value.name
                        yield HiddenName(
                            span=arg.span, name=name, keyword=keyword, argument=hiding.name, defined=names[name]
                        )


def _read_as(parameters: Iterable[ParameterSpec], arg: ast.Argument) -> ParameterSpec | None:
    """The parameter that an argument names, alone or with a value, or sets as a flag or shorthand; None for a value."""
    if arg.name is not None:
        return find_parameter(parameters, arg.name.text)
    return parameter_of_word(parameters, arg.value.name) if isinstance(arg.value, ast.Variable) else None


def _lacks_value(parameters: Sequence[ParameterSpec], args: Iterable[ast.Argument]) -> bool:
    """Whether a required argument lacks a value if all words are flags or shorthands: then one of them is a name."""
    found = [_read_as(parameters, arg) for arg in args]
    given = {p.name for p in found if p is not None}
    return sum(p.required and p.name not in given for p in parameters) > found.count(None)
