"""Binding arguments to the parameters of a layer or a block."""

from collections.abc import Sequence
from typing import Any

from ..contract.arguments import Bool, OneOf, ParameterSpec, find_parameter, parameter_of_word
from ..contract.layer import Op
from ..contract.styles import SHAPE_KEEPING
from ..diagnostics import BlockUse, Edit, Fix
from ..diagnostics.catalog import argument_errors, limit_errors, name_errors, syntax_errors
from ..expressions.evaluator import Evaluator
from ..expressions.scope import UNKNOWN
from ..layers import find
from ..limits import MAX_DIGITS
from ..syntax import ast
from ..text.names import SHORTHAND, nearest
from ..text.source import Span
from .argument_store import ArgumentStore, Bound
from .argument_words import help_for_word
from .slots import accepts, kind_of_name, slots

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "none": False}


def bind(
    keyword: ast.Word, args: Sequence[ast.Argument], parameters: Sequence[ParameterSpec], example: str, ev: Evaluator
) -> Bound:
    """Bind the arguments and report every error among them."""
    binder = _Binder(keyword, parameters, ev, args)
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if binder.new_statement(arg):
            break
        if rest and binder.split_by_space(arg, rest[0]):
            rest.pop(0)
        else:
            binder.take(arg)
    binder.finish(args, example)
    return binder.bound


