"""Vision Transformers: ViT, DeiT, DINOv2 (Dosovitskiy et al., 2020; Touvron et al., 2020; Oquab et al., 2023)."""

from .model_config import MOST_SIZE, ModelConfig
from .model_request import ModelRequest
from .model_text import (
    ModelText,
    activation,
    activation_named,
    attention_dropout,
    chain,
    divisible,
    dropout,
    number,
    times,
)


class _Sizes:
    """The sizes that these models have in common."""

    def __init__(self, config: ModelConfig, patch: int, eps: float) -> None:
        self.width = config.size("hidden_size", default=768)
        self.heads = config.size("num_attention_heads", default=12)
        divisible(config, self.width, self.heads)
        self.layers = config.layers("num_hidden_layers", default=12)
        self.channels = config.size("num_channels", default=3)
        self.patch = _pair(config, "patch_size", patch)
        self.image = _pair(config, "image_size", 224)
        for size, part in zip(self.image, self.patch, strict=True):
            if size < part:
                raise config.refused("image_size", f"a patch has {part} pixels")
        self.norm = f"layernorm eps={number(config.positive('layer_norm_eps', default=eps))}"
        self.act = activation(config, "hidden_act", default="gelu")
        self.drop = dropout(config.probability("hidden_dropout_prob", default=0.0))
        bias = "" if config.flag("qkv_bias", default=True) else " qkv_bias=0"
        drops = attention_dropout(config, "attention_probs_dropout_prob", default=0.0)
        self.attention = f"attention heads{bias}{drops}"

    def parameters(self) -> dict[str, int | float]:
        """The parameters of the network."""
        found: dict[str, int | float] = {}
        if self.patch[0] == self.patch[1]:
            found["patch"] = self.patch[0]
        found |= {"width": self.width, "n": self.layers, "heads": self.heads}
        if self.image[0] == self.image[1]:
            found["S"] = self.image[0]
        return found

    def input(self) -> str:
        """The input."""
        height, width = self.image
        return f"{self.channels}xSxS" if height == width else f"{self.channels}x{height}x{width}"

    def patches(self) -> str:
        """The statement that embeds patches."""
        height, width = self.patch
        kernel = "patch" if height == width else f"{height}x{width}"
        return f"conv width k={kernel} s={kernel}; tokens"


def _pair(config: ModelConfig, field: str, default: int) -> tuple[int, int]:
    name = config.find(field)
    found = config.fields[name] if name is not None else default
    pair = found if isinstance(found, list) else [found, found]
    if len(pair) != 2 or any(isinstance(each, bool) or not isinstance(each, int) or each < 1 for each in pair):
        raise config.refused(field, "one or two positive integers are expected")
    return pair[0], pair[1]


def _block(sizes: _Sizes, feed: str, after: str = "") -> str:
    return f"""block encoder {{
  residual {{ {chain(sizes.norm, sizes.attention, sizes.drop, after)} }}
  residual {{ {chain(sizes.norm, feed, after)} }}
}}"""


def _pooler(config: ModelConfig, sizes: _Sizes) -> str:
    size = config.size_or_none("pooler_output_size") or sizes.width
    word = config.word("pooler_act", default="tanh")
    act = activation_named(config, "pooler_act", word)
    size_word = "width" if size == sizes.width else str(size)
    return chain("take 0", f"fc {size_word}", act) if act else f"take 0; fc {size_word}"


def _transformer(request: ModelRequest, prefix: str, *, tokens: int, heads: tuple[str, ...]) -> ModelText:
    config = request.config
    head = request.head(prefix, *heads)
    sizes = _Sizes(config, 16, 1e-12)
    request.image(sizes.channels, *sizes.image)
    hidden = config.size("intermediate_size", default=3072)
    feed = chain(f"fc {times(sizes.width, hidden)}", sizes.act, "fc width", sizes.drop)
    parameters = sizes.parameters()
    if hidden != 4 * sizes.width:
        parameters["hidden"] = hidden
    start = [sizes.patches(), chain(*["cls"] * tokens, "pos", sizes.drop)]
    if head == "Model":
        body = [
            *start,
            "repeat n { encoder }",
            f"{sizes.norm} as features",
            f"{_pooler(config, sizes)} as pooled",
            "output features, pooled",
        ]
    else:
        body = [*start, "repeat n { encoder }", sizes.norm, *_classifier(head)]
        parameters["classes"] = config.labels()
    return ModelText(
        parameters=parameters,
        inputs=(sizes.input(),),
        blocks=(_block(sizes, feed),),
        body=tuple(body),
        unused=("encoder_stride", "pooler_output_size", "pooler_act"),
    )


def _classifier(head: str) -> list[str]:
    if head == "ForImageClassification":
        return ["take 0; fc classes"]
    # The logits are the mean of those of two classifiers: one for the first token, one for the distillation token.
    return ["add { take 0; fc classes } { take 1; fc classes }; scale 0.5"]


def vit(request: ModelRequest) -> ModelText:
    """ViT: a token for the class, learned positions, normalization before each part."""
    return _transformer(request, "ViT", tokens=1, heads=("Model", "ForImageClassification"))


def deit(request: ModelRequest) -> ModelText:
    """DeiT: ViT with a second token, for distillation."""
    heads = ("Model", "ForImageClassification", "ForImageClassificationWithTeacher")
    return _transformer(request, "DeiT", tokens=2, heads=heads)


def dinov2(request: ModelRequest) -> ModelText:
    """DINOv2: ViT whose parts are scaled by a learned factor for each feature."""
    config = request.config
    head = request.head("Dinov2", "Model", "ForImageClassification")
    sizes = _Sizes(config, 14, 1e-6)
    request.image(sizes.channels, *sizes.image)
    ratio = config.positive("mlp_ratio", default=4)
    if not 1 <= sizes.width * ratio <= MOST_SIZE:
        raise config.refused(
            "mlp_ratio", f"its product with the {sizes.width} features must be from 1 to {MOST_SIZE:,}"
        )
    hidden = int(sizes.width * ratio)
    initial = config.number("layerscale_value", default=1.0)
    scale = "scale learned" if initial == 1 else f"scale {number(initial)} learned"
    rate = config.probability("drop_path_rate", default=0.0)
    after = chain(scale, f"drop_path {number(rate)}" if rate else "")
    if config.flag("use_swiglu_ffn", default=False):
        hidden = (int(hidden * 2 / 3) + 7) // 8 * 8
        feed = "mul { fc hidden; silu } { fc hidden }; fc width"
    else:
        feed = chain(f"fc {times(sizes.width, hidden)}", sizes.act, "fc width")
    parameters = sizes.parameters()
    if "hidden" in feed:
        parameters["hidden"] = hidden
    start = [sizes.patches(), chain("cls", "pos", sizes.drop), "repeat n { encoder }"]
    if head == "Model":
        body = [*start, f"{sizes.norm} as features", "take 0 as pooled", "output features, pooled"]
    else:
        body = [
            *start,
            f"{sizes.norm} as features",
            "concat { take 0 } { slice 1 axis=t; mean axis=t }",
            "fc classes",
        ]
        parameters["classes"] = config.labels()
    masked = config.flag("use_mask_token", default=True)
    return ModelText(
        parameters=parameters,
        inputs=(sizes.input(),),
        blocks=(_block(sizes, feed, after),),
        body=tuple(body),
        comments=("Without the mask token, which only training uses",) if masked else (),
        unused=("out_features", "out_indices", "stage_names", "apply_layernorm", "reshape_hidden_states"),
    )
