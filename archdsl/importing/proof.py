"""Verifies that an imported network is equivalent to the source: parameters, multiply-accumulates, outputs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch.export.graph_signature import ConstantArgument, InputKind
from torch.utils.flop_counter import FlopCounterMode

from ..graph import Graph
from ..network import Network
from .building import Builder
from .import_problem import ImportFailed

TOLERANCE = 1e-4
"""The largest allowed difference, as a fraction of the largest output: rounding errors of several hundred layers."""


class Comparison(NamedTuple):
    """The result of the comparison. `difference` is a fraction of the largest output; None without a comparison.

    Parameters that are frozen only in one of the networks do not prevent an import, but are reported.
    """

    parameters: tuple[int, int]
    macs: tuple[int, int]
    difference: float | None
    unused: int = 0
    trainable: tuple[int, int] | None = None

    @property
    def holds(self) -> bool:
        """Whether both networks are the same."""
        close = self.difference is None or self.difference <= TOLERANCE
        return self.parameters[0] == self.parameters[1] and self.macs[0] == self.macs[1] and close

    def with_difference(self, other: float | None) -> "Comparison":
        """The result with another comparison of outputs: the larger difference counts."""
        if other is None or self.difference is None:
            return self if other is None else self._replace(difference=other)
        return self._replace(difference=max(self.difference, other))

    def __str__(self) -> str:
        ours, theirs = self.parameters
        facts = [f"{ours:,} parameters" if ours == theirs else f"{ours:,} parameters instead of {theirs:,}"]
        our_macs, their_macs = self.macs
        facts.append(f"{our_macs:,} MACs" if our_macs == their_macs else f"{our_macs:,} MACs instead of {their_macs:,}")
        if self.difference is not None:
            word = "outputs equal to" if self.difference <= TOLERANCE else "outputs differ by"
            facts.append("bit-identical outputs" if self.difference == 0 else f"{word} {self.difference:.0e}")
        if self.trainable is not None and self.trainable[0] != self.trainable[1]:
            facts.append(f"{self.trainable[0]:,} of them trained instead of {self.trainable[1]:,}")
        if self.unused:
            facts.append(f"without {self.unused:,} parameters that its forward pass does not use")
        return ", ".join(facts)


def randomized_state(state: Mapping[str, torch.Tensor], learned: set[str]) -> dict[str, torch.Tensor]:
    """Weights for a comparison: constant tensors and running statistics become random, so that a wrong copy is
    detected.
    """
    random = torch.Generator().manual_seed(0)
    made: dict[int, torch.Tensor] = {}
    found = {}
    for name, tensor in state.items():
        key = id(tensor)
        if key not in made:
            made[key] = _randomized(name, tensor, name in learned, random)
        found[name] = made[key]
    return found


def _randomized(name: str, tensor: torch.Tensor, learned: bool, random: torch.Generator) -> torch.Tensor:
    statistic = name.rpartition(".")[2]
    if not tensor.is_floating_point() or not (learned or statistic in ("running_mean", "running_var")):
        return tensor
    flat = tensor.detach().flatten()
    if flat.numel() and flat[0] != flat[-1] and statistic not in ("running_mean", "running_var"):
        return tensor.detach()
    new = torch.empty_like(tensor, requires_grad=False)
    if statistic == "running_var" or (tensor.ndim <= 1 and "bias" not in name and statistic != "running_mean"):
        return new.uniform_(0.5, 1.5, generator=random)
    if tensor.ndim <= 1 or statistic == "running_mean":
        return new.normal_(0, 0.1, generator=random)
    return new.normal_(0, 0.05 if tensor.ndim < 4 else 0.1, generator=random)


def imported_state(
    builder: Builder, old: Mapping[int, int], graph: Graph, given: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The imported state dict for these source weights; `old` has the id of the lifted node of each graph node."""
    found: dict[str, torch.Tensor] = {}
    for node in graph.layers:
        lifted = builder.nodes[old[node.id]]
        if node.shared is not None:
            continue
        for name, weight in lifted.weights.items():
            found[f"{node.name}.{name}"] = weight.value(given).detach().contiguous()
    return found


