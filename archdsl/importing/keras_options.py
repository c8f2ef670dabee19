"""The keys of a Keras layer's configuration: carried over, noted because only training differs, or refused."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..text.word_lists import listed
from .import_problem import ImportFailed
from .keras_config import MODELS, KerasModel, model_of

_CONV = ("kernel_size", "strides", "padding", "dilation_rate", "use_bias", "activation")
_POOL = ("pool_size", "strides", "padding")
_NORM = ("axis", "epsilon", "center", "scale")
_TRANSPOSED = ("filters", "output_padding", *_CONV)
_MODEL = ("layers", "input_layers", "output_layers", "build_input_shape")

CARRIED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(MODELS, _MODEL),
    "Activation": ("activation",),
    "ActivityRegularization": ("l1", "l2"),
    **dict.fromkeys(("Add", "Average", "Divide", "Maximum", "Minimum", "Multiply", "Subtract", "TrueDivide"), ()),
    **{f"AveragePooling{rank}D": _POOL for rank in (1, 2, 3)},
    "BatchNormalization": (*_NORM, "momentum"),
    "Concatenate": ("axis",),
    **{f"Conv{rank}D": ("filters", "groups", *_CONV) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _TRANSPOSED for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": ("cropping",) for rank in (1, 2, 3)},
    "Dense": ("units", "use_bias", "activation"),
    **{f"DepthwiseConv{rank}D": ("depth_multiplier", *_CONV) for rank in (1, 2)},
    "Dropout": ("rate", "noise_shape"),
    "ELU": ("alpha",),
    "Flatten": (),
    "GaussianNoise": ("stddev",),
    **{f"Global{kind}Pooling{rank}D": ("keepdims",) for kind in ("Average", "Max") for rank in (1, 2, 3)},
    "InputLayer": (),
    "LayerNormalization": _NORM,
    "LeakyReLU": ("negative_slope", "alpha"),
    **{f"MaxPooling{rank}D": _POOL for rank in (1, 2, 3)},
    "Normalization": ("axis", "invert", "mean", "variance"),
    "Permute": ("dims",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    **{f"SeparableConv{rank}D": ("filters", "depth_multiplier", *_CONV) for rank in (1, 2)},
    "Softmax": ("axis",),
    "SpatialDropout2D": ("rate",),
    **{f"UpSampling{rank}D": ("size", "interpolation") for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": ("padding",) for rank in (1, 2, 3)},
}
"""The layers that can be imported, each with the keys that its import reads."""
_ALWAYS = ("name", "trainable", "dtype", "batch_shape", "batch_input_shape")
_REFUSED = {
    "data_format": ("channels_last", "its channels come first"),
    "groups": (1, "it has groups"),
    "noise_shape": (None, "its dropout has a `noise_shape`"),
    "optional": (False, "it is an optional input"),
    "ragged": (False, "it is a ragged tensor"),
    "recurrent_dropout": (0, "it has a recurrent dropout"),
    "renorm": (False, "it renormalizes"),
    "rms_scaling": (False, "it divides by the root mean square"),
    "sparse": (False, "it is a sparse tensor"),
}
"""The value of a key that the layers here have, and what another one would be."""
_ONLY_IN_TRAINING = {
    "autocast": (True,),
    "renorm_clipping": ({},),
    "renorm_momentum": (0.99,),
    "seed": (),
    "synchronized": (False,),
}
"""The values of keys, besides null, that need no note."""
_LEFT_OUT = ("_constraint", "_initializer", "_regularizer")
_USUAL_INITIALIZERS = {
    "beta": "Zeros",
    "bias": "Zeros",
    "depthwise": "GlorotUniform",
    "gamma": "Ones",
    "kernel": "GlorotUniform",
    "moving_mean": "Zeros",
    "moving_variance": "Ones",
    "pointwise": "GlorotUniform",
}
_FLOATS = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64")
_MOST_NAMES = 3


class _Note(NamedTuple):
    """A note about layers, whose names are written between two texts."""

    before: str
    after: str


def refuse(what: str, name: str) -> ImportFailed:
    """The error for a layer that cannot be imported."""
    return ImportFailed(f"the layer `{name}` cannot be imported: {what}")


def left_out(model: KerasModel) -> tuple[str, ...]:
    """What the language does not have although it changes no output: only training or precision differs.

    Raises ImportFailed for a key of a layer that is unknown or has no counterpart.
    """
    found: dict[_Note, dict[str, None]] = {}
    for name, note in _notes(model):
        found.setdefault(note, {})[f"`{name}`"] = None
    return tuple(f"{note.before}{_listed(list(names))}{note.after}" for note, names in found.items())


def _listed(names: list[str]) -> str:
    if len(names) > _MOST_NAMES:
        return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
    return listed(names)


def _notes(model: KerasModel) -> Iterator[tuple[str, _Note]]:
    """The notes, each with the name of its layer. Layers without a counterpart are reported elsewhere."""
    yield from ((model.name, note) for note in _of_layer("Functional", model.config, model.name))
    for name, (kind, config) in model.layers.items():
        if kind in MODELS:
            yield from _notes(model_of({"class_name": kind, "config": config}))
        elif kind in CARRIED:
            yield from ((name, note) for note in _of_layer(kind, config, name))
    for use in model.uses:
        yield from ((use.layer, note) for key, value in use.options.items() for note in _of_call(key, value, use.layer))


def _of_layer(kind: str, config: Mapping[str, Any], name: str) -> Iterator[_Note]:
    if kind in ("ActivityRegularization", "GaussianNoise"):
        yield _Note("", f" ({kind}) is left out: it only acts in training")
    if kind == "BatchNormalization" and config.get("trainable") is False:
        yield _Note("`trainable=False` of ", " only freezes weights: its running statistics are updated in training")
    yield from _precision(kind, config.get("dtype"), name)
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    if isinstance(shape, list) and shape and shape[0] is not None:
        yield _Note(f"the batch size {shape[0]} of ", " is left out")
    for key, value in config.items():
        if key not in (*CARRIED[kind], *_ALWAYS):
            yield from _of_key(key, value, name)


def _of_key(key: str, value: Any, name: str) -> Iterator[_Note]:
    """The note of a key that the import does not read."""
    if value is None:
        return
    if key in _REFUSED:
        usual, what = _REFUSED[key]
        if value != usual:
            raise refuse(what, name)
    elif key.endswith(_LEFT_OUT) or key in _ONLY_IN_TRAINING:
        if value not in _ONLY_IN_TRAINING.get(key, ()) and not _is_usual(key, value):
            yield _Note(f"`{key}` of ", " is left out: only training differs")
    elif value in (False, 0, "", [], {}):
        yield _Note(f"`{key}={value!r}` of ", " is unknown and left out")
    else:
        raise refuse(f"its option `{key}` is unknown", name)


def _of_call(key: str, value: Any, name: str) -> Iterator[_Note]:
    """The note of an argument with which a layer is called."""
    if key != "training" or value is not False:
        raise refuse(f"it is called with `{key}={value!r}`", name)
    yield _Note("`training=False` of ", " is left out: only training differs")


def _is_usual(key: str, value: Any) -> bool:
    """Whether a value is the initializer that Keras uses by default."""
    part, _, what = key.rpartition("_")
    usual = _USUAL_INITIALIZERS.get(part)
    if what != "initializer" or usual is None:
        return False
    if isinstance(value, str):
        return value.replace("_", "").lower() == usual.lower()
    if not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping):
        return False
    config = {word: each for word, each in value["config"].items() if each is not None and word != "dtype"}
    # Keras before 2.4 wrote the parent class.
    glorot = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform"}
    kind = "GlorotUniform" if value.get("class_name") == "VarianceScaling" and config == glorot else None
    return usual == kind or (value.get("class_name") == usual and not config)


def _precision(kind: str, dtype: Any, name: str) -> Iterator[_Note]:
    """The note of a dtype, or of the policy that chooses one."""
    if isinstance(dtype, Mapping):
        is_policy = dtype.get("class_name") in ("DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1")
        dtype = dtype["config"]["name"] if is_policy else dtype.get("class_name")
    if dtype in (None, "float32") or (kind == "InputLayer" and str(dtype).startswith(("int", "uint"))):
        return
    if dtype not in _FLOATS:
        raise refuse(f"its dtype is `{dtype}`", name)
    yield _Note(f"the dtype `{dtype}` of ", " is left out: the network computes in float32")
