"""Export a module: ONNX, torch's exported program, TorchScript, weights only.

Every file is read back, and its outputs are compared with those of the original module.
"""

import errno
import importlib
import json
import math
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..text.atomic import linked_file

Form = Literal["onnx", "torch", "torchscript", "safetensors"]
ENDINGS: dict[Form, str] = {
    "onnx": ".onnx", "torch": ".pt2", "torchscript": ".pt", "safetensors": ".safetensors"
}  # fmt: skip
KEY = "archdsl"
"""The key of the facts in a file: metadata in ONNX and safetensors, an extra file in torch's formats."""
TOLERANCE = 1e-3
"""The tolerance of an output, as a fraction of the largest one: the result of a float32 sum depends on its order."""
_NOISE = 1e-6
"""The absolute tolerance of float32 sums, for outputs that cancel to small values."""
_FIXED_BATCH = "try a fixed batch size: `--batch 1`"
_TRIED = (1, 3)
_MOST_BYTES = 1_900_000_000  # a protobuf is limited to 2 GiB

Run = Callable[[Sequence[Tensor]], list[Tensor]]


@dataclass(frozen=True)
class ExportInput:
    """An input of a module: its name, its sizes without the batch, its dtype, and the vocabulary size of IDs."""

    name: str
    sizes: tuple[int, ...]
    dtype: torch.dtype = torch.float32
    below: int | None = None

    def example(self, batch: int, seed: int = 0) -> Tensor:
        """A random batch."""
        random = torch.Generator().manual_seed(seed)
        if self.dtype.is_floating_point:
            return torch.randn((batch, *self.sizes), generator=random)
        high = self.below if self.below is not None else 256
        return torch.randint(high, (batch, *self.sizes), generator=random, dtype=self.dtype)


@dataclass(frozen=True)
class Exportable:
    """A module in eval mode on the CPU, its inputs and outputs, and facts to write to the file.

    `batch` is the only batch size that the file accepts; None means any. `suspects` are parts that torch may not
    support, by name: they are exported alone to find the cause of an error.
    """

    module: nn.Module
    inputs: tuple[ExportInput, ...]
    outputs: tuple[str, ...]
    facts: Mapping[str, Any]
    batch: int | None = None
    what: str = "this network"
    suspects: "Callable[[], Iterable[tuple[str, Exportable]]]" = tuple

    def example(self, batch: int) -> tuple[Tensor, ...]:
        return tuple(each.example(batch, seed) for seed, each in enumerate(self.inputs))

    @property
    def text(self) -> str:
        """The facts as JSON."""
        return json.dumps(self.facts, ensure_ascii=False)


@dataclass(frozen=True)
class Agreement:
    """How well a file agrees with its module: the largest difference and output, the runtime, the batch sizes."""

    difference: float
    largest: float
    runtime: str
    batches: tuple[int, ...]

    @property
    def is_close(self) -> bool:
        return self.difference <= max(TOLERANCE * self.largest, _NOISE)


class CannotExport(Exception):
    """The reason why a network cannot be exported, in one line, with a suggestion or None."""

    def __init__(self, why: str, suggestion: str | None = None) -> None:
        super().__init__(why)
        self.why, self.suggestion = why, suggestion


def own_tensors(module: nn.Module) -> dict[str, Tensor]:
    """The state dict of a module, which has a tensor with several names only under the first of them."""
    unique: dict[int, tuple[str, Tensor]] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        unique.setdefault(id(tensor), (name, tensor))
    return {name: tensor.detach() for name, tensor in unique.values()}


def export(exportable: Exportable, form: Form, path: Path, opset: int | None = None) -> Agreement:
    """Write a file, read it back and compare. `path` exists only if the file could be written and run.

    `opset` is the version of ONNX's operators; None means torch's default. Raises CannotExport, OSError.
    """
    path = linked_file(path)
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is a folder" if path.is_dir() else "it is not a regular file")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder, torch.no_grad(), _quiet():
        temporary = Path(folder) / path.name
        try:
            agreement = _write_and_compare(exportable, form, temporary, opset)
        except CannotExport as error:
            part = Path(folder) / f"part{path.suffix}"
            found = _located(exportable, form, part, opset) or _tried(error, exportable, form, part, opset)
            raise found from error.__cause__
        for made in sorted(Path(folder).iterdir(), key=lambda made: made == temporary):  # large ONNX weights first
            made.replace(path.parent / made.name)
    return agreement


