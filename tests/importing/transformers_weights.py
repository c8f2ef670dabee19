"""The weights of a model of transformers in the network that was imported from its configuration.

An oracle that knows neither side's names: the modules with weights of both run in the same order, kind by kind.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.backends.weight_layers import weight_layers


def random_weights(module: nn.Module) -> None:
    """Give every parameter random values, so that a wrong copy changes the outputs."""
    random = torch.Generator().manual_seed(0)
    for name, each in module.named_parameters():
        norm = each.ndim == 1 and not name.endswith("bias")
        each.data = (torch.rand if norm else torch.randn)(each.shape, generator=random) * (1 if norm else 0.15)
        each.data += 0.5 if norm else 0


def carried(ours: nn.Module, theirs: nn.Module, run: Callable[[], Any]) -> dict[str, Tensor]:
    """The state dict of our module with the weights of theirs, which `run` calls."""
    queues = _queues(theirs, run)
    found: dict[str, Tensor] = {}
    heads = getattr(theirs.config, "num_attention_heads", 1)
    for layer in weight_layers(ours):
        for name, value in _tensors(layer.shapes, queues, heads, theirs).items():
            assert value.shape == layer.shapes[name], (layer.name, name, value.shape, layer.shapes[name])
            found[f"{layer.name}.{name}"] = value
    left = {kind: len(queue) for kind, queue in queues.items() if queue}
    assert not left, left
    return found


def _queues(theirs: nn.Module, run: Callable[[], Any]) -> dict[str, list[Any]]:
    """Their modules with weights in the order of their first calls, by kind; fused linear layers are split."""
    order: list[nn.Module] = []

    def record(module: nn.Module, args: Any) -> None:
        if module not in order:
            order.append(module)

    hooks = [each.register_forward_pre_hook(record) for each in theirs.modules()]
    run()
    for hook in hooks:
        hook.remove()
    queues: dict[str, list[Any]] = defaultdict(list)
    tables = {id(each.weight) for each in theirs.modules() if isinstance(each, nn.Embedding)}
    for module in order:
        own = dict(module.named_parameters(recurse=False))
        if own:
            _sort(module, own, queues, tables)
    return queues


def _sort(module: nn.Module, own: Mapping[str, Tensor], queues: dict[str, list[Any]], tables: set[int]) -> None:
    kind = type(module).__name__
    if isinstance(module, nn.Embedding) and len(own["weight"]) == 1:
        queues["vector"].append(own["weight"][0])  # a single type of segment
    elif isinstance(module, nn.Embedding):
        if not any(each["weight"] is own["weight"] for each in queues["embedding"]):
            queues["embedding"].append(own)
    elif "Norm" in kind:
        offset = 1 if kind == "GemmaRMSNorm" else 0
        queues[f"norm{own['weight'].numel()}"].append({**own, "weight": own["weight"] + offset})
    elif kind == "Conv1D":
        _linear({**own, "weight": own["weight"].T}, queues)
    elif isinstance(module, nn.Linear) and id(module.weight) in tables:
        if "bias" in own:
            queues["vector"].append(own["bias"])
    elif isinstance(module, nn.Linear):
        _linear(own, queues)
    elif isinstance(module, nn.Conv2d):
        queues["conv"].append(own)
    elif "lambda1" in own:
        queues["vector"].append(own["lambda1"])
    elif "cls_token" in own:
        queues["token"] += [own[name] for name in ("distillation_token", "cls_token") if name in own]
        queues["positions"].append(own["position_embeddings"])


def _linear(own: Mapping[str, Tensor], queues: dict[str, list[Any]]) -> None:
    queues["linear"].append(own)


def _tensors(shapes: Any, queues: dict[str, list[Any]], heads: int, theirs: Any) -> dict[str, Tensor]:
    """The tensors of one of our layers."""
    names = set(shapes)
    if "in_proj_weight" in names or "q_proj_weight" in names:
        return _attention(shapes, queues, heads, theirs.config.model_type)
    if names == {"bias"}:
        return {"bias": queues["vector"].pop(0)}
    if names <= {"weight", "bias"}:
        shape = shapes["weight"]
        norm = f"norm{shape[0]}"
        if len(shape) == 1 and queues[norm] and ("bias" in names) == ("bias" in queues[norm][0]):
            return {name: value for name, value in queues[norm].pop(0).items() if name in names}
        if len(shape) == 4:
            return dict(queues["conv"].pop(0))
        if len(shape) == 3:
            return {"weight": _token(shape, queues)}
        if len(shape) == 1:
            return {"weight": queues["vector"].pop(0)}
        table = queues["embedding"][0]["weight"] if queues["embedding"] else None
        if "bias" not in names and table is not None and tuple(table.shape) == tuple(shape):
            return {"weight": queues["embedding"].pop(0)["weight"]}
        return _one_linear(shapes, queues)
    raise AssertionError(sorted(names))


def _token(shape: tuple[int, ...], queues: dict[str, list[Any]]) -> Any:
    if shape[1] == 1 and queues["token"]:
        return queues["token"].pop(0)
    return queues["positions"].pop(0) if queues["positions"] else queues["embedding"].pop(0)["weight"][None]


def _one_linear(shapes: Any, queues: dict[str, list[Any]]) -> dict[str, Tensor]:
    weight = queues["linear"][0]["weight"]
    if weight.shape[0] == 2 * shapes["weight"][0]:  # the gate and the other half in one matrix
        first, second = weight.chunk(2)
        queues["linear"][0] = {"weight": second}
        return {"weight": first}
    return dict(queues["linear"].pop(0))


def _attention(shapes: Any, queues: dict[str, list[Any]], heads: int, family: str) -> dict[str, Tensor]:
    rows = sum(
        shapes[name][0]
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
        if name in shapes
    )
    first = queues["linear"].pop(0)
    found: dict[str, Tensor] = {}
    if first["weight"].shape[0] == rows:
        parts = [first]
        if family == "gpt_neox":  # the rows are those of each head's query, key and value
            parts = [{name: _by_head(value, heads) for name, value in first.items()}]
    else:
        parts = [first, queues["linear"].pop(0), queues["linear"].pop(0)]
    for name in first:
        value = torch.cat([each[name] for each in parts])
        if f"in_proj_{name}" in shapes:
            found[f"in_proj_{name}"] = value
        else:
            sizes = [shapes[f"{letter}_proj_{name}"][0] for letter in "qkv"]
            found |= {
                f"{letter}_proj_{name}": each for letter, each in zip("qkv", torch.split(value, sizes), strict=True)
            }
    for letter in "qk":
        name = f"{letter}_norm"
        inner = [each.removeprefix(f"{name}.") for each in shapes if each.startswith(f"{name}.")]
        if inner:
            norm = queues[f"norm{shapes[f'{name}.weight'][0]}"].pop(0)
            found |= {f"{name}.{each}": norm[each] for each in inner}
    found |= {f"out_proj.{name}": value for name, value in queues["linear"].pop(0).items()}
    return found


def _by_head(x: Tensor, heads: int) -> Tensor:
    """Rows of heads×(query, key, value) as those of all queries, keys and values."""
    return x.reshape(heads, 3, -1, *x.shape[1:]).transpose(0, 1).reshape(x.shape)
