"""Decoders with plain feed-forward layers: GPT-2, GPT-NeoX, Phi, OPT.

Radford et al., 2019; Black et al., 2022; Li et al., 2023; Zhang et al., 2022.
"""

from collections.abc import Sequence

from .model_config import ModelConfig
from .model_request import ModelRequest
from .model_text import ModelText, activation, attention_dropout, chain, divisible, dropout, layer_norm, number, times
from .rotary_fields import rotary

_SUMMARY = ("summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels", "summary_first_dropout")


class _Decoder:
    """What these models have in common: the sizes, and the statements before and after the layers."""

    def __init__(self, request: ModelRequest, head: str, width: int, heads: int, hidden: int, *, tied: bool) -> None:
        config = request.config
        for field in ("add_cross_attention", "is_encoder_decoder"):
            config.require(field, False, None, why="only decoders without cross-attention are supported")
        divisible(config, width, heads)
        self.width, self.heads, self.hidden = width, heads, hidden
        self.tied = config.flag("tie_word_embeddings", default=tied)
        self.predicts = head != "Model"
        self.sizes: dict[str, int | float] = {"width": width}

    def add(self, **sizes: float | None) -> None:
        """Add parameters of the network that have a value."""
        self.sizes |= {name: value for name, value in sizes.items() if value is not None}

    @property
    def inside(self) -> int | None:
        """The features inside a feed-forward layer, if they are not four times the width."""
        return None if self.hidden == 4 * self.width else self.hidden

    def embedding(self, size: str = "width") -> str:
        """The first statement."""
        return f"embedding {size}" + (" as table" if self.tied and self.predicts else "")

    def logits(self, *, bias: bool = False) -> list[str]:
        """The statements of the output layer, which may share the weights of the embedding."""
        if not self.predicts:
            return []
        if self.tied:
            return ["reuse table; shift learned" if bias else "reuse table"]
        return ["fc vocabulary" if bias else "fc vocabulary nobias"]

    def text(self, block: str, body: Sequence[str], *unused: str, comments: tuple[str, ...] = ()) -> ModelText:
        """The network."""
        return ModelText(
            parameters=self.sizes,
            inputs=("T int(vocabulary)",),
            blocks=(block,),
            body=tuple(filter(None, body)),
            comments=comments,
            unused=unused,
        )


def _blocks(*parts: str) -> str:
    return "block decoder {\n" + "\n".join(f"  {part}" for part in parts) + "\n}"


def gpt2(request: ModelRequest) -> ModelText:
    """GPT-2: learned positions, and normalization before each part."""
    config = request.config
    head = request.head("GPT2", "Model", "LMHeadModel")
    width = config.size("n_embd", "hidden_size", default=768)
    heads = config.size("n_head", "num_attention_heads", default=12)
    decoder = _Decoder(request, head, width, heads, config.size_or_none("n_inner") or 4 * width, tied=True)
    positions = config.size("n_positions", "max_position_embeddings", default=1024)
    steps = request.steps(positions)["T"]
    norm = layer_norm(config.positive("layer_norm_epsilon", default=1e-5))
    config.require("scale_attn_by_inverse_layer_idx", False, why="attention that is scaled by layer is not supported")
    scale = "" if config.flag("scale_attn_weights", default=True) else " scale=1"
    attention = f"attention heads causal{scale}" + attention_dropout(config, "attn_pdrop", default=0.1)
    drop = dropout(config.probability("resid_pdrop", default=0.1))
    act = activation(config, "activation_function", default="gelu_new")
    decoder.add(
        n=config.layers("n_layer", "num_hidden_layers", default=12),
        heads=heads,
        hidden=decoder.inside,
        vocabulary=config.size("vocab_size", default=50257),
        positions=None if steps == positions else positions,
        T=steps,
    )
    first = dropout(config.probability("embd_pdrop", default=0.1))
    return decoder.text(
        _blocks(
            f"residual {{ {chain(norm, attention, drop)} }}",
            f"residual {{ {chain(norm, f'fc {times(width, decoder.hidden)}', act, 'fc width', drop)} }}",
        ),
        [
            decoder.embedding(),
            chain("pos" if steps == positions else "pos length=positions", first),
            "repeat n { decoder }",
            norm,
            *decoder.logits(),
        ],
        "n_ctx",
        "reorder_and_upcast_attn",
        *_SUMMARY,
    )