def _write_and_compare(exportable: Exportable, form: Form, path: Path, opset: int | None) -> Agreement:
    """How well the written file agrees with the module. Raises CannotExport, OSError."""
    try:
        _write(exportable, form, path, opset)
    except CannotExport:
        raise
    except Exception as error:  # torch raises its own exceptions, those of libraries, and built-in ones
        raise _explained(exportable, form, error) from error
    try:
        return _compare(exportable, form, path)
    except CannotExport:
        raise
    except Exception as error:  # exceptions of the runtime
        raise CannotExport(f"the exported file cannot be run: {_line(error)}") from error


def _located(exportable: Exportable, form: Form, path: Path, opset: int | None) -> CannotExport | None:
    """The error with the name of the first part that cannot be exported alone; None if every part can."""
    for name, part in exportable.suspects():
        try:
            _write_and_compare(part, form, path, opset)
        except CannotExport as error:
            tried = _tried(error, part, form, path, opset)
            return CannotExport(f"{name}: {tried.why}", tried.suggestion)
    return None


def _tried(error: CannotExport, exportable: Exportable, form: Form, path: Path, opset: int | None) -> CannotExport:
    """The error, with the suggestion of a fixed batch size only if that works."""
    works = error.suggestion != _FIXED_BATCH or _is_exported(replace(exportable, batch=1), form, path, opset)
    return error if works else CannotExport(error.why)


def _is_exported(exportable: Exportable, form: Form, path: Path, opset: int | None) -> bool:
    try:
        _write_and_compare(exportable, form, path, opset)
    except CannotExport:
        return False
    return True


def _write(exportable: Exportable, form: Form, path: Path, opset: int | None) -> None:
    match form:
        case "onnx":
            _write_onnx(exportable, path, opset)
        case "torch":
            torch.export.save(_program(exportable), path, extra_files={KEY: exportable.text})
        case "torchscript":
            traced = torch.jit.trace(exportable.module, exportable.example(exportable.batch or 2), check_trace=False)  # type: ignore[no-untyped-call]  # torch has no types here
            torch.jit.save(traced, path, _extra_files={KEY: exportable.text})
        case "safetensors":
            weights = {name: tensor.contiguous() for name, tensor in own_tensors(exportable.module).items()}
            save_file(weights, path, {"format": "pt", KEY: exportable.text})


def _program(exportable: Exportable) -> torch.export.ExportedProgram:
    shapes: Any = None
    if exportable.batch is None:
        batch = torch.export.Dim("batch")
        shapes = tuple({0: batch} for _ in exportable.inputs)
    return torch.export.export(exportable.module, exportable.example(exportable.batch or 2), dynamic_shapes=shapes)


def newest_opset() -> int:
    """The newest version of ONNX's operators that the installed packages can write."""
    newest: int = importlib.import_module("onnx").defs.onnx_opset_version()
    return newest


def _write_onnx(exportable: Exportable, path: Path, opset: int | None) -> None:
    names = Counter((*(each.name for each in exportable.inputs), *exportable.outputs))
    if twice := next((name for name, count in names.items() if count > 1), None):
        raise CannotExport(
            f"ONNX requires a different name for each input and output, and `{twice}` is used twice",
            f"give a copy of `{twice}` another name: `from {twice}; identity as NAME`",
        )
    made = torch.onnx.export(
        _program(exportable),
        input_names=[each.name for each in exportable.inputs],
        output_names=list(exportable.outputs),
        opset_version=opset,
        verbose=False,
    )
    assert made is not None
    _name_batch(exportable, made)
    made.model.metadata_props[KEY] = exportable.text
    weights = sum(tensor.nbytes for tensor in exportable.module.state_dict().values())
    made.save(path, external_data=weights > _MOST_BYTES)


def _name_batch(exportable: Exportable, made: Any) -> None:
    """Name the batch dimension `N` if any size is accepted: torch only numbers its symbolic dimensions."""
    if exportable.batch is not None:
        return
    ir = importlib.import_module("onnx_ir")  # it comes with onnxscript
    graph = made.model.graph
    numbered = re.compile(rf"\b{re.escape(graph.inputs[0].shape[0].value)}\b")
    for value in (*graph.inputs, *(output for node in graph.all_nodes() for output in node.outputs)):
        if value.shape is not None:
            sizes = [size if isinstance(size, int) else size.value for size in value.shape]
            value.shape = ir.Shape([numbered.sub("N", size) if isinstance(size, str) else size for size in sizes])


