"""The origins of the weights of an imported network."""

from collections.abc import Mapping

import torch

from ..network import Network
from .building import Builder, elements
from .proof import imported_state


class Origins:
    """The origins of the weights of an imported network: the lifted node for each node of the graph."""

    def __init__(self, builder: Builder, network: Network, lifted: Mapping[int, int]) -> None:
        self._builder = builder
        self._network = network
        self._lifted = lifted

    def weights(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state dict of the imported network for these source weights."""
        return imported_state(self._builder, self._lifted, self._network.graph, given)

    def shared_in_part(self) -> str | None:
        """A parameter with elements that several layers have without sharing a module; None if there is none."""
        read: dict[str, list[torch.Tensor]] = {}
        for node in self._network.graph.layers:
            if node.shared is not None:
                continue
            for weight in self._builder.nodes[self._lifted[node.id]].weights.values():
                found = elements(weight)
                if found is None or len(found[0]) != 1:
                    continue
                numbers, before = found[1].flatten(), read.setdefault(found[0][0], [])
                if any(bool(torch.isin(numbers, each).any()) for each in before):
                    return found[0][0]
                before.append(numbers)
        return None
