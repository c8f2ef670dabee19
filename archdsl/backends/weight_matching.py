"""Which tensor of a file belongs to which tensor of a module.

Tensors are matched by name where names and shapes are equal, or where all names are those that torchvision gives to a
zoo network (published_names.py). Other layers are matched by their kind and size, and equal ones by the last words of
their names or by their order: by order only where the layers of the module run one after another and the names in the
file are numbered. The order of the tensors in a file is never used: it follows their names or their definition. Tensors
that remain ambiguous are an error.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import prod

from ..record import Record
from ..text.counts import counted
from .published_names import NAMINGS
from .weight_files import CannotLoad
from .weight_layers import COUNTER, WeightLayer
from .weight_naming import Naming

Shapes = Mapping[str, tuple[int, ...]]
_SHOWN = 8
"""The maximum number of lines of an error that list tensors or layers."""


class WeightMatch(Record):
    """The name in the file of each tensor of the module, and what has no counterpart.

    `heads` are the names of last layers that have another size in the file, or are not in it: they keep their values.
    `unused` are tensors of the file. `prefix` is the common prefix of all names of the file. `renamed` are the layers
    that were not matched by name, with their names in the file.
    """

    names: Mapping[str, str]
    heads: tuple[str, ...]
    unused: tuple[str, ...]
    prefix: str
    renamed: Mapping[str, str]


def match_weights(layers: Sequence[WeightLayer], wanted: Shapes, found: Shapes) -> WeightMatch:
    """Match the tensors of a module, `wanted`, with those of a file. Raises CannotLoad."""
    prefix = _common_prefix(wanted, found)
    given = {name.removeprefix(prefix): shape for name, shape in found.items() if name.startswith(prefix)}
    same = [each for each in layers if _fits(each, each.name, given)]
    last = _last_layers(layers)
    resized = [each for each in layers if each not in same and _all_in(each, given)]
    _refuse_resized([each for each in resized if each.name not in last], given)
    absent = [each for each in layers if each not in same and each not in resized]
    taken = {f"{each.name}.{name}" for each in (*same, *resized) for name in each.shapes}
    rest = {name: shape for name, shape in given.items() if name not in taken}
    moved = _by_published_names(absent, rest, last) or _by_structure(absent, rest, last) if absent else {}
    owner = {f"{each.name}.{name}": each.name for each in absent for name in each.shapes}
    renamed = {owner[in_network]: in_file.rpartition(".")[0] for in_network, in_file in reversed(moved.items())}
    heads = [each for each in layers if each in resized or (each in absent and each.name not in renamed)]
    names = {f"{each.name}.{name}": f"{each.name}.{name}" for each in same for name in each.shapes}
    names |= moved
    owned = {f"{each.name}.{name}" for each in layers for name in each.shapes}
    names |= {name: name for name, shape in wanted.items() if name not in owned and given.get(name) == shape}
    names = {in_network: in_file for in_network, in_file in names.items() if in_file in given}
    left = {f"{each.name}.{name}" for each in heads for name in each.shapes}
    if missing := [name for name in wanted if name not in names and name not in left and not _counts(name)]:
        raise CannotLoad(f"the file has no {_counted(missing)}", _some(_line(name, wanted) for name in missing))
    if not names:
        raise CannotLoad("no tensor of the file fits the network", _some(_line(name, given) for name in given))
    used = {*names.values(), *(f"{each.name}.{name}" for each in resized for name in each.shapes)}
    return WeightMatch(
        names={in_network: prefix + in_file for in_network, in_file in names.items()},
        heads=tuple(each.name for each in heads),
        unused=tuple(prefix + name for name in given if name not in used and not _counts(name)),
        prefix=prefix,
        renamed={in_network: prefix + in_file for in_network, in_file in renamed.items()},
    )


def _common_prefix(wanted: Shapes, found: Shapes) -> str:
    """What a wrapper puts before all names: `module.`, `_orig_mod.`, `model.`; empty if the module has it, too.

    The name of the only layer of a file is none.
    """
    prefix = ""
    while True:
        firsts = {name.removeprefix(prefix).partition(".")[0] for name in found}
        first = f"{next(iter(firsts))}." if len(firsts) == 1 else ""
        inside = all(name.removeprefix(prefix).startswith(first) for name in found)
        is_layer = all("." not in name.removeprefix(prefix + first) for name in found)
        if not first or not inside or is_layer or any(name.startswith(first) for name in wanted):
            return prefix
        prefix += first


def _all_in(layer: WeightLayer, given: Shapes) -> bool:
    return all(f"{layer.name}.{name}" in given for name, _ in layer.signature)


def _fits(layer: WeightLayer, prefix: str, given: Shapes) -> bool:
    return all(given.get(_joined(prefix, name)) == shape for name, shape in layer.signature)


def _joined(layer: str, name: str) -> str:
    """The name of a tensor of a layer; the state dict of a single layer has only the names of its tensors."""
    return f"{layer}.{name}" if layer else name


def _last_layers(layers: Sequence[WeightLayer]) -> set[str]:
    """The layers with weights whose results no other layer reads."""
    before = frozenset[str]().union(*(each.after for each in layers))
    return {each.name for each in layers if each.known and each.name not in before}


def _refuse_resized(layers: Sequence[WeightLayer], given: Shapes) -> None:
    lines = [
        f"{each.name}.{name}: {_dims(given[f'{each.name}.{name}'])} in the file, {_dims(shape)} in the network"
        for each in layers
        for name, shape in each.signature
        if given[f"{each.name}.{name}"] != shape
    ]
    if lines:
        have = "have different shapes" if len(lines) > 1 else "has a different shape"
        raise CannotLoad(f"{counted(len(lines), 'tensor')} {have}", _some(lines))


# --- by published names ---


def _by_published_names(layers: Sequence[WeightLayer], given: Shapes, last: set[str]) -> dict[str, str] | None:
    """The names of the file's tensors by the module's, if rules for published names match all tensors of both; None if
    no rules do.

    Last layers of another size have no counterpart.
    """
    return next((found for each in NAMINGS.values() if (found := _named(each, layers, given, last))), None)


def _named(naming: Naming, layers: Sequence[WeightLayer], given: Shapes, last: set[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    resized: set[str] = set()
    for each in layers:
        in_file = {name: naming.tensor(each.name, name) or "" for name in each.shapes}
        shapes = {name: given.get(in_file[name]) for name, _ in each.signature}
        if any(shape is None for shape in shapes.values()):
            return None
        if all(same_elements(shapes[name] or (), shape) for name, shape in each.signature):
            found |= {f"{each.name}.{in_network}": name for in_network, name in in_file.items() if name in given}
        elif each.name in last:
            resized |= set(in_file.values())
        else:
            return None
    used = {*found.values(), *resized}
    others = [name for name in given if name not in used and not _counts(name) and not naming.ignores(name)]
    return found if not others and len(set(found.values())) == len(found) else None


def same_elements(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes are one matrix or vector: without axes of length 1, or with all axes but the first joined."""
    long_a, long_b = (tuple(size for size in shape if size != 1) for shape in (a, b))
    joined = min(len(a), len(b)) == 2 and a[0] == b[0] and prod(a) == prod(b)
    return long_a == long_b or joined


