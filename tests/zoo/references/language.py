"""References of networks for language and speech, and for images with text: those of the package `transformers`."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from scripts.conformance import torchvision_models


def _transformers() -> Any:
    """The package; it imports torchvision where that is installed."""
    if find_spec("torchvision") is not None:
        torchvision_models()
    return import_module("transformers")


class Outputs(nn.Module):
    """A module of `transformers` that takes and returns tensors."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


class Bert(Outputs):
    def forward(self, segments: Tensor, mask: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        # The package looks at the values of a mask, which are not there while multiply-accumulates are counted.
        given = None if mask.is_meta else mask
        found = self.model(input_ids=words, attention_mask=given, token_type_ids=segments)
        return found.last_hidden_state, found.pooler_output


def bert(width: int = 768, n: int = 12, heads: int = 12, vocabulary: int = 30522, T: int = 512) -> nn.Module:
    made = _transformers()
    config = made.BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=n,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=T,
    )
    return Bert(made.BertModel(config))


class Logits(Outputs):
    def forward(self, words: Tensor) -> Tensor:
        # The package looks at the values of the positions, which are not there while MACs are counted, unless it
        # gets a mask for each pair of steps.
        steps = words.shape[1]
        mask = words.new_ones(len(words), 1, steps, steps, dtype=torch.bool).tril()
        y: Tensor = self.model(input_ids=words, attention_mask=mask, use_cache=False).logits
        return y


def llama(
    width: int = 4096,
    n: int = 32,
    heads: int = 32,
    kv_heads: int = 8,
    hidden: int = 14336,
    base: float = 500000,
    eps: float = 1e-5,
    vocabulary: int = 128256,
    T: int = 8192,
) -> nn.Module:
    made = _transformers()
    rotary = {"rope_type": "default", "rope_theta": float(base)}
    config = made.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=n,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        intermediate_size=hidden,
        max_position_embeddings=T,
        rms_norm_eps=eps,
        rope_parameters=rotary,
    )
    return Logits(made.LlamaForCausalLM(config))


class Translation(Outputs):
    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        # The package looks at the values of the positions, as for Llama.
        steps = target.shape[1]
        mask = target.new_ones(len(target), 1, steps, steps, dtype=torch.bool).tril()
        found = self.model(input_ids=source, decoder_input_ids=target, decoder_attention_mask=mask, use_cache=False)
        y: Tensor = found.logits
        return y


def t5(
    width: int = 512,
    n: int = 6,
    heads: int = 8,
    hidden: int = 2048,
    vocabulary: int = 32128,
    S: int = 512,
    T: int = 512,
) -> nn.Module:
    made = _transformers()
    config = made.T5Config(
        vocab_size=vocabulary, d_model=width, d_kv=width // heads, d_ff=hidden, num_layers=n, num_heads=heads
    )
    return Translation(made.T5ForConditionalGeneration(config))


class RecurrentLogits(Outputs):
    def forward(self, words: Tensor) -> Tensor:
        y: Tensor = self.model(input_ids=words, use_cache=False).logits
        return y


def mamba(
    width: int = 768, n: int = 24, states: int = 16, rank: int = 48, vocabulary: int = 50280, T: int = 128
) -> nn.Module:
    made = _transformers()
    config = made.MambaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        state_size=states,
        num_hidden_layers=n,
        time_step_rank=rank,
        tie_word_embeddings=True,
    )
    return RecurrentLogits(made.MambaForCausalLM(config))


class Whisper(Outputs):
    def forward(self, spectrogram: Tensor) -> Tensor:
        y: Tensor = self.model(spectrogram).last_hidden_state
        return y


def whisper_encoder(width: int = 384, n: int = 4, heads: int = 6, C: int = 80, L: int = 3000) -> nn.Module:
    made = _transformers()
    config = made.WhisperConfig(
        num_mel_bins=C,
        d_model=width,
        encoder_layers=n,
        encoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        max_source_positions=L // 2,
    )
    return Whisper(made.models.whisper.modeling_whisper.WhisperEncoder(config))


class Clip(Outputs):
    """The similarity of each image and the text with it."""

    def forward(self, image: Tensor, words: Tensor) -> Tensor:
        model: Any = self.model
        seen = model.visual_projection(model.vision_model(image).pooler_output)
        # Without padding, the end of the text is the last step.
        read = model.text_projection(model.text_model(input_ids=words).last_hidden_state[:, -1])
        seen, read = (x / x.norm(dim=1, keepdim=True) for x in (seen, read))
        y: Tensor = (seen * read).sum(1, keepdim=True) * model.logit_scale.exp()
        return y


def clip(
    patch: int = 32,
    width: int = 768,
    text: int = 512,
    n: int = 12,
    code: int = 512,
    vocabulary: int = 49408,
    S: int = 224,
    T: int = 77,
) -> nn.Module:
    made = _transformers()
    words = {"vocab_size": vocabulary, "max_position_embeddings": T}
    config = made.CLIPConfig(
        text_config={**_tower(text, n), **words},
        vision_config={**_tower(width, n), "patch_size": patch, "image_size": S},
    )
    config.projection_dim = code
    return Clip(made.CLIPModel(config))


def _tower(width: int, n: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": n,
        "num_attention_heads": width // 64,
    }
