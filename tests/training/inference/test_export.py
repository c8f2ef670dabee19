"""`archdsl export`: the exported file is run, and computes what the network computes."""

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors import safe_open
from safetensors.torch import load_file

from archdsl import extras, loads
from archdsl.backends import export_formats as backend
from archdsl.backends.export_formats import KEY, CannotExport, export
from archdsl.cli import main
from archdsl.training import report
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request
from archdsl.training.data.sets import digits as digits_set
from archdsl.training.inference.export_source import Prepared, of_network
from archdsl.training.loop.standardization import Standard
from tests.training.helpers import edit_settings

pytestmark = pytest.mark.usefixtures("onnx_functions")

NET = """net Small(classes = 10)
input 1x8x8
conv 8 k3 p1; bn; relu; maxpool 2
flatten; fc classes
train { data digits; precision fp32; layout channels_first; epochs 3; optimizer adam lr=0.01 }
"""

# difficult cases for exporters: windows that round up, adaptive windows, recurrence, attention, resizing, merges
PARTS = """
input 3x12x12
conv 8 k3 p1; bn; relu as a
maxpool k3 s2 ceil
upsample size=12x12
add a
residual { attention 2 window=4 shift=2 relative }
adaptive_avgpool 2
tokens
residual { ln; attention heads=2 }
lstm 6
fc 4
"""


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on digits."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "net.arch").write_text(NET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        done = run("train", folder / "net.arch", "--out", folder / "run")
    assert done.exit_code == 0, done.output
    return folder / "run"


def digits(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    test = digits_set.load(Request(ImageShape(1, 8, 8), folder)).test
    assert test is not None
    return test.images, test.labels


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float((outputs.argmax(1) == labels).mean())


def test_onnx_accepts_raw_pixels(trained: Path) -> None:
    onnxruntime = importlib.import_module("onnxruntime")  # it has no types
    done = run("export", trained)
    assert done.exit_code == 0, done.output
    assert "input `pixels`: uint8, N×1×8×8" in done.output
    assert "gives the same outputs for batches of 1 and 3: the largest difference is" in done.output
    assert " KiB\n" in done.output  # small networks also have a size
    session = onnxruntime.InferenceSession(trained / "net.onnx")
    assert [each.shape[0] for each in (*session.get_inputs(), *session.get_outputs())] == ["N", "N"]
    images, labels = digits(trained)
    (outputs,) = session.run(None, {"pixels": images})  # all 360 in a batch: any batch size works
    result = json.loads((trained / "result.json").read_text())
    assert accuracy(outputs, labels) == pytest.approx(result["test"]["accuracy"])
    facts = json.loads(session.get_modelmeta().custom_metadata_map[KEY])
    assert facts["classes"] == [str(digit) for digit in range(10)]
    assert facts["text"] == NET
    assert facts["input"] == "pixels 0..255, uint8 of N×1×8×8, gray"
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument, match="float"):
        session.run(None, {"pixels": images.astype(np.float32) / 255})  # pixels divided twice are an error


def test_onnx_export_of_difficult_cases(tmp_path: Path) -> None:
    model_spec = of_network(loads(PARTS), seed=0)
    agreement = export(model_spec, "onnx", tmp_path / "net.onnx")
    assert agreement.difference < 1e-5
    assert agreement.largest > 1e-3
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


TENSORS = """
input 4x6x6
abs; shift 0.1; log; neg; exp; sqrt; clamp 0.1 3; rsqrt; square; pow 1.5; sin; cos; shift 0.2 learned
softmax axis=hw as x
amax axis=h as top
from x
amin axis=hw keep as low
from x
std axis=h keep; mean axis=w; norm 1.5 axis=l keep; sum axis=1; logsoftmax as rest
from low
stack { neg } axis=d; matmul { permute 0 1 3 2 }; sub { mean axis=cd keep }; div { norm axis=w keep } as product
from x
maximum { neg }; minimum { square }; concat { neg } axis=h as both
from x
rearrange "c (h 2) (w q) -> (c 2) (h q) w" q=3; reduce "c (h 3) w -> c w h" max
einsum "c w h, d h w -> c d" { rearrange "d w h -> d h w" } as mixed
from x
conv 1 k3 same fixed=sobel_x; dwconv k3 fixed=gaussian pad_mode=reflect p1 as edges
conv 2 k3 weight=standardized; conv 2 k1 weight=norm; conv 3 k1 weight=spectral as computed
upsample like=x bilinear as whole
learned 2x5 as queries
output top, low, rest, product, both, mixed, edges, computed, whole, queries
"""


def test_onnx_export_of_tensor_operations(tmp_path: Path) -> None:
    agreement = export(of_network(loads(TENSORS), seed=0), "onnx", tmp_path / "net.onnx")
    assert agreement.difference < 1e-5
    assert agreement.largest > 1e-3


