"""The text of a model that is written from its configuration."""

from collections.abc import Mapping

from ...record import Record
from .model_config import ModelConfig


class ModelText(Record):
    """A network: its parameters in order, inputs, blocks, the statements after them, and comments at the top.

    `unused` are the fields of the configuration that change no layer of this family, although they do in others.
    """

    parameters: Mapping[str, int | float]
    inputs: tuple[str, ...]
    blocks: tuple[str, ...]
    body: tuple[str, ...]
    comments: tuple[str, ...] = ()
    std: bool = False
    unused: tuple[str, ...] = ()

    def with_comment(self, line: str) -> "ModelText":
        """The network with one more comment."""
        values = {name: getattr(self, name) for name in self.record_fields}
        return ModelText(**{**values, "comments": (*self.comments, line)})

    def text(self, name: str) -> str:
        """The text, before it is formatted."""
        values = ", ".join(f"{key} = {number(value)}" for key, value in self.parameters.items())
        parts = [
            "\n".join([*(f"# {line}" for line in self.comments), f"net {name}({values})"]),
            "\n".join(f"input {each}" for each in self.inputs),
            *(["use std"] if self.std else []),
            *self.blocks,
            "\n".join(self.body),
        ]
        return "\n\n".join(parts) + "\n"


def number(value: float) -> str:
    """A number as people write it: `500000`, `1e-5`."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def chain(*statements: str) -> str:
    """Statements on one line, without empty ones."""
    return "; ".join(each for each in statements if each)


def dropout(p: float) -> str:
    """The statement for this probability; empty for 0."""
    return f"dropout {number(p)}" if p else ""


def attention_dropout(config: ModelConfig, *names: str, default: float) -> str:
    """The argument of attention for the dropout of its weights; empty for 0 and null. Raises ImportFailed."""
    p = 0.0 if config.is_null(*names) else config.probability(*names, default=default)
    return f" dropout={number(p)}" if p else ""


def layer_norm(eps: float) -> str:
    """The statement of a layer normalization."""
    return "layernorm" if eps == 1e-5 else f"layernorm eps={number(eps)}"


def divisible(config: ModelConfig, width: int, heads: int) -> None:
    """Raises ImportFailed unless the heads divide the features."""
    if width % heads:
        field = config.find("num_attention_heads", "n_heads", "n_head", "num_heads") or "num_attention_heads"
        raise config.refused(field, f"it does not divide {width} features")


def times(width: int, hidden: int, word: str = "hidden") -> str:
    """The features inside a feed-forward layer: a multiple of the width, or a parameter of the network."""
    return "4*width" if hidden == 4 * width else word


_STATEMENTS = {
    "gelu": "gelu",
    "gelu_10": "gelu; clamp -10 10",
    "gelu_accurate": "gelu tanh",
    "gelu_fast": "gelu tanh",
    "gelu_new": "gelu tanh",
    "gelu_python": "gelu",
    "gelu_python_tanh": "gelu tanh",
    "gelu_pytorch_tanh": "gelu tanh",
    "hardswish": "hardswish",
    "leaky_relu": "leakyrelu",
    "linear": "",
    "mish": "mish",
    "quick_gelu": "mul { scale 1.702; sigmoid }",
    "relu": "relu",
    "relu2": "relu; square",
    "relu6": "relu6",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
}
"""The activations by their names in transformers; several names are implementations of one function."""


def activation(config: ModelConfig, *fields: str, default: str) -> str:
    """The statement of an activation. Raises ImportFailed for one without a counterpart."""
    word = config.word(*fields, default=default)
    return activation_named(config, fields[0], word)


def activation_named(config: ModelConfig, field: str, word: str) -> str:
    """The statement of the activation of this name in a field. Raises ImportFailed."""
    if word not in _STATEMENTS:
        raise config.refused(
            field, f"`{word}` is not an activation with a counterpart: {', '.join(sorted(_STATEMENTS))}"
        )
    return _STATEMENTS[word]
