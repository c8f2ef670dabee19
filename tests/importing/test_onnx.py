"""ONNX files as networks: the same function as in ONNX Runtime; nothing outside their folder is read."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from archdsl.cli import main
from archdsl.importing import ImportFailed
from archdsl.importing.proof import randomized_state

from .modules import MODULES

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
pytestmark = pytest.mark.usefixtures("onnx_functions")

REFUSED = {"softplus"}
"""Exported as comparisons."""


def exported(module: nn.Module, x: torch.Tensor, path: Path, **options: Any) -> Path:
    """The ONNX file of a module with random weights."""
    module.load_state_dict(randomized_state(module.state_dict(), {name for name, _ in module.named_parameters()}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (x,), path, dynamo=True, verbose=False, external_data=False, **options)
    return path


def imported(path: Path, *inputs: str) -> Any:
    """The import of a file."""
    from archdsl.importing.sources import ImportRequest, import_source

    made = import_source(ImportRequest(str(path), "net", inputs))
    made.check()
    return made


UNEXPORTED = {"a part named graph"}
"""What torch.onnx.export cannot export, whatever reads the file."""


@pytest.mark.parametrize("name", sorted(MODULES.keys() - REFUSED - UNEXPORTED))
def test_onnx_file_of_a_module_is_imported(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make, sizes = MODULES[name]
    path = exported(make(), torch.randn(1, *sizes), tmp_path / "net.onnx")
    made = imported(path)
    x = torch.randn(1, *sizes)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        found = made.to_torch()(x)
    for theirs, ours in zip(expected, found if isinstance(found, tuple) else [found], strict=True):
        torch.testing.assert_close(ours.reshape(theirs.shape), torch.tensor(theirs), rtol=1e-4, atol=1e-5)


def test_dynamic_batch_size_is_imported(tmp_path: Path) -> None:
    make, sizes = MODULES["attention by hand"]
    batch = ({0: torch.export.Dim("batch")},)
    path = exported(make(), torch.randn(3, *sizes), tmp_path / "net.onnx", dynamic_shapes=(batch,))
    assert "attention h2" in imported(path).text


def test_unspecified_sizes_require_the_input_option(tmp_path: Path) -> None:
    x = onnx.helper.make_tensor_value_info("x", 1, ["n", 3, "h", "w"])
    y = onnx.helper.make_tensor_value_info("y", 1, None)
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    path = saved(onnx.helper.make_graph([node], "g", [x], [y]), tmp_path)
    with pytest.raises(ImportFailed, match="--input"):
        imported(path)
    assert imported(path, "3x8x8").text.endswith("relu\n")


def saved(graph: Any, folder: Path, opset: int = 18) -> Path:
    """The file of a graph."""
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def one_node(folder: Path, *inputs: Any, kind: str = "Add", domain: str = "", **attributes: Any) -> Path:
    """The file of one operation of `x` and of initializers."""
    x = onnx.helper.make_tensor_value_info("x", 1, [1, 4])
    y = onnx.helper.make_tensor_value_info("y", 1, None)
    names = ["x", *(each.name for each in inputs)]
    node = onnx.helper.make_node(kind, names, ["y"], "first", domain=domain, **attributes)
    return saved(onnx.helper.make_graph([node], "g", [x], [y], list(inputs)), folder)


def external(location: str, **more: str) -> Any:
    """An initializer with its data in another file."""
    tensor = onnx.TensorProto(name="w", dims=[4], data_type=1, data_location=1)
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def test_external_data_in_the_same_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(torch.tensor([0.0, 1, 2, 3, 4]).numpy().tobytes())
    made = imported(one_node(tmp_path, external("w.bin", offset="4", length="16")))
    assert made.to_torch()(torch.zeros(1, 4)).tolist() == [[1, 2, 3, 4]]


OUTSIDE = ["../w.bin", "/etc/hostname", "a/../../w.bin", "", "link.bin", "folder"]


@pytest.mark.parametrize("location", OUTSIDE)
def test_external_data_outside_the_folder_is_refused(location: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "w.bin").write_bytes(bytes(16))
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    path = one_node(folder, external(location))
    result = CliRunner().invoke(main, ["import", str(path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the data of `w`")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("more", [{"offset": "8"}, {"length": "99999999999"}, {"offset": "-4"}, {"offset": "x"}])
def test_external_data_beyond_the_end_is_refused(more: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(16))
    with pytest.raises(ImportFailed, match="`w`"):
        imported(one_node(tmp_path, external("w.bin", **{"length": "16", **more})))


def test_oversized_constant_tensors_are_refused(tmp_path: Path) -> None:
    shape = onnx.numpy_helper.from_array(torch.tensor([1 << 20, 1 << 20]).numpy(), "shape")
    with pytest.raises(ImportFailed, match="too many"):
        imported(one_node(tmp_path, shape, kind="Expand"))
    huge = onnx.TensorProto(name="w", dims=[1 << 40], data_type=1)
    with pytest.raises(ImportFailed, match="too many"):
        imported(one_node(tmp_path, huge))


def test_unknown_operators_are_listed(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["import", str(one_node(tmp_path, kind="Gem2", domain="mine"))])
    assert result.exit_code == 1
    assert "first: the operator `mine.Gem2` is not supported" in result.stderr


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\x02", b"<html>", b"\x08\x07"], ids=["empty", "bytes", "text", "no graph"]
)
def test_file_that_is_no_onnx_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    result = CliRunner().invoke(main, ["import", str(path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: net.onnx")
