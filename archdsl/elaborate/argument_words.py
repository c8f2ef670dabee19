"""The words among arguments: flags, shorthands, the words of a kind, and what an unknown one may be meant as."""

from collections.abc import Sequence

from ..contract.arguments import ParameterSpec
from ..contract.axes import AxisName
from ..syntax.lower import SHORTHAND
from ..text.names import as_size

__all__ = ["SHORTHAND", "helps_for", "is_word", "lettered"]


def is_word(word: str, parameters: Sequence[ParameterSpec]) -> bool:
    """Whether a bare word is a flag or a shorthand, whatever names there are."""
    found = SHORTHAND.match(word)
    return any((found and p.letter == found[1]) or any(word == flag for flag, _ in p.words) for p in parameters)


def helps_for(word: str, parameters: Sequence[ParameterSpec]) -> tuple[str, ...]:
    """What may be written in place of a word that nothing is near to."""
    if lettered(word, parameters) is not None:
        return ("symbols in a size are capital letters",)
    if (
        axis := next((p.name for p in parameters if isinstance(p.kind, AxisName) and p.kind.takes_word(word)), None)
    ) is not None:
        return (f"write `{axis}={word}`",)
    flags = [f"`{flag}`" for p in parameters for flag, _ in p.words]
    letters = [f"`{p.letter}` ({p.name})" for p in parameters if p.letter]
    kinds = (("flags", flags), ("shorthands", letters))
    return tuple(f"its {kind} are {', '.join(words)}" for kind, words in kinds if words)


def lettered(word: str, parameters: Sequence[ParameterSpec]) -> str | None:
    """The size that a word with small letters is meant as, by the argument's name after a shorthand's letter."""
    p = next((p for p in parameters if p.letter and word.startswith(p.letter)), None)
    after = as_size(word[1:]) if p else None
    return f"{p.name}={after}" if p and after else as_size(word)
