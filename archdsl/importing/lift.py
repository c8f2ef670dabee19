"""From ATen operations to layers: each operation has a rule, by its name, in `rules/`."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import fx
from torch.export.graph_signature import InputKind, OutputKind

from ..layers import registry
from ..shapes.shape import Layout, Shape
from ..text.counts import counted
from .atoms import BATCH, REPEATED, Atom, View, whole
from .building import Builder, ComputedOp, ConstantOp, UnknownOp, Weight, equal_weights, make_op
from .fx_nodes import (
    attribute_of,
    base_name,
    bound,
    changes_input,
    constants_of,
    functional,
    kwargs_list,
    module_of,
    scopes_of,
    values_in,
    wrapped,
)
from .id_ranges import item_of, range_of, rows_between
from .import_problem import ImportFailed, ImportProblem, NotExpressible
from .rules import rules
from .rules.recurrent_rules import all_states, final_state
from .values import (
    Computed,
    ConstantTensor,
    FinalStates,
    Learned,
    NoResult,
    SourceParameter,
    Tensor,
    evaluate,
    only_moves,
    parameters_of,
)


class Lifter:
    """The state while the operations of one program are read, in order."""

    def __init__(self, program: torch.export.ExportedProgram, batch: int) -> None:
        self.program = program
        self.b = Builder(batch)
        self.env: dict[fx.Node, Any] = {}
        self.problems: list[ImportProblem] = []
        self.outputs: list[int] = []
        self.state: dict[str, torch.Tensor] = {**program.state_dict, **constants_of(program)}
        self.frozen: set[str] = {n for n, p in program.named_parameters() if not p.requires_grad}
        self.cumulative: frozenset[str] | None = None
        """The names of running statistics that are means over all batches; None if the source does not state them."""
        self.notes: list[str] = []
        """What the network does not keep of the source, although their outputs are equal."""
        self.at: fx.Node = next(iter(program.graph.nodes))
        self._learned: dict[Any, int] = {}
        self._owners: dict[tuple[str, ...], int] = {}
        self._order = {node: i for i, node in enumerate(program.graph.nodes)}
        self._root: dict[fx.Node, fx.Node] = {}

    # --- reading the graph ---

    def run(self) -> None:
        """Read all operations."""
        for node in self.program.graph.nodes:
            self.at = node
            if node.op == "placeholder":
                self.env[node] = self._placeholder(node)
            elif node.op == "call_function":
                self._call(node)
            elif node.op == "get_attr":
                self.env[node] = ConstantTensor(attribute_of(self.program, str(node.target)))
        self._outputs()

    def _placeholder(self, node: fx.Node) -> Any:
        spec = next(s for s in self.program.graph_signature.input_specs if getattr(s.arg, "name", None) == node.name)
        name = spec.target
        if spec.kind is InputKind.PARAMETER:
            return SourceParameter(str(name), tuple(self.state[str(name)].shape))
        if spec.kind in (InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
            return Buffer(self.state[str(name)], str(name))
        if spec.kind is not InputKind.USER_INPUT:
            raise ImportFailed(f"an input of the kind {spec.kind.name} has no counterpart")
        return self._input(node)

    def _input(self, node: fx.Node) -> Any:
        found = node.meta.get("val")
        if not isinstance(found, torch.Tensor):
            return getattr(node.meta.get("val"), "value", None)
        batch, *dims = found.shape
        if batch != self.b.batch:
            raise ImportFailed(
                f"the input {node.name} has {counted(batch, 'sample')}, but the others have {self.b.batch}"
            )
        if found.dtype in (torch.int64, torch.int32):
            shape = Shape(*dims, layout=Layout.IDS)
        elif len(dims) in (1, 2, 3, 4):
            shape = Shape(*dims)
        else:
            raise ImportFailed(f"the input {node.name} has {len(dims)} axes after the batch; one to four are possible")
        count = sum(spec.kind is InputKind.USER_INPUT for spec in self.program.graph_signature.input_specs)
        return Tensor(self.b.input(node.name if count > 1 else "x", shape), whole(dims, batch))

    def _call(self, node: fx.Node) -> None:
        name = base_name(node.target)
        self.b.scopes = tuple(scopes_of(node))
        try:
            self.env[node] = self._lifted_call(node, name)
        except NotExpressible as error:
            module = module_of(node)
            self.problems.append(ImportProblem(module, error.what, error.needs))
            self.env[node] = self._unknown(node)
        except _LIMITS:
            # The rule does not foresee such arguments: that is not an error of the network.
            what = f"the operation `{name}` with these arguments"
            self.problems.append(ImportProblem(module_of(node), what))
            self.env[node] = self._unknown(node)

    def _lifted_call(self, node: fx.Node, name: str) -> Any:
        args: Any = fx.map_arg(list(node.args), self._value)
        kwargs: Any = fx.map_arg(dict(node.kwargs), self._value)
        if name == "getitem":
            return args[0][args[1]]
        if name == "select" and isinstance(args[0], FinalStates) and args[1] == 0:
            return final_state(self, args[0], args[2])
        args = all_states(self, args)
        given = list(values_in([args, list(kwargs.values())]))
        failed = [each for each in given if isinstance(each, NoResult)]
        if any(each.reported for each in failed):
            return self._unknown(node)
        if failed:
            raise NotExpressible(failed[0].what, failed[0].needs)
        in_place = changes_input(node.target)
        if in_place:
            self._check_in_place(node)
        else:
            self._note_view(node, name)
        learned = any(isinstance(each, SourceParameter | Computed) for each in given)
        if any(isinstance(each, Tensor) for each in given) or (learned and name in ("expand", "repeat", "expand_as")):
            rule = rules().get(name)
            if rule is None:
                raise NotExpressible(f"the operation `{name}`")
            made = rule(self, bound(node.target, args, kwargs))
            if in_place and node.args and isinstance(node.args[0], fx.Node):
                self.env[node.args[0]] = made
            return made
        if learned:
            return self._computed(node, name, args, kwargs)
        plain = evaluate(args, {}), evaluate(kwargs_list(kwargs), {})
        result = node.target(*plain[0], **dict(plain[1]))  # type: ignore[operator]  # a call_function's target
        return wrapped(result)

    def _computed(self, node: fx.Node, name: str, args: Any, kwargs: Any) -> Any:
        if name == "embedding" and isinstance(args[0], SourceParameter) and isinstance(args[1], ConstantTensor):
            rows = range_of(args[1].tensor)
            if rows is None and bool((args[1].tensor == args[1].tensor.flatten()[0]).all()):
                raise NotExpressible(
                    "a table from which only one row is read", "the IDs as an input, such as `token_type_ids`"
                )
            if rows is not None:
                # Consecutive rows of a table are those of positions.
                sizes = (*args[1].sizes, args[0].sizes[1])
                return Computed("slice", rows_between(rows[0], rows[1], sizes), (args[0],), (), sizes)
        shape = node.meta.get("val")
        if isinstance(shape, tuple | list):
            made = Computed(name, functional(node.target), tuple(args), tuple(kwargs.items()), ())
            return tuple(Computed("getitem", item_of, (made, i), (), tuple(each.shape)) for i, each in enumerate(shape))
        if not isinstance(shape, torch.Tensor):
            return shape
        return Computed(name, functional(node.target), tuple(args), tuple(kwargs.items()), tuple(shape.shape))

    def _value(self, node: fx.Node) -> Any:
        return self.env[node]

    def _unknown(self, node: fx.Node) -> Any:
        """A placeholder for a result that cannot be made, so that what follows is still read."""
        found = node.meta.get("val")
        if isinstance(found, tuple | list):
            return tuple(self._unknown_tensor(node, each) for each in found)
        return self._unknown_tensor(node, found)

    def _unknown_tensor(self, node: fx.Node, found: Any) -> Any:
        if not isinstance(found, torch.Tensor) or not found.ndim or not 2 <= found.ndim <= 5:
            return NoResult(reported=True)
        if found.shape[0] != self.b.batch:
            return NoResult(reported=True)
        dims = tuple(found.shape[1:])
        inputs = [v.node for v in values_in(fx.map_arg(list(node.args), self._value)) if isinstance(v, Tensor)]
        made = self.b.add(UnknownOp(dims=dims), *inputs[:1] or self.b.inputs[:1])
        return Tensor(made, whole(dims, self.b.batch))

    # --- operations that change their input ---

    def _note_view(self, node: fx.Node, name: str) -> None:
        if name in VIEWS and node.args:
            source = node.args[0]
            if isinstance(source, fx.Node):
                self._root[node] = self._root.get(source, source)

    def _check_in_place(self, node: fx.Node) -> None:
        """Raise NotExpressible if a tensor that is changed is read under another name afterward."""
        changed = node.args[0]
        if not isinstance(changed, fx.Node) or not isinstance(self.env.get(changed), Tensor):
            return
        root = self._root.get(changed, changed)
        here = self._order[node]
        for other in [root, *(each for each, its in self._root.items() if its is root)]:
            if other is not changed and any(self._order[user] > here for user in other.users):
                raise NotExpressible(
                    f"`{base_name(node.target)}_` changes a part of a tensor", "an operation without side effects"
                )

    # --- for the rules ---

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the current operation's result."""
        return tuple(self.at.meta["val"].shape)

    def made(self, keyword: str, *inputs: int, weights: Mapping[str, Weight] | None = None, **arguments: Any) -> int:
        """Add a layer. Where another layer has the same parameters already, it is applied again."""
        if not weights:
            return self.b.layer(keyword, *inputs, **arguments)
        if self._is_frozen(keyword, weights, arguments):
            arguments["frozen"] = True
        names = tuple(name for weight in weights.values() for name in parameters_of(weight.sources))
        owner = self._owners.get(names) if names else None
        node = self.b.layer(keyword, *inputs, weights=weights, **arguments)
        if owner is None:
            self._owners[names] = node
        else:
            first = self.b.nodes[owner]
            if first.op != self.b.nodes[node].op:
                return node
            # Queries and keys may be different rows of one parameter.
            if first.inputs == inputs and not equal_weights(first.weights, weights):
                return node
            self.b.nodes[node].shared = owner
        return node

    def _is_frozen(self, keyword: str, weights: Mapping[str, Weight], arguments: Mapping[str, Any]) -> bool:
        """Whether the source does not train the weights that `frozen` would freeze."""
        kind = registry().get(keyword)
        if not self.frozen or kind is None or not any(p.name == "frozen" for p in kind.parameters):
            return False
        affected = make_op(keyword, {**arguments, "frozen": True}).frozen_weights()
        names = {name for word in affected if word in weights for name in parameters_of(weights[word].sources)}
        return bool(names) and names <= self.frozen

    def note(self, text: str) -> None:
        """Note what the network does not keep of the source, once."""
        if text not in self.notes:
            self.notes.append(text)

    def merged(self, keyword: str, nodes: Sequence[int], **arguments: Any) -> int:
        """Add a merge."""
        return self.b.layer(keyword, *nodes, **arguments)

    def name_of(self, value: Any) -> str | None:
        """The name of a parameter or a buffer."""
        return value.name if isinstance(value, SourceParameter | Buffer) else None

    def tensor(self, value: Any) -> Tensor:
        """A value as a tensor of the network: constants and parameters as a node that holds them."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, ConstantTensor):
            return self._constant(value.tensor)
        key = value if isinstance(value, SourceParameter | Computed) else None
        known = self._known(key)
        dims = tuple(value.sizes)
        if known is None:
            known = self._started(value, dims)
            if key is not None:
                self._learned[id(key) if isinstance(key, Computed) else key] = known
        view: list[tuple[Atom, ...]] = []
        axis = 0
        for size in dims:
            view.append((Atom(axis, 1, size),) if size != 1 else ())
            axis += size != 1
        return Tensor(known, tuple(view))

    def _constant(self, tensor: torch.Tensor) -> Tensor:
        """A constant as a node; along axes where it is the same everywhere, it is repeated."""
        same = [n > 1 and bool((tensor == tensor.narrow(i, 0, 1)).all()) for i, n in enumerate(tensor.shape)]
        core = tensor[tuple(slice(0, 1) if each else slice(None) for each in same)]
        node = self.b.add(ConstantOp(tensor=core))
        view: list[tuple[Atom, ...]] = []
        axis = 0
        for size, repeated in zip(tensor.shape, same, strict=True):
            view.append((Atom(REPEATED, 0, size),) if repeated else (Atom(axis, 1, size),) if size > 1 else ())
            axis += size > 1 and not repeated
        return Tensor(node, tuple(view))

    def _known(self, key: Learned | None) -> int | None:
        return None if key is None else self._learned.get(id(key) if isinstance(key, Computed) else key)

    def _started(self, value: Any, dims: tuple[int, ...]) -> int:
        own = tuple(size for size in dims if size != 1) or (1,)
        if only_moves(value) and len(own) <= 4:
            weight = Weight((value,), lambda tensor: tensor.reshape(own))
            return self.b.layer("learned", self.b.inputs[0], shape=own, weights={"weight": weight})
        return self.b.add(ComputedOp(value=value))

    def view_of(self, tensor: torch.Tensor) -> View:
        """The view of a tensor that is repeated along all axes."""
        return tuple((Atom(REPEATED, 0, size),) if size > 1 else () for size in tensor.shape)

    def _outputs(self) -> None:
        specs = [s for s in self.program.graph_signature.output_specs if s.kind is OutputKind.USER_OUTPUT]
        (last,) = (node for node in self.program.graph.nodes if node.op == "output")
        results = last.args[0]
        for spec, result in list(zip(self.program.graph_signature.output_specs, results, strict=False)):
            if spec not in specs or not isinstance(result, fx.Node):
                continue
            value = self.env[result]
            try:
                self.outputs.append(_output(self.b, value))
            except NotExpressible as error:
                self.problems.append(ImportProblem("", f"an output of {error.what}", error.needs))


class Buffer(ConstantTensor):
    """A tensor of the module that is not learned, with its name."""

    name: str

    def __new__(cls, tensor: torch.Tensor, name: str) -> "Buffer":
        made = super().__new__(cls, tensor)
        made.name = name
        return made


_LIMITS = (ArithmeticError, AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)


VIEWS = frozenset(
    """view reshape flatten unflatten permute transpose swapaxes t unsqueeze squeeze select slice narrow chunk split
    split_with_sizes unbind expand expand_as alias detach movedim contiguous""".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)


def _output(b: Builder, value: Any) -> int:
    from .arranging import as_is

    if not isinstance(value, Tensor):
        raise NotExpressible("numbers that do not depend on the input", "an output that is computed from the input")
    if not value.view or not value.view[0] or value.view[0][0].axis != BATCH:
        raise NotExpressible("a first axis other than the batch", "an output with the batch as its first axis")
    return as_is(b, value)
