"""The library's front door: what it takes, what it raises, and that it can be copied and sent."""

import copy
import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import archdsl
from archdsl import ArchError, Network
from archdsl.analysis.codes import by_code
from archdsl.diagnostics import Sink
from archdsl.integrations.jupyter import CellError
from archdsl.network import analyze
from archdsl.text.source import Source

TEXT = "net N(classes = 10, width = 1.0)\ninput 3x32x32\nconv 8*width k3; relu\ngap; fc classes\n"
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


def failing(text: str) -> ArchError:
    with pytest.raises(ArchError) as raised:
        archdsl.loads(text)
    return raised.value


# --- errors ---


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("code", [code for code in by_code() if code.startswith("E")])
def test_error_can_be_copied_and_pickled(code: str, how: str) -> None:
    kind = by_code()[code]
    found = Sink()
    analyze(Source(kind.wrong), found, kind.settings)
    error = ArchError(tuple(found), Source(kind.wrong))
    again = COPIES[how](error)
    assert type(again) is ArchError
    assert str(again) == str(error)
    assert [item.diagnostic.code for item in again.diagnostics] == [item.diagnostic.code for item in found]
    assert again.source.text == kind.wrong


def test_notebook_error_keeps_its_class_when_pickled() -> None:
    error = failing("input 8; fcc 2")
    sent = pickle.loads(pickle.dumps(CellError(error.diagnostics, error.source)))
    assert type(sent) is CellError
    assert str(sent) == str(error)


def _load(text: str) -> int:
    return archdsl.loads(text).parameters