# --- by structure ---


def _by_structure(layers: Sequence[WeightLayer], given: Shapes, last: set[str]) -> dict[str, str]:
    """The names of the file's tensors by the module's, for layers with other names. Last layers may have no
    counterpart.
    """
    found = _layers_by_structure(layers, given, last)
    named = [each for each in layers if each.name in found]
    return {f"{each.name}.{name}": _joined(found[each.name], name) for each in named for name in each.shapes}


def _layers_by_structure(layers: Sequence[WeightLayer], given: Shapes, last: set[str]) -> dict[str, str]:
    """The names in the file of layers with other names. Last layers may have no counterpart."""
    groups: dict[tuple[object, ...], list[WeightLayer]] = defaultdict(list)
    for each in layers:
        groups[each.signature].append(each)
    found: dict[str, str] = {}
    for in_network in groups.values():
        in_file = _candidates(in_network[0], given)
        if not in_file and all(each.name in last for each in in_network):
            continue
        if len(in_network) != len(in_file):
            raise CannotLoad(
                f"{_tensors(in_network[0])}: {_layers(len(in_network), 'network', 'has', 'have')} these tensors, "
                f"but {_layers(len(in_file), 'file', 'does', 'do')}",
                _some([*(f"network: {each.name}" for each in in_network), *(f"file: {name}" for name in in_file)]),
            )
        found |= _assigned(in_network, in_file)
    taken = {_joined(found[each.name], name) for each in layers if each.name in found for name in each.shapes}
    extra = {name.rpartition(".")[0] for name in given if name not in taken and not _counts(name)}
    if len(extra) > len(layers) - len(found):
        raise CannotLoad(
            f"the file has {counted(len(extra), 'layer')} that the network lacks",
            _some(sorted(extra, key=_natural)),
        )
    return found


