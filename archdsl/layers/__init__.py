"""All layers by keyword and synonym. A new layer is a class in one of the modules of this folder."""

import importlib
import pkgutil
from functools import cache

from ..contract.layer import LayerOp, Op
from .merge import MergeOp


@cache
def registry() -> dict[str, type[LayerOp]]:
    """Keyword → layer, for all layers defined in this folder."""
    return {each.keyword: each for each in _classes() if issubclass(each, LayerOp)}


@cache
def merges() -> dict[str, type[MergeOp]]:
    """Keyword → merge, for all merges defined in this folder."""
    return {each.keyword: each for each in _classes() if issubclass(each, MergeOp)}


@cache
def _classes() -> tuple[type[Op], ...]:
    """The classes with a keyword that are defined in this folder."""
    modules = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    values = (value for name in modules for value in vars(importlib.import_module(f"{__name__}.{name}")).values())
    return tuple(each for each in values if isinstance(each, type) and issubclass(each, Op) and each.keyword)


@cache
def synonyms() -> dict[str, str]:
    """Synonym → keyword."""
    return {word: layer.keyword for layer in registry().values() for word in layer.synonyms}


def find(word: str) -> type[LayerOp] | None:
    """The layer with this keyword or synonym."""
    return registry().get(synonyms().get(word, word))
