"""The origins of the weights of an imported network."""

from collections.abc import Mapping

import torch

from ..network import Network
from .building import Builder
from .proof import carried


class Origins:
    """The origins of the weights of an imported network: the lifted node for each node of the graph."""

    def __init__(self, builder: Builder, network: Network, lifted: Mapping[int, int]) -> None:
        self._builder = builder
        self._network = network
        self._lifted = lifted

    def weights(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state dict of the imported network for these source weights."""
        return carried(self._builder, self._lifted, self._network.graph, given)
