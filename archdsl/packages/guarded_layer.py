"""A package's layer with its errors contained: each call of a method of the contract is checked.

An exception in a method, or a result of the wrong type, becomes `PackageFailed`. When the layer accepts an input, all
other methods are called once, so a layer that would fail in a later analysis is refused immediately.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..contract.call import Apply, Module
from ..contract.layer import Layer, LayerOp, Reject
from ..contract.reasons import Reason
from ..contract.saves import Saves
from ..shapes.shape import Shape, Window
from ..shapes.symbolic import Undecided
from ..text.docstrings import docstring
from .failures import PackageFailed, described

Wanted = Callable[[Any], bool]
_PACKAGE = "_archdsl_package"
"""The attribute of a guarded class with the name of its package."""


def _weights(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(dims, tuple) and all(isinstance(dim, int) for dim in dims)
        for name, dims in value.items()
    )


def _macs(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _steps(value: Any) -> bool:
    steps = value if isinstance(value, tuple) else (value,)
    return bool(steps) and all(isinstance(step, Module | Apply) for step in steps)


def _each(kind: type) -> Wanted:
    return lambda value: isinstance(value, tuple) and all(isinstance(each, kind) for each in value)


def _links(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(link, tuple) and len(link) == 2 for link in value)


_SHAPE = ("a Shape", lambda value: isinstance(value, Shape))
_WEIGHTS = ("a mapping from names to tuples of sizes", _weights)
_MACS = ("an integer of at least 0", _macs)
_CALLS = ("a call of torch, or a tuple of these", _steps)
_READS = ("one link for each axis of the input", _links)
_SAVES = ("a Saves", lambda value: isinstance(value, Saves))
_MAPPING = ("a mapping from names to calls", lambda value: isinstance(value, Mapping))
_WORDS = ("a tuple of strings", _each(str))
_REASONS = ("a tuple of Reasons", _each(Reason))

_RESULTS: Mapping[str, tuple[str, Wanted]] = {
    "out": _SHAPE,
    "weights": _WEIGHTS,
    "buffers": _WEIGHTS,
    "macs": _MACS,
    "torch": _CALLS,
    "initializers": _MAPPING,
    "reads": _READS,
    "saves": _SAVES,
    "windows": ("a tuple of Windows", _each(Window)),
    "explain": _WORDS,
    "slides": ("True or False", lambda value: isinstance(value, bool)),
    "reason": _REASONS,
    "infer": _SHAPE,
    "weights_of": _WEIGHTS,
    "buffers_of": _WEIGHTS,
    "macs_of": _MACS,
    "steps": _CALLS,
    "initializers_of": _MAPPING,
    "reads_of": ("a tuple of links for each input", lambda value: isinstance(value, tuple) and all(map(_links, value))),
    "saves_of": _SAVES,
    "reason_of": _REASONS,
    "frozen_weights": _WORDS,
    "whitening": ("a number or None", lambda value: value is None or isinstance(value, int | float)),
}
"""The methods that a layer may implement, with what each returns, in words and as a test."""

REQUIRED: Mapping[type[LayerOp], tuple[str, ...]] = {
    Layer: ("out", "reads", "saves", "torch"),
    LayerOp: ("infer", "weights_of", "steps", "reads_of", "saves_of"),
}
"""The methods that a layer of each base class must implement."""


def guarded(layer: type[LayerOp], package: str) -> type[LayerOp]:
    """A subclass of a package's layer whose methods raise nothing but PackageFailed, and Reject for an input."""
    methods = {name: _guard(layer, package, name) for name in _RESULTS if hasattr(layer, name)}
    methods["infer"] = _with_trial(methods["infer"])
    about = {"__module__": layer.__module__, "__qualname__": layer.__qualname__, "__doc__": docstring(layer)}
    return type(layer.__name__, (layer,), {**about, **methods, _PACKAGE: package})


def package_of(op: object) -> str | None:
    """The package that a layer belongs to; None for a built-in one."""
    found: str | None = getattr(type(op), _PACKAGE, None)
    return found


def _guard(layer: type[LayerOp], package: str, name: str) -> Callable[..., Any]:
    method = getattr(layer, name)
    words, fits = _RESULTS[name]

    def call(self: LayerOp, *args: Any, **kwargs: Any) -> Any:
        where = f"`{layer.keyword}` failed in `{name}`"
        try:
            value = method(self, *args, **kwargs)
            fit = fits(value)
        except PackageFailed:
            raise
        except (Reject, Undecided) as refusal:
            if name in ("out", "infer"):
                raise
            why = f"{where}: it rejects an input that `out` accepts ({refusal})"
            raise PackageFailed(package, why) from refusal
        except Exception as error:
            raise PackageFailed(package, f"{where}: {described(error)}") from error
        if not fit:
            raise PackageFailed(package, f"{where}: it returned {type(value).__name__}, not {words}")
        return value

    call.__name__ = name
    call.__doc__ = method.__doc__
    return call


def _with_trial(infer: Callable[..., Any]) -> Callable[..., Any]:
    """`infer`, and for an input that it accepts, one call of each other method."""

    def call(self: LayerOp, xs: tuple[Shape, ...]) -> Any:
        y = infer(self, xs)
        self.weights_of(xs)
        self.buffers_of(xs)
        self.macs_of(xs, y)
        self.steps(xs)
        self.initializers_of(xs)
        self.frozen_weights()
        self.whitening()
        self.reads_of(xs, y)
        self.saves_of(xs, y)
        self.reason_of(xs, y, ("x",) * len(xs))
        if isinstance(self, Layer):
            self.windows(xs[0])
            self.explain(xs[0], y)
        return y

    return call