def gpt_neox(request: ModelRequest) -> ModelText:
    """GPT-NeoX: rotary positions for a quarter of the features; attention and feed-forward layer in parallel."""
    config = request.config
    head = request.head("GPTNeoX", "Model", "ForCausalLM")
    width = config.size("hidden_size", default=6144)
    heads = config.size("num_attention_heads", default=64)
    hidden = config.size("intermediate_size", default=24576)
    decoder = _Decoder(request, head, width, heads, hidden, tied=False)
    positions = rotary(config, width // heads, part=0.25, older="rotary_emb_base")
    norm = layer_norm(config.positive("layer_norm_eps", default=1e-5))
    bias = "" if config.flag("attention_bias", default=True) else " nobias"
    drops = attention_dropout(config, "attention_dropout", default=0.0)
    drop = dropout(config.probability("hidden_dropout", default=0.0))
    attention = chain(norm, f"attention heads causal {positions.words}{bias}{drops}", drop)
    act = activation(config, "hidden_act", default="gelu")
    feed = chain(norm, f"fc {times(width, hidden)}", act, "fc width", drop)
    if config.flag("use_parallel_residual", default=True):
        block = _blocks(f"residual {{ add {{ {attention} }} {{ {feed} }} }}")
    else:
        block = _blocks(f"residual {{ {attention} }}", f"residual {{ {feed} }}")
    decoder.add(
        n=config.layers("num_hidden_layers", default=44),
        heads=heads,
        hidden=decoder.inside,
        vocabulary=config.size("vocab_size", default=50432),
        **positions.parameters,
        T=request.steps(config.size("max_position_embeddings", default=2048), limited=False)["T"],
    )
    body = [decoder.embedding(), drop, "repeat n { decoder }", norm, *decoder.logits()]
    return decoder.text(block, body, "is_decoder", "classifier_dropout")


def phi(request: ModelRequest) -> ModelText:
    """Phi: attention and feed-forward layer in parallel, after one normalization."""
    config = request.config
    head = request.head("Phi", "Model", "ForCausalLM")
    width = config.size("hidden_size", default=2048)
    heads = config.size("num_attention_heads", default=32)
    hidden = config.size("intermediate_size", default=8192)
    decoder = _Decoder(request, head, width, heads, hidden, tied=False)
    kv_heads = config.size_or_none("num_key_value_heads") or heads
    if heads % kv_heads:
        raise config.refused("num_key_value_heads", f"it does not divide {heads} heads")
    positions = rotary(config, width // heads, part=0.5)
    eps = config.positive("layer_norm_eps", default=1e-5)
    words = [
        "attention heads",
        "kv_heads=kv_heads" if kv_heads != heads else "",
        "causal",
        positions.words,
        f"qk_norm=layer eps={number(eps)}" if config.flag("qk_layernorm", default=False) else "",
    ]
    attention = " ".join(filter(None, words)) + attention_dropout(config, "attention_dropout", default=0.0)
    drop = dropout(config.probability("resid_pdrop", default=0.0))
    feed = chain(f"fc {times(width, hidden)}", activation(config, "hidden_act", default="gelu_new"), "fc width", drop)
    norm = layer_norm(eps)
    decoder.add(
        n=config.layers("num_hidden_layers", default=24),
        heads=heads,
        kv_heads=kv_heads if kv_heads != heads else None,
        hidden=decoder.inside,
        vocabulary=config.size("vocab_size", default=51200),
        **positions.parameters,
        T=request.steps(config.size("max_position_embeddings", default=2048), limited=False)["T"],
    )
    return decoder.text(
        _blocks(f"residual {{ {norm}; add {{ {chain(attention, drop)} }} {{ {feed} }} }}"),
        [
            decoder.embedding(),
            dropout(config.probability("embd_pdrop", default=0.0)),
            "repeat n { decoder }",
            norm,
            *decoder.logits(bias=True),
        ],
    )


def opt(request: ModelRequest) -> ModelText:
    """OPT: learned positions whose table has two more rows; normalization before or after each part."""
    config = request.config
    head = request.head("OPT", "Model", "ForCausalLM")
    width = config.size("hidden_size", default=768)
    heads = config.size("num_attention_heads", default=12)
    decoder = _Decoder(request, head, width, heads, config.size("ffn_dim", default=3072), tied=True)
    inner = config.size_or_none("word_embed_proj_dim") or width
    positions = config.size("max_position_embeddings", default=2048)
    steps = request.steps(positions)["T"]
    affine = config.flag("layer_norm_elementwise_affine", default=True)
    norm = "layernorm" if affine else "layernorm noaffine nobias"
    before = config.flag("do_layer_norm_before", default=True)
    final = not config.flag("_remove_final_layer_norm", default=False) and before
    config.require("activation_dropout", 0, why="dropout between the linear layers is not supported")
    config.require("layerdrop", 0, why="layer dropout has no counterpart")
    block = _opt_block(config, width, decoder.hidden, norm, before)
    decoder.add(
        inner=None if inner == width else inner,
        n=config.layers("num_hidden_layers", default=12),
        heads=heads,
        hidden=decoder.inside,
        vocabulary=config.size("vocab_size", default=50272),
        positions=positions + 2,
        T=steps,
    )
    rows = "slice 2 axis=t" if steps == positions else "slice 2 2 + T axis=t"
    body = [
        decoder.embedding("width" if inner == width else "inner"),
        "fc width nobias" if inner != width else "",
        f"add {{ learned (positions)x(width) init=normal(0.02); {rows} }}",
        "repeat n { decoder }",
        norm if final else "",
        "fc inner nobias" if inner != width else "",
        *decoder.logits(),
    ]
    return decoder.text(
        block, body, "final_dropout", "is_decoder", comments=("Positions begin with the third row of their table",)
    )


def _opt_block(config: ModelConfig, width: int, hidden: int, norm: str, before: bool) -> str:
    """A decoder block of OPT, with its normalization before or after each part."""
    bias = "" if config.flag("enable_bias", default=True) else " nobias"
    drop = dropout(config.probability("dropout", default=0.1))
    drops = attention_dropout(config, "attention_dropout", default=0.0)
    parts = (
        chain(f"attention heads causal{bias}{drops}", drop),
        chain(
            f"fc {times(width, hidden)}{bias}",
            activation(config, "activation_function", default="relu"),
            f"fc width{bias}",
            drop,
        ),
    )
    return _blocks(
        *(f"residual {{ {norm}; {part} }}" if before else f"residual {{ {part} }}; {norm}" for part in parts)
    )
