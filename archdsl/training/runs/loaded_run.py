"""A run read back from its folder: its network, with or without the weights that it learnt."""

from dataclasses import dataclass

import torch
from torch import nn

from ...diagnostics import Sink
from ...elaborate import Override
from ...network import Network, analyse, parse_sizes
from ...text.files import Unreadable, read_source
from ..check import image_shape
from ..data.dataset_spec import ImageShape
from ..errors import CannotResume
from .run_folder import Run
from .run_settings import RunSettings


@dataclass(frozen=True)
class Opened:
    """A run with its network as a module on a device, in evaluation mode, with the weights to use."""

    run: Run
    settings: RunSettings
    network: Network
    model: nn.Module
    device: torch.device

    @property
    def shape(self) -> ImageShape:
        """The network's input."""
        return image_shape(self.network.graph)


def read_network(run: Run, settings: RunSettings) -> Network:
    """The network of a run. Raises ArchError where its text is wrong, CannotResume where it cannot be read."""
    try:
        source = read_source(run.network)
    except Unreadable as error:
        raise CannotResume(run.folder, f"{run.network.name} {error}") from error
    sizes: dict[str | None, tuple[int | str, ...]] = {}
    for given in settings.network.sizes:
        name, equals, value = given.rpartition("=")
        sizes[name if equals else None] = parse_sizes(value)
    return analyse(source, Sink(), settings.network.given, Override(sizes)).checked()


def open_run(run: Run, device: torch.device) -> Opened:
    """The run with its weights: of the best epoch, else of the last, else of the newest checkpoint.

    Raises CannotResume, ArchError.
    """
    from ..inference.prediction import load_weights

    settings = run.read_settings()
    network = read_network(run, settings)
    model = network.to_torch().to(device).eval()
    load_weights(model, run)
    return Opened(run, settings, network, model, device)
