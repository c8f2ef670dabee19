"""The keys of Darknet's sections: read by the import, without effect on the outputs, or refused.

The names and defaults are those of Darknet's parser (Redmon, 2013–2018; Bochkovskiy et al., 2020).
"""

from collections.abc import Mapping

from .import_problem import NotExpressible

_TRAINING = (
    "burnin_update",
    "clip",
    "dont_update",
    "dontload",
    "dontloadscales",
    "dontsave",
    "learning_rate",
    "numload",
    "onlyforward",
    "stopbackward",
    "train_only_bn",
)
"""Keys of any section that only matter for training or for files of weights."""

_CONV = (
    *("activation", "batch_normalize", "dilation", "filters", "groups", "pad", "padding", "size"),
    *("stride", "stride_x", "stride_y"),
    *("angle", "assisted_excitation", "cbn", "flipped", "grad_centr", "stream", "wait_stream"),
)
_POOL = ("padding", "size", "stride", "stride_x", "stride_y", "maxpool_zero_nonmax", "out_channels")
_ANY = ("cost", "region", "yolo")
"""Sections whose keys describe the loss and what is done with the outputs."""

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "avgpool": (),
    "connected": ("activation", "batch_normalize", "output"),
    "conv": _CONV,
    "convolutional": _CONV,
    "dropout": ("probability", "dropblock_size_abs", "dropblock_size_rel"),
    "max": _POOL,
    "maxpool": _POOL,
    "route": ("group_id", "groups", "layers"),
    "shortcut": ("activation", "from", "weights_normalization"),
    "softmax": ("noloss",),
    "upsample": ("stride",),
}
"""The keys that each section may have with any value, besides those of training."""

_USUAL: Mapping[str, float | str] = {
    "antialiasing": 0,
    "bin_output": 0,
    "binary": 0,
    "coordconv": 0,
    "dropblock": 0,
    "groups": 1,
    "maxpool_depth": 0,
    "rotate": 0,
    "scale": 1,
    "spatial": 0,
    "stretch": 0,
    "stretch_sway": 0,
    "sway": 0,
    "temperature": 1,
    "weights_type": "none",
    "xnor": 0,
}
"""The only values with which other keys are read: those that change nothing."""


def check_options(section: str, values: Mapping[str, str]) -> None:
    """Raise NotExpressible for a key that is unknown, or whose value changes what a section computes."""
    if section in _ANY or section not in _KNOWN:
        return
    for key, value in values.items():
        if key not in (*_KNOWN[section], *_TRAINING) and not _is_usual(key, value):
            raise NotExpressible(f"`{key}={value}`", "a section without this key")


def _is_usual(key: str, value: str) -> bool:
    usual = _USUAL.get(key)
    try:
        return value == usual or (usual is not None and float(value) == usual)
    except ValueError:
        return False
