"""Options of ONNX operators: a network has the outputs of the standard's reference implementation, or is refused."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from archdsl.importing import ImportFailed
from archdsl.importing.onnx_file import OnnxModule, import_onnx
from archdsl.importing.onnx_tensors import read_onnx

onnx = pytest.importorskip("onnx")

KINDS = ("asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners", "half_pixel_symmetric")
ROUNDINGS = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
SCALES = ((2.0, 2.0), (3.0, 2.0), (0.5, 0.5), (1.3, 0.6))
SIZES = ((8, 8), (1, 1), (7, 3))
RESIZE: list[dict[str, Any]] = [
    *({"mode": "nearest", "coordinate_transformation_mode": k, "nearest_mode": r} for k in KINDS for r in ROUNDINGS),
    *({"mode": m, "coordinate_transformation_mode": k} for m in ("linear", "cubic") for k in KINDS),
    *(
        {"mode": "linear", "antialias": a, "keep_aspect_ratio_policy": p}
        for a in (0, 1)
        for p in ("stretch", "not_larger")
    ),
    {"mode": "cubic", "exclude_outside": 1},
    {},
]


def _file(folder: Path, kind: str, dims: list[int], more: list[Any], given: list[str], **attributes: Any) -> Path:
    """The file of one operation of `x` and of initializers, of which an empty name is one that is not given."""
    x = onnx.helper.make_tensor_value_info("x", 1, dims)
    y = onnx.helper.make_tensor_value_info("y", 1, None)
    node = onnx.helper.make_node(kind, given, ["y"], "odd", **attributes)
    graph = onnx.helper.make_graph([node], "g", [x], [y], more)
    path = folder / "net.onnx"
    path.write_bytes(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 19)]).SerializeToString()
    )
    return path


def _found(path: Path, x: torch.Tensor) -> torch.Tensor | None:
    """The output of a file that is read as a torch module; None if it is refused."""
    try:
        module = OnnxModule(read_onnx(path)).eval()
        module.find_constants([x])
        with torch.no_grad():
            found: tuple[torch.Tensor] = module(x)
    except ImportFailed:
        return None
    return found[0]


def _is_right(path: Path, x: torch.Tensor, found: torch.Tensor | None) -> bool:
    """Whether an output is that of the reference implementation; False if there is none."""
    if found is None:
        return False
    from onnx.reference import ReferenceEvaluator

    (expected,) = ReferenceEvaluator(str(path)).run(None, {"x": x.numpy()})
    torch.testing.assert_close(found, torch.from_numpy(expected).to(found.dtype), rtol=1e-3, atol=1e-4)
    return True


def _random(*dims: int) -> torch.Tensor:
    return torch.randn(dims, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("by", ["scales", "sizes"])
def test_resize_matches_the_reference_or_is_refused(by: str, tmp_path: Path) -> None:
    counts = {True: 0, False: 0}
    for options, amounts in product(RESIZE, SCALES if by == "scales" else SIZES):
        values = [1, 1, *amounts] if by == "scales" else [1, 2, *amounts]
        kind = np.float32 if by == "scales" else np.int64
        numbers = onnx.numpy_helper.from_array(np.array(values, dtype=kind), "amounts")
        given = ["x", "", "amounts"] if by == "scales" else ["x", "", "", "amounts"]
        path, x = _file(tmp_path, "Resize", [1, 2, 4, 4], [numbers], given, **options), _random(1, 2, 4, 4)
        counts[_is_right(path, x, _found(path, x))] += 1
    assert min(counts.values()) > 5, counts


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_matches_the_reference(mode: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "DepthToSpace", [1, 8, 2, 4], [], ["x"], blocksize=2, mode=mode)
    x = _random(1, 8, 2, 4)
    assert _is_right(path, x, _found(path, x))


def test_space_to_depth_matches_the_reference(tmp_path: Path) -> None:
    path, x = _file(tmp_path, "SpaceToDepth", [1, 2, 4, 6], [], ["x"], blocksize=2), _random(1, 2, 4, 6)
    assert _is_right(path, x, _found(path, x))


@pytest.mark.parametrize("kind", ["Log", "Sqrt"])
def test_functions_with_a_restricted_domain_are_imported(kind: str, tmp_path: Path) -> None:
    imported = import_onnx(_file(tmp_path, kind, [1, 8], [], ["x"]), "net", None)
    imported.check()
    assert imported.text == f"net net_\ninput 8\n\n{kind.lower()}\n"
