"""Decoders with rotary positions and gated feed-forward layers: Llama, Mistral, Qwen2, Qwen3, Gemma, Phi-3.

Touvron et al., 2023; Jiang et al., 2023; Yang et al., 2024 and 2025; Gemma Team, 2024; Abdin et al., 2024.
"""

from collections.abc import Callable

from ...record import Record
from .model_config import ModelConfig
from .model_request import ModelRequest
from .model_text import ModelText, activation, attention_dropout, chain, dropout, number
from .rotary_fields import rotary
from .window_patterns import Windows, every_layer, optional_windows


class DecoderFamily(Record):
    """What distinguishes one family from Llama: its defaults, and which parts have a bias.

    `head_dim` is the default number of features of a head; None if the heads divide the width. `kv_heads` is the
    default number of key and value heads; None for the number of query heads.
    """

    prefix: str
    vocabulary: int = 32000
    width: int = 4096
    hidden: int = 11008
    layers: int = 32
    heads: int = 32
    kv_heads: int | None = None
    head_dim: int | None = None
    act: str = "silu"
    positions: int = 2048
    eps: float = 1e-6
    tied: bool = False
    qkv_bias: bool = False
    """Whether queries, keys and values always have a bias, and the last linear layer none."""
    bias_field: bool = False
    """Whether `attention_bias` sets the bias of all linear layers of attention."""
    mlp_bias_field: bool = False
    qk_norm: bool = False
    scaled: bool = False
    """Whether the embedding is multiplied by the square root of the width."""
    residual_dropout: bool = False
    windows: Callable[[ModelConfig, int], Windows] = lambda config, layers: every_layer(None, layers)
    part: float | None = None
    unused: tuple[str, ...] = ()

    def __call__(self, request: ModelRequest) -> ModelText:
        """The text of a configuration. Raises ImportFailed."""
        config = request.config
        head = request.head(self.prefix, "Model", "ForCausalLM")
        for field in ("is_decoder", "add_cross_attention", "is_encoder_decoder"):
            config.require(
                field, False, None, *([True] if field == "is_decoder" else []), why="only decoders are supported"
            )
        if self.prefix == "Phi3":
            config.require("embd_pdrop", 0, why="the embedding has no dropout")
            config.require("attention_bias", False, None, why="the linear layers of attention have no bias")
        config.require("use_mrope", False, None, why="positions of several dimensions are not supported")
        sizes = self._sizes(config)
        windows = self.windows(config, int(sizes["n"]))
        features = int(sizes.get("head", sizes["width"] // sizes["heads"]))
        positions = rotary(config, features, part=self.part)
        steps = request.steps(config.size("max_position_embeddings", default=self.positions), limited=False)["T"]
        eps = config.positive("rms_norm_eps", default=self.eps)
        attention = self._attention(config, sizes, positions.words, eps)
        blocks = self._blocks(config, windows, attention, eps)
        tied = config.flag("tie_word_embeddings", default=self.tied)
        body = ["embedding width" + (" as table" if tied and head != "Model" else "")]
        if self.scaled:
            body.append("scale sqrt(width)")
        body += windows.statements("decoder", "local" if windows.mixed else "decoder")
        body.append(norm(eps))
        if head != "Model":
            body.append("reuse table" if tied else "fc vocabulary nobias")
        return ModelText(
            parameters={**sizes, **windows.parameters, **positions.parameters, "T": steps},
            inputs=("T int(vocabulary)",),
            blocks=tuple(blocks),
            body=tuple(body),
            std=any("glu hidden" in block for block in blocks),
            unused=self.unused,
        )

    def _sizes(self, config: ModelConfig) -> dict[str, int | float]:
        width = config.size("hidden_size", default=self.width)
        heads = config.size("num_attention_heads", default=self.heads)
        kv_heads = config.size_or_none("num_key_value_heads", default=self.kv_heads) or heads
        if heads % kv_heads:
            raise config.refused("num_key_value_heads", f"it does not divide {heads} heads")
        own = config.size_or_none("head_dim", default=self.head_dim)
        if own is None and width % heads:
            raise config.refused("num_attention_heads", f"it does not divide {width} features")
        features = own or width // heads
        found: dict[str, int | float] = {
            "width": width,
            "n": config.layers("num_hidden_layers", default=self.layers),
            "heads": heads,
        }
        if kv_heads != heads:
            found["kv_heads"] = kv_heads
        if features * heads != width:
            found["head"] = features
        found["hidden"] = config.size("intermediate_size", default=self.hidden)
        found["vocabulary"] = config.size("vocab_size", default=self.vocabulary)
        return found

    def _attention(self, config: ModelConfig, sizes: dict[str, int | float], rope: str, eps: float) -> str:
        words = ["attention heads"]
        if "kv_heads" in sizes:
            words.append("kv_heads=kv_heads")
        if "head" in sizes:
            words.append("width=heads*head")
        words += ["causal", rope]
        if self.qk_norm:
            words.append("qk_norm" if eps == 1e-6 else f"qk_norm eps={number(eps)}")
        if self.qkv_bias:
            words.append("out_bias=0")
        elif not (self.bias_field and config.flag("attention_bias", default=False)):
            words.append("nobias")
        return " ".join(words) + attention_dropout(config, "attention_dropout", default=0.0)

    def _blocks(self, config: ModelConfig, windows: Windows, attention: str, eps: float) -> list[str]:
        names = ("hidden_act", "hidden_activation") if self.prefix == "Gemma" else ("hidden_act",)
        act = activation(config, *names, default=self.act)
        if self.prefix == "Gemma" and act == "gelu":
            # The first configurations have this name, but the weights were trained with the approximation.
            act = "gelu tanh"
        bias = "" if self.mlp_bias_field and config.flag("mlp_bias", default=False) else " nobias"
        drop = dropout(config.probability("resid_pdrop", default=0.0)) if self.residual_dropout else ""
        gated = f"mul {{ {chain(f'fc hidden{bias}', act)} }} {{ fc hidden{bias} }}; fc width{bias}"
        if act in ("silu", "gelu") and bias:
            gated = "swiglu hidden" if act == "silu" else "geglu hidden"
        blocks = ("decoder", "local") if windows.mixed else ("decoder",)
        found = []
        for name in blocks:
            words = windows.words(name == "local" if windows.mixed else windows.layers[0])
            found.append(
                f"block {name} {{\n"
                f"  residual {{ {chain(norm(eps), attention + words, drop)} }}\n"
                f"  residual {{ {chain(norm(eps), gated, drop)} }}\n"
                "}"
            )
        return found


def norm(eps: float) -> str:
    """The statement of a root mean square normalization."""
    return f"rmsnorm eps={number(eps)}"


def _mistral_windows(config: ModelConfig, layers: int) -> Windows:
    return every_layer(config.size_or_none("sliding_window", default=4096), layers)


def _phi3_windows(config: ModelConfig, layers: int) -> Windows:
    return every_layer(config.size_or_none("sliding_window"), layers)


LLAMA = DecoderFamily(prefix="Llama", bias_field=True, mlp_bias_field=True, unused=("pretraining_tp",))
MISTRAL = DecoderFamily(
    prefix="Mistral", hidden=14336, kv_heads=8, positions=131072, windows=_mistral_windows, unused=("pretraining_tp",)
)
QWEN2 = DecoderFamily(
    prefix="Qwen2",
    vocabulary=151936,
    hidden=22016,
    kv_heads=32,
    positions=32768,
    qkv_bias=True,
    windows=optional_windows,
)
QWEN3 = DecoderFamily(
    prefix="Qwen3",
    vocabulary=151936,
    hidden=22016,
    kv_heads=32,
    head_dim=128,
    positions=32768,
    bias_field=True,
    qk_norm=True,
    windows=optional_windows,
)
GEMMA = DecoderFamily(
    prefix="Gemma",
    vocabulary=256000,
    width=3072,
    hidden=24576,
    layers=28,
    heads=16,
    kv_heads=16,
    head_dim=256,
    act="gelu_pytorch_tanh",
    positions=8192,
    tied=True,
    bias_field=True,
    scaled=True,
)
PHI3 = DecoderFamily(
    prefix="Phi3",
    vocabulary=32064,
    width=3072,
    hidden=8192,
    positions=4096,
    eps=1e-5,
    residual_dropout=True,
    windows=_phi3_windows,
    part=1.0,
    unused=("original_max_position_embeddings",),
)
