"""`.pt2` archives of torch.export: read without unpickling anything.

The archive is a zip file: the graph is JSON, each weight is a file of raw numbers. torch's own reader unpickles the
sample inputs, and evaluates expressions of sizes as Python; here, expressions are only names and numbers.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch

from .import_problem import ImportFailed, first_line

MOST_BYTES = 2**33
"""The largest number of bytes of all weights."""
MOST_JSON = 2**28
"""The largest number of bytes of a graph's JSON."""

_TARGET = re.compile(r"torch\.ops\.(aten|archdsl|prim|higher_order)\.\w+(\.\w+)?", re.ASCII)
_NAMES = ("getitem", "add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "eq", "ge", "gt", "le", "lt")
_OPERATORS = frozenset(f"_operator.{name}" for name in _NAMES)
_SYMBOL = r"Symbol\('[A-Za-z_][A-Za-z0-9_]*'(, (positive|integer)=(True|False))*\)"
_EXPRESSION = re.compile(rf"[A-Za-z_][A-Za-z0-9_]*|-?\d+|{_SYMBOL}", re.ASCII)


def read_archive(path: Path) -> torch.export.ExportedProgram:
    """The program of an archive. Raises ImportFailed."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _program(archive, path.name)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise ImportFailed(f"{path.name} is not a .pt2 archive: {error}") from None


def _program(archive: zipfile.ZipFile, name: str) -> torch.export.ExportedProgram:
    from torch._export.serde import schema
    from torch._export.serde.serialize import ExportedProgramDeserializer, _dict_to_dataclass

    infos = {info.filename.partition("/")[2]: info for info in archive.infolist()}
    total = sum(info.file_size for info in infos.values())
    packed = sum(info.compress_size for info in infos.values())
    if total > MOST_BYTES or total > 100 * packed + 2**20:
        raise ImportFailed(f"{name} unpacks to {total:,} bytes: too many")
    if "models/model.json" not in infos:
        raise ImportFailed(f"{name} has no exported program named `model`")
    graph = _json(archive, infos, "models/model.json")
    for key, value in _strings(graph):
        _check(name, key, value)
    state = _tensors(archive, infos, "data/weights/model_weights_config.json", "data/weights/")
    constants = _tensors(archive, infos, "data/constants/model_constants_config.json", "data/constants/")
    try:
        program = _dict_to_dataclass(schema.ExportedProgram, graph)  # type: ignore[no-untyped-call]  # torch has none
        return ExportedProgramDeserializer().deserialize(program, state, constants)
    except Exception as error:  # torch documents no exceptions, and a damaged graph raises many
        raise ImportFailed(
            f"{name} has a graph that torch cannot read: {type(error).__name__}: {first_line(error)}"
        ) from None


def _json(archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo], name: str) -> Any:
    if name not in infos:
        raise ImportFailed(f"the archive has no {name}")
    if infos[name].file_size > MOST_JSON:
        raise ImportFailed(f"{name} has {infos[name].file_size:,} bytes: too many")
    try:
        return json.loads(archive.read(infos[name]))
    except (ValueError, RecursionError):
        raise ImportFailed(f"{name} is not valid JSON") from None


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each string of a JSON value, with its key."""
    stack = [(key, value)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict):
            stack += [(str(name), each) for name, each in value.items()]
        elif isinstance(value, list):
            stack += [(key, each) for each in value]


def _check(name: str, key: str, value: str) -> None:
    """Raises ImportFailed for content that torch would execute."""
    if key == "target" and not _TARGET.fullmatch(value) and value not in _OPERATORS:
        raise ImportFailed(f"{name} calls `{value[:80]}`, which is not an operation of a network")
    if key == "expr_str" and not _EXPRESSION.fullmatch(value):
        raise ImportFailed(f"{name} has a size `{value[:80]}`, which is an expression: export it with plain sizes")


def _tensors(
    archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo], config: str, folder: str
) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    entries = _json(archive, infos, config)
    listed = entries.get("config") if isinstance(entries, dict) else None
    if not isinstance(listed, dict):
        raise ImportFailed(f"{config} lists no tensors")
    for name, entry in listed.items():
        file = str(entry.get("path_name", "")) if isinstance(entry, dict) else ""
        if (
            not isinstance(entry, dict)
            or entry.get("use_pickle") is not False
            or not file.startswith(("weight_", "tensor_"))
        ):
            raise ImportFailed(f"`{name}` is a pickled object, which is never unpickled")
        if folder + file not in infos:
            raise ImportFailed(f"the archive has no {folder}{file}")
        try:
            found[name] = _tensor(archive.read(infos[folder + file]), entry)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ImportFailed(f"`{name}` cannot be read: {first_line(error)}") from None
    return found


def _tensor(data: bytes, entry: Mapping[str, Any]) -> torch.Tensor:
    from torch._export.serde.serialize import _SERIALIZE_TO_TORCH_DTYPE

    meta = entry["tensor_meta"]
    sizes, strides = ([each["as_int"] for each in meta[key]] for key in ("sizes", "strides"))
    offset = meta["storage_offset"]["as_int"]
    dtype = _SERIALIZE_TO_TORCH_DTYPE[meta["dtype"]]
    if prod(sizes) == 0:
        return torch.empty(sizes, dtype=dtype)
    flat = torch.frombuffer(bytearray(data), dtype=dtype)
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    if min(*sizes, *strides, offset, 0) < 0 or last >= len(flat):
        raise ValueError("it reads beyond its data")
    tensor = torch.as_strided(flat, sizes, strides, offset)
    return torch.nn.Parameter(tensor, requires_grad=bool(meta["requires_grad"])) if entry["is_param"] else tensor
