"""What text encoders have in common: their sizes, embeddings, layers, and the layers after them."""

from collections.abc import Sequence

from ...record import Record
from .model_config import ModelConfig
from .model_request import ModelRequest
from .model_text import ModelText, activation, attention_dropout, chain, divisible, dropout, layer_norm, times

HEADS = ("Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
_UNUSED = (
    "classifier_dropout",
    "classifier_dropout_prob",
    "directionality",
    "down_scale_factor",
    "gap_size",
    "net_structure_type",
    "num_memory_blocks",
    "pooler_fc_size",
    "pooler_num_attention_heads",
    "pooler_num_fc_layers",
    "pooler_size_per_head",
    "pooler_type",
    "qa_dropout",
    "seq_classif_dropout",
    "summary_activation",
    "summary_last_dropout",
    "summary_type",
    "summary_use_proj",
    "tie_weights_",
    "tie_word_embeddings",
)
"""Fields that change no layer of these models, or only those of classes other than the imported one."""


class Encoder(Record):
    """The sizes and statements that these models have in common.

    `inner` is the width of the embeddings, `types` the number of segments (0: none), `first` the row of the position
    table that the first token uses, and `steps` the number of tokens.
    """

    width: int
    layers: int
    heads: int
    hidden: int
    vocabulary: int
    positions: int
    types: int
    inner: int
    eps: float
    act: str
    drop: float
    attention_drop: str
    first: int = 0
    steps: int = 0

    @property
    def norm(self) -> str:
        """The statement of a layer normalization."""
        return layer_norm(self.eps)

    @property
    def embedded(self) -> str:
        """The width of the embeddings, as a parameter of the network."""
        return "width" if self.inner == self.width else "inner"

    @property
    def parameters(self) -> dict[str, int | float]:
        """The parameters of the network."""
        found: dict[str, int | float] = {"width": self.width}
        if self.inner != self.width:
            found["inner"] = self.inner
        found |= {"n": self.layers, "heads": self.heads}
        if self.hidden != 4 * self.width:
            found["hidden"] = self.hidden
        found["vocabulary"] = self.vocabulary
        if self.first or self.steps != self.positions:
            found["positions"] = self.positions
        return {**found, "T": self.steps}

    def block(self, *, after_attention: bool = True) -> str:
        """The block of a layer, normalized after each part."""
        drop = dropout(self.drop)
        attention = chain(f"attention heads mask=mask{self.attention_drop}", drop if after_attention else "")
        feed = chain(f"fc {times(self.width, self.hidden)}", self.act, "fc width", drop)
        parts = (f"residual {{ {attention} }}", self.norm, f"residual {{ {feed} }}", self.norm)
        return "block encoder(mask) {\n" + "\n".join(f"  {part}" for part in parts) + "\n}"

    def embeddings(self, *, frozen: bool = False) -> list[str]:
        """The statements from the token IDs to the first layer; with `frozen`, the positions are not trained."""
        lines = [f"embedding {self.embedded} as table"]
        if self.types > 1:
            lines.append(f"add {{ from segments; embedding {self.embedded} }}")
        elif self.types == 1:
            # With one type of segment, its vector is added to each token.
            lines.append("shift learned")
        if self.first:
            rows = f"{self.first}" if self.first + self.steps == self.positions else f"{self.first} {self.first} + T"
            table = f"learned (positions)x({self.embedded}) init=normal(0.02)"
            lines.append(f"add {{ {table}; slice {rows} axis=t }}")
        else:
            words = ["pos", "" if self.steps == self.positions else "length=positions", "frozen" if frozen else ""]
            lines.append(" ".join(filter(None, words)))
        return [*lines, chain(self.norm, dropout(self.drop))]

    def text(self, body: Sequence[str], *, block: str | None = None) -> ModelText:
        """The network with these statements."""
        statements = "\n".join(filter(None, body))
        if "reuse table" not in statements:
            statements = statements.replace(" as table", "", 1)
        segments = [f"segments T int({self.types})"] if self.types > 1 else []
        comments = ["The mask is 0 where there is no word"]
        if self.first:
            comments.append("Positions assume that padding, if any, is at the end")
        return ModelText(
            parameters=self.parameters,
            inputs=(*segments, "mask T int(2)", "words T int(vocabulary)"),
            blocks=(block or self.block(),),
            body=(statements,),
            comments=tuple(comments),
            unused=_UNUSED,
        )


def read_encoder(
    config: ModelConfig,
    *,
    width: int = 768,
    heads: int = 12,
    hidden: int = 3072,
    vocabulary: int = 30522,
    inner: int | None = None,
    act: str = "gelu",
    drop: float = 0.1,
) -> Encoder:
    """The sizes in a configuration with BERT's field names; the arguments are defaults. Raises ImportFailed.

    `inner` is None if the embeddings have the width of the layers.
    """
    encoder_only(config)
    width = config.size("hidden_size", default=width)
    heads = config.size("num_attention_heads", default=heads)
    divisible(config, width, heads)
    return Encoder(
        width=width,
        layers=config.layers("num_hidden_layers", default=12),
        heads=heads,
        hidden=config.size("intermediate_size", default=hidden),
        vocabulary=config.size("vocab_size", default=vocabulary),
        positions=config.size("max_position_embeddings", default=512),
        types=config.size("type_vocab_size", default=2),
        inner=width if inner is None else config.size("embedding_size", default=inner),
        eps=config.positive("layer_norm_eps", default=1e-12),
        act=activation(config, "hidden_act", default=act),
        drop=config.probability("hidden_dropout_prob", default=drop),
        attention_drop=attention_dropout(config, "attention_probs_dropout_prob", default=drop),
    )


def encoder_only(config: ModelConfig) -> None:
    """Raises ImportFailed for an encoder that is used as a decoder, and for relative positions."""
    for field in ("is_decoder", "add_cross_attention", "is_encoder_decoder"):
        config.require(field, False, None, why="only the encoder is supported")
    config.require("position_embedding_type", "absolute", None, why="only `absolute` positions are supported")


def with_steps(request: ModelRequest, encoder: Encoder, first: int = 0) -> Encoder:
    """The encoder with the number of tokens that the user has given. Raises ImportFailed or UnusableSource."""
    if first >= encoder.positions:
        raise request.config.refused("pad_token_id", f"positions begin after it, but there are {encoder.positions}")
    values = {name: getattr(encoder, name) for name in Encoder.record_fields}
    return Encoder(**{**values, "first": first, "steps": request.steps(encoder.positions - first)["T"]})


def classifier_dropout(config: ModelConfig, encoder: Encoder) -> str:
    """The dropout before the last layer of a classifier: `classifier_dropout`, else that of the layers."""
    if config.is_null("classifier_dropout"):
        return dropout(encoder.drop)
    return dropout(config.probability("classifier_dropout", default=encoder.drop))


def with_pooler(layers: Sequence[str]) -> list[str]:
    """The statements of the base model: the layers, and the features of the text, computed from those of the first
    token.
    """
    return [f"stage features {{ {'; '.join(layers)} }}", "take 0; fc width; tanh as pooled", "output features, pooled"]


def head_of(request: ModelRequest, encoder: Encoder, head: str, *, text: str, word: str, transform: str) -> list[str]:
    """The statements after the layers.

    `text` has those of the text classifier, and `word` those of the token classifier, before their last layer;
    `transform` is the activation before the logits of tokens.
    """
    config = request.config
    match head:
        case "ForMaskedLM":
            shared = config.flag("tie_word_embeddings", default=True)
            last = "reuse table; shift learned" if shared else "fc vocabulary"
            return [chain(f"fc {encoder.embedded}", transform, encoder.norm), last]
        case "ForSequenceClassification":
            return [chain(text, f"fc {config.labels()}")]
        case "ForTokenClassification":
            return [chain(word, f"fc {config.labels()}")]
        case _:
            if config.labels() != 2:
                raise config.refused("id2label", "the start and the end of an answer are two classes")
            return ["fc 2"]
