"""Detection networks as tables of layers (YAML): YOLOv5, YOLOv8, YOLOv10 and YOLO11.

Each row is `[from, repeats, module, arguments]`. The modules are written from the papers and published tables of
layers; `scales` multiply the repeats and the channels.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..network import ArchError, loads
from ..structure.free_names import identifier
from ..text.counts import counted
from .detection_blocks import BLOCKS, REQUIRED, block_text
from .import_problem import ImportFailed, ImportProblem, UnusableSource, first_line
from .imported import Imported, formatted
from .small_yaml import read_yaml
from .strictness import with_ignores


class Row(NamedTuple):
    """A row of the table, with the channels of its result."""

    reads: tuple[int, ...]
    words: str
    channels: int


class DetectorScale(NamedTuple):
    """The factors of the repeats and the channels, and the largest number of channels before scaling."""

    depth: float
    width: float
    most: float
    letter: str

    def channels(self, count: int) -> int:
        """The channels of a layer, a multiple of 8."""
        scaled = min(count, self.most) * self.width
        return max(8, -(-int(scaled * 1000) // 8000) * 8) if scaled % 8 else int(scaled)

    def repeats(self, count: int) -> int:
        """How often a part is repeated."""
        return max(round(count * self.depth), 1) if count > 1 else count


def import_table(path: Path, name: str, sizes: Sequence[int], letter: str | None) -> Imported:
    """Import a table of layers; `letter` is one of its scales. Raises ImportFailed or UnusableSource."""
    try:
        table = read_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ImportFailed(f"{path.name} is not a text file") from None
    if not isinstance(table, dict) or not all(isinstance(table.get(key), list) for key in ("backbone", "head")):
        raise ImportFailed(f"{path.name} is not a detection network: it needs `backbone` and `head`")
    text = with_ignores(formatted(_text(table, name, sizes, _scale(table, path, letter))))
    try:
        return Imported(text, loads(text, name=f"{name}.arch"))
    except ArchError as error:
        first = error.diagnostics[0].diagnostic.message() if error.diagnostics else "an error"
        raise ImportFailed(f"the table does not fit this input: {first}") from None


def _scale(table: Mapping[str, Any], path: Path, letter: str | None) -> DetectorScale:
    scales = table.get("scales")
    if not isinstance(scales, dict):
        depth, width = table.get("depth_multiple", 1.0), table.get("width_multiple", 1.0)
        return DetectorScale(float(depth), float(width), float("inf"), "")
    found = letter or next((each for each in scales if path.stem.endswith(each)), next(iter(scales)))
    if found not in scales:
        raise UnusableSource(f"the table has no scale `{found}`", f"it has {', '.join(scales)}")
    depth, width, most = (float(each) for each in scales[found])
    return DetectorScale(depth, width, most, found)


def _text(table: Mapping[str, Any], name: str, sizes: Sequence[int], scale: DetectorScale) -> str:
    rows: list[Row] = []
    problems: list[ImportProblem] = []
    entries = [*table["backbone"], *table["head"]]
    modern = any(isinstance(entry, list) and len(entry) == 4 and entry[2] in ("C3k2", "SCDown") for entry in entries)
    context = _Context(_integer(table.get("nc", 80)), scale, modern, _integer(sizes[0]))
    for index, entry in enumerate(entries):
        try:
            rows.append(_row(entry, rows, context))
        except ImportFailed:
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            kind = entry[2] if isinstance(entry, list) and len(entry) > 2 else entry
            problems.append(
                ImportProblem(
                    f"row {index}", f"`{kind}` with these arguments", f"a module with this name ({first_line(error)})"
                )
            )
            rows.append(Row((-1,), "identity", rows[-1].channels if rows else context.input))
    if problems:
        raise ImportFailed(f"{counted(len(problems), 'row')} cannot be imported:", problems)
    split = len(table["backbone"])
    named = sorted({i for row, at in zip(rows, range(len(rows)), strict=True) for i in _read(row, at) if i != at - 1})
    used = [word for word in BLOCKS if any(word in _words(row.words) for row in rows)]
    lines = [
        f"net {identifier(name, 'net')}",
        "input " + "x".join(map(str, sizes)),
        "",
        "use std",
        "",
        *block_text(used),
    ]
    for title, start, end in (("backbone", 0, split), ("head", split, len(rows))):
        lines += [f"stage {title} {{", *_statements(rows, start, end, named), "}"]
    return "\n".join(lines) + "\n"


def _words(text: str) -> set[str]:
    return set(text.replace("{", " ").replace("}", " ").replace(";", " ").split())


def _read(row: Row, at: int) -> list[int]:
    """The input rows of a row."""
    return [at + each if each < 0 else each for each in row.reads]


def _statements(rows: Sequence[Row], start: int, end: int, named: Sequence[int]) -> list[str]:
    found = []
    for at in range(start, end):
        row = rows[at]
        reads = _read(row, at)
        words = row.words
        for number, each in enumerate(reads):
            here = each == at - 1
            words = words.replace(f"{{ from ${number} }}", "{ }" if here else f"row{each}")
            words = words.replace(f"{{ from ${number}; ", "{ " if here else f"{{ from row{each}; ")
        # The current tensor is the first operand of a merge with one other.
        words = words.replace("concat { } ", "concat ") if len(reads) == 2 else words
        if "$" not in row.words and reads[0] != at - 1:
            found.append(f"  from row{reads[0]}")
        found.append(f"  {words}" + (f" as row{at}" if at in named else ""))
    return found


def _integer(value: Any) -> int:
    """An integer. Raises ValueError, even for a boolean, which Python treats as an integer."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is not an integer")
    return int(value)


