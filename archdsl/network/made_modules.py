"""The networks of the modules that `Network.to_torch` made, as long as the modules exist."""

from typing import Any
from weakref import WeakKeyDictionary

_NETWORKS: "WeakKeyDictionary[Any, object]" = WeakKeyDictionary()


def remember(module: Any, network: object) -> None:
    """Note that a network made this module."""
    _NETWORKS[module] = network


def network_of_module(module: object) -> object:
    """The network that made a module; None for another module or a copy."""
    try:
        return _NETWORKS.get(module)
    except TypeError:  # it cannot be referenced weakly
        return None
