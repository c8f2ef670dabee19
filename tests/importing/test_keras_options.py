"""Every key of a Keras layer is carried over, noted or refused: none is silently lost."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from archdsl.importing import ImportFailed
from archdsl.importing.keras_config import MODELS, model_of, read_keras
from archdsl.importing.keras_import import KerasGraph, import_keras
from archdsl.importing.keras_options import CARRIED, left_out

_CONV = {
    "padding": "valid",
    "data_format": "channels_last",
    "activation": "linear",
    "use_bias": True,
    "bias_initializer": {"module": "keras.initializers", "class_name": "Zeros", "config": {}},
    "bias_regularizer": None,
    "activity_regularizer": None,
    "bias_constraint": None,
}
_UNIFORM = {"class_name": "GlorotUniform", "config": {"seed": None, "input_axes": None, "output_axes": None}}
_KERNEL = {"kernel_initializer": _UNIFORM, "kernel_regularizer": None, "kernel_constraint": None}
_DEPTH = {"depthwise_initializer": _UNIFORM, "depthwise_regularizer": None, "depthwise_constraint": None}
_POINT = {"pointwise_initializer": _UNIFORM, "pointwise_regularizer": None, "pointwise_constraint": None}
_NORM = {
    "axis": -1,
    "epsilon": 0.001,
    "center": True,
    "scale": True,
    **{f"{part}_{what}": None for part in ("beta", "gamma") for what in ("regularizer", "constraint")},
    "beta_initializer": {"class_name": "Zeros", "config": {}},
    "gamma_initializer": {"class_name": "Ones", "config": {}},
}
_LAST = {"data_format": "channels_last"}


def _conv(rank: int, **more: Any) -> dict[str, Any]:
    return {**_CONV, "kernel_size": [3] * rank, "strides": [1] * rank, "dilation_rate": [1] * rank, **more}


def _pool(rank: int) -> dict[str, Any]:
    return {"pool_size": [2] * rank, "padding": "valid", "strides": [2] * rank, **_LAST}


def _pairs(rank: int) -> list[Any]:
    return [1, 1] if rank == 1 else [[1, 1]] * rank


_MERGES = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
_LAYERS: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"},
    "ActivityRegularization": {"l1": 0.0, "l2": 0.0},
    **{kind: {} for kind in _MERGES},
    "BatchNormalization": {
        **_NORM,
        "momentum": 0.99,
        "moving_mean_initializer": {"class_name": "Zeros", "config": {}},
        "moving_variance_initializer": {"class_name": "Ones", "config": {}},
        "synchronized": False,
        "renorm": False,
        "renorm_clipping": None,
        "renorm_momentum": 0.99,
    },
    "Concatenate": {"axis": -1},
    "Dense": {
        "units": 3,
        "activation": "linear",
        "use_bias": True,
        "quantization_config": None,
        **_KERNEL,
        **{key: value for key, value in _CONV.items() if key.startswith("bias_")},
    },
    "Dropout": {"rate": 0.5, "seed": None, "noise_shape": None},
    "ELU": {"alpha": 1.0},
    "Flatten": _LAST,
    "GaussianNoise": {"stddev": 0.1, "seed": None},
    "InputLayer": {"sparse": False, "ragged": False, "optional": False, "batch_shape": [None, 3]},
    "LayerNormalization": {**_NORM, "rms_scaling": False},
    "LeakyReLU": {"negative_slope": 0.3},
    "Normalization": {"axis": [], "invert": False, "mean": 0.5, "variance": 4.0},
    "Permute": {"dims": [2, 1, 3]},
    "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    "Rescaling": {"scale": 2.0, "offset": 0.0},
    "Reshape": {"target_shape": [9, 36]},
    "Softmax": {"axis": -1},
    "SpatialDropout2D": {"rate": 0.5, "seed": None, **_LAST},
    "UpSampling1D": {"size": 2},
    "UpSampling2D": {"size": [2, 2], "interpolation": "nearest", **_LAST},
    "UpSampling3D": {"size": [2, 2, 2], **_LAST},
    **{f"Conv{r}D": {"filters": 4, "groups": 1, **_conv(r), **_KERNEL} for r in (1, 2, 3)},
    **{f"Conv{r}DTranspose": {"filters": 4, "output_padding": None, **_conv(r), **_KERNEL} for r in (1, 2, 3)},
    **{f"DepthwiseConv{r}D": {"depth_multiplier": 1, **_conv(r), **_DEPTH} for r in (1, 2)},
    **{f"SeparableConv{r}D": {"filters": 4, "depth_multiplier": 1, **_conv(r), **_DEPTH, **_POINT} for r in (1, 2)},
    **{f"{kind}Pooling{r}D": _pool(r) for kind in ("Average", "Max") for r in (1, 2, 3)},
    **{f"Global{kind}Pooling{r}D": {"keepdims": False, **_LAST} for kind in ("Average", "Max") for r in (1, 2, 3)},
    **{f"ZeroPadding{r}D": {"padding": _pairs(r), **_LAST} for r in (1, 2, 3)},
    **{f"Cropping{r}D": {"cropping": _pairs(r), **({} if r == 1 else _LAST)} for r in (1, 2, 3)},
}
"""What `get_config` of Keras 3.15 returns for each layer, besides its name, `trainable` and `dtype`."""
_POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
_ANY: tuple[Any, ...] = (True, 0.7, 2, "odd", [2, 2], {"class_name": "Odd", "config": {}})


def _model(kind: str, config: Mapping[str, Any], name: str = "odd") -> Any:
    """A model with this layer behind an input of 9 positions in each dimension and 4 channels."""
    if kind == "InputLayer":
        entries: list[Any] = []
        first = {"name": name, "dtype": "float32", **config}
    else:
        rank = next((int(digit) for digit in kind if digit.isdecimal()), 2)
        common = {"name": name, "trainable": True, "dtype": _POLICY}
        entries = [{"class_name": kind, "config": {**common, **config}}]
        first = {"name": "x", "batch_shape": [None, *[9] * rank, 4], "dtype": "float32"}
    layers: list[Any] = [{"class_name": "InputLayer", "config": first}, *entries]
    if kind in _MERGES:
        inner = {"name": "net", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[name, 0, 0]]}
        layers[1]["inbound_nodes"] = [[["x", 0, 0, {}], ["x", 0, 0, {}]]]
        return {"class_name": "Functional", "config": inner}
    return {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}


def _fingerprint(config: Any) -> Any:
    """The outputs of the module that is built, and its options; ImportFailed and what `import_keras` catches pass."""
    model = model_of(config)
    shape = tuple(model.layers[model.inputs[0][0]][1]["batch_shape"][1:])
    torch.manual_seed(0)
    graph = KerasGraph(model, [shape])
    (output,) = graph(torch.randn(2, *shape, generator=torch.Generator().manual_seed(1)))
    trained = [(name, tuple(p.shape), p.requires_grad) for name, p in graph.named_parameters()]
    modules = [repr(part) for part in graph.modules() if isinstance(part, (nn.Dropout, nn.BatchNorm1d, nn.LayerNorm))]
    return output.detach().numpy().round(6).tolist(), output.shape, trained, modules


def _changed(value: Any) -> Iterator[Any]:
    """Other values than this one, of its type if it has one."""
    if value is None:
        yield from _ANY
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (other for other in (value + 1, value / 2) if other != value)
    elif isinstance(value, str):
        yield from (other for other in ("odd", "tanh", "same", "causal", "bilinear") if other != value)
    elif isinstance(value, dict):
        yield from ({**value, "class_name": "Odd"}, {**value, "config": {**value["config"], "seed": 3}})
    else:
        flat = [number for each in value for number in (each if isinstance(each, list) else [each])]
        yield [(number or 0) + 1 for number in flat] if flat == value else [[2, 3]] * len(value)


_UNSEEN = {("ActivityRegularization", key) for key in ("l1", "l2")} | {
    ("Normalization", "axis"),  # the same number for each channel
    ("GaussianNoise", "stddev"),  # the note about the layer does not list its arguments
    ("SpatialDropout2D", "rate"),  # acts in training only; see test_dropout_seed_is_noted
}


@pytest.mark.parametrize("kind", sorted(_LAYERS))
def test_no_keras_option_is_silently_ignored(kind: str) -> None:
    config = _LAYERS[kind]
    usual = left_out(model_of(_model(kind, config)))
    assert bool(usual) == (kind in ("ActivityRegularization", "GaussianNoise"))
    before = _fingerprint(_model(kind, config))
    for key, value in {**config, "an_option_of_later_versions": None}.items():
        if (kind, key) in _UNSEEN:
            continue
        for other in _changed(value):
            changed = _model(kind, {**config, key: other})
            try:
                notes = left_out(model_of(changed))
                if notes == usual:
                    assert _fingerprint(changed) != before, (key, other)
            except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError):
                continue


def test_all_supported_keras_layers_are_covered() -> None:
    assert CARRIED.keys() - _LAYERS.keys() == {*MODELS, "Divide", "TrueDivide"}  # the last two are operations alone


DTYPES = {
    "float64": "the dtype `float64` of `odd` is left out: the network computes in float32",
    "float16": "the dtype `float16` of `odd` is left out: the network computes in float32",
    "mixed_float16": "the dtype `mixed_float16` of `odd` is left out: the network computes in float32",
    "mixed_bfloat16": "the dtype `mixed_bfloat16` of `odd` is left out: the network computes in float32",
}


@pytest.mark.parametrize("kind", sorted(_LAYERS))
def test_dtype_options_are_noted(kind: str) -> None:
    for name, note in DTYPES.items():
        for dtype in (name, {**_POLICY, "config": {"name": name}}):
            assert note in left_out(model_of(_model(kind, {**_LAYERS[kind], "dtype": dtype})))
    quantized = {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}}
    for odd in (quantized, "bool", "string", "float8"):
        with pytest.raises(ImportFailed, match="its dtype is"):
            left_out(model_of(_model(kind, {**_LAYERS[kind], "dtype": odd})))


def test_notes_abbreviate_many_layer_names() -> None:
    entries = [
        {
            "class_name": "Dense",
            "config": {"name": f"d{i}", **_LAYERS["Dense"], "kernel_constraint": {"class_name": "N"}},
        }
        for i in range(5)
    ]
    first: dict[str, Any] = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [8, 4]}}
    inner: dict[str, Any] = {"name": "net", "layers": [first, *entries[:3]]}
    listed = left_out(model_of({"class_name": "Sequential", "config": inner}))
    assert listed == (
        "the batch size 8 of `x` is left out",
        "`kernel_constraint` of `d0`, `d1` and `d2` is left out: only training differs",
    )
    inner["layers"] = [first, *entries]
    assert "`d0`, `d1`, `d2` and 2 more is" in left_out(model_of({"class_name": "Sequential", "config": inner}))[1]


def test_dropout_seed_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(_model("SpatialDropout2D", {**_LAYERS["SpatialDropout2D"], "rate": 0.25, "seed": 4})))
    imported = import_keras(path, "net")
    assert "dropout2d 0.25" in imported.text
    assert imported.notes == ("`seed` of `odd` is left out: only training differs",)


def _called(kind: str, args: list[Any], module: str = "keras.layers", **kwargs: Any) -> Any:
    """A functional model whose layer is called with these arguments."""
    common = {"module": "keras.layers", "registered_name": None}
    first: dict[str, Any] = {**common, "class_name": "InputLayer", "name": "x", "inbound_nodes": []}
    first["config"] = {"name": "x", "batch_shape": [None, 8], "dtype": "float32"}
    second: dict[str, Any] = {**common, "module": module, "class_name": kind, "name": "odd"}
    second["config"] = {"name": "odd", **({"rate": 0.5} if kind == "Dropout" else {})}
    second["inbound_nodes"] = [{"args": args, "kwargs": kwargs}]
    inner: dict[str, Any] = {"name": "net", "layers": [first, second], "input_layers": [["x", 0, 0]]}
    return {"class_name": "Functional", "config": {**inner, "output_layers": [["odd", 0, 0]]}}


_X = {"class_name": "__keras_tensor__", "config": {"shape": [None, 8], "keras_history": ["x", 0, 0]}}
CALLS = {
    "random in evaluation": (_called("Dropout", [_X], training=True), "it is called with `training=True`"),
    "another argument": (_called("Dropout", [_X], scale=2), "it is called with `scale=2`"),
    "a number": (_called("Maximum", [_X, 1.0], "keras.src.ops.numpy"), "one of its arguments is not a tensor, but 1.0"),
    "a list": (_called("Add", [_X, [1.0]], "keras.src.ops.numpy"), "one of its arguments is not a tensor, but 1.0"),
    "shared random numbers": (
        _model("Dropout", {**_LAYERS["Dropout"], "noise_shape": [None, 1, 8, 1]}),
        "its dropout has the `noise_shape` [None, 1, 8, 1]",
    ),
    "an operation": (_called("Average", [_X], "keras.src.ops.numpy"), "`keras.src.ops.numpy.Average` has no"),
    "another package": (_called("Dropout", [_X], "keras_mine.layers"), "is of a custom class, `Dropout`"),
    "another package's function": (
        _model("Activation", {"activation": {"module": "mine", "class_name": "function", "config": "relu"}}),
        "its activation is the function `relu` of mine",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_unsupported_call_arguments_are_refused(name: str, tmp_path: Path) -> None:
    config, message = CALLS[name]
    path = tmp_path / "net.json"
    path.write_text(json.dumps(config))
    with pytest.raises(ImportFailed) as found:
        import_keras(path, "net")
    assert message in found.value.message


def test_training_false_argument_is_noted() -> None:
    """False is Keras 3's default for dropout, which Keras 2 only wrote if it was given."""
    note = ("`training=False` of `odd` is left out: only training differs",)
    assert left_out(model_of(_called("Activation", [_X], training=False, mask=None))) == note
    dropout = _called("Dropout", [_X], training=False, mask=None)
    assert left_out(model_of(dropout)) == ()
    dropout["config"]["layers"][1]["inbound_nodes"] = [[["x", 0, 0, {"training": False}]]]
    assert left_out(model_of(dropout)) == note


@pytest.mark.filterwarnings("ignore")  # of Keras' own
def test_option_table_matches_keras(tmp_path: Path) -> None:
    """The table above has every key, with its default."""
    os.environ["KERAS_BACKEND"] = "torch"
    keras = pytest.importorskip("keras")
    path = tmp_path / "net.json"
    for kind, config in _LAYERS.items():
        given = {key: config[key] for key in CARRIED[kind] if key in config}
        made = keras.layers.InputLayer((3,)) if kind == "InputLayer" else getattr(keras.layers, kind)(**given)
        theirs = json.loads(json.dumps(made.get_config()))
        assert theirs.keys() - {"name", "trainable", "dtype"} == config.keys(), kind
        path.write_text(json.dumps(_model(kind, theirs, theirs["name"])))
        assert left_out(read_keras(path)) == left_out(model_of(_model(kind, config, theirs["name"]))), kind
