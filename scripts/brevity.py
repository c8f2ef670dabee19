"""Lengths of the zoo's texts and of their printed source, compared with torchvision's sources of the same networks.

    python scripts/brevity.py            print the tables
    python scripts/brevity.py --write    write them to docs/zoo.md

Lines and characters are counted without blank lines and surrounding whitespace and, except in printed source, without
comments. The counts of a zoo text include the lines of the index for its networks, and the blocks that it uses from
`std`. The counts of a Python source exclude docstrings and the code for pretrained weights: classes derived from
WeightsEnum, metadata, and the decorators and statements that load weights. Helpers in other torchvision files are not
counted.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs" / "zoo.md"
START, END = "<!-- brevity -->\n", "<!-- /brevity -->\n"
PRINTED_START, PRINTED_END = "<!-- printed -->\n", "<!-- /printed -->\n"

SOURCES = {
    "alexnet": ("alexnet",),
    "convnext": ("convnext",),
    "densenet": ("densenet",),
    "efficientnet": ("efficientnet", "efficientnet_v2"),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "maxvit": ("maxvit",),
    "mnasnet": ("mnasnet",),
    "mobilenetv2": ("mobilenet_v2",),
    "mobilenetv3": ("mobilenet_v3",),
    "regnet": ("regnet",),
    "resnet": ("resnet",),
    "shufflenetv2": ("shufflenet_v2",),
    "squeezenet": ("squeezenet",),
    "swin_transformer": ("swin", "swin_v2"),
    "vgg": ("vgg",),
    "vision_transformer": ("vit",),
}
"""The texts that correspond to each of torchvision's files."""

_WEIGHTS = re.compile(r"weights|_ovewrite_named_param|handle_legacy_interface|register_model|_log_api_usage_once")


class Length(NamedTuple):
    """Number of lines and characters."""

    lines: int
    characters: int

    def __add__(self, other: object) -> "Length":
        assert isinstance(other, Length)
        return Length(self.lines + other.lines, self.characters + other.characters)


def measure(text: str) -> Length:
    """The length of a text: nonblank lines, without surrounding whitespace."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return Length(len(lines), sum(map(len, lines)))


# --- archdsl ---


def zoo_length(stem: str) -> Length:
    """The length of a text of the zoo, including its part of the index and the `std` blocks that it uses."""
    text = _plain((EXAMPLES / "zoo" / f"{stem}.arch").read_text(encoding="utf-8"))
    index = _plain((EXAMPLES / "zoo" / "index.toml").read_text(encoding="utf-8"))
    section = re.search(rf"^\[{stem}\]\n(.*?)(?=^\[|\Z)", index, re.MULTILINE | re.DOTALL)
    assert section is not None
    length = measure(text) + measure(section[0])
    if "use std" in text:
        std = _plain((EXAMPLES / "std" / "std.arch").read_text(encoding="utf-8"))
        for block in re.finditer(r"^block (\w+).*?(?=^block|\Z)", std, re.MULTILINE | re.DOTALL):
            if re.search(rf"\b{block[1]}\b", text):
                length += measure(block[0])
    return length


def _plain(text: str) -> str:
    return re.sub(r"#.*", "", text)


# --- torchvision ---


def python_length(path: Path) -> Length:
    """The length of a Python source without comments, docstrings and the code for pretrained weights."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for first, last in _left_out(ast.parse(text)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return measure("\n".join(lines))


