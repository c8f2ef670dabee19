"""Finds what repeats in a network, and what differs only in numbers: graphs as programs with blocks."""

from .chain_groups import scopes_of_text
from .compare import correspondence
from .flat import flat
from .fold import fold
from .items import ModuleScope as Scope
from .layer_words import Unwritable
from .repetitions import Repetitions, StatementNodes

__all__ = ["Repetitions", "Scope", "StatementNodes", "Unwritable", "correspondence", "flat", "fold", "scopes_of_text"]