def _candidates(layer: WeightLayer, given: Shapes) -> list[str]:
    """The layers of the file with these tensors and no others."""
    first = layer.signature[0][0]
    prefixes = [name.removesuffix(first).removesuffix(".") for name in given if f".{name}".endswith(f".{first}")]
    inner: dict[str, int] = defaultdict(int)
    for name in given:
        parts = name.split(".")
        for depth in range(len(parts)):
            inner[".".join(parts[:depth])] += not _counts(name)
    return [each for each in prefixes if _fits(layer, each, given) and inner[each] == len(layer.signature)]


def _assigned(in_network: Sequence[WeightLayer], in_file: Sequence[str]) -> dict[str, str]:
    """Match layers with equal tensors: a single one directly, several by order, or by the last words of their names if
    both lists have these equally often.
    """
    if len(in_network) == 1:
        return {in_network[0].name: in_file[0]}
    if (ordered := _sequence(in_file)) and _one_after_another(in_network):
        return dict(zip((each.name for each in in_network), ordered, strict=True))
    by_word: dict[str, list[WeightLayer]] = defaultdict(list)
    for each in in_network:
        by_word[each.name.rpartition(".")[2]].append(each)
    words = {word: [name for name in in_file if name.rpartition(".")[2] == word] for word in by_word}
    common = [word for word in by_word if len(words[word]) == len(by_word[word])]
    others = [each for word, group in by_word.items() if word not in common for each in group]
    left = [name for name in in_file if not any(name in words[word] for word in common)]
    # The other layers must not share words with those matched by word, and each recursion must have fewer layers.
    if not common or (not others and len(common) == 1) or any(words[word] for word in by_word if word not in common):
        raise CannotLoad(
            f"{len(in_network):,} layers with the tensors {_tensors(in_network[0])} cannot be distinguished",
            _some([*(f"network: {each.name}" for each in in_network), *(f"file: {name}" for name in in_file)]),
            "rename the tensors in the file to the names in the network, which `archdsl weights` lists",
        )
    found: dict[str, str] = {}
    for word in common:
        found |= _assigned(by_word[word], words[word])
    return found | (_assigned(others, left) if others else {})


def _one_after_another(layers: Sequence[WeightLayer]) -> bool:
    """Whether each of the layers, in the order of execution, depends on the one before it."""
    return all(b.known and a.name in b.after for a, b in pairwise(layers))


def _sequence(names: Sequence[str]) -> list[str] | None:
    """The names in the order of their places in a list (`blocks.10.`); None if two of them differ first in a word.

    Numbers within words do not give an order: decoders are often numbered backwards.
    """
    ordered = sorted(names, key=_natural)
    for a, b in pairwise(ordered):
        first, second = next((x, y) for x, y in zip(a.split("."), b.split("."), strict=False) if x != y)
        if not (first.isdecimal() and second.isdecimal()):
            return None
    return ordered


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which `b10` comes after `b9`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


# --- text ---


def _counts(name: str) -> bool:
    return name.rpartition(".")[2] == COUNTER


def _dims(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"


def _line(name: str, shapes: Shapes) -> str:
    return f"{name} {_dims(shapes[name])}"


def _layers(count: int, of: str, one: str, several: str) -> str:
    """`1 layer of the file does`, `3 layers of the file do`."""
    return f"1 layer of the {of} {one}" if count == 1 else f"{count:,} layers of the {of} {several}"


def _tensors(layer: WeightLayer) -> str:
    return ", ".join(f"{name} {_dims(shape)}" for name, shape in layer.signature)


def _counted(names: Sequence[str]) -> str:
    return f"tensor `{names[0]}`" if len(names) == 1 else f"counterparts of {len(names):,} tensors"


def _some(lines: Iterable[str]) -> tuple[str, ...]:
    every = tuple(lines)
    return every if len(every) <= _SHOWN else (*every[: _SHOWN - 1], f"… and {len(every) - _SHOWN + 1:,} more")
