"""Keras models as networks: the same function as in Keras, where it is installed; code is refused."""

import itertools
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.importing import ImportFailed, keras_import
from archdsl.importing.keras_config import read_keras
from archdsl.importing.keras_import import KerasGraph, import_keras
from archdsl.importing.keras_layers import KerasTransposed


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """The entry of a layer."""
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def sequential(*layers: dict[str, Any], shape: tuple[Any, ...] = (16, 16, 3)) -> dict[str, Any]:
    """The configuration of a Sequential model."""
    first = layer("InputLayer", "x", batch_shape=[None, *shape], dtype="float32")
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def conv(name: str, filters: int, **more: Any) -> dict[str, Any]:
    plain = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "use_bias": True, "activation": "relu"}
    return layer("Conv2D", name, filters=filters, **{**plain, **more})


def pool(name: str) -> dict[str, Any]:
    return layer("MaxPooling2D", name, pool_size=[2, 2], strides=[2, 2], padding="valid")


def dense(name: str, units: Any, activation: str = "linear") -> dict[str, Any]:
    return layer("Dense", name, units=units, use_bias=True, activation=activation)


LENET = sequential(
    conv("a", 6), pool("b"), conv("c", 16, padding="valid"), pool("d"), layer("Flatten", "e"), dense("f", 10, "softmax")
)


def saved(config: Any, folder: Path, name: str = "net.keras") -> Path:
    """The file of a configuration."""
    path = folder / name
    text = json.dumps(config)
    if path.suffix == ".json":
        path.write_text(text)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", text)
    return path


@pytest.mark.parametrize("name", ["net.keras", "net.json"])
def test_text_of_an_imported_keras_model(name: str, tmp_path: Path) -> None:
    imported = import_keras(saved(LENET, tmp_path, name), "LeNet")
    imported.check()
    words = [
        "net LeNet\ninput 3x16x16\n",
        "conv 6 k3 p1; relu; maxpool k2",
        "conv 16 k3; relu; maxpool k2",
        "flatten",
        "fc 10; softmax\n",
    ]
    assert imported.text == "\n".join(words)


def test_keras_branches_become_concat(tmp_path: Path) -> None:
    def node(*reads: str) -> list[Any]:
        return [[[name, 0, 0, {}] for name in reads]]

    first = layer("InputLayer", "x", batch_shape=[None, 8, 8, 4], dtype="float32")
    entries = [first, conv("a", 4), layer("Add", "b"), layer("Concatenate", "c", axis=-1)]
    for entry, nodes in zip(entries, [[], node("x"), node("a", "x"), node("b", "a")], strict=True):
        entry |= {"name": entry["config"]["name"], "inbound_nodes": nodes}
    inner = {"name": "net", "layers": entries, "input_layers": [["x", 0, 0]], "output_layers": [["c", 0, 0]]}
    imported = import_keras(saved({"class_name": "Functional", "config": inner}, tmp_path), "net")
    imported.check()
    assert "add" in imported.text
    assert "concat" in imported.text


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", ["valid", "same"])
@torch.no_grad()
def test_transposed_convolution_adds_scaled_kernels(kernel: int, stride: int, padding: str) -> None:
    """Each input element adds the kernel to the output; elements beyond all kernels have the bias, too."""
    config = layer(
        "Conv1DTranspose", "t", filters=2, kernel_size=kernel, strides=stride, padding=padding, use_bias=True
    )
    part = KerasTransposed(config["config"], 3, 1)
    x = torch.randn(2, 5, 3)
    whole = 5 * stride + max(kernel - stride, 0)
    wanted = torch.zeros(2, whole, 2)
    for place in range(5):
        for offset in range(kernel):
            wanted[:, place * stride + offset] += x[:, place] @ part.weight[:, :, offset]
    assert part.bias is not None
    wanted += part.bias
    if padding == "same":
        start = max(kernel - stride, 0) // 2
        wanted = wanted[:, start : start + 5 * stride]
    torch.testing.assert_close(part(x), wanted)


