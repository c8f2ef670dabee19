"""ONNX files: read without running anything, and converted to a torch module that is imported like any other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..text.counts import counted
from .exporting import BATCH_SIZE
from .import_problem import ImportFailed, ImportProblem
from .imported import Imported
from .onnx_gelu import join_gelu
from .onnx_node import KnownTensors, OnnxNode
from .onnx_ops import operators
from .onnx_tensors import read_onnx, to_tensor
from .torch_module import import_module

MOST_NODES = 100_000
_STANDARD = ("", "ai.onnx")


def import_onnx(path: Path, name: str, example: Mapping[str, torch.Tensor] | Sequence[torch.Tensor] | None) -> Imported:
    """Import an ONNX file. Raises ImportFailed."""
    model = read_onnx(path)
    module = OnnxModule(model)
    inputs = module.example(example)
    module.find_constants(inputs)
    imported = import_module(module.eval(), inputs, name)
    if imported.network is not None and imported.proof is not None:
        imported.proof = imported.proof.with_difference(_against_runtime(model, imported, inputs))
    return imported


class OnnxModule(nn.Module):
    """The graph of an ONNX model as a module: initializers with weights are its parameters."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        graph = model.graph
        self.opset = max((each.version for each in model.opset_import if each.domain in _STANDARD), default=1)
        join_gelu(graph)
        self._check(graph)
        given = {each.name for each in graph.initializer}
        self.input_infos = [each for each in graph.input if each.name not in given]
        self.output_names = [each.name for each in graph.output]
        self.known: dict[str, torch.Tensor] = {}
        self.weights = nn.ParameterList()
        self.places: dict[str, int] = {}
        self.facts = KnownTensors()
        self._statistics: list[str] = []
        self._own: dict[tuple[str, str], int] = {}
        self._add_initializers(graph)
        self.nodes = [OnnxNode(node, self.opset, self.facts) for node in graph.node]

    def _check(self, graph: Any) -> None:
        if len(graph.node) > MOST_NODES:
            raise ImportFailed(f"the model has {len(graph.node):,} operations: too many")
        problems = []
        for node in graph.node:
            known = node.domain in _STANDARD and node.op_type in operators()
            if not known or any(each.HasField("g") for each in node.attribute):
                word = f"{node.domain}.{node.op_type}" if node.domain not in _STANDARD else node.op_type
                problems.append(ImportProblem(node.name, f"the operator `{word}`"))
        if problems:
            count = len(problems)
            raise ImportFailed(f"{counted(count, 'operation')} cannot be imported:", problems)

    def _add_initializers(self, graph: Any) -> None:
        statistics = {i for node in graph.node if node.op_type == "BatchNormalization" for i in node.input[3:5]}
        users: dict[str, list[str]] = {}
        for node in graph.node:
            for name in node.input:
                users.setdefault(name, []).append(node.output[0])
        for proto in graph.initializer:
            tensor = to_tensor(proto)
            # Minus infinity masks positions; a single number is an argument.
            hides = tensor.is_floating_point() and bool((tensor < -1e4).any())
            self.facts.add(proto.name, tensor)
            if not tensor.is_floating_point() or tensor.numel() < 2 or hides:
                self.known[proto.name] = tensor
                self.facts.known.add(proto.name)
            elif proto.name in statistics:
                self._statistics.append(proto.name)
                self.register_buffer(f"statistic{len(self._statistics) - 1}", tensor)
            else:
                self._add_weight(proto.name, tensor, users.get(proto.name, []))

    def _add_weight(self, name: str, tensor: torch.Tensor, users: Sequence[str]) -> None:
        """Add a parameter. Exporters store equal tensors once, so a tensor of equal numbers may belong to several
        layers.
        """
        self.facts.learned.add(name)
        self.places[name] = len(self.weights)
        self.weights.append(nn.Parameter(tensor))
        if len(users) > 1 and bool((tensor == tensor.flatten()[0]).all()):
            for user in users[1:]:
                self._own[name, user] = len(self.weights)
                self.weights.append(nn.Parameter(tensor.clone()))

    def example(self, given: Mapping[str, torch.Tensor] | Sequence[torch.Tensor] | None) -> tuple[torch.Tensor, ...]:
        """The given inputs, else inputs of the sizes in the file. Raises ImportFailed if it has symbolic sizes."""
        if isinstance(given, Mapping):
            names = [info.name for info in self.input_infos]
            if set(names) != set(given):
                raise ImportFailed(f"the inputs are {', '.join(names)}")
            return tuple(given[name] for name in names)
        if given:
            if len(given) != len(self.input_infos):
                raise ImportFailed(f"the model has {counted(len(self.input_infos), 'input')}, not {len(given)}")
            return tuple(given)
        return tuple(map(_example, self.input_infos))

    def find_constants(self, inputs: Sequence[torch.Tensor]) -> None:
        """Compute the tensors that do not depend on the input, for `BATCH_SIZE` samples."""
        stated = [_sizes(info)[:1] for info in self.input_infos]
        theirs = next((dims[0] for dims in stated if dims and dims[0]), BATCH_SIZE)
        initial = dict(self.known)
        for count in dict.fromkeys((theirs, BATCH_SIZE)):
            self.known = dict(initial)
            self.facts.theirs, self.facts.ours = theirs, count
            with torch.no_grad():
                values = self._run([x[:1].expand(count, *x.shape[1:]) for x in inputs], constants=True)
            if count == theirs:
                self.facts.shapes = {name: tuple(x.shape) for name, x in values.items()}

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        values = self._run(inputs, constants=False)
        return tuple(values[name] for name in self.output_names)

    def _run(self, inputs: Sequence[torch.Tensor], *, constants: bool) -> dict[str, Any]:
        values: dict[str, Any] = {info.name: x for info, x in zip(self.input_infos, inputs, strict=True)}
        values |= {name: self.weights[i] for name, i in self.places.items()}
        values |= {name: getattr(self, f"statistic{i}") for i, name in enumerate(self._statistics)}
        for node in self.nodes:
            if node.outputs[0] in self.known and not constants:
                continue
            given = [self._value(values, name, node.outputs[0]) for name in node.inputs]
            try:
                made = operators()[node.kind](node, *given)
            except (RuntimeError, IndexError, TypeError, ValueError, KeyError) as error:
                if isinstance(error, ImportFailed):
                    raise
                raise ImportFailed(f"`{node.kind}` {node.name} does not fit its inputs: {error}") from None
            results = made if isinstance(made, tuple | list) else (made,)
            is_known = node.kind == "Shape" or all(name in self.known for name in node.inputs if name)
            for name, result in zip(node.outputs, results, strict=False):
                values[name] = result
                if constants and is_known:
                    self.known[name] = result
                    self.facts.known.add(name)
                    self.facts.add(name, result)
        return values

    def _value(self, values: Mapping[str, Any], name: str, user: str) -> Any:
        if not name:
            return None
        if (name, user) in self._own:
            return self.weights[self._own[name, user]]
        found = values.get(name, self.known.get(name))
        if found is None:
            raise ImportFailed(f"no operation returns the tensor `{name}`")
        return found


