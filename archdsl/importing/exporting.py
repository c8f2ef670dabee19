"""A torch module as a graph of ATen operations by `torch.export`: undecomposed, so each layer is one operation."""

import inspect
import io
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, TextIO, final

import torch
from torch import nn

from .import_problem import ImportFailed

BATCH_SIZE = 2
"""Not 1, so that the batch axis is distinguishable from axes of length 1."""

_library: list[torch.library.Library] = []


def _operator() -> Any:
    """The operator that marks where samples are dropped: torch.export in eval mode would leave no trace of this."""
    if not _library:
        library = torch.library.Library("archdsl", "FRAGMENT")  # type: ignore[no-untyped-call]  # torch has no types here
        library.define("drop_path(Tensor x, float p) -> Tensor")  # type: ignore[no-untyped-call]  # likewise
        kind = "CompositeExplicitAutograd"
        library.impl("drop_path", lambda x, p: x.clone(), kind)  # type: ignore[no-untyped-call]  # likewise
        _library.append(library)
    return torch.ops.archdsl.drop_path


def drop_path(x: torch.Tensor, rate: float) -> torch.Tensor:
    """The same tensor, with a mark that whole samples of it are dropped in training."""
    marked: torch.Tensor = _operator()(x, rate)
    return marked


def export(
    module: nn.Module, args: Sequence[torch.Tensor], kwargs: Mapping[str, torch.Tensor] | None = None
) -> torch.export.ExportedProgram:
    """The exported program of a module in eval mode; the module stays as it is. Raises ImportFailed."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with _marked(module), _quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _exported(module, tuple(args), dict(kwargs or {}))
    finally:
        for part, mode in training.items():
            part.training = mode


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress what torch prints for a module that it cannot trace: tracebacks in its log, graphs on standard error.

    What the module itself prints and logs is kept.
    """
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if _is_torch(name)]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with redirect_stderr(_WithoutTorch(sys.stderr)):
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


@final
class _WithoutTorch(io.TextIOBase):
    """A stream without what torch writes to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        frame = inspect.currentframe()
        while frame is not None and frame.f_globals.get("__name__") in _WRITERS:
            frame = frame.f_back
        if frame is not None and _is_torch(str(frame.f_globals.get("__name__"))):
            return len(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()


def _is_torch(module: str) -> bool:
    return f"{module}.".startswith("torch.")


_WRITERS = (__name__, "logging", "traceback")
"""The modules that write for another one."""


def _exported(
    module: nn.Module, args: tuple[torch.Tensor, ...], kwargs: dict[str, torch.Tensor]
) -> torch.export.ExportedProgram:
    reasons = []
    for strict in (False, True):
        try:
            program = torch.export.export(module, args, kwargs, strict=strict)
            _inline(program.graph_module)
            return program
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # torch.export documents no exceptions, and it runs the module's own code
            reasons.append(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    raise ImportFailed(f"torch.export cannot trace the module: {reasons[0]}")


_DROPS_SAMPLES = frozenset({"StochasticDepth", "DropPath", "DropConnect"})


@contextmanager
def _marked(module: nn.Module) -> Iterator[None]:
    """Let modules that drop whole samples in training call the marking operator."""
    operator = _operator()
    changed: list[nn.Module] = []
    for part in module.modules():
        if type(part).__name__ in _DROPS_SAMPLES and "forward" not in part.__dict__:
            p = getattr(part, "drop_prob", getattr(part, "p", None))
            if isinstance(p, float) and p > 0 and getattr(part, "mode", "row") == "row":
                part.forward = _marking(operator, p)
                changed.append(part)
    try:
        yield
    finally:
        for part in changed:
            del part.__dict__["forward"]


def _marking(operator: Any, p: float) -> Any:
    return lambda x: operator(x, p)


def _inline(module: torch.fx.GraphModule) -> None:
    """Inline the operations of parts without gradients or with another precision."""
    for node in list(module.graph.nodes):
        if node.op != "call_function" or str(node.target) not in _REGIONS:
            continue
        place = next(i for i, arg in enumerate(node.args) if isinstance(arg, torch.fx.Node) and arg.op == "get_attr")
        part = getattr(module, str(node.args[place].target))
        _inline(part)
        values = dict(zip((n for n in part.graph.nodes if n.op == "placeholder"), node.args[place + 1 :], strict=True))
        with module.graph.inserting_before(node):
            results = _copied(part, module, values)
        for user in list(node.users):
            # Its results are a tuple; each user takes one element.
            user.replace_all_uses_with(results[user.args[1]])
            module.graph.erase_node(user)
        source = node.args[place]
        module.graph.erase_node(node)
        if not source.users:
            module.graph.erase_node(source)


_REGIONS = frozenset({"wrap_with_set_grad_enabled", "wrap_with_autocast"})


def _copied(part: torch.fx.GraphModule, module: torch.fx.GraphModule, values: dict[Any, Any]) -> Any:
    for inner in part.graph.nodes:
        if inner.op == "output":
            results = torch.fx.map_arg(inner.args[0], values.__getitem__)
            return results if isinstance(results, tuple | list) else (results,)
        if inner.op == "get_attr":
            name = f"{inner.target}_of_{id(part)}"
            setattr(module, name, getattr(part, str(inner.target)))
            values[inner] = module.graph.get_attr(name)
        elif inner.op != "placeholder":
            values[inner] = module.graph.node_copy(inner, values.__getitem__)
    return ()
