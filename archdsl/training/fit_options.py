"""The arguments of `archdsl.fit` as the recipe of a training run and the user's code."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import Sink
from ..elaborate.attempts import ElaborationInputs
from ..network import ArchError, Network, load, loads
from ..network.data_suggestions import with_suggestions
from ..text.given_path import is_source_text, recorded_path
from ..text.names import nearest
from ..text.other_names import named_elsewhere
from .data.registry import find_source
from .network_check import check, check_names
from .recipe.class_weights import class_weights_text
from .recipe.composition import BadOption, compose
from .recipe.fields import recipe_fields
from .recipe.part_names import FREE
from .recipe.refused_option import refused_option
from .tasks.choice import choose

if TYPE_CHECKING:
    from torch import nn

    from ..graph import Graph, Setting
    from .data.images import DataSource
    from .recipe.recipe import Recipe

Path_ = tuple[str, ...]
_NAME, _SUM, _OTHERS, _WEIGHTS = ("loss", "name"), ("loss", "sum"), ("loss", "output_losses"), ("loss", "class_weights")
_AT, _FREEZE = ("schedule", "at"), ("freeze", "name")


@dataclass
class Losses:
    """The losses of `fit`: the settings of the recipe, and functions by the name of their output."""

    settings: dict[Path_, Any] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)


def network_of(given: object, allow: Collection[str]) -> Network:
    """The network given as a `Network`, a text, a path or a module made by `to_torch`. Raises TypeError, ArchError, or
    OSError.

    A text without white space is a path, as is one that ends in .arch.
    """
    if isinstance(given, Network):
        return given
    if isinstance(given, Path) or (isinstance(given, str) and not is_source_text(given)):
        return load(given, allow=allow)
    if isinstance(given, str):
        return loads(given, allow=allow)
    from ..network.made_modules import network_of_module

    found = network_of_module(given)
    if not isinstance(found, Network):
        name = type(given).__name__
        if not hasattr(given, "forward"):
            raise TypeError(f"fit cannot train {name}; give a network, source text or a path")
        suggestion = "convert it: `archdsl.from_torch(module, shape)`"
        raise TypeError(f"fit cannot train a module of `{name}`, which `to_torch` did not make; {suggestion}")
    return found


def given_items(argument: str, value: object, what: str) -> tuple[Any, ...]:
    """The items of an argument that is a list. Raises TypeError."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise TypeError(f"{argument}: a list of {what} is expected, not {value!r}")
    return tuple(value)


def given_weights(value: object) -> "Path | nn.Module | None":
    """The weights of the argument `initial`: those of a file or a run, or a module. Raises TypeError or ValueError."""
    if value is None or hasattr(value, "state_dict"):
        return value  # type: ignore[return-value]  # a module
    return recorded_path("initial", value)


def option_paths() -> dict[str, Path_]:
    """The fields of the recipe by keyword, which is the name of the option with underscores."""
    return {entry.option.removeprefix("--").replace("-", "_"): entry.path for entry in recipe_fields()}


