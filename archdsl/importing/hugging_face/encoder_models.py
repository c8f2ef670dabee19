"""Text encoders: BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT.

Devlin et al., 2018; Liu et al., 2019; Sanh et al., 2019; Clark et al., 2020; Lan et al., 2019.
"""

from ...record import Record
from .encoder_parts import (
    HEADS,
    Encoder,
    classifier_dropout,
    encoder_only,
    head_of,
    read_encoder,
    with_pooler,
    with_steps,
)
from .model_request import ModelRequest
from .model_text import ModelText, activation, attention_dropout, chain, divisible, dropout

LAYERS = "repeat n { encoder mask }"


def bert(request: ModelRequest) -> ModelText:
    """BERT: its pooler is a part of the base model and of the text classifier."""
    config = request.config
    head = request.head("Bert", *HEADS)
    encoder = with_steps(request, read_encoder(config))
    if head == "Model":
        return encoder.text([*encoder.embeddings(), *with_pooler([LAYERS])])
    drop = classifier_dropout(config, encoder)
    text = chain("take 0", "fc width", "tanh", drop)
    after = head_of(request, encoder, head, text=text, word=drop, transform=encoder.act)
    return encoder.text([*encoder.embeddings(), LAYERS, *after])


class RobertaFamily(Record):
    """RoBERTa and models that differ from it only in name: positions begin after the ID of the padding."""

    prefix: str
    vocabulary: int

    def __call__(self, request: ModelRequest) -> ModelText:
        """The text of a configuration. Raises ImportFailed."""
        config = request.config
        head = request.head(self.prefix, *HEADS)
        first = config.size("pad_token_id", default=1, least=0) + 1
        encoder = with_steps(request, read_encoder(config, vocabulary=self.vocabulary), first)
        if head == "Model":
            return encoder.text([*encoder.embeddings(), *with_pooler([LAYERS])])
        drop = classifier_dropout(config, encoder)
        text = chain("take 0", drop, "fc width", "tanh", drop)
        after = head_of(request, encoder, head, text=text, word=drop, transform="gelu")
        return encoder.text([*encoder.embeddings(), LAYERS, *after])


def distilbert(request: ModelRequest) -> ModelText:
    """DistilBERT: BERT without segments, without a pooler, and without dropout after attention."""
    config = request.config
    head = request.head("DistilBert", *HEADS)
    encoder_only(config)
    width = config.size("dim", "hidden_size", default=768)
    encoder = Encoder(
        width=width,
        layers=config.layers("n_layers", "num_hidden_layers", default=6),
        heads=config.size("n_heads", "num_attention_heads", default=12),
        hidden=config.size("hidden_dim", default=3072),
        vocabulary=config.size("vocab_size", default=30522),
        positions=config.size("max_position_embeddings", default=512),
        types=0,
        inner=width,
        eps=1e-12,
        act=activation(config, "activation", default="gelu"),
        drop=config.probability("dropout", default=0.1),
        attention_drop=attention_dropout(config, "attention_dropout", default=0.1),
    )
    divisible(config, width, encoder.heads)
    encoder = with_steps(request, encoder)
    body = [*encoder.embeddings(frozen=config.flag("sinusoidal_pos_embds", default=False)), LAYERS]
    if head != "Model":
        answers = head == "ForQuestionAnswering"
        if answers:
            body.append(dropout(config.probability("qa_dropout", default=0.1)))
        drop = dropout(config.probability("seq_classif_dropout", default=0.2))
        text = chain("take 0", "fc width", "relu", drop)
        body += head_of(request, encoder, head, text=text, word=dropout(encoder.drop), transform=encoder.act)
    return encoder.text(body, block=encoder.block(after_attention=False))


def electra(request: ModelRequest) -> ModelText:
    """ELECTRA: embeddings of another width; the discriminator, or the generator."""
    config = request.config
    head = request.head("Electra", *HEADS, "ForPreTraining")
    encoder = with_steps(request, read_encoder(config, inner=128, width=256, heads=4, hidden=1024))
    body = [*encoder.embeddings(), "fc width" if encoder.inner != encoder.width else "", LAYERS]
    if head == "ForPreTraining":
        body.append(chain("fc width", encoder.act, "fc 1", "flatten"))
    elif head != "Model":
        drop = classifier_dropout(config, encoder)
        text = chain("take 0", drop, "fc width", "gelu", drop)
        body += head_of(request, encoder, head, text=text, word=drop, transform="gelu")
    return encoder.text(body)


def albert(request: ModelRequest) -> ModelText:
    """ALBERT: all layers have the same weights."""
    config = request.config
    head = request.head("Albert", *HEADS)
    defaults = read_encoder(
        config, inner=128, width=4096, heads=64, hidden=16384, vocabulary=30000, act="gelu_new", drop=0.0
    )
    encoder = with_steps(request, defaults)
    for field in ("num_hidden_groups", "inner_group_num"):
        config.require(field, 1, why="only one layer whose weights all layers share is supported")
    layers = ["encoder mask as layer", *(["repeat n - 1 { reuse layer }"] if encoder.layers > 1 else [])]
    body = [*encoder.embeddings(), "fc width"]
    if head == "Model":
        return encoder.text([*body, *with_pooler(layers)])
    drop = dropout(config.probability("classifier_dropout_prob", default=0.1))
    text = chain("take 0", "fc width", "tanh", drop)
    return encoder.text([*body, *layers, *head_of(request, encoder, head, text=text, word=drop, transform=encoder.act)])


ROBERTA = RobertaFamily(prefix="Roberta", vocabulary=50265)
XLM_ROBERTA = RobertaFamily(prefix="XLMRoberta", vocabulary=30522)
CAMEMBERT = RobertaFamily(prefix="Camembert", vocabulary=30522)
