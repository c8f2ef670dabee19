"""Argument kinds, and how a layer declares its arguments.

A layer annotates its fields with the aliases at the end (`groups: PositiveInt`). The annotation carries the kind, which
validates a value and describes the valid values; tests sample from it.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from ..limits import MAX_COUNT
from ..record import Record
from ..text.names import SHORTHAND


def is_integer(value: object) -> bool:
    """Whether a value is an integer or a symbolic dimension; a boolean is neither."""
    return isinstance(value, int) and not isinstance(value, bool)


def _bounded(*values: object) -> None:
    """Raise InvalidValue for an integer of 2^63 or more. Symbolic dimensions are not checked."""
    if any(type(value) is int and abs(value) > MAX_COUNT for value in values):
        raise InvalidValue("an integer below 2^63")


class InvalidValue(Exception):
    """A value that an argument does not accept; the text describes the valid values: "an integer of at least 1"."""


class Kind(Record):
    """The set of valid values of an argument."""

    worded: ClassVar[bool] = False
    """Whether bare words are among the values: an unknown word is then an invalid value, not an unknown name."""

    @property
    def words(self) -> str:
        """The valid values in words."""
        raise NotImplementedError

    def takes_word(self, word: str) -> bool:
        """Whether a bare word is a valid value, whatever names are in scope."""
        return False

    def accept(self, value: Any) -> Any:
        """The value in the form in which the layer stores it. Raises InvalidValue."""
        raise NotImplementedError

    def invalid(self) -> InvalidValue:
        """The exception for a value of another kind."""
        return InvalidValue(self.words)


class Int(Kind):
    """An integer."""

    minimum: int | None = None

    @property
    def words(self) -> str:
        return "an integer" + ("" if self.minimum is None else f" of at least {self.minimum}")

    def accept(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        _bounded(value)
        if not is_integer(value) or (self.minimum is not None and value < self.minimum):
            raise self.invalid()
        return value  # type: ignore[no-any-return]  # narrowed by is_integer


class Float(Kind):
    """A number; the bounds are inclusive unless `open_below` or `open_above`."""

    minimum: float | None = None
    maximum: float | None = None
    open_below: bool = False
    open_above: bool = False

    @property
    def words(self) -> str:
        if self.minimum is not None and self.maximum is not None and not self.open_below and not self.open_above:
            return f"a number from {self.minimum:g} to {self.maximum:g}"
        low = (
            ""
            if self.minimum is None
            else f" above {self.minimum:g}"
            if self.open_below
            else f" of at least {self.minimum:g}"
        )
        high = (
            ""
            if self.maximum is None
            else f" below {self.maximum:g}"
            if self.open_above
            else f"{'' if low else ' of'} at most {self.maximum:g}"
        )
        return "a number" + low + (" and" + high if low and high else high)

    def accept(self, value: Any) -> float:
        if type(value) not in (int, float) or value != value or value in (float("inf"), float("-inf")):
            raise self.invalid()
        if self.minimum is not None and (value <= self.minimum if self.open_below else value < self.minimum):
            raise self.invalid()
        if self.maximum is not None and (value >= self.maximum if self.open_above else value > self.maximum):
            raise self.invalid()
        return value  # type: ignore[no-any-return]  # narrowed by type() above


class SpatialInt(Kind):
    """One integer for all spatial dimensions, or one for each: `3`, `3x5`."""

    minimum: int = 0

    @property
    def words(self) -> str:
        return f"an integer of at least {self.minimum}, or one per dimension like `3x5`"

    def accept(self, value: Any) -> int | tuple[int, ...]:
        if type(value) is tuple:
            if all(is_integer(v) and v >= self.minimum for v in value):
                return value
            raise self.invalid()
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        _bounded(value)
        if not is_integer(value) or value < self.minimum:
            raise self.invalid()
        return value  # type: ignore[no-any-return]  # narrowed by is_integer


class Dims(Kind):
    """The sizes of a tensor: `64x8x8`, or one number."""

    example: str = "64x8x8"

    @property
    def words(self) -> str:
        return f"sizes like `{self.example}`"

    def accept(self, value: Any) -> tuple[int, ...]:
        dims = value if type(value) is tuple else (value,)
        if not all(is_integer(v) and v >= 1 for v in dims):
            raise self.invalid()
        return dims


class OneOf(Kind):
    """One of a set of words."""

    worded = True
    choices: tuple[str, ...]

    def takes_word(self, word: str) -> bool:
        return word in self.choices

    @property
    def words(self) -> str:
        *first, last = (f"`{choice}`" for choice in self.choices)
        return f"{', '.join(first)} or {last}" if first else last

    def accept(self, value: Any) -> str:
        if value not in self.choices:
            raise self.invalid()
        return str(value)


class Bool(Kind):
    """True or false: a flag, or a condition."""

    @property
    def words(self) -> str:
        return "0, 1 or a condition"

    def accept(self, value: Any) -> bool:
        if type(value) is bool or value in (0, 1):
            return bool(value)
        raise self.invalid()


_PATTERNS = {"rearrange": "c h w -> (h w) c", "reduce": "c h w -> c", "einsum": "t d, s d -> t s"}
"""An example of a pattern, by form."""


class PatternText(Kind):
    """A pattern of axes in quotes; `form` is `rearrange`, `reduce` or `einsum`. The layer reads it."""

    form: str

    @property
    def words(self) -> str:
        return f'a pattern in quotes like "{_PATTERNS[self.form]}"'

    def accept(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.invalid()
        return value


class TensorRef(str):
    """The name of a tensor, as the value of an argument."""

    __slots__ = ()


class TensorName(Kind):
    """The name of a tensor, which becomes an additional input of the layer."""

    @property
    def words(self) -> str:
        return "the name of a tensor"

    def accept(self, value: Any) -> TensorRef:
        if not isinstance(value, TensorRef):
            raise self.invalid()
        return value


class Either(Kind):
    """A value of any of several kinds. `misplaced` values are accepted too, for a better message from the layer."""

    kinds: tuple[Kind, ...]
    misplaced: Kind | None = None

    def takes_word(self, word: str) -> bool:
        return any(kind.takes_word(word) for kind in self._accepted())

    @property
    def words(self) -> str:
        return ", or ".join(kind.words for kind in self.kinds)

    def accept(self, value: Any) -> Any:
        for kind in self._accepted():
            try:
                return kind.accept(value)
            except InvalidValue:
                continue
        raise self.invalid()

    def _accepted(self) -> tuple[Kind, ...]:
        return self.kinds if self.misplaced is None else (*self.kinds, self.misplaced)


class Missing:
    """The default of a required argument."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Missing()


