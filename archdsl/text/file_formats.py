"""The formats of other tools: what a file is where the text of a network is expected, and how it is imported."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Importer = Literal["archive", "darknet", "json", "keras", "onnx", "table"]


class FileFormat(NamedTuple):
    """The format of the files with one suffix."""

    what: str
    """What a file is, after "it"; empty if it may be the text of a network."""
    importer: Importer | None = None
    """What reads a file for `archdsl import`; None if nothing does."""
    refusal: str = ""
    """Why nothing reads it, after the name of the file."""


_PICKLE = FileFormat(
    "contains weights, not a network text",
    refusal="holds no network, but weights or pickled objects, which are never unpickled",
)
_HDF5 = FileFormat(
    "is an HDF5 file, not a network text",
    refusal="is a Keras model in HDF5 format, which is not supported: save it as .keras with Keras 3",
)
PYTHON = ".py"

FORMATS: Mapping[str, FileFormat] = {
    ".arch": FileFormat("", refusal="is the text of a network already"),
    ".bin": _PICKLE,
    ".cfg": FileFormat("", "darknet"),
    ".ckpt": _PICKLE,
    ".h5": _HDF5,
    ".hdf5": _HDF5,
    ".ipynb": FileFormat(
        "is a Jupyter notebook, not a network text", refusal="is a Jupyter notebook: move the network to a Python file"
    ),
    ".json": FileFormat("", "json"),
    ".keras": FileFormat("is a Keras model; `archdsl import {name}` converts it", "keras"),
    ".onnx": FileFormat("is an ONNX model; `archdsl import {name}` converts it", "onnx"),
    ".pickle": _PICKLE,
    ".pkl": _PICKLE,
    ".pt": _PICKLE,
    ".pt2": FileFormat("is an exported PyTorch program; `archdsl import {name}` converts it", "archive"),
    ".pth": _PICKLE,
    PYTHON: FileFormat("is a Python file; `archdsl import {name}:CALLABLE` converts a torch module"),
    ".safetensors": _PICKLE._replace(refusal="holds only weights, not a network"),
    ".yaml": FileFormat("", "table"),
    ".yml": FileFormat("", "table"),
}
"""The formats by suffix, in lower case."""
