"""ONNX files and their tensors: read without running anything."""

import os
import stat
from pathlib import Path
from typing import Any

import torch

from .import_problem import ImportFailed

MOST_BYTES = 2**31
"""The largest size of a file in bytes: protocol buffers cannot be larger."""
MOST_ELEMENTS = 2**28
"""The largest number of elements of a tensor."""


def read_onnx(path: Path) -> Any:
    """The model of a file with all its tensors. Raises ImportFailed if it cannot be read or refers to other folders."""
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it ships no types

    if path.stat().st_size > MOST_BYTES:
        raise ImportFailed(f"{path.name} is larger than {MOST_BYTES:,} bytes")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError:
        raise ImportFailed(f"{path.name} is not an ONNX file") from None
    if not model.graph.node:
        raise ImportFailed(f"{path.name} has no operations")
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            _load_external(tensor, path.parent)
    return model


def _tensors(graph: Any) -> list[Any]:
    found = list(graph.initializer)
    for node in graph.node:
        found += [each.t for each in node.attribute if each.HasField("t")]
    return found


def _load_external(tensor: Any, folder: Path) -> None:
    """Read a tensor from the file that it names, in the model's folder. Raises ImportFailed for a file elsewhere."""
    import onnx

    where = {each.key: each.value for each in tensor.external_data}
    location = where.get("location", "")
    target = folder / location
    root = folder.resolve()
    is_inside = bool(location) and not os.path.isabs(location) and target.resolve().is_relative_to(root)
    if not is_inside or target.is_symlink():
        raise ImportFailed(f"the data of `{tensor.name}` lies outside the model's folder: {location}")
    try:
        if not stat.S_ISREG(target.stat().st_mode):
            raise ImportFailed(f"the data of `{tensor.name}` is not in a regular file: {location}")
        offset, length = int(where.get("offset", 0)), int(where.get("length", target.stat().st_size))
        if min(offset, length) < 0 or offset + length > target.stat().st_size:
            raise ImportFailed(f"the data of `{tensor.name}` is not all in {location}")
        with target.open("rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(length)
    except (OSError, ValueError) as error:
        raise ImportFailed(f"the data of `{tensor.name}` cannot be read from {location}: {error}") from None
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def to_tensor(proto: Any) -> torch.Tensor:
    """The tensor of a protocol buffer; floating-point numbers become single precision. Raises ImportFailed."""
    import onnx

    count = 1
    for dim in proto.dims:
        count *= dim
    if count > MOST_ELEMENTS or any(dim < 0 for dim in proto.dims):
        raise ImportFailed(f"the tensor `{proto.name}` has {count:,} elements: too many")
    try:
        array = onnx.numpy_helper.to_array(proto)
    except (ValueError, TypeError, KeyError) as error:
        raise ImportFailed(f"the tensor `{proto.name}` cannot be read: {error}") from None
    if array.dtype.kind not in "fiub":
        raise ImportFailed(f"the tensor `{proto.name}` has elements of the kind {array.dtype}")
    found = torch.tensor(array.copy())
    return found.float() if found.is_floating_point() else found