class Declared(Record):
    """What `argument` records about a field besides its annotation."""

    default: Any
    letter: str | None
    positional: bool
    many: bool
    words: tuple[tuple[str, Any], ...]
    doc: str
    rest: bool
    name: str | None


def argument(
    default: Any = REQUIRED,
    *,
    letter: str | None = None,
    positional: bool = False,
    many: bool = False,
    words: Mapping[str, Any] | None = None,
    doc: str = "",
    rest: bool = False,
    name: str | None = None,
) -> Any:
    """Declare an argument of a layer.

    `letter` allows the shorthand `k5`; `positional` allows the value without a name, in the order of declaration; with
    `many`, the last positional argument takes several values; `words` are bare words that set a value: `{"nobias":
    False}`; `doc` describes the argument in a phrase; with `rest`, it takes all named arguments that have no parameter
    of their own, as (name, value); `name` is how it is written, if Python reserves that word.
    """
    flags = tuple((words or {}).items())
    return Declared(
        default=default,
        letter=letter,
        positional=positional,
        many=many,
        words=flags,
        doc=doc,
        rest=rest,
        name=name,
    )


class ParameterSpec(Record):
    """The signature of one parameter of a layer or a block. `field` is the layer's field, if it has another name."""

    name: str
    kind: Kind | None
    default: Any
    letter: str | None = None
    positional: bool = False
    many: bool = False
    words: tuple[tuple[str, Any], ...] = ()
    doc: str = ""
    rest: bool = False
    field: str | None = None

    @property
    def required(self) -> bool:
        """Whether a value is required."""
        return self.default is REQUIRED


def parameter_named(parameters: Iterable[ParameterSpec], name: str | None) -> ParameterSpec | None:
    """The parameter with this name, if there is one."""
    return next((p for p in parameters if p.name == name), None)


def find_parameter(parameters: Iterable[ParameterSpec], word: str) -> ParameterSpec | None:
    """The parameter with this name or letter, if there is one."""
    return next((p for p in parameters if word in (p.name, p.letter)), None)


def parameter_of_word(parameters: Iterable[ParameterSpec], word: str) -> ParameterSpec | None:
    """The parameter of which a bare word is a flag or a shorthand, regardless of which names are defined."""
    found = SHORTHAND.match(word)
    letter = found[1] if found else None
    # Loops rather than `any`: this runs for each word of each statement.
    for p in parameters:
        if letter is not None and p.letter == letter:
            return p
        for flag, _ in p.words:
            if word == flag:
                return p
    return None


Tensor = Annotated[TensorRef, TensorName()]
PositiveInt = Annotated[int, Int(minimum=1)]
NaturalInt = Annotated[int, Int(minimum=0)]
AnyInt = Annotated[int, Int()]
PositiveFloat = Annotated[float, Float(minimum=0, open_below=True)]
NaturalFloat = Annotated[float, Float(minimum=0)]
AnyFloat = Annotated[float, Float()]
Probability = Annotated[float, Float(minimum=0, maximum=1)]
PositiveSpatialInt = Annotated[int | tuple[int, ...], SpatialInt(minimum=1)]
NaturalSpatialInt = Annotated[int | tuple[int, ...], SpatialInt(minimum=0)]
Sizes = Annotated[tuple[int, ...], Dims()]
ImageSize = Annotated[tuple[int, ...], Dims(example="14x14")]
Flag = Annotated[bool, Bool()]
