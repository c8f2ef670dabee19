"""The kinds of sources, and the reader of each."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, assert_never

from ..text.file_formats import FORMATS, PYTHON, FileFormat, Importer
from ..text.word_lists import listed
from .import_problem import UnusableSource
from .imported import Imported
from .python_candidates import candidates

_CALLABLE = re.compile(r"(?:[A-Za-z_][\w.]*|(?s:.+)\.(?i:py)):[A-Za-z_][\w.]*", re.ASCII)
IMAGE = (3, 224, 224)
"""The input size if neither the user nor the network specifies one."""


class ImportRequest(NamedTuple):
    """The request of the user. `arguments` are the values of `--set`."""

    source: str
    name: str
    inputs: Sequence[str] = ()
    arguments: Mapping[str, Any] = {}


def import_source(request: ImportRequest) -> Imported:
    """Import the source that a user names. Raises UnusableSource or ImportFailed."""
    source = request.source
    path = Path(source)
    if not os.path.exists(source) and _CALLABLE.fullmatch(source):
        return _from_callable(request)
    suffix = path.suffix.lower()
    if suffix == PYTHON and os.path.isfile(source):
        raise _unnamed_callable(path, source)
    if os.path.isdir(source):
        raise UnusableSource(f"{source} is a folder", "name the file of a network in it")
    found = FORMATS.get(suffix)
    if found is None or found.importer is None:
        raise UnusableSource(_no_reader(found, source), "see `archdsl import --help` for what can be imported")
    if not os.path.isfile(source):
        raise UnusableSource(f"there is no file {source}")
    reader = _reader(found.importer)
    if request.arguments and reader not in (_from_table, _from_json):
        raise UnusableSource("--set is for a Python callable, the `scale` of a YAML table, or an `architecture`")
    return reader(path, request)


def _unnamed_callable(path: Path, source: str) -> UnusableSource:
    found = [f"`{source}:{name}`" for name in candidates(path)]
    suggestion = f"name it: {listed(found)}" if found else "name it, as in `FILE.py:CALLABLE`"
    return UnusableSource(f"{source} is a Python file: which class or function makes the network?", suggestion)


def _no_reader(found: FileFormat | None, source: str) -> str:
    if found is not None and found.refusal:
        return f"{source} {found.refusal}"
    known = f"a file of a known kind ({', '.join(suffix for suffix, each in FORMATS.items() if each.importer)})"
    return f"{source} is not {known}" if os.path.exists(source) else f"{source} is neither {_CALLABLES} nor {known}"


_CALLABLES = "MODULE:CALLABLE, FILE.py:CALLABLE"


def default_name(source: str) -> str:
    """The name of a network from its source: `resnet50` for `torchvision.models:resnet50` and `resnet50.onnx`."""
    return Path(source).stem if os.path.exists(source) else source.rpartition(":")[2].rpartition(".")[2]


def _from_callable(request: ImportRequest) -> Imported:
    import torch

    from .callables import module_of, sizes_of
    from .example_inputs import example_of
    from .torch_module import import_module

    given = example_of(request.inputs) if request.inputs else None
    module = module_of(request.source, request.arguments)
    example = given if given is not None else torch.randn(1, *(sizes_of(module) or IMAGE))
    return import_module(module, example, request.name)


def _from_onnx(path: Path, request: ImportRequest) -> Imported:
    from ..extras import require
    from .example_inputs import example_of

    require("importing .onnx files", "export", uses=("onnx", "torch"))
    from .onnx_file import import_onnx

    return import_onnx(path, request.name, example_of(request.inputs) if request.inputs else None)


def _from_archive(path: Path, request: ImportRequest) -> Imported:
    from .archive_import import import_archive

    if request.inputs:
        raise UnusableSource("--input: a .pt2 file states the sizes of its inputs")
    return import_archive(path, request.name)


def _from_keras(path: Path, request: ImportRequest) -> Imported:
    from .keras_import import import_keras

    if request.inputs:
        raise UnusableSource("--input: a Keras model states the sizes of its inputs")
    return import_keras(path, request.name)


def _from_json(path: Path, request: ImportRequest) -> Imported:
    """A Hugging Face configuration, which has `model_type` or `architectures`, or a Keras one."""
    from .hugging_face.config_import import import_config
    from .hugging_face.model_config import read_fields

    fields = read_fields(path)
    if not isinstance(fields, dict) or not fields.keys() & {"model_type", "architectures"}:
        if request.arguments:
            raise UnusableSource("--set: a Keras model has no settings")
        return _from_keras(path, request)
    if request.arguments.keys() - {"architecture"}:
        raise UnusableSource("--set: a config.json has only the setting `architecture`, such as architecture=BertModel")
    architecture = request.arguments.get("architecture")
    # All configurations are named config.json, which does not name a network.
    name = None if request.name == path.stem == "config" else request.name
    return import_config(fields, path.name, name, None if architecture is None else str(architecture), request.inputs)


def _from_darknet(path: Path, request: ImportRequest) -> Imported:
    from .darknet import import_darknet

    sizes = _image_size(request.inputs, "a Darknet configuration") if request.inputs else None
    return import_darknet(path, request.name, sizes)


def _image_size(inputs: Sequence[str], what: str) -> list[int]:
    """The sizes of the one input that tables of layers have. Raises UnusableSource."""
    from ..elaborate.given_values import parse_sizes

    try:
        sizes = parse_sizes(inputs[0])
    except ValueError:
        raise UnusableSource(f"--input: `{inputs[0]}` is not a size like 3x640x640") from None
    numbers = [size for size in sizes if isinstance(size, int)]
    if len(inputs) > 1 or len(sizes) != 3 or len(numbers) != 3:
        raise UnusableSource(f"--input: {what} has one input, an image like 3x640x640")
    return numbers


def _from_table(path: Path, request: ImportRequest) -> Imported:
    from .detection_table import import_table

    numbers = _image_size(request.inputs or ["3x640x640"], "a .yaml")
    scale = request.arguments.get("scale")
    if request.arguments.keys() - {"scale"}:
        raise UnusableSource("--set: a .yaml has only the setting `scale`, such as scale=n")
    return import_table(path, request.name, numbers, None if scale is None else str(scale))


def _reader(importer: Importer) -> Callable[[Path, ImportRequest], Imported]:
    match importer:
        case "archive":
            return _from_archive
        case "darknet":
            return _from_darknet
        case "json":
            return _from_json
        case "keras":
            return _from_keras
        case "onnx":
            return _from_onnx
        case "table":
            return _from_table
        case _:
            assert_never(importer)