def _left_out(tree: ast.Module) -> list[tuple[int, int]]:
    """First and last lines of docstrings, and of definitions and statements about weights."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            found.append(_span(node.body[0]))
        if isinstance(node, ast.ClassDef) and any("WeightsEnum" in ast.unparse(base) for base in node.bases):
            found.append(_span(node))
        if isinstance(node, ast.FunctionDef):
            found += [_span(decorator) for decorator in node.decorator_list if _WEIGHTS.search(ast.unparse(decorator))]
        if isinstance(node, ast.Assign) and re.match(r"_COMMON|__all__|model_urls", ast.unparse(node)):
            found.append(_span(node))
        if isinstance(node, ast.If | ast.Expr | ast.Assign | ast.ImportFrom) and _about_weights(node):
            found.append(_span(node))
    return found


def _about_weights(node: ast.stmt) -> bool:
    match node:
        case ast.If():
            return bool(re.match(r"weights( is not None)?$", ast.unparse(node.test)))
        case ast.Assign():
            return bool(re.match(r"weights = \w+_Weights\.verify", ast.unparse(node)))
        case ast.Expr():
            return "_log_api_usage_once" in ast.unparse(node)
        case ast.ImportFrom():
            return all(_WEIGHTS.search(name.name) or "WeightsEnum" in name.name for name in node.names)
        case _:
            return False


def _span(node: ast.stmt | ast.expr) -> tuple[int, int]:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return first, node.end_lineno or node.lineno


# --- the table ---


def table(models: Path) -> str:
    """The comparison as a table in Markdown; `models` is the folder `torchvision/models`."""
    rows = [
        "| torchvision | lines | characters | archdsl | lines | characters | ratio |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    theirs = ours = Length(0, 0)
    for source, stems in SOURCES.items():
        length = python_length(models / f"{source}.py")
        text = Length(0, 0)
        for stem in stems:
            text += zoo_length(stem)
        rows.append(_row(f"{source}.py", length, ", ".join(f"{stem}.arch" for stem in stems), text))
        theirs, ours = theirs + length, ours + text
    return "\n".join([*rows, _row("all", theirs, "all", ours)]) + "\n"


def _row(source: str, theirs: Length, text: str, ours: Length) -> str:
    cells = (
        source,
        f"{theirs.lines:,}",
        f"{theirs.characters:,}",
        text,
        f"{ours.lines:,}",
        f"{ours.characters:,}",
        f"{theirs.characters / ours.characters:.1f}",
    )
    return f"| {' | '.join(cells)} |"


# --- the printed source ---


def printed_lengths(stems: tuple[str, ...]) -> list[int]:
    """The lines of the source that `archdsl compile` prints for each network of some texts of the zoo."""
    import archdsl
    from archdsl.zoo import entries

    names = [name for name, entry in entries().items() if entry.path.stem in stems]
    return [measure(archdsl.load(f"zoo:{name}").source()).lines for name in names]


def printed_table(models: Path) -> str:
    """Lines of printed source compared with those of torchvision's files, as a table in Markdown."""
    rows = ["| torchvision | lines | networks | printed source | ratio |", "| --- | ---: | ---: | ---: | ---: |"]
    ratios: list[float] = []
    for source, stems in SOURCES.items():
        theirs = python_length(models / f"{source}.py").lines
        ours = printed_lengths(stems)
        found = [lines / theirs for lines in ours]
        ratios += found
        rows.append(f"| {source}.py | {theirs} | {len(ours)} | {_range(ours, '{}')} | {_range(found, '{:.2f}')} |")
    ratios.sort()
    rows += ["", f"{len(ratios)} networks: median {median(ratios):.2f}, at most {ratios[-1]:.2f}."]
    return "\n".join(rows) + "\n"


def _range(values: Sequence[float], text: str) -> str:
    shown = [text.format(value) for value in (min(values), max(values))]
    return shown[0] if shown[0] == shown[1] else " to ".join(shown)


def find_models() -> Path | None:
    """The folder of torchvision's models, without importing it."""
    spec = find_spec("torchvision")
    return Path(spec.origin).parent / "models" if spec and spec.origin else None


def main(arguments: list[str]) -> int:
    models = find_models()
    if models is None:
        print("torchvision is missing: `make conformance` installs it", file=sys.stderr)
        return 2
    tables = [(START, table(models), END), (PRINTED_START, printed_table(models), PRINTED_END)]
    if arguments == ["--write"]:
        page = PAGE.read_text(encoding="utf-8")
        for start, text, end in tables:
            before, _, rest = page.partition(start)
            page = f"{before}{start}{text}{end}{rest.partition(end)[2]}"
        PAGE.write_text(page, encoding="utf-8")
        return 0
    print("\n".join(text for _, text, _ in tables), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