def given_settings(options: Mapping[str, Any]) -> dict[Path_, Any]:
    """The settings of keywords. Raises TypeError for an unknown keyword."""
    fields = option_paths()
    for name in options:
        if name not in fields or name in ("data", "loss"):
            near = named_elsewhere(name, [*fields, "device", "out"])
            raise TypeError(f"fit has no option `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    found = {fields[name]: value for name, value in options.items()}
    if hasattr(found.get(_WEIGHTS), "tolist"):  # a NumPy array, a tensor
        found[_WEIGHTS] = found[_WEIGHTS].tolist()
    if isinstance(found.get(_WEIGHTS), Mapping | Sequence) and not isinstance(found[_WEIGHTS], str):
        found[_WEIGHTS] = class_weights_text(found[_WEIGHTS])
    for path in (_AT, _FREEZE):
        if isinstance(found.get(path), Sequence) and not isinstance(found[path], str):
            found[path] = ", ".join(map(str, found[path]))
    if isinstance(found.get(_OTHERS), Mapping):
        found[_OTHERS] = _written(found[_OTHERS])
    return found


def losses_of(given: object, network: Network, options: Mapping[Path_, Any]) -> Losses:
    """The losses of the argument `loss`: a name, a function, or these by output. Raises TypeError or ValueError."""
    if given is None:
        return Losses()
    outputs = tuple(name for name, _ in network.graph.outputs)
    losses = Losses()
    if isinstance(given, str):
        losses.settings[_NAME] = given
    elif isinstance(given, Mapping):
        if _OTHERS in options:
            raise ValueError("output_losses: `loss` already gives the losses of outputs: use only one of the two")
        _by_output(given, outputs, losses)
    else:
        losses.functions[outputs[0]] = given  # type: ignore[assignment]  # CustomLoss refuses what cannot be called
    if outputs[0] in losses.functions:
        unused = [path for path in options if path[0] == "loss" and path not in (_SUM, _OTHERS)]
        if unused:
            raise ValueError(f"{unused[0][1]}: a setting of archdsl's losses, which a function replaces; leave it out")
    return losses


def _by_output(given: Mapping[Any, Any], outputs: Sequence[str], losses: Losses) -> None:
    others: dict[str, object] = {}
    for name, value in given.items():
        if name not in outputs:
            near = nearest(str(name), outputs)
            words = f"did you mean `{near}`?" if near else f"its outputs: {', '.join(outputs)}"
            raise ValueError(f"loss: the network has no output `{name}`; {words}")
        if callable(value):
            losses.functions[name] = value
            others |= {name: 1} if name != outputs[0] else {}
        elif name == outputs[0] and isinstance(value, str) and value != FREE:
            losses.settings[_NAME] = value
        else:
            others[name] = value
    if others:
        losses.settings[_OTHERS] = _written(others)


def _written(losses: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in losses.items())


def recipe_of(network: Network, options: Mapping[Path_, Any], lines: Sequence["Setting"] | None = None) -> "Recipe":
    """The recipe of a text with options, which take precedence. Raises ArchError or ValueError.

    `lines` are those of the text's block that apply; all by default.
    """
    sink = Sink()
    try:
        composed = compose(network.settings if lines is None else lines, options, sink)
    except BadOption as error:
        raise ValueError(f"{_keyword(error.option)}: {error.why}") from None
    why = None if composed is None else check_names(network.graph, composed, sink)
    if why:
        option, _, rest = why.partition(": ")
        raise ValueError(f"{_keyword(option)}: {rest}")
    if composed is None or sink.errors:
        raise ArchError(tuple(sink), network.program.source)
    return composed


def _keyword(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def recipe_with_losses(
    network: Network, options: Mapping[Path_, Any], losses: Losses, source: "DataSource"
) -> "Recipe":
    """The recipe, in which a function as the main loss replaces the text's line `loss`.

    The recipe then has the task's own loss, which is not used. Raises ArchError or ValueError.
    """
    if network.graph.outputs[0][0] not in losses.functions:
        return recipe_of(network, {**options, **losses.settings})
    lines = [line for line in network.settings if line.name != "loss"]
    plain = recipe_of(network, {path: value for path, value in options.items() if path[0] != "loss"}, lines)
    task = choose(source.spec, plain, network.graph)
    given: dict[Path_, Any] = {p: value for p, value in {**options, **losses.settings}.items() if p in (_SUM, _OTHERS)}
    if not given:
        return plain
    rest: dict[Path_, Any] = {path: value for path, value in options.items() if path[0] != "loss"}
    rest[_NAME] = task.losses[0]
    rest |= given
    return recipe_of(network, rest, lines)


def named_source(network: Network, name: str, in_text: bool) -> "DataSource":
    """The data set with this name; a path in the text is relative to its file. Raises Problem."""
    path = network.program.source.path
    return find_source(name, path.parent if path is not None and in_text else None, network.graph.packages)


def refuse_misfit(network: Network, source: "DataSource", recipe: "Recipe", options: Mapping[Path_, Any]) -> None:
    """Raise ArchError if the network does not fit the data and the recipe, or ValueError if an option is the cause."""

    def check_data(graph: "Graph", sink: Sink) -> None:
        check(graph, source.spec, recipe, sink)

    sink = Sink()
    check_data(network.graph, sink)
    if refused := refused_option(sink, options, network.graph):
        raise ValueError(f"{_keyword(refused.option)}: {refused.why}")
    if sink.errors:
        given = ElaborationInputs(settings=network.given, library=network.library)
        raise ArchError(with_suggestions(network, sink, check_data, given), network.program.source)
