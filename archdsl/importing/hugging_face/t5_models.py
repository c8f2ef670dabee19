"""T5 and mT5: an encoder and a decoder with relative position biases (Raffel et al., 2019; Xue et al., 2020)."""

from ...record import Record
from .model_config import ModelConfig
from .model_request import ModelRequest
from .model_text import ModelText, activation_named, chain, dropout, number

_UNUSED = (
    "is_decoder",
    "is_encoder_decoder",
    "classifier_dropout",
    "tie_word_embeddings",
    "dense_act_fn",
    "is_gated_act",
)


class T5Family(Record):
    """The prefix of the classes, the defaults of the fields, and whether the last features are scaled."""

    prefix: str
    vocabulary: int
    hidden: int
    layers: int
    heads: int
    feed: str
    scaled: bool

    def __call__(self, request: ModelRequest) -> ModelText:
        """The text of a configuration. Raises ImportFailed."""
        config = request.config
        head = request.head(self.prefix, "Model", "ForConditionalGeneration", "EncoderModel")
        both = head != "EncoderModel"
        if both:
            _require_encoder_decoder(config)
        sizes, options = self._sizes(config, both)
        p = config.probability("dropout_rate", default=0.1)
        steps = request.steps(
            config.size("n_positions", default=512), ("source", "target") if both else ("T",), limited=False
        )
        letters = {"S": steps["source"], "T": steps["target"]} if both else dict(steps)
        return ModelText(
            parameters={**sizes, **letters},
            inputs=("source S int(vocabulary)", "target T int(vocabulary)") if both else ("T int(vocabulary)",),
            blocks=self._blocks(config, options, p, decoder=both),
            body=tuple(self._body(head, _buckets(config), dropout(p), "decoders" if "decoders" in sizes else "n")),
            unused=_UNUSED,
        )

    def _sizes(self, config: ModelConfig, both: bool) -> tuple[dict[str, int | float], str]:
        """The parameters of the network, and the argument of attention for its width."""
        width = config.size("d_model", "hidden_size", default=512)
        heads = config.size("num_heads", "num_attention_heads", default=self.heads)
        features = config.size("d_kv", "head_dim", default=64)
        layers = config.layers("num_layers", "num_hidden_layers", default=self.layers)
        decoders = layers
        if not config.is_null("num_decoder_layers"):
            decoders = config.layers("num_decoder_layers", default=layers)
        found: dict[str, int | float] = {"width": width, "n": layers}
        if both and decoders != layers:
            found["decoders"] = decoders
        found["heads"] = heads
        if heads * features != width:
            found["head"] = features
        found["hidden"] = config.size("d_ff", default=self.hidden)
        found["vocabulary"] = config.size("vocab_size", default=self.vocabulary)
        return found, " width=heads*head" if "head" in found else ""

    def _blocks(self, config: ModelConfig, sizes: str, p: float, *, decoder: bool) -> tuple[str, ...]:
        drop = dropout(p)
        options = f"{sizes} nobias scale=1" + (f" dropout={number(p)}" if p else "")

        def attend(words: str) -> str:
            return f"residual {{ {chain('norm', f'attention heads {words}{options}', drop)} }}"

        found = [
            f"block norm {{ rmsnorm eps={number(config.positive('layer_norm_epsilon', default=1e-6))} }}",
            f"block feed {{ residual {{ {chain('norm', self._feed(config, drop), drop)} }} }}",
            f"block encoder(bias) {{\n  {attend('mask=bias')}\n  feed\n}}",
        ]
        if decoder:
            both = f"{attend('causal mask=bias')}\n  {attend('from=memory')}"
            found.append(f"block decoder(bias, memory) {{\n  {both}\n  feed\n}}")
        return tuple(found)

    def _feed(self, config: ModelConfig, drop: str) -> str:
        word = config.word("feed_forward_proj", default=self.feed)
        gate, _, name = word.rpartition("-")
        if gate not in ("", "gated"):
            raise config.refused("feed_forward_proj", "the name of an activation is expected, or `gated-` and a name")
        # As in transformers, this name stands for the approximation.
        act = activation_named(config, "feed_forward_proj", "gelu_new" if word == "gated-gelu" else name)
        first = chain("fc hidden nobias", act)
        return chain(f"mul {{ {first} }} {{ fc hidden nobias }}" if gate else first, drop, "fc width nobias")

    def _body(self, head: str, buckets: str, drop: str, decoders: str) -> list[str]:
        near = f"relative_bias heads{buckets} as near"
        layers = "repeat n { encoder near }"
        if head == "EncoderModel":
            return [
                chain("embedding width", f"{drop or 'identity'} as words"),
                near,
                "from words",
                layers,
                chain("norm", drop),
            ]
        predicts = head == "ForConditionalGeneration"
        words = "reuse table" if drop else "reuse table as words"
        return [
            chain("from source", "embedding width as table", drop and f"{drop} as question"),
            near,
            "from question" if drop else "from table",
            f"stage memory {{ {chain(layers, 'norm', drop)} }}",
            chain("from target", words, drop and f"{drop} as words"),
            f"relative_bias heads causal{buckets} as before",
            "from words",
            f"repeat {decoders} {{ decoder before memory }}",
            chain("norm", drop, "scale width**-0.5" if predicts and self.scaled else ""),
            *(["reuse table"] if predicts else []),
        ]


def _require_encoder_decoder(config: ModelConfig) -> None:
    """Raise ImportFailed unless there are an encoder and a decoder, and the embedding also computes the logits."""
    why = "whether the output layer has its own weights then depends on the transformers version and the checkpoint"
    config.require("tie_word_embeddings", True, None, why=why)
    config.require("is_encoder_decoder", True, why="the model has an encoder and a decoder")


def _buckets(config: ModelConfig) -> str:
    buckets = config.size("relative_attention_num_buckets", default=32, least=4)
    distance = config.size("relative_attention_max_distance", default=128)
    return (f" buckets={buckets}" if buckets != 32 else "") + (f" distance={distance}" if distance != 128 else "")


T5 = T5Family(prefix="T5", vocabulary=32128, hidden=2048, layers=6, heads=8, feed="relu", scaled=True)
MT5 = T5Family(prefix="MT5", vocabulary=250112, hidden=1024, layers=8, heads=6, feed="gated-gelu", scaled=False)