ATTENTION = """
input other 5x8
input fifth 5x7
input ids 9 int(2)
input bias 9x9
input same 9x12
input x 9x12
attention h3 window=4 sliding causal value=same rope qk_norm kv_heads=1 mask=ids as windows
from x
attention h3 from=other value=fifth width=36 value_width=24 qkv_bias=qv out_bias=0 as others
from x
attention h3 window=5 sliding t5 mask=bias as buckets
from x
attention h4 alibi causal as slopes
from x
to_image 3x3; attention h3 from=other value=fifth nobias as image
conv 5 k2 p2; crop like=image start=1; pad 3; crop like=image as cropped
output windows, others, buckets, slopes, image, cropped
"""


def test_onnx_export_of_attention(tmp_path: Path) -> None:
    agreement = export(of_network(loads(ATTENTION), seed=0), "onnx", tmp_path / "net.onnx")
    assert agreement.difference < 1e-5
    assert agreement.largest > 1e-3


def test_standardization_is_not_confused_with_means_in_the_network(tmp_path: Path) -> None:
    network = loads("input 3x6x6\nconv 4 k3; gap; fc 2")
    fresh = of_network(network, seed=0)
    pixels = (backend.ExportInput("pixels", (3, 6, 6), torch.uint8),)
    module = Prepared(fresh.module, Standard((0.5,) * 3, (0.2,) * 3))
    newest = importlib.import_module("onnx").defs.onnx_opset_version()
    model_spec = backend.Exportable(module, pixels, fresh.outputs, {})
    assert export(model_spec, "onnx", tmp_path / "net.onnx", opset=newest).is_close


def test_exported_weights_can_be_loaded(trained: Path) -> None:
    done = run("export", trained, "--to", "safetensors")
    assert done.exit_code == 0, done.output
    assert "classes, mean, standard deviation and the source text are in its metadata" in done.output
    with safe_open(trained / "net.safetensors", framework="pt") as file:
        facts = json.loads(file.metadata()[KEY])
    model = loads(facts["text"]).to_torch().eval()
    model.load_state_dict(load_file(trained / "net.safetensors"))
    images, labels = digits(trained)
    mean, deviation = torch.tensor(facts["mean"]), torch.tensor(facts["deviation"])
    outputs = model((torch.from_numpy(images) / 255 - mean) / deviation).detach().numpy()
    assert accuracy(outputs, labels) == pytest.approx(
        json.loads((trained / "result.json").read_text())["test"]["accuracy"]
    )


def test_torch_export_accepts_pixels_or_standardized_images(trained: Path, tmp_path: Path) -> None:
    images, _ = digits(trained)
    assert run("export", trained, "-o", tmp_path / "pixels.pt2").exit_code == 0
    plain = run("export", trained, "-o", tmp_path / "plain.pt2", "--no-preprocess")
    assert plain.exit_code == 0
    assert "input `x`: float32, N×1×8×8" in plain.output
    extra = {KEY: ""}
    program = torch.export.load(tmp_path / "pixels.pt2", extra_files=extra).module()
    facts = json.loads(extra[KEY])
    pixels = torch.from_numpy(images[:7])
    prepared = (pixels / 255 - torch.tensor(facts["mean"])) / torch.tensor(facts["deviation"])
    other = torch.export.load(tmp_path / "plain.pt2").module()
    assert torch.allclose(program(pixels), other(prepared), atol=1e-4)


@pytest.mark.parametrize("tta", ["none", "flip"])
def test_test_time_averaging_missing_in_the_file_is_reported(trained: Path, tmp_path: Path, tta: str) -> None:
    copy = tmp_path / "run"
    shutil.copytree(trained, copy)
    edit_settings(copy, lambda settings: settings["recipe"].update(tta=tta))
    done = run("export", copy, "--to", "torch")
    assert done.exit_code == 0, done.output
    assert ("`tta flip`; the file predicts without it" in done.stderr) == (tta == "flip")


def test_torchscript_export_reports_its_deprecation(trained: Path, tmp_path: Path) -> None:
    done = run("export", trained, "--to", "torchscript", "-o", tmp_path / "net.pt")
    assert done.exit_code == 0, done.output
    assert "note: TorchScript is deprecated in PyTorch" in done.stderr
    images, labels = digits(trained)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        script = torch.jit.load(tmp_path / "net.pt")  # type: ignore[no-untyped-call]  # torch has no types here
    outputs = script(torch.from_numpy(images)).detach().numpy()
    assert accuracy(outputs, labels) > 0.8
    with pytest.raises(RuntimeError, match="not implemented for 'Float'"):
        script(torch.from_numpy(images) / 255)


def test_text_is_exported_with_random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.arch").write_text("input 12 int(50)\nembedding 8; lstm 6; fc 3\n")
    for _ in range(2):
        done = run("export", "mine.arch", "--to", "safetensors", "--seed", 3)
        assert done.exit_code == 0, done.output
        assert "weights only; the source text is in its metadata" in done.output
    first = Path("mine.safetensors").read_bytes()
    assert run("export", "mine.arch", "--to", "safetensors", "-o", "other.safetensors", "--seed", 4).exit_code == 0
    assert first == Path("mine.safetensors").read_bytes() != Path("other.safetensors").read_bytes()
    done = run("export", "mine.arch", "--to", "torchscript", "--batch", 2)
    assert "input `x`: int64, 2×12" in done.output