def _sizes(info: Any) -> list[int | None]:
    return [dim.dim_value if dim.HasField("dim_value") else None for dim in info.type.tensor_type.shape.dim]


def _example(info: Any) -> torch.Tensor:
    _, *sizes = _sizes(info) or [None]
    if any(size is None or size < 1 for size in sizes):
        raise ImportFailed(f"the file does not state the sizes of the input `{info.name}`: give them with --input")
    dims = [size for size in sizes if size is not None]
    if info.type.tensor_type.elem_type in (6, 7):
        return torch.zeros(1, *dims, dtype=torch.int64)
    return torch.randn(1, *dims, generator=torch.Generator().manual_seed(0))


def _against_runtime(model: Any, imported: Imported, inputs: Sequence[torch.Tensor]) -> float | None:
    """The largest difference from the outputs of ONNX Runtime for the file's weights; None if it cannot run."""
    from importlib.util import find_spec

    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types

    from .proof import difference

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        kinds = {"tensor(int32)": torch.int32, "tensor(int64)": torch.int64, "tensor(float16)": torch.float16}
        given = {
            info.name: x.to(kinds.get(info.type, x.dtype)).numpy()
            for info, x in zip(session.get_inputs(), inputs, strict=True)
        }
        expected = [torch.tensor(each).float() for each in session.run(None, given)]
    except Exception:  # the runtime documents no exceptions; what it cannot run is compared with torch alone
        return None
    with torch.no_grad():
        return difference(expected, imported.to_torch()(*inputs))
