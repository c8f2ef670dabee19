"""Import an exported program from a `.pt2` archive."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import fx
from torch.export.graph_signature import InputKind

from ..text.counts import counted
from .exported_archive import read_archive
from .exporting import BATCH_SIZE
from .import_problem import ImportFailed, first_line
from .imported import Imported
from .lift import Lifter
from .proof import Comparison, difference, macs_of, module_with, randomized_state, tensors, values_of
from .writing import written


def import_archive(path: Path, name: str) -> Imported:
    """Import a `.pt2` file. Raises ImportFailed."""
    program = read_archive(path)
    inputs = _inputs(program)
    state = {**_plain(program.constants), **program.state_dict}
    learned = {name for name, _ in program.named_parameters()}
    given = randomized_state(state, learned)
    expected = _outputs(program, given, inputs)
    macs = macs_of(program, inputs, {})
    theirs = inputs[0].shape[0]
    batch = max(theirs, BATCH_SIZE)
    with_values(program, [x[:1].expand(batch, *x.shape[1:]) for x in inputs], theirs)
    lifter = Lifter(program, batch)
    lifter.run()
    imported = written(lifter.b, lifter.outputs, name, lifter.problems, lifter.notes)
    network, origins = imported.network, imported.origins
    if network is None or origins is None:
        return imported
    imported.weights = origins.weights(state)
    with torch.no_grad():
        found = module_with(network, origins.weights(given))(*inputs)
    used = _used(program)
    unused = sum(p.numel() for name, p in program.named_parameters() if name not in used)
    read = [p for name, p in program.named_parameters() if name in used]
    parameters = sum(p.numel() for p in read)
    trained = network.costs.total.trainable, sum(p.numel() for p in read if p.requires_grad)
    compared = difference(expected[: len(network.graph.outputs)], found)
    imported.proof = Comparison((network.parameters, parameters), (network.macs, macs), compared, unused, trained)
    return imported


def _plain(constants: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    return {name: each for name, each in constants.items() if isinstance(each, torch.Tensor)}


def _inputs(program: torch.export.ExportedProgram) -> list[torch.Tensor]:
    """Random inputs of the sizes that the program was exported for. Raises ImportFailed."""
    names = {spec.arg.name for spec in program.graph_signature.input_specs if spec.kind is InputKind.USER_INPUT}
    found = []
    for node in program.graph.nodes:
        if node.op != "placeholder" or node.name not in names:
            continue
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor) or not value.ndim:
            raise ImportFailed(f"the input `{node.name}` is not a tensor with a batch axis")
        sizes = [_size(node.name, axis, size) for axis, size in enumerate(value.shape)]
        random = torch.Generator().manual_seed(1)
        if value.dtype.is_floating_point:
            found.append(torch.randn(sizes, generator=random))
        else:
            found.append(torch.zeros(sizes, dtype=value.dtype))
    if not found:
        raise ImportFailed("the program has no input")
    return found


def _size(name: str, axis: int, size: Any) -> int:
    """A size; 2 for a batch axis of any length."""
    if isinstance(size, int):
        return size
    if axis == 0:
        return BATCH_SIZE
    raise ImportFailed(f"the input `{name}` has an axis of dynamic length: export the program with a fixed one")


def _outputs(
    program: torch.export.ExportedProgram, given: Mapping[str, Any], inputs: Sequence[Any]
) -> list[torch.Tensor]:
    module = program.module(check_guards=False)
    known = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    with torch.no_grad():
        return tensors(torch.func.functional_call(module, {n: given[n] for n in known if n in given}, tuple(inputs)))


def _used(program: torch.export.ExportedProgram) -> set[str]:
    read = {node.name for node in program.graph.nodes if node.op == "placeholder" and node.users}
    return {target for arg, target in program.graph_signature.inputs_to_parameters.items() if arg in read}


def with_values(program: torch.export.ExportedProgram, inputs: Sequence[torch.Tensor], theirs: int) -> None:
    """Record the sizes of all tensors for inputs other than those of the export.

    Shapes that were fixed for `theirs` samples are changed. Raises ImportFailed where that is not possible.
    """
    values = [each.to("meta") if isinstance(each, torch.Tensor) else each for each in values_of(program, inputs)]
    try:
        with torch.no_grad():
            _Values(program.graph_module, theirs, inputs[0].shape[0]).run(*values)
    except ImportFailed:
        raise
    except Exception as error:  # operations do not document their exceptions
        raise ImportFailed(
            f"the program was exported for {counted(theirs, 'sample')}: export it with a dynamic batch "
            f"({first_line(error)})"
        ) from None


class _Values(fx.Interpreter):
    """Runs a program on the meta device with another batch size, and records each result."""

    def __init__(self, module: fx.GraphModule, theirs: int, ours: int) -> None:
        super().__init__(module)
        self.theirs, self.ours = theirs, ours
        self.before: dict[fx.Node, Any] = {node: node.meta.get("val") for node in module.graph.nodes}

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "call_function" and self.theirs != self.ours:
            self._rebatch(n)
        result = super().run_node(n)
        n.meta["val"] = result
        return result

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if kwargs.get("device") is not None:
            kwargs = {**kwargs, "device": torch.device("meta")}
        return super().call_function(target, args, kwargs)

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        found = super().get_attr(target, args, kwargs)
        return found.to("meta") if isinstance(found, torch.Tensor) else found

    def _rebatch(self, n: fx.Node) -> None:
        """Change the size arguments of a reshaping or repeating operation."""
        from .onnx_node import axis_of_samples

        source = n.args[0] if n.args else None
        name = str(n.target).split(".")[1] if "." in str(n.target) else ""
        if name not in ("view", "reshape", "_unsafe_view", "expand") or not isinstance(source, fx.Node):
            return
        before, after = self.before[source], self.before[n]
        now = self.env[source]
        if name == "expand":
            sizes = list(n.args[1])  # type: ignore[arg-type]  # sizes
            if sizes and sizes[0] == self.theirs and now.shape[0] in (1, self.ours) and len(sizes) == len(now.shape):
                n.args = (source, [self.ours, *sizes[1:]])
            return
        changed = [axis for axis, (a, b) in enumerate(zip(before.shape, now.shape, strict=True)) if a != b]
        axis = axis_of_samples(list(before.shape), changed[0], list(after.shape)) if changed else None
        if axis is not None:
            sizes = list(after.shape)
            n.args = (source, [*sizes[:axis], sizes[axis] * self.ours // self.theirs, *sizes[axis + 1 :]])
