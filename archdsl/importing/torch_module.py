"""Import a torch module: export, lift, find layers, write, verify."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from .exporting import BATCH_SIZE, export
from .import_problem import ImportFailed
from .imported import Imported
from .lift import Lifter
from .proof import Comparison, difference, macs_of, module_with, randomized_state, tensors
from .writing import written


class ModuleCall(NamedTuple):
    """The arguments with which a module is called."""

    args: tuple[torch.Tensor, ...] = ()
    kwargs: Mapping[str, torch.Tensor] = {}

    def map(self, change: Any) -> "ModuleCall":
        """The call with each tensor changed."""
        return ModuleCall(tuple(map(change, self.args)), {name: change(each) for name, each in self.kwargs.items()})

    def all(self) -> tuple[torch.Tensor, ...]:
        """All tensors."""
        return (*self.args, *self.kwargs.values())


Example = torch.Tensor | Sequence[torch.Tensor] | Mapping[str, torch.Tensor]


def call_of(example: Example) -> ModuleCall:
    """The call of an example: one tensor, several in order, or several by name. Raises ImportFailed."""
    if isinstance(example, torch.Tensor):
        call = ModuleCall((example,))
    elif isinstance(example, Mapping):
        call = ModuleCall(kwargs=dict(example))
    else:
        call = ModuleCall(tuple(example))
    for each in call.all():
        if not isinstance(each, torch.Tensor):
            raise ImportFailed(f"an example consists of tensors, but this is {type(each).__name__}")
        if each.ndim == 0:
            raise ImportFailed("each tensor of an example needs a batch axis")
    if not call.all():
        raise ImportFailed("an example needs at least one tensor")
    return call


def import_module(module: nn.Module, example: Example, name: str, *, prove: bool = True) -> Imported:
    """Import a module that is called with these tensors, which have one sample or several.

    Raises ImportFailed if torch cannot export the module.
    """
    call = call_of(example).map(_batch)
    program = export(module, call.args, dict(call.kwargs))
    cumulative = frozenset(
        f"{path}.running_mean".lstrip(".")
        for path, part in module.named_modules(remove_duplicate=False)
        if isinstance(part, nn.modules.batchnorm._NormBase) and part.momentum is None
    )
    imported = import_program(program, BATCH_SIZE, name, cumulative)
    if imported.network is not None and imported.origins is not None:
        imported.weights = imported.origins.weights(state_of(module, program))
        if prove:
            imported.proof = _proof(imported, module, program, call)
    return imported


def _batch(x: torch.Tensor) -> torch.Tensor:
    """The example with the batch size of the export."""
    return x[:1].expand(BATCH_SIZE, *x.shape[1:]).contiguous()


def import_program(
    program: torch.export.ExportedProgram, batch: int, name: str, cumulative: frozenset[str] = frozenset()
) -> Imported:
    """Import an exported program, without the comparison. Raises ImportFailed.

    `cumulative` are the names of running statistics that are means over all batches, which a program does not state.
    """
    lifter = Lifter(program, batch)
    lifter.cumulative = cumulative
    lifter.run()
    return written(lifter.b, lifter.outputs, name, lifter.problems, lifter.notes)


def state_of(module: nn.Module, program: torch.export.ExportedProgram) -> dict[str, torch.Tensor]:
    """The tensors of a module by name, those with several names under all of them, and the program's constants."""
    return {
        **{name: each for name, each in program.constants.items() if isinstance(each, torch.Tensor)},
        **program.state_dict,
        **dict(module.named_buffers(remove_duplicate=False)),
        **dict(module.named_parameters(remove_duplicate=False)),
    }


def _proof(
    imported: Imported, module: nn.Module, program: torch.export.ExportedProgram, call: ModuleCall
) -> Comparison:
    network, origins = imported.network, imported.origins
    assert network is not None
    assert origins is not None
    learned = dict(module.named_parameters(remove_duplicate=False))
    given = randomized_state(state_of(module, program), set(learned))
    ours = module_with(network, origins.weights(given))
    own = {**learned, **dict(module.named_buffers(remove_duplicate=False))}
    vocabularies = iter([network.graph.nodes[i].shape.vocabulary for i in network.graph.inputs])
    x = call.map(lambda each: _random(each, next(vocabularies)))
    with torch.no_grad(), _eval(module):
        changed = {name: given[name] for name in own}
        expected = torch.func.functional_call(module, changed, x.args, dict(x.kwargs), tie_weights=False)
        found = ours(*x.all())
    theirs = sum(p.numel() for p in module.parameters())
    used = _used(program, module)
    unused = theirs - sum(p.numel() for p in used)
    return Comparison(
        (network.parameters, theirs - unused),
        (network.macs, macs_of(program, x.args, dict(x.kwargs))),
        difference(tensors(expected)[: len(network.graph.outputs)], found),
        unused,
        (network.costs.total.trainable, sum(p.numel() for p in used if p.requires_grad)),
    )


class _eval:
    """A context in which a module is in eval mode."""

    def __init__(self, module: nn.Module) -> None:
        self._training = {part: part.training for part in module.modules()}
        self._module = module

    def __enter__(self) -> None:
        self._module.eval()

    def __exit__(self, *error: object) -> None:
        for part, mode in self._training.items():
            part.training = mode


def _used(program: torch.export.ExportedProgram, module: nn.Module) -> list[nn.Parameter]:
    """The parameters that the forward pass reads, each once."""
    signature = program.graph_signature
    read = {node.name for node in program.graph.nodes if node.op == "placeholder" and node.users}
    names = {target for arg, target in signature.inputs_to_parameters.items() if arg in read}
    found = {id(p): p for name, p in module.named_parameters(remove_duplicate=False) if name in names}
    return list(found.values())


def _random(x: torch.Tensor, vocabulary: int | None) -> torch.Tensor:
    """Random numbers of the same shape and dtype; x itself if its values are neither floats nor IDs of a vocabulary."""
    random = torch.Generator().manual_seed(1)
    if x.is_floating_point():
        return torch.randn(x.shape, generator=random)
    if x.dtype in (torch.int32, torch.int64) and vocabulary is not None:
        return torch.randint(0, vocabulary, x.shape, generator=random, dtype=x.dtype)
    return x
