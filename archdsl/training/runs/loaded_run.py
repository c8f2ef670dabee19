"""Loads a run from its folder: its network, with or without the trained weights."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path

import torch
from torch import Tensor, nn

from ...diagnostics import Sink
from ...elaborate import Override
from ...elaborate.given_values import parse_sizes
from ...network import Network, analyze, default_library
from ...shapes.shape import Layout
from ...text.counts import counted
from ...text.files import UnreadableFile, read_source
from ..data.dataset_spec import ImageShape, InputShape, TaskFacts
from ..data.tokenizer import TOKENIZER, Tokenizer
from ..errors.run_errors import CannotResume
from ..network_check import input_shape
from ..tasks.choice import task_of
from ..tasks.task import Task
from .run_folder import Run
from .run_network import verify_texts
from .run_settings import LARGEST_IMAGE, RunSettings
from .weights import load_weights


@dataclass(frozen=True)
class LoadedRun:
    """A run with its network as a module on a device, in evaluation mode, with the trained weights."""

    run: Run
    settings: RunSettings
    network: Network
    model: nn.Module
    device: torch.device

    @property
    def task(self) -> Task:
        """What the network has learned."""
        return task_of(self.settings.recipe.task, self.network.graph.packages)

    @property
    def shape(self) -> InputShape:
        """The network's input."""
        return input_shape(self.network.graph)

    @property
    def image(self) -> ImageShape:
        """The network's input, which is an image."""
        return ImageShape(*self.shape)

    @property
    def facts(self) -> TaskFacts:
        """What its task needs to know about the data and the network."""
        facts = self.settings.data.facts(self.network.graph)
        if self.tokenizer is not None:
            facts = replace(facts, token_bytes=tuple(self.tokenizer.lengths.tolist()))
        return facts

    @cached_property
    def tokenizer(self) -> Tokenizer | None:
        """The tokenizer of a language model; None if the model works on bytes. Raises CannotResume, BadText, or
        MissingExtra.
        """
        if TOKENIZER not in self.settings.network.texts:
            return None
        verify_texts(self.run.folder, {TOKENIZER: self.settings.network.texts[TOKENIZER]})
        return Tokenizer.read(self.run.folder / TOKENIZER)

    def give_weights(self, model: nn.Module) -> None:
        """Copy the weights into another module of the same network. Raises CannotResume."""
        load_weights(model, self.run.folder, self.run.weights, self.settings.verified)


def read_network(run: Run, settings: RunSettings, allow: Collection[str] = ()) -> Network:
    """The network of a run; `allow` names the packages that may run if its text names them.

    Raises CannotResume if its text was changed, and ArchError.
    """
    verify_texts(run.folder, settings.network.texts)
    try:
        source = read_source(run.network)
    except UnreadableFile as error:
        raise CannotResume(run.folder, f"{run.network.name} {error}") from error
    sizes: dict[str | None, tuple[int | str, ...]] = {}
    for given in settings.network.sizes:
        name, equals, value = given.rpartition("=")
        sizes[name if equals else None] = parse_sizes(value)
    return analyze(source, Sink(), settings.network.given, Override(sizes), default_library(source, allow)).checked()


def load_run(run: Run, device: torch.device, allow: Collection[str] = ()) -> LoadedRun:
    """The run with its weights: those of the best epoch, else of the last, else of the newest checkpoint.

    `allow` names the packages that may run if the network's text names them.

    Raises CannotResume, UnknownTask, PackageFailed, or ArchError.
    """
    settings = run.read_settings()
    network = read_network(run, settings, allow)
    refuse_misfit(run, settings, network)
    model = network.to_torch().to(device).eval()
    load_weights(model, run.folder, run.weights, settings.verified)
    return LoadedRun(run, settings, network, model, device)


def refuse_not_finite(outputs: Tensor, run: Run) -> None:
    """Raise CannotResume if a network's outputs are infinite or NaN."""
    refuse_outputs(bool(outputs.isfinite().all()), run)


def refuse_outputs(finite: bool, run: Run) -> None:
    """Raise CannotResume if a network's outputs are not all finite."""
    if not finite:
        raise CannotResume(run.folder, "the outputs of its network are not finite")


def refuse_misfit(run: Run, settings: RunSettings, network: Network) -> None:
    """Raise CannotResume if a network does not match its settings or weights.

    This is checked before the module is built: a text of one line can require more memory than is available.
    """
    graph, data = network.graph, settings.data
    task = task_of(settings.recipe.task, graph.packages)
    if len(graph.inputs) != 1 + task.reads_words:
        raise CannotResume(run.folder, f"{run.network.name}: the network of a run must have a single input")
    entry, shape = graph.nodes[graph.inputs[0]].shape, input_shape(graph)
    if data.inputs == "image" and len(shape) != 3:
        raise CannotResume(run.folder, f"{run.network.name}: the network of a run on images must have an image input")
    if data.sample_rate is not None and (data.inputs != "numbers" or len(shape) != 2):
        why = f"{run.network.name}: the network takes {entry}, but audio has channels and samples"
        raise CannotResume(run.folder, why)
    if (data.inputs == "ids") != (entry.layout is Layout.IDS):
        raise CannotResume(run.folder, f"{run.network.name}: the network takes {entry}, but the run has {data.inputs}")
    if data.inputs != "ids" and shape[0] != len(data.mean):
        why = f"{run.settings.name}: means for {counted(len(data.mean), 'channel')}, but the network takes {shape[0]}"
        raise CannotResume(run.folder, why)
    if prod(shape) > LARGEST_IMAGE:
        raise CannotResume(run.folder, f"{run.network.name}: inputs of {entry} have more than {LARGEST_IMAGE:,} values")
    if data.inputs == "ids" and entry.vocabulary != data.vocabulary:
        why = f"{run.settings.name}: IDs below {data.vocabulary}, but the network takes IDs below {entry.vocabulary}"
        raise CannotResume(run.folder, why)
    if task.reads_words and graph.nodes[graph.inputs[1]].shape.vocabulary != len(data.classes):
        raise CannotResume(
            run.folder, f"{run.settings.name}: the network does not take {counted(len(data.classes), 'word')}"
        )
    classes = len(data.classes) if data.classes else data.vocabulary or 0
    outputs = [graph.nodes[node].shape for _, node in graph.outputs] if task.joins_outputs else [graph.output.shape]
    if odd := next((each for each in outputs if not task.fits(tuple(each.dims), tuple(shape), classes)), None):
        why = (
            f"{run.settings.name}: {task.name} of {counted(len(data.classes), 'class')}, but the network outputs {odd}"
        )
        raise CannotResume(run.folder, why)
    needed = network.costs.total.parameters
    if run.weights is not None and needed > _bytes(run.weights):
        raise CannotResume(run.folder, f"{run.weights.name} has the weights of a network with fewer parameters")


def _bytes(weights: Path) -> int:
    """The size of a file, or of the files in the folder of a sharded checkpoint."""
    return sum(path.stat().st_size for path in (weights.iterdir() if weights.is_dir() else (weights,)))
