"""Weights of other programs: matched by name, or by structure where that is certain, else refused."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import archdsl
from archdsl.backends.weight_files import CannotLoad
from archdsl.backends.weight_loading import LoadedWeights, compare_weights, load_weights

TEXT = """
net Small(classes = 5)
input 3x8x8
block basic(c) { residual { conv c k3 p1 nobias; bn; relu; conv c k3 p1 nobias; bn }; relu }
stage stem { conv 4 k3 p1 nobias; bn; relu }
stage body { basic 4 x2 }
gap
fc classes
"""
CHAIN = "input 8; stage body { fc 8; relu; fc 8; relu; fc 8 }; relu; fc 3"

State = dict[str, Tensor]


def built(text: str = TEXT, **given: Any) -> nn.Module:
    return archdsl.loads(text, **given).to_torch().eval()


def file(path: Path, state: State) -> Path:
    save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, path)
    return path


def renamed(state: State, change: Callable[[str], str]) -> State:
    return {change(name): tensor for name, tensor in state.items()}


def loaded(tmp_path: Path, state: State, text: str = TEXT, **given: Any) -> tuple[nn.Module, LoadedWeights]:
    module = built(text, **given)
    return module, load_weights(module, file(tmp_path / "w.safetensors", state))


def equal(module: nn.Module, other: nn.Module) -> None:
    torch.testing.assert_close(module.state_dict(), other.state_dict(), rtol=0, atol=0)


def refused(tmp_path: Path, state: State, text: str = TEXT) -> str:
    """The message; nothing has been changed."""
    module = built(text)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(CannotLoad) as caught:
        load_weights(module, file(tmp_path / "w.safetensors", state))
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)
    return str(caught.value)


# --- by name ---


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "module._orig_mod."])
@pytest.mark.parametrize("order", [sorted, lambda names: sorted(names, reverse=True), list])
def test_prefixed_names_in_any_order_are_matched(tmp_path: Path, prefix: str, order: Callable[..., Any]) -> None:
    other = built()
    state = other.state_dict()
    path = tmp_path / "weights.pth"
    torch.save({prefix + name: state[name] for name in order(state)}, path)
    module = built()
    made = load_weights(module, path)
    equal(module, other)
    assert (made.match.prefix, made.match.unused, made.match.heads, made.match.renamed) == (prefix, (), (), {})


def test_state_dict_of_a_single_layer_is_matched(tmp_path: Path) -> None:
    linear = nn.Linear(8, 3)
    module, made = loaded(tmp_path, linear.state_dict(), "input 8; fc 3")
    assert torch.equal(module.state_dict()["fc1.weight"], linear.weight)
    assert (made.match.prefix, made.match.unused, made.match.heads) == ("", (), ())
    with pytest.raises(CannotLoad, match="no tensor of the file fits"):
        loaded(tmp_path, {**linear.state_dict(), "extra": torch.zeros(2)}, "input 8; fc 3")


@pytest.mark.parametrize("name", ["1", "fc", "classifier.1", "module.head"])
def test_only_layer_of_a_file_is_matched_under_any_name(tmp_path: Path, name: str) -> None:
    linear = nn.Linear(8, 3)
    module, made = loaded(tmp_path, renamed(linear.state_dict(), lambda each: f"{name}.{each}"), "input 8; fc 3")
    assert torch.equal(module.state_dict()["fc1.weight"], linear.weight)
    assert made.match.renamed == {"fc1": name}


def test_prefix_that_is_a_stage_name_is_kept(tmp_path: Path) -> None:
    text = "input 8; stage module { fc 4; relu; fc 2 }"
    other = built(text)
    module, made = loaded(tmp_path, other.state_dict(), text)
    equal(module, other)
    assert made.match.prefix == ""


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_in_other_precisions_are_converted(tmp_path: Path, dtype: torch.dtype) -> None:
    state = {name: t.to(dtype) if t.is_floating_point() else t for name, t in built().state_dict().items()}
    module, made = loaded(tmp_path, state)
    assert made.converted == (str(dtype).removeprefix("torch."),)
    for name, tensor in module.state_dict().items():
        assert tensor.dtype in (torch.float32, torch.int64)
        assert torch.equal(tensor, state[name].to(tensor.dtype))


@pytest.mark.parametrize("prefix", ["", "module."])
def test_head_of_another_size_is_not_loaded(tmp_path: Path, prefix: str) -> None:
    other = built(classes=1000)
    module = built()
    head = module.get_submodule("fc1").state_dict()
    kept = {name: tensor.clone() for name, tensor in head.items()}
    made = load_weights(
        module, file(tmp_path / "w.safetensors", renamed(other.state_dict(), lambda name: prefix + name))
    )
    assert made.match.heads == ("fc1",)
    torch.testing.assert_close(module.get_submodule("fc1").state_dict(), kept, rtol=0, atol=0)
    equal(module.get_submodule("body"), other.get_submodule("body"))


def test_shape_mismatch_outside_the_head_is_refused(tmp_path: Path) -> None:
    state = built().state_dict()
    state["body.basic1.conv2.weight"] = torch.zeros(8, 4, 3, 3)
    assert "body.basic1.conv2.weight: 8×4×3×3 in the file, 4×4×3×3 in the network" in refused(tmp_path, state)


def test_batch_norm_counters_may_be_missing(tmp_path: Path) -> None:
    state = {name: t for name, t in built().state_dict().items() if not name.endswith("num_batches_tracked")}
    module, _ = loaded(tmp_path, state)
    assert torch.equal(module.state_dict()["stem.bn1.weight"], state["stem.bn1.weight"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nonfinite_values_are_refused(tmp_path: Path, value: float) -> None:
    state = built().state_dict()
    state["stem.conv1.weight"] = torch.full((4, 3, 3, 3), value)
    assert "`stem.conv1.weight` has values that are not finite" in refused(tmp_path, state)


def test_integer_weights_are_refused(tmp_path: Path) -> None:
    state = built().state_dict()
    state["stem.conv1.weight"] = state["stem.conv1.weight"].to(torch.int8)
    assert "int8" in refused(tmp_path, state)


def test_missing_tensor_is_named(tmp_path: Path) -> None:
    state = built().state_dict()
    del state["stem.conv1.weight"]
    assert "stem.conv1" in refused(tmp_path, state)


def test_unused_tensors_are_reported(tmp_path: Path) -> None:
    _, made = loaded(tmp_path, {**built().state_dict(), "aux.weight": torch.zeros(3)})
    assert made.match.unused == ("aux.weight",)


# --- by structure ---


def test_renamed_layers_are_matched_if_unambiguous(tmp_path: Path) -> None:
    """Whatever the order of the tensors in the file."""
    other = built(CHAIN)
    names = {"body.fc1": "net.0", "body.fc2": "net.2", "body.fc3": "net.10", "fc1": "out"}
    state = {
        f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": tensor
        for name, tensor in other.state_dict().items()
    }
    for number, order in enumerate((sorted(state), sorted(state, reverse=True))):
        torch.save({name: state[name] for name in order}, tmp_path / f"{number}.pth")
        module = built(CHAIN)
        made = load_weights(module, tmp_path / f"{number}.pth")
        equal(module, other)
        assert made.match.renamed == names


def test_name_suffixes_distinguish_layers(tmp_path: Path) -> None:
    """The two convolutions of a block have the same size."""
    other = built()
    state = renamed(other.state_dict(), lambda name: name.replace("body.basic", "blocks.").replace("stem", "blocks.0"))
    module, made = loaded(tmp_path, state)
    equal(module, other)
    assert made.match.renamed["body.basic2.conv2"] == "blocks.2.conv2"
    assert "fc1" not in made.match.renamed


def test_renamed_head_of_another_size_is_not_loaded(tmp_path: Path) -> None:
    other = built(CHAIN.replace("fc 3", "fc 7"))
    state = renamed(other.state_dict(), lambda name: name.replace("body.fc", "net.").replace("fc1", "out"))
    module, made = loaded(tmp_path, state, CHAIN)
    assert made.match.heads == ("fc1",)
    assert set(made.match.unused) == {"out.weight", "out.bias"}
    equal(module.get_submodule("body"), other.get_submodule("body"))


PARALLEL = "input 8; add { fc 8 } { fc 8; relu }; fc 3"
AMBIGUOUS: dict[str, tuple[str, Callable[[str], str]]] = {
    "words without an order": (
        CHAIN,
        lambda name: name.replace("fc1", "in").replace("fc2", "mid").replace("fc3", "out"),
    ),
    "numbers in words": (CHAIN, lambda name: name.replace("fc", "dec")),
    "parallel branches": (PARALLEL, lambda name: name.replace("branch", "branches.")),
}


@pytest.mark.parametrize(("text", "change"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_layers_are_refused_with_the_candidates(
    tmp_path: Path, text: str, change: Callable[[str], str]
) -> None:
    state = renamed(built(text).state_dict(), change)
    message = refused(tmp_path, state, text)
    assert "cannot be distinguished" in message
    assert "network: " in message
    assert "file: " in message


def test_weights_of_another_depth_are_refused(tmp_path: Path) -> None:
    deeper = built("input 8; stage body { fc 8; relu; fc 8; relu; fc 8; relu; fc 8 }; relu; fc 3")
    state = renamed(deeper.state_dict(), lambda name: name.replace("body.fc", "net."))
    assert "3 layers of the network have these tensors, but 4 layers of the file do" in refused(tmp_path, state, CHAIN)
    single = {"weight": torch.zeros(2, 2)}
    assert "1 layer of the network has these tensors, but 0 layers" in refused(
        tmp_path, single, "input 8; fc 8; relu; fc 3"
    )
    state = renamed(built(CHAIN).state_dict(), lambda name: name.replace("body.fc", "net."))
    state |= {"extra.weight": torch.zeros(2, 2)}
    assert "extra" in refused(tmp_path, state, CHAIN)


def test_handwritten_module_is_loaded_by_name(tmp_path: Path) -> None:
    module, other = (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)) for _ in range(2))
    load_weights(module, file(tmp_path / "w.safetensors", other.state_dict()))
    equal(module, other)


def test_networks_load_weights_saved_with_another_seed(tmp_path: Path) -> None:
    for name in ("lenet5", "resnet18", "mobilenet_v2", "googlenet", "unet"):
        other, module = (archdsl.load(f"zoo:{name}").to_torch() for _ in range(2))
        made = load_weights(module, file(tmp_path / f"{name}.safetensors", other.state_dict()))
        equal(module, other)
        assert (made.match.renamed, made.match.heads, made.match.unused) == ({}, (), ())


# --- files ---


def shards(folder: Path, state: State) -> Path:
    names = sorted(state)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for part, kept in parts.items():
        file(folder / part, {name: state[name] for name in kept})
    places = {name: part for part, kept in parts.items() for name in kept}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


def test_shards_are_loaded_by_index_or_folder(tmp_path: Path) -> None:
    other = built()
    index = shards(tmp_path, other.state_dict())
    for path in (index, tmp_path):
        module = built()
        load_weights(module, path)
        equal(module, other)


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_checkpoints_of_other_training_programs_are_loaded(tmp_path: Path, key: str) -> None:
    other, module = built(), built()
    torch.save({key: other.state_dict(), "epoch": 3, "lr": torch.tensor(0.1)}, tmp_path / "checkpoint.pth")
    load_weights(module, tmp_path / "checkpoint.pth")
    equal(module, other)


class MaliciousPickle:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def test_malicious_pickle_is_not_executed(tmp_path: Path) -> None:
    path, trace = tmp_path / "model.pth", tmp_path / "ran"
    torch.save({"weight": MaliciousPickle(str(trace))}, path)
    with pytest.raises(CannotLoad, match="could run code"):
        load_weights(built(), path)
    path.write_bytes(pickle.dumps(MaliciousPickle(str(trace))))
    with pytest.raises(CannotLoad):
        load_weights(built(), path)
    assert not trace.exists()


def index_of(place: Any) -> bytes:
    return json.dumps({"weight_map": {"stem.conv1.weight": place}}).encode()


BAD_FILES = {
    "model.safetensors": b"not safetensors",
    "cut.safetensors": (1 << 62).to_bytes(8, "little") + b"{}",
    "model.pth": b"not a pickle",
    "list.index.json": b"[1]",
    "map.index.json": b'{"weight_map": [1]}',
    "broken.index.json": b"{",
    "outside.index.json": index_of("../secret.safetensors"),
    "absolute.index.json": index_of("/etc/passwd"),
    "missing.index.json": index_of("gone.safetensors"),
    "number.index.json": index_of(3),
    "model.txt": b"",
}


@pytest.mark.parametrize("name", [*BAD_FILES, "none.pth", "folder"])
def test_invalid_files_are_refused_with_one_line(tmp_path: Path, name: str) -> None:
    if name in BAD_FILES:
        (tmp_path / name).write_bytes(BAD_FILES[name])
    if name == "folder":
        (tmp_path / name).mkdir()
    with pytest.raises(CannotLoad) as caught:
        compare_weights(built(), tmp_path / name)
    assert caught.value.why.startswith(str(tmp_path / name))
    assert "\n" not in caught.value.why


def test_comparing_weights_does_not_modify_the_module(tmp_path: Path) -> None:
    other, module = built(), built()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    path = file(tmp_path / "w.safetensors", other.state_dict())
    made = compare_weights(module, path)
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)
    with torch.device("meta"):
        assert compare_weights(built(), path) == made
