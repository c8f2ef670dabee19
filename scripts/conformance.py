"""Compare the zoo with torchvision's 80 classification models: parameters, multiply-accumulates and outputs.

    python scripts/conformance.py                 all of them (takes minutes)
    python scripts/conformance.py resnet50 'vit_*'

Torchvision is only a reference. Its compiled operators, which no classification model calls, are not needed:
`pip install --no-deps torchvision` is enough, with any version of torch. The weights of its module are copied to the
archdsl module: each tensor takes the first unused torchvision tensor of the same kind and shape, in the order in which
torchvision's forward pass reaches its modules.
"""

import gc
import sys
import time
import warnings
from collections import defaultdict, deque
from fnmatch import fnmatch
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl import Network

TOLERANCE = 1e-4
"""The largest difference, as a fraction of the largest output: the accumulated float32 rounding error of several
hundred layers.
"""


class Missing(Exception):
    """Torchvision is not installed."""


class Result(NamedTuple):
    """The result of a comparison."""

    name: str
    parameters: bool
    macs: bool
    difference: float
    """The largest difference of two outputs, as a fraction of the largest output."""
    equal: bool
    """Whether the outputs are bit for bit the same."""
    seconds: float

    @property
    def conforms(self) -> bool:
        """Whether only rounding differs."""
        return self.parameters and self.macs and self.difference <= TOLERANCE


# --- torchvision ---


def torchvision_models() -> Any:
    """The package `torchvision.models`, of any build. Raises Missing."""
    if find_spec("torchvision") is None:
        raise Missing("torchvision is missing: `make conformance` installs it")
    if "torchvision" not in sys.modules:
        # Declared here, because a torchvision built for another torch cannot load its own.
        for operator in ("nms", "qnms"):
            torch.library.define(f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torchvision  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    return sys.modules["torchvision"].models


def names() -> list[str]:
    """The classification models, by name."""
    models = torchvision_models()
    return sorted(models.list_models(module=models))


def build(name: str, side: int) -> nn.Module:
    """Torchvision's module in eval mode, for square images of this size, without auxiliary classifiers."""
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False}
    elif name.startswith("vit_"):
        options = {"image_size": side}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: nn.Module = torchvision_models().get_model(name, weights=None, **options)
    return module.eval()


def count(module: nn.Module, sizes: tuple[int, ...]) -> tuple[int, int]:
    """Parameters and multiply-accumulates as torch counts them. The module loses its values."""
    module.to("meta")
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(torch.empty(1, *sizes, device="meta"))
    return sum(p.numel() for p in module.parameters()), counter.get_total_flops() // 2


# --- weights ---


@torch.no_grad()
def scatter(module: nn.Module) -> None:
    """Randomize tensors that are initially zeros and ones, so that a wrong copy changes the output."""
    for name, tensor in learned(module):
        if tensor.numel() < 2:
            continue
        kind = kind_of(name, tensor)
        if kind == "running_var" or (kind == "weight" and tensor.ndim == 1):
            tensor.uniform_(0.5, 1.5)
        elif kind != "weight":
            tensor.normal_(0, 0.1)
        elif tensor.flatten()[0] == tensor.flatten()[1]:
            tensor.normal_(0, 0.02) if tensor.ndim < 3 else tensor.uniform_(0.1, 0.3)


def kind_of(name: str, tensor: Tensor) -> str:
    """The kind of a tensor of a state dict: `weight`, `bias`, `running_mean` or `running_var`."""
    kinds = ("bias", "running_mean", "running_var") if tensor.ndim == 1 else ()
    return next((kind for kind in kinds if name.endswith(kind)), "weight")


def run_in_order(module: nn.Module, x: Tensor) -> tuple[Tensor, list[tuple[str, Tensor]]]:
    """The module's output, and its learned tensors in the order in which its parts are called."""
    names = {part: name for name, part in module.named_modules()}
    reached = {"": 0}

    def note(part: nn.Module, _: object) -> None:
        reached.setdefault(names[part], len(reached))

    hooks = [part.register_forward_pre_hook(note) for part in module.modules()]
    y = module(x)
    for hook in hooks:
        hook.remove()

    def turn(name: str) -> int:
        # A part that is not called, because another part reads its weights, belongs to the part that contains it.
        while name not in reached:
            name = name.rpartition(".")[0]
        return reached[name]

    return y, sorted(learned(module), key=lambda item: turn(item[0].rpartition(".")[0]))


