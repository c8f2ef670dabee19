"""Models of transformers: small configurations of each kind, and what their models need to be called."""

import itertools
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

_ENCODER = ("Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
_DECODER = ("Model", "ForCausalLM")
_BOTH = ("Model", "ForConditionalGeneration", "EncoderModel")
_IMAGE = ("Model", "ForImageClassification")
_CLASSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "albert": ("Albert", _ENCODER),
    "bert": ("Bert", _ENCODER),
    "camembert": ("Camembert", _ENCODER),
    "deit": ("DeiT", (*_IMAGE, "ForImageClassificationWithTeacher")),
    "dinov2": ("Dinov2", _IMAGE),
    "distilbert": ("DistilBert", _ENCODER),
    "electra": ("Electra", (*_ENCODER, "ForPreTraining")),
    "gemma": ("Gemma", _DECODER),
    "gpt2": ("GPT2", ("Model", "LMHeadModel")),
    "gpt_neox": ("GPTNeoX", _DECODER),
    "llama": ("Llama", _DECODER),
    "mistral": ("Mistral", _DECODER),
    "mt5": ("MT5", _BOTH),
    "opt": ("OPT", _DECODER),
    "phi": ("Phi", _DECODER),
    "phi3": ("Phi3", _DECODER),
    "qwen2": ("Qwen2", _DECODER),
    "qwen3": ("Qwen3", _DECODER),
    "roberta": ("Roberta", _ENCODER),
    "t5": ("T5", _BOTH),
    "vit": ("ViT", _IMAGE),
    "xlm-roberta": ("XLMRoberta", _ENCODER),
}
ARCHITECTURES = {family: [f"{prefix}{head}" for head in heads] for family, (prefix, heads) in _CLASSES.items()}
"""The classes that are imported, by family."""