def test_file_with_different_outputs_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_spec = of_network(loads("input 4\nfc 2"), seed=0)
    monkeypatch.setattr(
        backend, "_weights_reader", lambda *_: lambda example: [torch.full((len(example[0]), 2), torch.nan)]
    )
    with pytest.raises(CannotExport, match="outputs in safetensors differ by up to"):
        export(model_spec, "safetensors", tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["log", "sqrt; log; softmax axis=-1", "rsqrt; fc 2", "log; exp; relu"])
def test_values_undefined_in_both_do_not_differ(tmp_path: Path, text: str) -> None:
    """Half of the random inputs are negative, and have no logarithm; others show that the file computes the same."""
    agreement = export(of_network(loads(f"input 9; {text}"), seed=0), "onnx", tmp_path / "net.onnx")
    assert agreement.difference < 1e-5
    assert 1e-3 < agreement.largest < 100


def test_values_undefined_only_in_the_file_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(*_: object) -> backend.Run:
        return lambda example: [example[0].log() * float("nan")]

    monkeypatch.setattr(backend, "_onnx_reader", reader)
    with pytest.raises(CannotExport, match="differ by up to nan"):
        export(of_network(loads("input 9; log"), seed=0), "onnx", tmp_path / "net.onnx")


@pytest.mark.parametrize("text", ["input a 4; fc 3 as b; output a, b", "input 4; fc 3 as a; output a, a"])
def test_name_that_is_used_twice_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CannotExport, match="and `a` is used twice") as caught:
        export(of_network(loads(text), seed=0), "onnx", tmp_path / "net.onnx")
    assert caught.value.suggestion == "give a copy of `a` another name: `from a; identity as NAME`"
    other = text.replace("; output a,", "; from a; identity as c; output c,")
    export(of_network(loads(other), seed=0), "onnx", tmp_path / "net.onnx")


def test_fixed_batch_size_is_suggested_only_if_it_works(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="No ONNX function found") as caught:
        export(of_network(loads("input 3x6x6; adaptive_maxpool 4"), seed=0), "onnx", tmp_path / "net.onnx")
    assert caught.value.suggestion is None
    assert not list(tmp_path.iterdir())


def test_agreement_is_relative_for_small_outputs() -> None:
    near = [backend.Agreement(gap, largest, "", (1,)).is_close for gap, largest in ((9e-4, 1), (9e-5, 0.03), (1e-7, 0))]
    assert near == [True, False, True]


def test_file_refused_by_its_runtime_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("Opset 28 is under development")

    monkeypatch.setattr(backend, "_onnx_reader", refuse)
    with pytest.raises(CannotExport, match="the exported file cannot be run: Opset 28 is under development"):
        export(of_network(loads("input 4\nfc 2"), seed=0), "onnx", tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_torch_errors_are_reported_in_one_line(tmp_path: Path) -> None:
    class Awkward(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum().item() > 0 else -x

    plain = of_network(loads("input 4\nfc 2"), seed=0)
    model_spec = backend.Exportable(Awkward(), plain.inputs, plain.outputs, {})
    with pytest.raises(CannotExport, match="torch cannot export this network as torch: ") as caught:
        export(model_spec, "torch", tmp_path / "net.pt2")
    assert "\n" not in caught.value.why
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("nothing",), 2, "nothing"),
        (("RUN", "-o", "net.xyz"), 2, "unknown format"),
        (("RUN", "-o", "no/net.onnx"), 2, "there is no folder no"),
        (("RUN", "--to", "torch", "--opset", 20), 2, "--opset is for `--to onnx`"),
        (("RUN", "--opset", 999), 2, "--opset 999: the newest ONNX opset supported here is "),
        (("RUN", "--to", "safetensors", "--batch", 2), 2, "weights only"),
        (("RUN", "--set", "classes=3"), 2, "--set and --input do not apply to a run"),
        ((".",), 2, "it is a folder"),
        (("sizes.arch",), 2, "set its size: `--input 3x224x224`"),
        (("wrong.arch",), 1, "E0"),
    ],
)
def test_invalid_export_arguments_are_refused(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[object, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sizes.arch").write_text("input 3xHxW\nconv 4 k3\n")
    Path("wrong.arch").write_text("input 3x8x8\nconf 4 k3\n")
    result = run("export", *(trained if arg == "RUN" else arg for arg in args))
    assert message in result.output
    assert result.exit_code == code


def test_missing_export_packages_name_the_extra(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "missing", lambda extra: ("onnxscript",) if extra == "export" else ())
    result = run("export", trained)
    assert result.exit_code == 2
    assert "`--to onnx` needs the extra `export`: onnxscript is not installed" in result.output
    assert "[export]" in result.output