def _explained(exportable: Exportable, form: Form, error: Exception) -> CannotExport:
    """torch's error in one line."""
    why = f"torch cannot export {exportable.what} as {form}: {_line(error)}"
    return CannotExport(why, _FIXED_BATCH if exportable.batch is None else None)


def _line(error: Exception) -> str:
    """The first line of the innermost cause, which is the most specific."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


def _compare(exportable: Exportable, form: Form, path: Path) -> Agreement:
    """Run the file and the module on the same batches, of one and of three samples."""
    runtime, run = _reader(exportable, form, path)
    tried = (exportable.batch,) if exportable.batch is not None else _TRIED
    difference = largest = 0.0
    for example in (example for batch in tried for example in _examples(exportable, batch)):
        for ours, theirs in zip(_listed(exportable.module(*example)), run(example), strict=True):
            if ours.shape != theirs.shape:
                raise CannotExport(
                    f"{runtime} outputs the shape {tuple(theirs.shape)} for a batch of {len(example[0])}, "
                    f"not {tuple(ours.shape)}"
                )
            gap = _gap(ours.double(), theirs.double())
            difference = gap if math.isnan(gap) else max(difference, gap)
            largest = max(largest, torch.where(ours.isfinite(), ours, 0).abs().max().item())
    found = Agreement(difference, largest, runtime, tried)
    if not found.is_close:
        raise CannotExport(f"outputs in {runtime} differ by up to {difference:.2g}, for outputs up to {largest:.2g}")
    return found


def _examples(exportable: Exportable, batch: int) -> Iterator[tuple[Tensor, ...]]:
    """A random batch; if an output for it is undefined, as the logarithm of −1, also one without negative numbers."""
    example = exportable.example(batch)
    yield example
    if any(output.isnan().any() for output in _listed(exportable.module(*example))):
        yield tuple(tensor.abs() for tensor in example)


def _gap(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference of two outputs; values that are undefined or infinite in both do not differ."""
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    return torch.where(same, 0.0, ours - theirs).abs().max().item()


def _reader(exportable: Exportable, form: Form, path: Path) -> tuple[str, Run]:
    """The runtime of the file, and a function that runs it."""
    match form:
        case "onnx":
            return f"ONNX Runtime {version('onnxruntime')}", _onnx_reader(exportable, path)
        case "torch":
            module = torch.export.load(path).module()
            return "torch.export", lambda example: _listed(module(*example))
        case "torchscript":
            script = torch.jit.load(path)  # type: ignore[no-untyped-call]  # torch has no types here
            return "torch.jit", lambda example: _listed(script(*example))
        case "safetensors":
            return "safetensors", _weights_reader(exportable, path)


def _onnx_reader(exportable: Exportable, path: Path) -> Run:
    onnxruntime = importlib.import_module("onnxruntime")  # it has no type annotations
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    assert names == [each.name for each in exportable.inputs]

    def run(example: Sequence[Tensor]) -> list[Tensor]:
        feed = {name: tensor.numpy() for name, tensor in zip(names, example, strict=True)}
        return [torch.from_numpy(made) for made in session.run(None, feed)]

    return run


def _weights_reader(exportable: Exportable, path: Path) -> Run:
    """A function that runs a copy of the module whose weights are zeroed and then read back from the file."""
    import copy

    module = copy.deepcopy(exportable.module)
    for tensor in module.state_dict().values():
        tensor.zero_()
    with safe_open(path, framework="pt") as file:
        assert (file.metadata() or {})[KEY] == exportable.text
    own = own_tensors(module)
    for name, tensor in load_file(path).items():
        own.pop(name).copy_(tensor)
    assert not own
    return lambda example: _listed(module(*example))


def _listed(outputs: Any) -> list[Tensor]:
    return list(outputs) if isinstance(outputs, tuple | list) else [outputs]


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the warnings of torch and its exporters, which are meant for their own developers."""
    import logging

    logs = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [log.level for log in logs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for log, level in zip(logs, levels, strict=True):
                log.setLevel(level)
