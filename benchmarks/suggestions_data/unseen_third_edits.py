"""What the kinds of `unseen_third.py` share: places in a text, slips of the keyboard, and the choice of an edit."""

import re
from collections.abc import Iterable, Iterator
from random import Random

from archdsl.syntax import ast
from archdsl.text.source import Span

from .cases import errors
from .protocol import Valid

CHECKED = 12
"""How many edits of a kind are tried in one network until a text has an error."""
_NEIGHBORS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioiosdfghjkjkxcvbnmn", strict=True))
"""The key to the right of each key, or to its left at the end of a row."""


def wrong(random: Random, texts: Iterable[str]) -> str | None:
    """A random one of these texts that have an error; None if none has an error."""
    found = list(dict.fromkeys(texts))
    tried = random.sample(found, min(len(found), CHECKED))
    return next((text for text in tried if errors(text)), None)


def code(valid: Valid) -> str:
    """The text with spaces instead of comments, strings and the training recipe, so that all offsets are the same."""
    blank = re.sub(r"#[^\n]*|\"[^\"\n]*\"", lambda match: " " * len(match[0]), valid.text)
    return re.sub(r"^train\b.*\Z", lambda match: re.sub(r"[^\n]", " ", match[0]), blank, flags=re.DOTALL | re.MULTILINE)


def places(valid: Valid, pattern: str, group: int | str = 0) -> list[Span]:
    """Where the code matches a pattern, or a group of it."""
    found = (match.span(group) for match in re.finditer(pattern, code(valid), re.MULTILINE))
    return [Span(valid.source, *span) for span in found if span[0] >= 0]


def substituted(valid: Valid, pattern: str, *templates: str) -> Iterator[str]:
    r"""The texts with one match of a pattern replaced by each of the templates, which may refer to groups: `\1`."""
    for match in re.finditer(pattern, code(valid), re.MULTILINE):
        for template in templates:
            yield valid.text[: match.start()] + match.expand(template) + valid.text[match.end() :]


def several(valid: Valid, edits: Iterable[tuple[Span, str]]) -> str:
    """The text with several places replaced."""
    text = valid.text
    for span, new in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def swapped(valid: Valid, one: Span, other: Span) -> str:
    """The text with two places exchanged."""
    return several(valid, [(one, other.text), (other, one.text)])


def slips(random: Random, word: str) -> str:
    """The word with one slip of the keyboard; the first letter stays, as it does most often."""
    place = random.randrange(1, len(word))
    letter = word[place]
    match random.choice(("omitted", "doubled", "exchanged", "neighbor")):
        case "omitted" if len(word) > 3:
            return word[:place] + word[place + 1 :]
        case "exchanged" if place + 1 < len(word) and word[place + 1] != letter:
            return word[:place] + word[place + 1] + letter + word[place + 2 :]
        case "neighbor" if letter in _NEIGHBORS:
            return word[:place] + _NEIGHBORS[letter] + word[place + 1 :]
        case _:
            return word[: place + 1] + letter + word[place + 1 :]


def aliases(valid: Valid) -> list[ast.Word]:
    """The names that statements give with `as` to their tensors."""
    found = (getattr(each, "alias", None) for each in valid.statements)
    return [word for word in found if word is not None]


def references(valid: Valid) -> list[Span]:
    """Where a tensor is used by its name."""
    names = {word.text for word in aliases(valid)}
    names |= {each.name.text for each in valid.statements if isinstance(each, ast.Stage)}
    names |= {span.text for span in places(valid, r"^input +([a-z]\w*)", 1)}
    defined = {word.span.start for word in aliases(valid)}
    words = places(valid, r"(?<![@\w])(?<!stage )(?<!block )(?<!input )[A-Za-z_]\w*\b(?! *=)")
    return [span for span in words if span.text in names and span.start not in defined]


def parameters(valid: Valid) -> list[tuple[ast.Word, list[Span]]]:
    """The parameters of the network and of its blocks, each with the places that use it."""
    found = []
    for owner in valid.program.statements:
        if isinstance(owner, (ast.Net, ast.Block)):
            inside = owner.span if isinstance(owner, ast.Block) else Span(valid.source, 0, len(valid.text))
            for parameter in owner.parameters:
                word = parameter.name
                uses = places(valid, rf"(?<![@\w]){word.text}\b(?! *= *[^=])|(?<=\dx){word.text}\b")
                uses = [each for each in uses if inside.start <= each.start < inside.end and each != word.span]
                found.append((word, [each for each in uses if each.start != word.span.start]))
    return found


def branches(valid: Valid) -> list[tuple[ast.Statement, ast.Body]]:
    """The bodies of merges and residuals, each with its statement."""
    found: list[tuple[ast.Statement, ast.Body]] = []
    for each in valid.statements:
        if isinstance(each, ast.Residual):
            found += [(each, body) for body in (each.body, each.shortcut) if body is not None]
        elif isinstance(each, ast.Merge):
            found += [(each, body) for body in each.operands if isinstance(body, ast.Body)]
    return found


def weighted(body: ast.Body) -> list[ast.LayerStatement]:
    """The convolutions and linear layers that stand directly in a body."""
    found = (each for each in body.statements if isinstance(each, ast.LayerStatement))
    return [each for each in found if each.keyword.text in ("conv", "fc") and each.args]


def lines(valid: Valid) -> list[Span]:
    """The lines with code, each without its line break."""
    return [span for span in places(valid, r"^.*\S.*$") if span.text.strip()]