REFUSED = {
    "a Lambda": (
        sequential(layer("Lambda", "odd", function={"class_name": "__lambda__"})),
        "is a Lambda, which has code",
    ),
    "a layer of others": (sequential({**dense("odd", 3), "registered_name": "mine>Odd"}), "a custom class"),
    "a module of others": (sequential({**dense("odd", 3), "module": "mine.layers"}), "a custom class"),
    "a model of others": ({"class_name": "Mine", "config": {}}, "`Mine` is a custom class"),
    "another package": ({"hidden_size": 8}, "is not the configuration of a Keras model"),
    "an unknown layer": (sequential(layer("Hashing", "odd")), "`Hashing` has no counterpart"),
    "sizes that are missing": (sequential(dense("odd", 3), shape=(None, 3)), "no fixed sizes"),
    "another order of axes": (sequential(conv("odd", 3, data_format="channels_first")), "channels come first"),
    "no model": ([], "not the configuration of a Keras model"),
    "no layers": ({"class_name": "Sequential", "config": {"layers": []}}, "no layers"),
    "a boolean as filters": (sequential(conv("odd", True)), "`filters` of the layer `odd` has a boolean"),
    "a boolean in a kernel": (sequential(conv("odd", 3, kernel_size=[3, True])), "`kernel_size` of the layer `odd`"),
    "a boolean as units": (sequential(dense("odd", True)), "`units` of the layer `odd`"),
    "a boolean as a size": (sequential(dense("odd", 3), shape=(16, True)), "`batch_shape` of the layer `x`"),
    "no numbers": (sequential(dense("odd", "many")), "the layer `odd` cannot be imported: its configuration does not"),
    "a missing option": (
        sequential(layer("Dense", "odd", units=3)),
        "the layer `odd` cannot be imported: its configuration has no `use_bias`",
    ),
    "a name of two layers": (sequential(dense("odd", 3), dense("odd", 3)), "several layers are named `odd`"),
    "a normalization with weights": (sequential(layer("Normalization", "odd", axis=[-1])), "its mean and variance are"),
    "a normalization of each channel": (
        sequential(layer("Normalization", "odd", axis=[-1], mean=[1.0, 2.0, 3.0], variance=1.0)),
        "its `mean` differs between channels: leave the layer out",
    ),
    "a scale of each channel": (
        sequential(layer("Rescaling", "odd", scale=[1.0, 2.0, 3.0], offset=0.0)),
        "its `scale` differs between channels: leave the layer out",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_keras_model_is_refused(name: str, tmp_path: Path) -> None:
    config, message = REFUSED[name]
    result = CliRunner().invoke(main, ["import", str(saved(config, tmp_path))])
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def _damaged(value: Any) -> Iterator[Any]:
    """Copies of a configuration, each with one value that is missing, or of another type."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        rest = (
            {k: v for k, v in value.items() if k != key} if isinstance(value, dict) else value[:key] + value[key + 1 :]
        )
        yield rest
        inner = (None, "odd", -1, 0, 2.5, True, [], {}, [[]], {"odd": 1}, *_damaged(value[key]))
        for other in inner:
            yield {**value, key: other} if isinstance(value, dict) else [*value[:key], other, *value[key + 1 :]]


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_damaged_configuration_is_refused_in_plain_words(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accept(*_: object) -> None:
        raise ImportFailed("accepted")

    monkeypatch.setattr(keras_import, "import_module", accept)
    config = sequential(conv("a", 2), pool("b"), layer("Flatten", "c"), dense("d", 3), shape=(4, 4, 1))
    if kind == "functional":
        entries = config["config"]["layers"]
        for before, entry in zip([None, *entries], entries, strict=False):
            entry["inbound_nodes"] = [[[before["config"]["name"], 0, 0, {}]]] if before else []
        ends = {"input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}
        config = {"class_name": "Functional", "config": {**config["config"], **ends}}
    for each in (config, *_damaged(config)):
        result = CliRunner().invoke(main, ["import", str(saved(each, tmp_path, "net.json"))])
        assert result.exit_code == 1, (each, result.exception)
        assert (result.stderr == "error: accepted\n") or each is not config
        assert not _PYTHON_WORDS.search(result.stderr), (each, result.stderr)


_PYTHON_WORDS = re.compile(r"[A-Z]\w*Error|NoneType|\bobject\b|\bindices\b|unhashable|\bargument\b|\bint\(|subscript")


def test_layer_names_that_torch_does_not_allow_stay_distinct(tmp_path: Path) -> None:
    names = ["a.b", "a_b", "keys", "training", "a/b", "a.b_", "forward", "a b", "input", "1"]
    config = sequential(*(dense(name, 2 + i) for i, name in enumerate(names)), shape=(7,))
    del config["config"]["layers"][0]
    config["config"]["build_input_shape"] = [None, 7]
    path = saved(config, tmp_path)
    imported = import_keras(path, "net")
    imported.check()
    assert imported.network is not None
    widths = [7, *range(2, 2 + len(names))]
    assert imported.network.parameters == sum((a + 1) * b for a, b in itertools.pairwise(widths))
    assert len(KerasGraph(read_keras(path), [(7,)]).parts) == len(names)


def test_normalization_by_numbers_is_shift_and_scale(tmp_path: Path) -> None:
    normal = layer("Normalization", "n", axis=[-1], mean=[2.0, 2.0, 2.0], variance=[4.0, 4.0, 4.0], invert=False)
    imported = import_keras(saved(sequential(normal, layer("Flatten", "f"), dense("d", 2)), tmp_path), "net")
    imported.check()
    assert "shift -2\nscale 0.5\n" in imported.text


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (2**26 + 1))
    with pytest.raises(ImportFailed, match="more than"):
        import_keras(path, "net")


@pytest.mark.parametrize(("encrypted", "message"), [(False, "is not a .keras archive"), (True, "is encrypted")])
def test_damaged_or_encrypted_archive_is_refused(encrypted: bool, message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(list(range(200))))
    data = bytearray(path.read_bytes())
    if encrypted:  # the flags of the file and of its entry in the directory
        for place in (6, data.index(b"PK\x01\x02") + 8):
            data[place] |= 1
    else:
        start = 30 + len("config.json")
        data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises(ImportFailed, match=message):
        import_keras(path, "net")


@pytest.mark.parametrize("depth", [700, 5000])
def test_deeply_nested_configuration_is_refused(depth: int, tmp_path: Path) -> None:
    text = json.dumps({"class_name": "Sequential", "config": [layer("Permute", "p", dims="DIMS")]})
    path = tmp_path / "net.json"
    path.write_text(text.replace('"DIMS"', "[" * depth + "1" + "]" * depth))
    with pytest.raises(ImportFailed, match="configuration"):
        import_keras(path, "net")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text"])
def test_file_that_is_no_keras_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    path.write_bytes(data)
    with pytest.raises(ImportFailed, match=r"is not a \.keras archive"):
        import_keras(path, "net")


# --- against Keras ---


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "torch"
    return pytest.importorskip("keras")


def _models(keras: Any) -> dict[str, Any]:
    layers = keras.layers
    x = layers.Input((16, 16, 4))
    y = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    residual = keras.Model(x, layers.Flatten()(layers.Concatenate()([layers.Add()([x, y]), y])))
    strided = keras.Sequential(
        [
            layers.Input((15, 16, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="silu"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
            layers.SeparableConv2D(6, 3),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
            layers.Conv2DTranspose(4, 1, strides=2),
            layers.ZeroPadding2D(((1, 0), (2, 1))),
            layers.UpSampling2D(2),
            layers.AveragePooling2D(2),
            layers.GlobalMaxPooling2D(),
            layers.LayerNormalization(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    x = layers.Input((8, 8, 4))
    y = layers.BatchNormalization(scale=False)(layers.Conv2D(6, 3)(x))
    y = layers.BatchNormalization(center=False)(layers.Conv2D(4, 1)(y + 3.0))
    y = layers.Dropout(0.2, noise_shape=(None, 1, 1, 1))(2 * y / 5)
    y = layers.LayerNormalization(scale=False)(layers.GlobalAveragePooling2D()(1 - y))
    partial = keras.Model(x, layers.LayerNormalization(center=False)(layers.Dense(5)(y)))
    normalized = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),
            layers.Normalization(mean=[0.5] * 3, variance=[0.04] * 3),
            layers.Conv2D(4, 3),
            layers.Normalization(axis=None, mean=0.25, variance=0.0, invert=True),
            layers.Conv2D(4, 3),
        ]
    )
    return {"residual": residual, "strided": strided, "partial": partial, "normalized": normalized}


def _copy(part: torch.nn.Module, weights: list[torch.Tensor]) -> None:
    """Copy the weights of a Keras layer: kernels are height × width × input × output there."""
    kind = type(part).__name__
    if kind == "KerasSeparable":
        depth, *rest = weights
        _copy(part.get_submodule("depthwise"), [depth])
        _copy(part.get_submodule("pointwise"), rest)
        return
    state = {name: tensor for name, tensor in part.state_dict().items() if "num_batches" not in name}
    state = dict(sorted(state.items(), key=lambda item: "running" in item[0]))
    for (name, tensor), value in zip(state.items(), weights, strict=True):
        if kind == "KerasConv" and name == "weight" and value.shape[2] != tensor.shape[1]:
            value = value.permute(2, 3, 0, 1)
        elif name == "weight" and value.ndim == 4:
            value = value.permute(3, 2, 0, 1)
        elif value.ndim == 2:
            value = value.t()
        tensor.copy_(value.reshape(tensor.shape))


@pytest.mark.filterwarnings("ignore")  # of Keras' own
@pytest.mark.parametrize("name", ["residual", "strided", "partial", "normalized"])
def test_imported_model_matches_keras(keras: Any, name: str, tmp_path: Path) -> None:
    model = _models(keras)[name]
    path = tmp_path / "net.json"
    path.write_text(model.to_json())
    imported = import_keras(path, "net")
    imported.check()
    assert imported.network is not None
    assert imported.network.parameters == sum(int(torch.tensor(w.shape).prod()) for w in model.trainable_weights)
    config = read_keras(path)
    shape = model.input_shape[1:]
    graph = KerasGraph(config, [shape])
    x = torch.randn(2, *shape)
    with torch.no_grad():
        for layer in model.layers:
            if layer.weights:
                given = [torch.tensor(each) for each in layer.get_weights()]
                given = [each + 0.1 * torch.rand(each.shape) for each in given]
                layer.set_weights([each.numpy() for each in given])
                _copy(graph.parts[layer.name], given)
        (found,) = graph(x)
        expected = torch.as_tensor(model(x.numpy(), training=False)).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