def copy_weights(theirs: list[tuple[str, Tensor]], ours: nn.Module) -> None:
    """Let the archdsl module share these tensors. Raises LookupError if their number or shapes differ."""
    waiting: dict[tuple[str, tuple[int, ...]], deque[Tensor]] = defaultdict(deque)
    for name, tensor in theirs:
        waiting[kind_of(name, tensor), tuple(tensor.shape)].append(tensor)
    found: dict[str, Tensor] = {}
    for name, tensor in learned(ours):
        queue = waiting[kind_of(name, tensor), tuple(tensor.shape)]
        if not queue:
            raise LookupError(f"torchvision has no tensor left for {name}, {tuple(tensor.shape)}")
        found[name] = queue.popleft()
    left = [key for key, queue in waiting.items() if queue]
    if left:
        raise LookupError(f"ours have no place for {left}")
    ours.load_state_dict(found, strict=False, assign=True)


def learned(module: nn.Module) -> list[tuple[str, Tensor]]:
    """The parameters, and the statistics of batch normalization; not computed tables."""
    parameters = {name for name, _ in module.named_parameters()}
    return [(name, t) for name, t in module.state_dict().items() if name in parameters or "running_" in name]


# --- comparing ---


def compare(name: str, *, batch: int = 2) -> Result:
    """Compare one model of the zoo with torchvision's model of the same name."""
    start = time.perf_counter()
    torch.manual_seed(0)
    network = archdsl.load(f"zoo:{name}")
    sizes = network.graph.nodes[network.graph.inputs[0]].shape
    assert sizes is not None
    theirs = build(name, sizes.dims[-1])
    scatter(theirs)
    difference, equal = _difference(network, theirs, torch.randn(batch, *sizes.dims))
    parameters, macs = count(theirs, sizes.dims)
    gc.collect()
    seconds = time.perf_counter() - start
    return Result(name, network.parameters == parameters, network.macs == macs, difference, equal, seconds)


@torch.no_grad()
def _difference(network: Network, theirs: nn.Module, x: Tensor) -> tuple[float, bool]:
    expected, weights = run_in_order(theirs, x)
    with torch.device("meta"):
        ours = network.to_torch().eval()
    # Computed buffers must be created on the device on which they are used.
    if any(buffer.is_meta and "num_batches" not in name for name, buffer in ours.named_buffers()):
        ours = network.to_torch().eval()
    copy_weights(weights, ours)
    found = ours(x)
    largest = expected.abs().max()
    if not (torch.isfinite(expected).all() and largest > 0):
        raise ArithmeticError(f"{network.program.source.name}: these weights give no numbers to compare")
    return float((found - expected).abs().max() / largest), bool(torch.equal(found, expected))


def main(patterns: list[str]) -> int:
    """Print one line per model. Exits with 1 if one differs."""
    try:
        chosen = [name for name in names() if not patterns or any(fnmatch(name, p) for p in patterns)]
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    print(f"{'model':20} parameters  MACs  outputs (largest difference, of the largest output)   seconds")
    failed = []
    for name in chosen:
        try:
            result = compare(name, batch=1)
        except (archdsl.ArchError, OSError, LookupError, ArithmeticError, RuntimeError) as error:
            print(f"{name:20} {error}", flush=True)
            failed.append(name)
            continue
        words = ["=" if same else "differ" for same in (result.parameters, result.macs)]
        how = "the same bits" if result.equal else f"{result.difference:.1e}"
        print(f"{name:20} {words[0]:11} {words[1]:5} {how:61} {result.seconds:7.1f}", flush=True)
        if not result.conforms:
            failed.append(name)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} conform" + (f"; not {', '.join(failed)}" if failed else ""))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
