"""Every layer by its keyword and synonyms. A new layer is a class in one of the modules of this folder."""

import importlib
import pkgutil
from functools import cache

from ..contract.layer import Layer


@cache
def registry() -> dict[str, type[Layer]]:
    """Keyword → layer, for all that this folder's modules define."""
    found: dict[str, type[Layer]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Layer) and value.keyword:
                found[value.keyword] = value
    return found


@cache
def synonyms() -> dict[str, str]:
    """Synonym → keyword."""
    return {word: layer.keyword for layer in registry().values() for word in layer.synonyms}


def find(word: str) -> type[Layer] | None:
    """The layer that a keyword or a synonym names."""
    return registry().get(synonyms().get(word, word))