def test_process_pool_returns_the_error() -> None:
    """It waited forever: an exception that it could not unpickle killed its thread."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(_load, "input 8; fc 2").result(timeout=60) == 18
        error = pool.submit(_load, "input 8; fcc 2").exception(timeout=60)
    assert isinstance(error, ArchError)
    assert "write `fc` instead of `fcc`" in str(error)


# --- copies ---


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("text", [TEXT, "input 3xHxW; conv 8 k3 s2; maxpool 2"])
def test_network_can_be_copied_and_pickled(text: str, how: str) -> None:
    network = archdsl.loads(text)
    before = network.sizes.described()
    again = COPIES[how](network)
    assert isinstance(again, Network)
    assert [(node.name, str(node.shape)) for node in again.graph.nodes] == [
        (node.name, str(node.shape)) for node in network.graph.nodes
    ]
    assert [node.shape for node in again.graph.nodes] == [node.shape for node in network.graph.nodes]
    assert again.sizes.described() == before


def test_hashes_are_recomputed_after_unpickling(tmp_path: Path) -> None:
    """A hash of text differs from process to process: a kept one would make equal shapes unequal."""
    write = (
        "import archdsl, pickle, sys; n = archdsl.loads('input 3xHxW; conv 8 k3 s2; maxpool 2'); n.sizes; "
        "pickle.dump(n, open(sys.argv[1], 'wb'))"
    )
    read = (
        "import archdsl, pickle, sys; a = pickle.load(open(sys.argv[1], 'rb')); "
        "b = archdsl.loads('input 3xHxW; conv 8 k3 s2; maxpool 2'); "
        "assert {n.shape for n in a.graph.nodes} == {n.shape for n in b.graph.nodes}; "
        "assert a.sizes.described() == b.sizes.described()"
    )
    for seed, program in (("1", write), ("2", read)):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "net")], env=env, check=True)


# --- files ---


def test_missing_file_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        archdsl.load(tmp_path / "missing.arch")
    assert (raised.value.errno, raised.value.filename) == (errno.ENOENT, str(tmp_path / "missing.arch"))


def test_folder_raises_is_a_directory(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as raised:
        archdsl.load(tmp_path)
    assert raised.value.filename == str(tmp_path)


def test_unreadable_file_raises_permission_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "net.arch").write_text(TEXT)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError) as raised:
        archdsl.load(tmp_path / "net.arch")
    assert (raised.value.errno, raised.value.filename) == (errno.EACCES, str(tmp_path / "net.arch"))


@pytest.mark.parametrize("name", ["a\0b.arch", "n" * 300, "zoo:nosuch"])
def test_invalid_file_name_raises_os_error(name: str) -> None:
    with pytest.raises(OSError, match=r"file|zoo|long") as raised:
        archdsl.load(name)
    assert raised.value.errno
    assert raised.value.filename == name


# --- values ---


@pytest.mark.parametrize(
    "value", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3), np.int32(3)], ids=lambda v: type(v).__name__
)
def test_any_integer_type_is_accepted(value: object) -> None:
    assert archdsl.loads(TEXT, classes=value).graph.outputs[0][0] == "output"
    assert str(archdsl.loads(TEXT, classes=value).graph.nodes[-1].shape) == "3"


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_any_float_type_is_accepted(value: object) -> None:
    assert str(archdsl.loads(TEXT, width=value).graph.nodes[1].shape) == "4×30×30"


@pytest.mark.parametrize("value", [True, np.True_, "3", None, [None], 3j, object(), Decimal("0.5")])
def test_non_numeric_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="`classes` must be a number"):
        archdsl.loads(TEXT, classes=value)


LISTS = "net N(depths = [1, 2], rows = [[3, 8]], act = relu)\ninput 3x32x32\nrepeat depths as d { repeat d { act } }\n"


@pytest.mark.parametrize("value", [[3, 4], (3, 4), [np.int64(3), 4.0], torch.Size([3, 4])])
def test_any_sequence_type_is_accepted_as_a_list(value: object) -> None:
    network = archdsl.loads(LISTS, depths=value, rows=[(3, 4), [5]])
    assert len(network.graph.layers) == 7
    assert network.graph.settings == {"depths": [3, 4], "rows": [[3, 4], [5]], "act": "relu"}


def test_layer_name_is_accepted_as_a_parameter() -> None:
    assert {node.op.keyword for node in archdsl.loads(LISTS, act="silu").graph.layers} == {"silu"}
    with pytest.raises(TypeError, match="`act` must be a number or the name of a layer, not"):
        archdsl.loads(LISTS, act="sliu")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"depths": 3}, "`depths` is a list, but 3 was given"),
        ({"rows": "relu"}, "`rows` is a list, but the layer `relu` was given"),
        ({"act": [1]}, r"`act` is a layer, but \[1\] was given"),
    ],
)
def test_value_of_another_type_is_an_error(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchError, match=message):
        archdsl.loads(LISTS, **values)


def nested(depth: int) -> list[object]:
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("value", [[0] * 1_000_000, nested(50), nested(100_000), [[0] * 100] * 101])
def test_list_size_and_nesting_are_limited(value: object) -> None:
    with pytest.raises(ValueError, match="`depths` has more than 10,000 entries, or lists that are nested too deeply"):
        archdsl.loads(LISTS, depths=value)


@pytest.mark.parametrize(
    "sizes",
    ["3x64x64", (3, 64, 64), [3, 64, 64], np.array([3, 64, 64]), (3, np.int64(64), "H"), torch.Size([3, 64, 64])],
)
def test_any_size_type_is_accepted_as_input(sizes: object) -> None:
    assert archdsl.loads(TEXT, input=sizes).graph.nodes[0].shape.dims[0] == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sizes",
    ["", (), "3x0x64", (3, True, 64), (3, 0, 64), (3, -1, 64), (3, 64.0, 64), (3, None, 64), (3, "h", 64), "3×"],
)
def test_invalid_input_size_is_refused(sizes: object) -> None:
    with pytest.raises(ValueError, match="is not an input size like 3x32x32"):
        archdsl.loads(TEXT, input=sizes)  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", ["3x32", "32", "3x32x32x32", (3, 32)])
def test_input_size_with_another_rank_is_refused(sizes: str) -> None:
    with pytest.raises(ArchError, match="it has 3 dimensions, but "):
        archdsl.loads(TEXT, input=sizes)


SOURCE = "input 8; fc 2"


@pytest.mark.parametrize("given", [SOURCE, "input 8\nfc 2", "net N\ninput 8\nfc 2\n"])
@pytest.mark.parametrize(("function", "instead"), [(archdsl.load, "loads"), (archdsl.check, "text=")])
def test_source_text_in_place_of_a_path_is_explained(function: Any, instead: str, given: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"for a source text, use `archdsl.*{instead}"):
        function(given)


@pytest.mark.parametrize("given", [3, b"net.arch", [SOURCE], archdsl.loads(SOURCE), object()])
@pytest.mark.parametrize(
    ("function", "name"),
    [(archdsl.load, "path"), (archdsl.check, "path"), (archdsl.loads, "text"), (archdsl.load_run, "folder")],
)
def test_invalid_path_type_is_named(function: Any, name: str, given: Any) -> None:
    with pytest.raises(TypeError, match=f"{name}: .* is expected, .*not"):
        function(given)


def test_missing_file_with_spaces_is_not_treated_as_source_text() -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file: 'my net\.arch'"):
        archdsl.load("my net.arch")
