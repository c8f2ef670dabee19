"""`.pt2` archives as networks; nothing in them is unpickled or evaluated."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from archdsl.cli import main
from archdsl.importing.sources import ImportRequest, import_source

from .modules import MODULES

NAMES = ["chain", "residual", "encoder layer", "attention by hand", "attention in shifted windows", "shared weights"]


def saved(module: nn.Module, x: torch.Tensor, path: Path, **options: Any) -> Path:
    """The archive of a module."""
    torch.export.save(torch.export.export(module.eval(), (x,), **options), path)
    return path


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_archived_module_is_imported(name: str, samples: int, tmp_path: Path) -> None:
    make, sizes = MODULES[name]
    module = make()
    imported = import_source(ImportRequest(str(saved(module, torch.randn(samples, *sizes), tmp_path / "a.pt2")), "net"))
    imported.check()
    x = torch.randn(2, *sizes)
    with torch.no_grad():
        torch.testing.assert_close(imported.to_torch()(x), module(x), rtol=1e-4, atol=1e-5)


def test_archive_with_dynamic_batch_size_is_imported(tmp_path: Path) -> None:
    make, sizes = MODULES["attention by hand"]
    shapes = ({0: torch.export.Dim("batch")},)
    path = saved(make(), torch.randn(3, *sizes), tmp_path / "a.pt2", dynamic_shapes=(shapes,))
    assert "attention h2" in import_source(ImportRequest(str(path), "net")).text


# --- archives that are not what they should be ---


class _Bomb:
    """Unpickling it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


Change = Callable[[dict[str, bytes], Path], None]


def _pickled_weight(files: dict[str, bytes], mark: Path) -> None:
    config = json.loads(files["a/data/weights/model_weights_config.json"])
    config["config"]["0.weight"] |= {"use_pickle": True}
    files["a/data/weights/model_weights_config.json"] = json.dumps(config).encode()
    files["a/data/weights/weight_0"] = pickle.dumps(_Bomb(mark))


def _pickled_constant(files: dict[str, bytes], mark: Path) -> None:
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
    files["a/data/constants/model_constants_config.json"] = json.dumps({"config": {"x": entry}}).encode()
    files["a/data/constants/opaque_obj_0"] = pickle.dumps(_Bomb(mark))


def _expression(files: dict[str, bytes], mark: Path) -> None:
    text = files["a/models/model.json"].decode()
    code = f"__import__('pathlib').Path('{mark}').touch()"
    expression = json.dumps({"as_expr": {"expr_str": code, "hint": {"as_int": 3}}})
    files["a/models/model.json"] = text.replace('{"as_int": 3}', expression, 1).encode()


def _target(files: dict[str, bytes], mark: Path) -> None:
    text = files["a/models/model.json"].decode()
    files["a/models/model.json"] = text.replace("torch.ops.aten.relu.default", "torch.load", 1).encode()


def _operator_module(files: dict[str, bytes], mark: Path) -> None:
    text = files["a/models/model.json"].decode()
    files["a/models/model.json"] = text.replace("torch.ops.aten.relu.default", "_operator.methodcaller", 1).encode()


def _beyond(files: dict[str, bytes], mark: Path) -> None:
    files["a/data/weights/weight_0"] = files["a/data/weights/weight_0"][:8]


def _no_json(files: dict[str, bytes], mark: Path) -> None:
    files["a/models/model.json"] = b"[" * 100_000


def _missing(files: dict[str, bytes], mark: Path) -> None:
    del files["a/data/weights/weight_0"]


def _zip_bomb(files: dict[str, bytes], mark: Path) -> None:
    files["a/data/weights/weight_0"] = bytes(2**28)


CHANGES: dict[str, tuple[Change, str]] = {
    "a pickled weight": (_pickled_weight, "never unpickled"),
    "a pickled object": (_pickled_constant, "never unpickled"),
    "code as a size": (_expression, "is an expression"),
    "another function": (_target, "calls `torch.load`"),
    "an operator of Python": (_operator_module, "calls `_operator.methodcaller`"),
    "too little data": (_beyond, "beyond its data"),
    "no JSON": (_no_json, "not valid JSON"),
    "a missing file": (_missing, "has no data/weights/weight_0"),
    "a zip bomb": (_zip_bomb, "too many"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_malicious_or_corrupt_archive_is_refused(name: str, tmp_path: Path) -> None:
    change, message = CHANGES[name]
    whole = saved(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.randn(2, 3), tmp_path / "a.pt2")
    with zipfile.ZipFile(whole) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    mark = tmp_path / "ran"
    change(files, mark)
    path = tmp_path / "changed.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(file, data)
    result = CliRunner().invoke(main, ["import", str(path)])
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not mark.exists()


def test_sample_inputs_are_not_unpickled(tmp_path: Path) -> None:
    whole = saved(nn.Linear(3, 4), torch.randn(2, 3), tmp_path / "a.pt2")
    mark = tmp_path / "ran"
    data = io.BytesIO(whole.read_bytes())
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(whole, "w") as new:
        for info in old.infolist():
            is_sample = info.filename.endswith("sample_inputs/model.pt")
            new.writestr(info.filename, pickle.dumps(_Bomb(mark)) if is_sample else old.read(info))
    assert CliRunner().invoke(main, ["import", str(whole)]).exit_code == 0
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text"])
def test_file_that_is_no_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.pt2"
    path.write_bytes(data)
    result = CliRunner().invoke(main, ["import", str(path)])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "is not a .pt2 archive" in result.stderr
