"""The bare words among arguments: flags, shorthands, words of a kind, and suggestions for unknown words."""

from collections.abc import Sequence

from ..contract.arguments import ParameterSpec
from ..contract.axes import AxisName
from ..syntax.lower import SHORTHAND
from ..text.names import as_size

__all__ = ["SHORTHAND", "help_for_word", "is_word", "lettered"]


def is_word(word: str, parameters: Sequence[ParameterSpec]) -> bool:
    """Whether a bare word is a flag or a shorthand, regardless of which names are defined."""
    found = SHORTHAND.match(word)
    letter = found[1] if found else None
    # Loops rather than `any`: this runs for each word of each statement.
    for p in parameters:
        if letter is not None and p.letter == letter:
            return True
        for flag, _ in p.words:
            if word == flag:
                return True
    return False


def help_for_word(word: str, parameters: Sequence[ParameterSpec]) -> tuple[str, ...]:
    """What can be written in place of a word that resembles no known word."""
    if lettered(word, parameters) is not None:
        return ("symbolic dimensions are capital letters",)
    if (
        axis := next((p.name for p in parameters if isinstance(p.kind, AxisName) and p.kind.takes_word(word)), None)
    ) is not None:
        return (f"write `{axis}={word}`",)
    flags = [f"`{flag}`" for p in parameters for flag, _ in p.words]
    letters = [f"`{p.letter}` ({p.name})" for p in parameters if p.letter]
    kinds = (("flags", flags), ("shorthands", letters))
    return tuple(f"its {kind} are {', '.join(words)}" for kind, words in kinds if words)


def lettered(word: str, parameters: Sequence[ParameterSpec]) -> str | None:
    """The likely meaning of a size in the wrong case; `NAME=SIZE` if it follows a shorthand's letter."""
    p = next((p for p in parameters if p.letter and word.startswith(p.letter)), None)
    after = as_size(word[1:]) if p else None
    return f"{p.name}={after}" if p and after else as_size(word)
