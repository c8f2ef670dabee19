"""Signature help: how the layer or block at a position is written, and which parameter is being given."""

import re
from collections.abc import Sequence

from ..contract.arguments import ParameterSpec
from ..graph.block_call import block_parameters
from .answers import Signature, SignatureParameter
from .completion import given_parameters
from .document import Version
from .layer_pages import block_documentation, headline, operation, parameter
from .syntax_at import prefix


def signature(version: Version, offset: int) -> Signature | None:
    """The signature of the layer or block whose arguments contain a position; None elsewhere."""
    before = prefix(version.text, offset)
    words = before.text.split()
    if before.is_quiet or not words or (len(words) == 1 and not before.text[-1:].isspace()):
        return None
    keyword = words[0]
    block, layer = version.blocks.get(keyword), operation(keyword, version.layers)
    if block is not None:
        specs: Sequence[ParameterSpec] = block_parameters(block)
        about = block_documentation(block)
    elif layer is not None:
        specs, about = layer.parameters, headline(layer)
    else:
        return None
    specs = sorted(specs, key=lambda p: not p.positional)
    shown = tuple(SignatureParameter(label=_label(p), documentation=parameter(p)) for p in specs)
    label = " ".join([keyword, *(each.label for each in shown)])
    return Signature(label=label, documentation=about, parameters=shown, active=_active(before.text, specs))


def _label(p: ParameterSpec) -> str:
    """`filters`, `[kernel=]`: in brackets if it is optional."""
    text = p.name if p.positional else f"{p.name}="
    return text if p.required else f"[{text}]"


def _active(text: str, specs: Sequence[ParameterSpec]) -> int | None:
    """The parameter that the word before the position sets, or the next positional one."""
    last = "" if text[-1:].isspace() else text.split()[-1]
    named, short = re.match(r"(\w+)=", last), re.match(r"([a-z])\d+", last)
    given = given_parameters(text, specs)
    for index, p in enumerate(specs):
        if named and named[1] in (p.name, p.letter):
            return index
        if short and p.letter == short[1]:
            return index
        if any(last == word for word, _ in p.words):
            return index
    if named:
        return None
    return next((i for i, p in enumerate(specs) if p.positional and (p.many or p.name not in given)), None)
