"""Arguments as written, bound to the parameters of a layer or a block."""

import re
from collections.abc import Sequence
from typing import Any

from ..contract.arguments import Either, Kind, OneOf, Parameter, Truth, Unfit
from ..contract.initializers import Beginning, Init
from ..diagnostics.catalogue import argument_errors, limit_errors, name_errors, syntax_errors
from ..expressions.evaluator import Evaluator, show
from ..expressions.scope import UNKNOWN, Tensor
from ..layers import find
from ..limits import MAX_DIGITS
from ..syntax import ast
from ..text.names import as_size, nearest
from ..text.source import Span

_SHORTHAND = re.compile(r"([a-z])(\d+(?:x\d+)*)$")
_REPEAT = "`repeat {} {{ … }}` repeats as often as a name says; `x3` takes a number"
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "none": False}
_KEEPING = ("activation", "norm", "regularisation")


class Bound:
    """What binding found: values by name, where each was written, and whether all is well."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}
        self.ok = True


def bind(
    keyword: ast.Word, args: Sequence[ast.Argument], parameters: Sequence[Parameter], example: str, ev: Evaluator
) -> Bound:
    """Bind arguments, reporting every mistake among them."""
    binder = _Binder(keyword, parameters, ev)
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if binder.new_statement(arg):
            break
        if rest and binder.parted(arg, rest[0]):
            rest.pop(0)
        else:
            binder.take(arg)
    binder.finish(example)
    return binder.bound


def is_word(word: str, parameters: Sequence[Parameter]) -> bool:
    """Whether a bare word is a flag or a shorthand, whatever names there are."""
    found = _SHORTHAND.match(word)
    return any((found and p.letter == found[1]) or any(word == flag for flag, _ in p.words) for p in parameters)


class _Binder:
    def __init__(self, keyword: ast.Word, parameters: Sequence[Parameter], ev: Evaluator) -> None:
        self.keyword = keyword
        self.parameters = parameters
        self.ev = ev
        self.bound = Bound()
        self.queue = [p for p in parameters if p.positional]
        self.overflowed = False

    def take(self, arg: ast.Argument) -> None:
        if arg.name is not None:
            self.named(arg, arg.name)
        elif isinstance(arg.value, ast.Variable) and self.word(arg, arg.value.name):
            pass
        else:
            self.positional(arg)

    def stranger(self, arg: ast.Argument) -> str | None:
        """A bare word that has no meaning here: no flag, no shorthand, no name."""
        if arg.name is not None or not isinstance(arg.value, ast.Variable):
            return None
        word = arg.value.name
        choice = bool(self.queue) and word in _choices(self.queue[0].kind)
        known = choice or is_word(word, self.parameters) or self.ev.scope.find(word) is not None
        return None if known else word

    def new_statement(self, arg: ast.Argument) -> bool:
        """Whether a layer's name stands among the arguments: what follows is another statement, which is reported."""
        word = self.stranger(arg)
        layer = (find(word) or find(word.lower())) if word is not None else None
        if word is None or layer is None:
            return False
        self.ev.fail(syntax_errors.MissingSeparator, arg.span, word=word)
        # Of what is read on, the shape is known where the layer would have kept it.
        self.bound.ok = self.bound.ok and layer.style in _KEEPING
        return True

    def parted(self, arg: ast.Argument, after: ast.Argument) -> bool:
        """Whether two arguments are one with a blank in it, `k 3`, `x 3`: reported, and bound as what is meant."""
        word = self.stranger(arg)
        if word is None or after.name is not None or self.stranger(after) is not None:
            return False
        p = next((p for p in self.parameters if word in (p.name, p.letter)), None)
        if p is None and word != "x":
            return False
        joined = arg.value.span.to(after.value.span)
        written = after.value.span.text
        facts = {"name": joined.text, "nearest": None, "what": "parted by a blank"}
        if p is None:
            size = f"a size is written `5x{written}`, a repetition `x{written}`"
            helps = (size if isinstance(after.value, ast.Number) else _REPEAT.format(written),)
            self.ev.fail(name_errors.UnknownName, joined, helps=helps, **facts)
            return True
        digits = isinstance(after.value, ast.Number | ast.Size) and p.letter
        way = f"`{p.letter}{written}` or `{p.name}={written}`" if digits else f"`{p.name}={written}`"
        self.ev.fail(name_errors.UnknownName, joined, helps=(f"write {way}",), **facts)
        self.store(p, self.meant(p.kind, after.value), after)
        return True

    def named(self, arg: ast.Argument, name: ast.Word) -> None:
        found = next((p for p in self.parameters if name.text in (p.name, p.letter)), None)
        if found is None:
            known = tuple(p.name for p in self.parameters)
            near = nearest(name.text, known)
            facts = {"keyword": self.keyword.text, "name": name.text, "nearest": near, "known": known}
            if near is None:
                self.wrong(argument_errors.UnknownArgument, name.span, **facts)
                self.ev.value(arg.value) if not isinstance(arg.value, ast.Variable) else None
                return
            # Go on as if the nearest had been written: what follows is then checked too.
            self.ev.fail(argument_errors.UnknownArgument, name.span, **facts)
            found = next(p for p in self.parameters if p.name == near)
        # `padding=valid` is torch's way of writing the flag `valid`.
        words = {flag: value for flag, value in found.words if not isinstance(value, bool)}
        flag = arg.value.span.text
        if self.truth(found, arg):
            return
        value = words[flag] if flag in words and not self.ev.scope.find(flag) else self.meant(found.kind, arg.value)
        self.store(found, value, arg)

    def truth(self, p: Parameter, arg: ast.Argument) -> bool:
        """Whether a flag is given as `False` or `yes`, which are no words: reported, and bound as meant."""
        word = self.stranger(arg.replace(name=None))
        if word is None or word.lower() not in _TRUTHS or not isinstance(p.kind, Truth):
            return False
        meant = _TRUTHS[word.lower()]
        ways = (*(flag for flag, value in p.words if value is meant), f"{p.name}={int(meant)}")
        what, helps = "no word of the language", (f"write {' or '.join(f'`{way}`' for way in ways)}",)
        self.ev.fail(name_errors.UnknownName, arg.value.span, name=word, nearest=None, what=what, helps=helps)
        self.store(p, meant, arg)
        return True

    def word(self, arg: ast.Argument, word: str) -> bool:
        """A bare word: a flag or a shorthand, else not ours."""
        for p in self.parameters:
            for flag, value in p.words:
                if flag == word:
                    self.store(p, value, arg)
                    return True
        found = _SHORTHAND.match(word)
        p_letter = next((p for p in self.parameters if found and p.letter == found[1]), None)
        if found is None or p_letter is None:
            return False
        parts = found[2].split("x")
        if max(map(len, parts)) > MAX_DIGITS:
            self.wrong(limit_errors.TooManyDigits, arg.span, limit=MAX_DIGITS)
            self.bound.values[p_letter.name] = UNKNOWN
            return True
        numbers = tuple(map(int, parts))
        self.store(p_letter, numbers if len(numbers) > 1 else numbers[0], arg)
        return True

    def positional(self, arg: ast.Argument) -> None:
        while self.queue and self.queue[0].name in self.bound.values and not self.queue[0].many:
            self.queue.pop(0)
        if not self.queue:
            if isinstance(arg.value, ast.Variable) and self.ev.scope.find(arg.value.name) is None:
                self.unknown_word(arg.value, arg)
                return
            positional = tuple(p.name for p in self.parameters if p.positional)
            facts = {
                "keyword": self.keyword.text,
                "positional": positional,
                "named": tuple(p.name for p in self.parameters if not p.positional),
            }
            if not self.overflowed:
                self.wrong(argument_errors.TooManyArguments, arg.span, **facts)
            self.overflowed = True
            return
        p = self.queue[0]
        choice = isinstance(arg.value, ast.Variable) and arg.value.name in _choices(p.kind)
        if isinstance(arg.value, ast.Variable) and not choice and self.ev.scope.find(arg.value.name) is None:
            self.unknown_word(arg.value, arg)
            return
        self.store(p, self.meant(p.kind, arg.value), arg)

    def meant(self, kind: Kind | None, expr: ast.Expr) -> Any:
        """What a value means to the kind that takes it: one of its own words, a way to begin, or an expression."""
        match expr:
            case ast.Variable() if expr.name in _choices(kind):
                return expr.name
            case ast.Variable() if isinstance(kind, Beginning) and self.ev.scope.find(expr.name) is None:
                return expr.name  # refused by the kind, which tells its words
            case ast.Call() if isinstance(kind, Beginning):
                numbers = tuple(self.ev.number(each) for each in expr.args)
                return UNKNOWN if UNKNOWN in numbers else Init(name=expr.function.text, numbers=numbers)
            case _:
                return self.ev.value(expr)

    def unknown_word(self, word: ast.Variable, arg: ast.Argument) -> None:
        """Neither flag nor shorthand nor a name: suggest among all of them, and go on with the nearest."""
        if self.repeated(word):
            return
        flags = [flag for p in self.parameters for flag, _ in p.words]
        near = nearest(word.name, [*flags, *self.ev.scope.visible()])
        letters = tuple(f"`{p.letter}` ({p.name})" for p in self.parameters if p.letter)
        what = f"neither a flag of `{self.keyword.text}` nor a name here"
        helps = tuple(
            f"its {kind} are {', '.join(words)}"
            for kind, words in (("flags", [f"`{flag}`" for flag in flags]), ("shorthands", letters))
            if words
        )
        if near is None and (size := self.lettered(word.name)) is not None:
            helps = (f"a letter in a size is a capital: `{size}`; `let C = …` gives it a value",)
        facts = {"name": word.name, "nearest": near, "what": what, "helps": helps}
        if near is None:
            self.wrong(name_errors.UnknownName, word.span, **facts)
            if self.queue:
                self.bound.values.setdefault(self.queue[0].name, UNKNOWN)
            return
        self.ev.fail(name_errors.UnknownName, word.span, **facts)
        guess = arg.replace(value=word.replace(name=near))
        if not self.word(guess, near) and self.queue:
            self.store(self.queue[0], self.ev.value(guess.value), guess)

    def lettered(self, word: str) -> str | None:
        """The size that a word with small letters is meant as, by the argument's name after a shorthand's letter."""
        p = next((p for p in self.parameters if p.letter and word.startswith(p.letter)), None)
        after = as_size(word[1:]) if p else None
        return f"{p.name}={after}" if p and after else as_size(word)

    def repeated(self, word: ast.Variable) -> bool:
        """Whether a word is a repetition by a name, `xdepth`, which there is not: reported."""
        count = word.name[1:]
        if word.name[0] != "x" or not count or self.ev.scope.find(count) is None:
            return False
        what, helps = f"no repetition: `{count}` is a name", (_REPEAT.format(count),)
        self.ev.fail(name_errors.UnknownName, word.span, name=word.name, nearest=None, what=what, helps=helps)
        return True

    def store(self, p: Parameter, value: Any, arg: ast.Argument) -> None:
        if p.name in self.bound.spans and not p.many:
            first = self.bound.spans[p.name].text
            self.wrong(argument_errors.ArgumentTwice, arg.span, name=p.name, first=first)
            return
        self.bound.spans.setdefault(p.name, arg.span)
        value = self.accepted(p, value, arg)
        if p.many and arg.name is None:
            before = self.bound.values.get(p.name, ())
            value = UNKNOWN if UNKNOWN in (before, value) else (*before, value)
        self.bound.values[p.name] = value

    def accepted(self, p: Parameter, value: Any, arg: ast.Argument) -> Any:
        """The value as the parameter's kind stores it."""
        if value is UNKNOWN or p.kind is None:
            return value
        if isinstance(value, Tensor):
            return self.wrong(argument_errors.TensorAsNumber, arg.value.span, name=arg.value.span.text)
        if _suffix(arg.value):
            shown = show(int(value) if float(value).is_integer() else value)
            return self.wrong(argument_errors.SuffixOutside, arg.value.span, text=arg.value.span.text, value=shown)
        try:
            return p.kind.accept(value)
        except Unfit as unfit:
            facts = {"keyword": self.keyword.text, "name": p.name, "value": show(value), "words": str(unfit)}
            return self.wrong(argument_errors.BadValue, arg.span, **facts)

    def wrong(self, kind: Any, span: Span, **facts: Any) -> Any:
        self.bound.ok = False
        return self.ev.fail(kind, span, **facts)

    def finish(self, example: str) -> None:
        lacking = [p for p in self.parameters if p.required and p.name not in self.bound.values]
        # A word that was not understood may be the argument that lacks.
        if lacking and self.bound.ok:
            facts = {"keyword": self.keyword.text, "names": tuple(p.name for p in lacking), "doc": lacking[0].doc}
            self.wrong(argument_errors.MissingArgument, self.keyword.span, example=example, **facts)
        if lacking or UNKNOWN in self.bound.values.values():
            self.bound.ok = False


def _choices(kind: Kind | None) -> tuple[str, ...]:
    match kind:
        case OneOf():
            return kind.choices
        case Beginning():
            return kind.names
        case Either():
            return tuple(choice for each in kind.kinds for choice in _choices(each))
        case _:
            return ()


def _suffix(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Number) and bool(expr.suffix)
