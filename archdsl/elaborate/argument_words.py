"""What can be written in place of an unknown word among arguments."""

from collections.abc import Sequence

from ..contract.arguments import ParameterSpec
from ..contract.axes import AxisName
from ..text.names import as_size


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