class _Binder:
    def __init__(
        self, keyword: ast.Word, parameters: Sequence[ParameterSpec], ev: Evaluator, args: Sequence[ast.Argument]
    ) -> None:
        self.keyword = keyword
        self.parameters = parameters
        self.ev = ev
        self.args = args
        self.store = ArgumentStore(keyword, ev)
        self.bound = self.store.bound
        self.ambiguous: set[Span] = set()
        self.queue = [p for p in parameters if p.positional]
        self.overflow: ast.Argument | None = None

    def take(self, arg: ast.Argument) -> None:
        if arg.name is not None:
            self.named(arg, arg.name)
        elif isinstance(arg.value, ast.Variable) and self.word(arg, arg.value.name):
            pass
        else:
            self.positional(arg)

    def unrecognized_word(self, arg: ast.Argument) -> str | None:
        """A bare word that has no meaning here: not a flag, a shorthand or a name."""
        if arg.name is not None or not isinstance(arg.value, ast.Variable):
            return None
        word = arg.value.name
        free = next((p for p in self.queue if p.many or p.name not in self.bound.values), None)
        choice = free is not None and free.kind is not None and free.kind.takes_word(word)
        if choice or parameter_of_word(self.parameters, word) is not None or self.ev.scope.find(word) is not None:
            return None
        return word

    def new_statement(self, arg: ast.Argument) -> bool:
        """Whether a layer's name is among the arguments, so that a new statement follows; that is reported."""
        word = self.unrecognized_word(arg)
        layer = self.layer_named(word) if word is not None else None
        if word is not None and layer is None and self.is_next_use(word):
            uses = self.ev.uses
            self.store.wrong(syntax_errors.MissingSeparator(span=arg.span, uses=uses, word=word, complete=True))
            return True
        # `window=7 shift 3`: the name of an argument does not start a statement.
        if word is None or layer is None or any(word == p.name for p in self.parameters):
            return False
        lacking = [p.name for p in self.parameters if p.required and p.name not in self.bound.values]
        if lacking and all(p.kind is None for p in self.parameters):
            return False  # A required parameter of a block may be a layer.
        receiver = next((p for p in self.queue if p.name not in self.bound.values and self.takes_layer(p)), None)
        if receiver is not None:
            edits = (Edit(span=arg.span, text=f"{receiver.name}={word}"), self.separator(arg))
            self.store.report_ambiguous(
                arg.span, (f"the `{receiver.name}` of `{self.keyword.text}`", "the next statement"), edits
            )
            return True
        complete = not lacking
        uses = self.ev.uses
        self.ev.unknown(syntax_errors.MissingSeparator(span=arg.span, uses=uses, word=word, complete=complete))
        # For the statements that follow, the shape is known if the layer would have kept it.
        self.bound.ok = self.bound.ok and (layer.style in SHAPE_KEEPING or layer.style == "activation")
        return True

    def layer_named(self, word: str) -> type[Op] | None:
        """The layer with this name, of the language or a package; names in the language may be in capital letters."""
        callee = self.ev.context.callee(word) if self.ev.context is not None else None
        known = callee.definition if callee is not None else None
        return known if isinstance(known, type) and issubclass(known, Op) else find(word) or find(word.lower())

    def is_next_use(self, word: str) -> bool:
        """Whether a word is the name of a block, and this layer or block has all that it requires before it."""
        callee = self.ev.context.callee(word) if self.ev.context is not None else None
        lacking = any(p.required and p.name not in self.bound.values for p in self.parameters)
        return callee is not None and not lacking and not any(map(self.takes_layer, self.queue))

    def takes_layer(self, p: ParameterSpec) -> bool:
        """Whether the default of a block's parameter is a layer or block."""
        default = p.default
        if p.kind is not None or not isinstance(default, ast.Variable) or self.ev.context is None:
            return False
        return self.ev.context.callee(default.name) is not None

    def separator(self, arg: ast.Argument) -> Edit:
        """The edit that ends the statement before an argument."""
        source, start = arg.span.source, arg.span.start
        before = len(source.text[:start].rstrip(" \t"))
        return Edit(span=Span(source, before, start), text="; ")

    def split_by_space(self, arg: ast.Argument, after: ast.Argument) -> bool:
        """Whether two arguments are one that contains a space, `k 3` or `x 3`; that is reported, and bound as meant."""
        word = self.unrecognized_word(arg)
        if word is None or after.name is not None or self.unrecognized_word(after) is not None:
            return False
        p = find_parameter(self.parameters, word)
        if (p is None and word != "x") or _is_shorthand(after, self.parameters):
            return False
        if p is not None and p.kind is None and isinstance(after.value, ast.Variable):
            return False  # Values of a block are often named like its parameters.
        joined = arg.value.span.to(after.value.span)
        written = after.value.span.text
        if p is None:
            self.store.report_unknown(joined, "split by a space", (), (f"x{written}",))
            return True
        digits = isinstance(after.value, ast.Number | ast.Size) and p.letter
        self.store.report_unknown(
            joined, "split by a space", (), (f"{p.letter}{written}" if digits else f"{p.name}={written}",)
        )
        self.store.store(p, self.store.interpret(p.kind, after.value), after)
        return True

    def named(self, arg: ast.Argument, name: ast.Word) -> None:
        found, guessed = find_parameter(self.parameters, name.text), False
        rest = next((p for p in self.parameters if p.rest), None)
        if rest is not None and (found is None or found.rest):
            self.store.collect(rest, name.text, arg)
            return
        if found is None:
            error = unknown_argument(self.keyword.text, arg, name, self.parameters, self.ev.uses)
            near = error.nearest
            if near is None or near in self.bound.spans:
                self.store.wrong(error)
                self.ev.value(arg.value) if not isinstance(arg.value, ast.Variable) else None
                return
            # Continue as if the nearest name had been written, so that the rest is checked too.
            self.ev.unknown(error)
            found = next(p for p in self.parameters if p.name == near)
            guessed = True
        # torch writes the flag `valid` as `padding=valid`.
        words = {flag: value for flag, value in found.words if not isinstance(value, bool)}
        flag = arg.value.span.text
        if self.boolean(found, arg):
            return
        value = (
            words[flag]
            if flag in words and not self.ev.scope.find(flag)
            else self.store.interpret(found.kind, arg.value)
        )
        self.store.store(found, value, arg)
        if guessed and found.name in self.bound.spans:
            self.store.guessed.add(found.name)

    def boolean(self, p: ParameterSpec, arg: ast.Argument) -> bool:
        """Whether a flag is set to `False` or `yes`, which do not exist here; that is reported, and bound as meant."""
        word = self.unrecognized_word(arg.replace(name=None))
        if word is None or word.lower() not in _BOOLEANS or not isinstance(p.kind, Bool):
            return False
        meant = _BOOLEANS[word.lower()]
        options = (*(flag for flag, value in p.words if value is meant), f"{p.name}={int(meant)}")
        self.store.report_unknown(arg.value.span, "not a keyword", (), options)
        self.store.store(p, meant, arg)
        return True

    def word(self, arg: ast.Argument, word: str) -> bool:
        """Whether a bare word is a flag or a shorthand, which is then bound."""
        for p in self.parameters:
            for flag, value in p.words:
                if flag == word:
                    self.store.store(p, value, arg)
                    return True
        found = SHORTHAND.match(word)
        p_letter = next((p for p in self.parameters if found and p.letter == found[1]), None)
        if found is None or p_letter is None:
            return False
        parts = found[2].split("x")
        if max(map(len, parts)) > MAX_DIGITS:
            self.store.wrong(limit_errors.TooManyDigits(span=arg.span, uses=self.ev.uses, limit=MAX_DIGITS))
            self.bound.values[p_letter.name] = UNKNOWN
            return True
        numbers = tuple(map(int, parts))
        value = numbers if len(numbers) > 1 else numbers[0]
        if self.ev.scope.find(word) is not None and not self.shorthand(arg, p_letter, value):
            return arg.span in self.ambiguous
        self.store.store(p_letter, value, arg)
        return True

    def shorthand(self, arg: ast.Argument, p: ParameterSpec, value: Any) -> bool:
        """Whether a word that is also a name is a shorthand here. If it may be either, that is reported."""
        word = arg.value.name if isinstance(arg.value, ast.Variable) else arg.value.span.text
        binding = self.ev.scope.find(word)
        # A guess at a misspelled word has the position of the original word.
        index = next((i for i, each in enumerate(self.args) if each.span == arg.span), None)
        if index is None:
            return True
        args = [*self.args[:index], arg, *self.args[index + 1 :]]
        short, taken = slots(self.parameters, args), slots(self.parameters, args, arg)
        slot = None if taken is None else taken[index]
        is_short = short is not None and accepts(p, value)
        is_name = slot is not None and binding is not None and accepts(slot, binding.value, word)
        if is_short and is_name and slot is not None and binding is not None:
            self.ambiguous.add(arg.span)
            edits = tuple(
                Edit(span=arg.span, text=f"{each.name}={text}") for each, text in ((p, word[1:]), (slot, word))
            )
            self.bound.values.setdefault(slot.name, UNKNOWN)
            self.store.report_ambiguous(
                arg.span, (f"the {kind_of_name(binding.value)} `{word}`", f"`{edits[0].text}`"), edits
            )
            return False
        # If neither applies, names take precedence in the use of a block, whose arguments may be anything.
        return not is_name and (is_short or p.kind is not None)

    def positional(self, arg: ast.Argument) -> None:
        while self.queue and self.queue[0].name in self.bound.values and not self.queue[0].many:
            self.queue.pop(0)
        if not self.queue:
            if isinstance(arg.value, ast.UnreadableExpr):
                self.bound.ok = False  # it was reported
                return
            if isinstance(arg.value, ast.Variable) and self.ev.scope.find(arg.value.name) is None:
                self.unknown_word(arg.value, arg)
                return
            self.overflow = self.overflow or arg
            return
        p = self.queue[0]
        # A word that is not one of the choices is rejected by the kind, which lists them.
        choice = isinstance(arg.value, ast.Variable) and (
            p.kind is not None and (p.kind.takes_word(arg.value.name) or isinstance(p.kind, OneOf))
        )
        if isinstance(arg.value, ast.Variable) and not choice and self.ev.scope.find(arg.value.name) is None:
            callee = (
                self.ev.context.callee(arg.value.name) if self.ev.context and p.kind is None and p.required else None
            )
            if callee is None:
                self.unknown_word(arg.value, arg)
            else:
                self.store.store(p, callee, arg)
            return
        self.store.store(p, self.store.interpret(p.kind, arg.value), arg)

    def too_many(self, arg: ast.Argument, args: Sequence[ast.Argument]) -> None:
        """Report a value that is left over after the last positional argument."""
        from .torch_order import is_plain, rewritten

        layer = find(self.keyword.text)
        correction = None
        if self.bound.ok and layer is not None and layer.parameters is self.parameters:
            spans = {each.span for each in args if is_plain(each)}
            given = {
                name: value for name, value in self.bound.values.items() if self.bound.spans.get(name) not in spans
            }
            instead = rewritten(self.keyword.text, layer, args, given, self.ev.shape)
            whole = self.keyword.span.to(args[-1].span)
            correction = instead and Fix(title=f"write `{instead}`", edits=(Edit(span=whole, text=instead),))
        error = argument_errors.TooManyArguments(
            span=arg.span,
            uses=self.ev.uses,
            keyword=self.keyword.text,
            positional=tuple(p.name for p in self.parameters if p.positional),
            named=tuple(p.name for p in self.parameters if not p.positional),
            correction=correction or None,
        )
        self.store.wrong(error)

    def unknown_word(self, word: ast.Variable, arg: ast.Argument) -> None:
        """Report a word that is not a flag, shorthand or name, with suggestions, and continue with the nearest one."""
        if self.repeated(word) or self.valueless(word, arg):
            return
        flags = [flag for p in self.parameters for flag, _ in p.words]
        near = nearest(word.name, [*flags, *self.ev.scope.visible()])
        what = f"neither a flag of `{self.keyword.text}` nor a known name"
        help_texts = () if near else help_for_word(word.name, self.parameters)
        error = name_errors.UnknownName(
            span=word.span, uses=self.ev.uses, name=word.name, nearest=near, what=what, help_texts=help_texts
        )
        if near is None:
            self.store.wrong(error)
            if self.queue:
                self.bound.values.setdefault(self.queue[0].name, UNKNOWN)
            return
        self.ev.unknown(error)
        guess = arg.replace(value=word.replace(name=near))
        if not self.word(guess, near) and self.queue:
            self.store.store(self.queue[0], self.ev.value(guess.value), guess)

    def valueless(self, word: ast.Variable, arg: ast.Argument) -> bool:
        """Whether a word is the name or letter of an argument without its value, `s` for `s2`; that is reported."""
        p = next((p for p in self.parameters if word.name in (p.letter, p.name)), None)
        others = [each for each in self.args if each is not arg and self.parameter_given(each) is p]
        if p is None or arg.name is not None or p.name in self.bound.values or others:
            return False
        what = f"the shorthand of `{p.name}`" if word.name != p.name else "an argument"
        what += " without a value"
        self.store.wrong(
            name_errors.UnknownName(span=word.span, uses=self.ev.uses, name=word.name, nearest=None, what=what)
        )
        self.bound.values[p.name] = UNKNOWN
        return True

    def parameter_given(self, arg: ast.Argument) -> ParameterSpec | None:
        """The parameter whose name or letter an argument has."""
        if arg.name is not None:
            return find_parameter(self.parameters, arg.name.text)
        return parameter_of_word(self.parameters, arg.value.name) if isinstance(arg.value, ast.Variable) else None

    def repeated(self, word: ast.Variable) -> bool:
        """Whether a word is a repetition with a name, `xdepth`, which does not exist; that is reported."""
        count = word.name[1:]
        if word.name[0] != "x" or not count or self.ev.scope.find(count) is None:
            return False
        self.store.report_unknown(
            word.span, f"not a repetition: `x` takes a number, as in `x3`, but `{count}` is a name", ()
        )
        return True

    def finish(self, args: Sequence[ast.Argument], example: str) -> None:
        if self.overflow is not None:
            self.too_many(self.overflow, args)
        lacking = [p for p in self.parameters if p.required and p.name not in self.bound.values]
        # A word that was not understood may be the missing argument.
        if lacking and self.bound.ok:
            error = argument_errors.MissingArgument(
                span=self.keyword.span,
                uses=self.ev.uses,
                keyword=self.keyword.text,
                names=tuple(p.name for p in lacking),
                doc=lacking[0].doc,
                is_block=all(p.kind is None for p in self.parameters),
            )
            self.store.wrong(error)
        if lacking or UNKNOWN in self.bound.values.values():
            self.bound.ok = False


def _is_shorthand(arg: ast.Argument, parameters: Sequence[ParameterSpec]) -> bool:
    return isinstance(arg.value, ast.Variable) and parameter_of_word(parameters, arg.value.name) is not None


def unknown_argument(
    keyword: str, arg: ast.Argument, name: ast.Word, parameters: Sequence[ParameterSpec], uses: tuple[BlockUse, ...]
) -> argument_errors.UnknownArgument:
    """The error for an argument that a layer or block does not have."""
    from .torch_order import argument_of

    known = tuple(p.name for p in parameters)
    near = None if _activation(name.text, arg) else argument_of(name.text, known) or nearest(name.text, known)
    return argument_errors.UnknownArgument(
        span=name.span, uses=uses, keyword=keyword, name=name.text, nearest=near, known=known
    )


def _activation(name: str, arg: ast.Argument) -> str | None:
    """The activation that an argument such as Keras's `activation=relu` requests."""
    word = arg.value.span.text
    layer = find(word) if name in ("activation", "act") else None
    return word if layer is not None and layer.style == "activation" else None