class _Context(NamedTuple):
    """The context of a row."""

    classes: int
    scale: DetectorScale
    modern: bool
    input: int


def _row(entry: Any, rows: Sequence[Row], context: _Context) -> Row:
    source, count, kind, args = entry
    reads = tuple(_integer(each) for each in (source if isinstance(source, list) else [source]))
    at = len(rows)
    if any(not (-at <= each < at) and not (at == 0 and each == -1) for each in reads):
        raise ValueError(f"it reads rows {list(reads)}")
    before = [rows[each].channels if rows else context.input for each in reads]
    kind = str(kind).removeprefix("nn.").removeprefix("torch.nn.")
    made = _MODULES[kind](list(args), context.scale.repeats(_integer(count)), before, context)
    words, channels = made
    if _integer(count) > 1 and kind not in _COUNTED:
        words = f"repeat {context.scale.repeats(_integer(count))} {{ {words} }}"
    return Row(reads, words, channels)


_COUNTED = frozenset({"C3", "C2f", "C3k2", "C2fCIB", "C2PSA"})
"""Modules with a repeated part."""

BuiltModule = tuple[str, int]
Module = Callable[[list[Any], int, list[int], _Context], BuiltModule]


def _conv(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    kernel, stride = (_integer(args[i]) if len(args) > i else 1 for i in (1, 2))
    words = f"cbs {filters}" + (f" k{kernel}" if kernel != 1 else "") + (f" s{stride}" if stride != 1 else "")
    padding = args[3] if len(args) > 3 else None
    if padding is not None and padding != kernel // 2:
        return words.replace("cbs", "cbs_padded") + f" p={_integer(padding)}", filters
    if len(args) > 4:
        words += f" groups={_integer(args[4])}"
    return words, filters


def _repeated(word: str, *, skips: bool) -> Module:
    """A module with repeated parts, which have residual connections unless it disables them."""

    def module(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
        filters = context.scale.channels(_integer(args[0]))
        skip = bool(args[1]) if len(args) > 1 else skips
        return f"{word} {filters} {count}" + ("" if skip else " skip=0"), filters

    return module


def _c3k2(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    deep = (bool(args[1]) if len(args) > 1 else False) or context.scale.letter in ("m", "l", "x")
    expand = float(args[2]) if len(args) > 2 else 0.5
    words = f"c3k2 {filters} {count}" + (" deep=1" if deep else "") + (f" expand={expand:g}" if expand != 0.5 else "")
    return words, filters


def _cib(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    skip, large = (bool(args[i]) if len(args) > i else False for i in (1, 2))
    return f"c2f_cib {filters} {count} skip={int(skip)} large={int(large)}", filters


def _sppf(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    kernel = _integer(args[1]) if len(args) > 1 else 5
    return f"sppf {filters}" + (f" k{kernel}" if kernel != 5 else ""), filters


def _upsample(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    if args[0] is not None or (len(args) > 2 and args[2] != "nearest"):
        raise ValueError("only repeated elements")
    return f"upsample {_integer(args[1])}", before[0]


def _concat(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    if args and _integer(args[0]) != 1:
        raise ValueError("only channels are joined")
    return "concat " + " ".join(f"{{ from ${i} }}" for i in range(len(before))), sum(before)


def _down(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    return f"scdown {filters} k{_integer(args[1])} s{_integer(args[2])}", filters


def _attention(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
    filters = context.scale.channels(_integer(args[0]))
    if filters != before[0]:
        raise ValueError("the channels stay as they are")
    return f"c2psa {filters} {count}", filters


def _detect(block: str) -> Module:
    def module(args: list[Any], count: int, before: list[int], context: _Context) -> BuiltModule:
        box = max(16, before[0] // 4, 64)
        classes = max(before[0], min(context.classes, 100))
        word = "detect_light" if context.modern else "detect"
        heads = " ".join(f"{{ from ${i}; {word} {box} {classes} {context.classes} }}" for i in range(len(before)))
        both = f"concat axis=l {heads}"
        return (f"stack {{ {both} }} {{ {both} }}" if block == "twice" else both), 64 + context.classes

    return module


_MODULES: Mapping[str, Module] = {
    "C2PSA": _attention,
    "C2f": _repeated("c2f", skips=False),
    "C2fCIB": _cib,
    "C3": _repeated("csp", skips=True),
    "C3k2": _c3k2,
    "Concat": _concat,
    "Conv": _conv,
    "Detect": _detect("once"),
    "PSA": _attention,
    "SCDown": _down,
    "SPPF": _sppf,
    "Upsample": _upsample,
    "v10Detect": _detect("twice"),
}

assert set(BLOCKS) >= REQUIRED
