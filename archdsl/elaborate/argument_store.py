"""The values of arguments as they are bound: their meaning for a kind, and the errors in them."""

from typing import Any

from ..contract.arguments import InvalidValue, Kind, ParameterSpec, TensorName, TensorRef
from ..contract.initializers import Init, Initializer
from ..diagnostics import Diagnostic, Edit
from ..diagnostics.catalog import argument_errors, name_errors
from ..expressions.evaluator import Evaluator
from ..expressions.scope import UNKNOWN, Callee, ListValue, NamedTensor, Unknown
from ..expressions.show import show
from ..syntax import ast
from ..text.source import Span


class Bound:
    """The result of binding: the values by name, the span of each, and whether there were no errors."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}
        self.ok = True


class ArgumentStore:
    """The values of the arguments of one layer or use of a block; errors in them are reported."""

    def __init__(self, keyword: ast.Word, ev: Evaluator) -> None:
        self.keyword = keyword
        self.ev = ev
        self.bound = Bound()
        self.guessed: set[str] = set()
        """The parameters whose names were guessed; an argument that gives one of them later takes its place."""

    def interpret(self, kind: Kind | None, expr: ast.Expr) -> Any:
        """The meaning of a value for its kind: one of the kind's own words, an initializer, or an expression."""
        match expr:
            case ast.Variable() if kind is not None and kind.takes_word(expr.name):
                return expr.name
            case ast.Variable() if kind is not None and kind.worded and self.ev.scope.find(expr.name) is None:
                return expr.name  # rejected by the kind, which lists its words
            case ast.Variable() if isinstance(kind, TensorName):
                return self.tensor(expr)
            case ast.Call() if isinstance(kind, Initializer):
                numbers = tuple(self.ev.number(each) for each in expr.args)
                return UNKNOWN if UNKNOWN in numbers else Init(name=expr.function.text, numbers=numbers)
            case _:
                return self.ev.value(expr)

    def tensor(self, word: ast.Variable) -> Any:
        """The name of a tensor as a value; anything else is rejected by the kind."""
        found = self.ev.scope.find(word.name)
        named = word.name == "in" or (found is not None and isinstance(found.value, NamedTensor))
        return TensorRef(word.name) if named else self.ev.value(word)

    def store(self, p: ParameterSpec, value: Any, arg: ast.Argument) -> None:
        if p.name in self.guessed:
            del self.bound.spans[p.name]
            self.guessed.remove(p.name)
        if p.name in self.bound.spans and not p.many:
            first = self.bound.spans[p.name].text
            self.wrong(argument_errors.ArgumentTwice(span=arg.span, uses=self.ev.uses, name=p.name, first=first))
            return
        self.bound.spans.setdefault(p.name, arg.span)
        value = self.accepted(p, value, arg)
        if p.many and arg.name is None:
            before = self.bound.values.get(p.name, ())
            value = UNKNOWN if UNKNOWN in (before, value) else (*before, value)
        elif p.many and value is not UNKNOWN and not isinstance(value, tuple):
            value = (value,)
        self.bound.values[p.name] = value

    def collect(self, p: ParameterSpec, name: str, arg: ast.Argument) -> None:
        """Store a named argument that has no parameter of its own."""
        before = self.bound.values.get(p.name, ())
        if before is not UNKNOWN and name in dict(before):
            self.wrong(argument_errors.ArgumentTwice(span=arg.span, uses=self.ev.uses, name=name, first=name))
            return
        self.bound.spans.setdefault(p.name, arg.span)
        value = self.accepted(p, self.interpret(p.kind, arg.value), arg)
        self.bound.values[p.name] = UNKNOWN if UNKNOWN in (before, value) else (*before, (name, value))

    def accepted(self, p: ParameterSpec, value: Any, arg: ast.Argument) -> Any:
        """The value as the parameter's kind stores it."""
        if value is UNKNOWN or p.kind is None:
            return value
        if isinstance(value, NamedTensor | ListValue | Callee):
            self.bound.ok = False
            return self.ev.as_number(value, arg.value)
        if _suffix(arg.value):
            shown = show(int(value) if float(value).is_integer() else value)
            span = arg.value.span
            return self.wrong(
                argument_errors.SuffixedArgument(span=span, uses=self.ev.uses, text=span.text, value=shown)
            )
        try:
            return p.kind.accept(value)
        except InvalidValue as invalid:
            error = argument_errors.BadValue(
                span=arg.span,
                uses=self.ev.uses,
                keyword=self.keyword.text,
                name=p.name,
                value=show(value),
                words=str(invalid),
            )
            return self.wrong(error)

    def wrong(self, error: Diagnostic) -> Unknown:
        self.bound.ok = False
        return self.ev.unknown(error)

    def report_ambiguous(self, span: Span, meanings: tuple[str, str], edits: tuple[Edit, ...]) -> None:
        """Report a word that has two meanings."""
        uses, name = self.ev.uses, span.text
        self.wrong(name_errors.AmbiguousWord(span=span, uses=uses, name=name, meanings=meanings, readings=edits))

    def report_unknown(
        self, span: Span, what: str, help_texts: tuple[str, ...], corrections: tuple[str, ...] = ()
    ) -> None:
        """Report words that are not arguments, if their intended meaning is clear."""
        uses, name = self.ev.uses, span.text
        error = name_errors.UnknownName(
            span=span, uses=uses, name=name, nearest=None, what=what, help_texts=help_texts, corrections=corrections
        )
        self.ev.unknown(error)


def _suffix(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Number) and bool(expr.suffix)