_TEXT = {"num_attention_heads": 4, "vocab_size": 120, "max_position_embeddings": 40, "hidden_size": 48}
_SIZES = _TEXT | {"num_hidden_layers": 3, "intermediate_size": 100}
_FEW = _SIZES | {"num_key_value_heads": 2}
_DISTIL = {"dim": 48, "n_layers": 2, "n_heads": 4, "hidden_dim": 100, "vocab_size": 120, "max_position_embeddings": 40}
_GPT2 = {"n_embd": 48, "n_layer": 2, "n_head": 4, "vocab_size": 120, "n_positions": 40}
_OPT = _TEXT | {"num_hidden_layers": 2, "ffn_dim": 100}
_T5 = {"d_model": 48, "d_kv": 12, "d_ff": 100, "num_layers": 2, "num_heads": 4, "vocab_size": 120}
_VIT: dict[str, Any] = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 100,
    "image_size": 32,
}
_VIT |= {"patch_size": 8, "num_labels": 5}
_DINO = {name: value for name, value in _VIT.items() if name != "intermediate_size"}
_MIXED: dict[str, Any] = {
    "head_dim": 8,
    "attention_bias": True,
    "use_sliding_window": True,
    "sliding_window": 5,
    "rms_norm_eps": 1e-5,
}
_MIXED |= {"num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2}

_VARIANTS: dict[str, list[dict[str, Any]]] = {
    "albert": [_SIZES | {"embedding_size": 24}],
    "bert": [_SIZES | {"hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "type_vocab_size": 3}],
    "camembert": [_SIZES],
    "deit": [_VIT | {"num_channels": 1}],
    "dinov2": [_DINO, _DINO | {"use_swiglu_ffn": True, "mlp_ratio": 3}],
    "distilbert": [_DISTIL, _DISTIL | {"sinusoidal_pos_embds": True, "activation": "relu"}],
    "electra": [_SIZES | {"embedding_size": 24}, _SIZES | {"embedding_size": 48}],
    "gemma": [_FEW | {"num_key_value_heads": 1, "head_dim": 16}, _FEW | {"head_dim": 12, "hidden_act": "gelu"}],
    "gpt2": [
        _GPT2 | {"n_inner": 100},
        _GPT2 | {"tie_word_embeddings": False, "scale_attn_weights": False, "activation_function": "gelu_10"},
    ],
    "gpt_neox": [
        _SIZES | {"rotary_pct": 0.5},
        _SIZES | {"use_parallel_residual": False, "attention_bias": False, "hidden_size": 64},
    ],
    "llama": [
        _FEW | {"rope_theta": 500000.0},
        _SIZES | {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "head_dim": 16},
        _SIZES | {"hidden_act": "relu2", "rope_parameters": {"rope_type": "default", "rope_theta": 300.0}},
    ],
    "mistral": [_FEW | {"sliding_window": None}, _FEW | {"sliding_window": 4, "head_dim": 8}],
    "mt5": [_T5, _T5 | {"feed_forward_proj": "relu", "num_decoder_layers": 1}],
    "opt": [
        _OPT,
        _OPT | {"do_layer_norm_before": False, "word_embed_proj_dim": 24},
        _OPT | {"enable_bias": False, "_remove_final_layer_norm": True, "layer_norm_elementwise_affine": False},
    ],
    "phi": [
        _SIZES | {"hidden_size": 64},
        _FEW | {"partial_rotary_factor": 0.4, "hidden_size": 80, "qk_layernorm": True},
    ],
    "phi3": [
        _FEW | {"sliding_window": 3, "pad_token_id": 0},
        _SIZES | {"partial_rotary_factor": 0.5, "hidden_size": 64, "pad_token_id": 0},
    ],
    "qwen2": [_FEW, _FEW | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 2}],
    "qwen3": [_FEW | {"head_dim": 16}, _FEW | _MIXED],
    "roberta": [_SIZES, _SIZES | {"type_vocab_size": 1}],
    "t5": [
        _T5,
        _T5
        | {"d_kv": 16, "feed_forward_proj": "gated-silu", "num_decoder_layers": 3}
        | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 20},
    ],
    "vit": [
        _VIT,
        _VIT
        | {"image_size": [32, 16], "patch_size": [8, 4], "qkv_bias": False, "pooler_output_size": 20}
        | {"pooler_act": "gelu"},
    ],
    "xlm-roberta": [_SIZES],
}
SMALL = [
    (name, fields)
    for family, variants in _VARIANTS.items()
    for name, fields in itertools.product(ARCHITECTURES[family], variants)
]
"""Small configurations: the class of the model, and the fields."""


def model_of(transformers: Any, config: dict[str, Any]) -> nn.Module:
    """The model of a configuration, in eval mode."""
    kind = getattr(transformers, config.get("architectures", ARCHITECTURES[config["model_type"]])[0])
    own = kind.config_class(
        **{name: value for name, value in config.items() if name not in ("model_type", "architectures", "auto_map")}
    )
    own.use_cache = False
    own._attn_implementation = "eager"
    module: nn.Module = kind(own).eval()
    return module


def inputs_of(
    module: Any, config: dict[str, Any], steps: int
) -> tuple[Callable[[], Any], list[Tensor], Tensor | slice]:
    """A call of their model, the inputs of ours for the same call, and which steps are not padded."""
    family, own = config["model_type"], module.config
    everything = slice(None)
    device = next(module.parameters()).device
    if family in ("vit", "deit", "dinov2"):
        size = own.image_size if isinstance(own.image_size, list | tuple) else (own.image_size,) * 2
        x = torch.randn(2, own.num_channels, *size).to(device)
        return lambda: module(x), [x], everything
    ids, more = (torch.randint(2, own.vocab_size, (2, steps)).to(device) for _ in range(2))
    if family in ("t5", "mt5"):
        if "EncoderModel" in type(module).__name__:
            return lambda: module(input_ids=ids), [ids], everything
        return lambda: module(input_ids=ids, decoder_input_ids=more), [ids, more], everything
    if ARCHITECTURES[family][1].endswith("ForMaskedLM"):
        mask = torch.ones_like(ids)
        mask[1, steps - 5 :] = 0
        ids = torch.where(mask == 1, ids, own.pad_token_id)
        types = getattr(own, "type_vocab_size", 0)
        segments = torch.randint(0, max(types, 1), (2, steps)).to(device)
        named = {} if family == "distilbert" else {"token_type_ids": segments}
        if device.type != "meta":  # where the values of a mask cannot be looked at
            named["attention_mask"] = mask
        inputs = [*([segments] if types > 1 else []), mask, ids]
        return lambda: module(input_ids=ids, **named), inputs, mask == 1
    return lambda: module(ids), [ids], everything


_UNUSED = ("mask_token", "predictions.bias")
"""Parameters that the forward pass does not use: it does not mask patches, and untied weights have a bias of theirs."""


def sizes_of(transformers: Any, config: dict[str, Any], steps: int) -> tuple[int, int]:
    """The parameters and multiply-accumulates of one sample on the meta device."""
    with torch.device("meta"):
        module = model_of(transformers, config)
        module.tie_weights()  # type: ignore[operator]  # a method of transformers
    call = inputs_of(module, config, steps)[0]
    # Looks at values, which tensors on the meta device do not have.
    with (
        patch("transformers.masking_utils.find_packed_sequence_indices", lambda positions: None),
        torch.no_grad(),
        FlopCounterMode(display=False) as counter,
    ):
        call()
    parameters = dict(module.named_parameters())
    tied = "predictions.bias" if getattr(module.config, "tie_word_embeddings", True) else ""
    unused = [name for name in parameters if name.endswith(_UNUSED) and not (tied and name.endswith(tied))]
    total = sum(each.numel() for name, each in parameters.items() if name not in unused)
    return total, counter.get_total_flops() // 4