def module_with(network: Network, weights: Mapping[str, torch.Tensor]) -> nn.Module:
    """The imported module with these weights. Raises RuntimeError if one is missing or has another shape."""
    module = network.to_torch().eval()
    missing, unexpected = module.load_state_dict(dict(weights), strict=False, assign=True)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise RuntimeError(f"weights without a source: {missing}; without a counterpart: {unexpected}")
    return module


@torch.no_grad()
def difference(expected: Any, found: Any) -> float:
    """The largest difference of outputs, as a fraction of the largest output.

    Infinity if those that are not finite differ. Raises ImportFailed if an output has no finite number other than zero.
    """
    pairs = list(zip(tensors(expected), tensors(found), strict=True))
    worst = 0.0
    for theirs, ours in pairs:
        if theirs.numel() != ours.numel():
            return float("inf")
        ours = ours.reshape(theirs.shape)
        finite = torch.isfinite(theirs)
        if not bool(theirs[finite].any()):
            raise ImportFailed("the outputs for a random input are zero or not finite, so they cannot be compared")
        if not torch.equal(finite, torch.isfinite(ours)):
            return float("inf")
        # Infinity of the opposite sign, or NaN in its place, is a different result.
        if not torch.allclose(theirs[~finite].double(), ours[~finite].double(), equal_nan=True):
            return float("inf")
        theirs, ours = theirs[finite], ours[finite]
        worst = max(worst, float((theirs - ours).abs().max()) / float(theirs.abs().max()))
    return worst


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors among nested outputs, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [each for item in value for each in tensors(item)]
    return []


class _OnMeta(fx.Interpreter):
    """Counts the multiply-accumulates of a program on the meta device, regardless of the device of its tensors.

    `of_samples` are those of operations that depend on the input, for the whole batch; `others` are computed once.
    """

    def __init__(self, module: fx.GraphModule, inputs: Collection[str]) -> None:
        super().__init__(module)
        self.inputs = inputs
        self.of_samples = self.others = 0
        self._depends: set[fx.Node] = set()

    def run_node(self, n: fx.Node) -> Any:
        with FlopCounterMode(display=False) as counter:
            result = super().run_node(n)
        if n.name in self.inputs or any(each in self._depends for each in n.all_input_nodes):
            self._depends.add(n)
            self.of_samples += int(counter.get_total_flops()) // 2
        else:
            self.others += int(counter.get_total_flops()) // 2
        return result

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        found = super().get_attr(target, args, kwargs)
        return found.to("meta") if isinstance(found, torch.Tensor) else found

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if kwargs.get("device") is not None:
            kwargs = {**kwargs, "device": torch.device("meta")}
        args = tuple(torch.device("meta") if isinstance(each, torch.device) else each for each in args)
        return super().call_function(target, args, kwargs)


def macs_of(
    program: torch.export.ExportedProgram, args: Sequence[torch.Tensor], kwargs: Mapping[str, torch.Tensor]
) -> int:
    """The multiply-accumulates of one sample, as torch counts them on the meta device."""
    inputs = [*args, *kwargs.values()]
    count = _OnMeta(program.graph_module, program.graph_signature.user_inputs)
    with torch.no_grad():
        count.run(*(each.to("meta") if isinstance(each, torch.Tensor) else each for each in values_of(program, inputs)))
    return count.of_samples // inputs[0].shape[0] + count.others


def values_of(program: torch.export.ExportedProgram, inputs: Sequence[torch.Tensor]) -> list[Any]:
    """The arguments of a program's graph: its parameters, buffers and constants, and these inputs."""
    state: dict[str, Any] = {**program.constants, **program.state_dict}
    given = iter(inputs)
    found: list[Any] = []
    for spec in program.graph_signature.input_specs:
        if isinstance(spec.arg, ConstantArgument):
            found.append(spec.arg.value)
        else:
            found.append(next(given) if spec.kind is InputKind.USER_INPUT else state[str(spec.target)])
    return found
