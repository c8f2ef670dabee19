"""The options of an attention layer."""

from typing import Annotated, Literal

from ..contract.arguments import (
    Bool,
    Either,
    Flag,
    Float,
    Int,
    NaturalSpatialInt,
    OneOf,
    PositiveFloat,
    PositiveInt,
    PositiveSpatialInt,
    Probability,
    Tensor,
    argument,
)
from ..contract.initializers import MATRIX_DOC, MatrixInit
from ..contract.layer import LayerOp

Relative = Annotated[
    Literal["none", "table", "mlp", "t5", "alibi"], OneOf(choices=("none", "table", "mlp", "t5", "alibi"))
]
HeadNorm = Annotated[Literal["none", "rms", "layer"], OneOf(choices=("none", "rms", "layer"))]
POSITION_BIASES = ("relative", "t5", "alibi")
# Position biases are a different argument; they are accepted here for a message that explains this.
LinearBias = Annotated[bool | str, Either(kinds=(Bool(),), misplaced=OneOf(choices=POSITION_BIASES))]
InputBias = Annotated[bool | str, Either(kinds=(Bool(), OneOf(choices=("qv",))))]
Part = Annotated[float, Float(minimum=0, maximum=1, open_below=True)]


class AttentionOptions(LayerOp):
    """The arguments of attention, and the properties derived from them."""

    heads: PositiveInt = argument(positional=True, letter="h", doc="number of heads")
    source: Tensor | None = argument(None, name="from", doc="tensor that keys and values are computed from")
    values: Tensor | None = argument(
        None, name="value", doc="tensor that values are computed from; by default, the one for keys"
    )
    mask: Tensor | None = argument(
        None,
        doc="tensor that is added to the dot products or, if integer or boolean, hides steps where it is 0",
    )
    kv_heads: PositiveInt | None = argument(
        None, doc="number of key and value heads, each shared by a group of query heads (Ainslie et al., 2023)"
    )
    width: PositiveInt | None = argument(
        None, doc="number of query features, all heads together; the input's by default"
    )
    value_width: PositiveInt | None = argument(
        None, doc="number of value features, all heads together; `width` by default"
    )
    causal: Flag = argument(False, words={"causal": True}, doc="each step attends only to itself and earlier steps")
    rope: Flag = argument(
        False, words={"rope": True}, doc="rotary embedding: rotate queries and keys by position (Su et al., 2021)"
    )
    rope_base: PositiveFloat = argument(10000.0, doc="base of the wavelengths of `rope`")
    rope_part: Part = argument(1.0, doc="fraction of the features of a head that `rope` rotates")
    qk_norm: HeadNorm = argument(
        "none",
        words={"qk_norm": "rms"},
        doc="normalize queries and keys per head (Dehghani et al., 2023); `qk_norm` alone is `rms`",
    )
    eps: PositiveFloat = argument(1e-6, doc="added to the mean square or variance by `qk_norm`")
    window: PositiveSpatialInt | None = argument(None, doc="size of the windows that attention is restricted to")
    sliding: Flag = argument(
        False,
        words={"sliding": True},
        doc="sliding window: each step attends to the `window` steps centered on it, or with `causal` to those that "
        "end with it (Beltagy et al., 2020; Jiang et al., 2023)",
    )
    grid: PositiveSpatialInt | None = argument(None, doc="size of the sparse windows")
    shift: NaturalSpatialInt = argument(
        0, doc="shift of the windows, less than their size; windows do not wrap around the edges"
    )
    relative: Relative = argument(
        "none",
        words={"relative": "table", "t5": "t5", "alibi": "alibi"},
        doc="bias for each head and relative position: from a learned table (`relative` alone), a small network "
        "(`mlp`) or learned biases of distance buckets (`t5`, Raffel et al., 2019), or linear in the distance "
        "(`alibi`, Press et al., 2021)",
    )
    buckets: Annotated[int, Int(minimum=4)] = argument(32, doc="number of buckets of `t5`")
    distance: PositiveInt = argument(128, doc="from this distance on, all distances share the last bucket of `t5`")
    cosine: Flag = argument(False, words={"cosine": True}, doc="cosine attention with a learned scale for each head")
    scale: PositiveFloat | None = argument(
        None, doc="factor that scales the dot products; 1/√(features of a head) by default"
    )
    dropout: Probability = argument(0.0, doc="probability of zeroing an attention weight in training")
    bias: LinearBias = argument(True, words={"nobias": False}, doc="whether the linear layers have a bias")
    qkv_bias: InputBias | None = argument(
        None,
        doc="whether queries, keys and values have a bias, or only queries and values (`qv`); like `bias` if not given",
    )
    out_bias: Flag | None = argument(None, doc="whether the output projection has a bias; like `bias` if not given")
    frozen: Flag = argument(
        False,
        words={"frozen": True},
        doc="only the biases of linear and normalization layers are trained",
    )
    init: MatrixInit | None = argument(None, doc=MATRIX_DOC)

    @property
    def qkv_biased(self) -> bool | str:
        """Whether queries, keys and values have a bias, or `qv`."""
        return self.bias if self.qkv_bias is None else self.qkv_bias

    @property
    def out_biased(self) -> bool:
        """Whether the last linear layer has a bias."""
        return bool(self.bias) if self.out_bias is None else self.out_bias

    @property
    def windowed(self) -> bool:
        """Whether attention is restricted to windows."""
        return (self.window is not None and not self.sliding) or self.grid is not None

    @property
    def in_windows(self) -> bool:
        """Whether it needs the module for attention in windows; the whole input may be a single window."""
        return self.windowed or self.cosine or self.relative in ("table", "mlp")

    def general_options(self) -> tuple[str, ...]:
        """The arguments in use that the module for windows does not support."""
        separate = self.qkv_biased != self.out_biased
        used = {
            "from": self.source is not None,
            "value": self.values is not None,
            "mask": self.mask is not None,
            "kv_heads": self.kv_heads is not None,
            "width": self.width is not None,
            "value_width": self.value_width is not None,
            "rope": self.rope,
            "sliding": self.sliding,
            "qk_norm": self.qk_norm != "none",
            "relative": self.relative in ("t5", "alibi"),
            "qkv_bias": separate and self.qkv_bias is not None,
            "out_bias": separate and self.out_bias is not None,
        }
        return tuple(name for name, given in used.items() if given)
