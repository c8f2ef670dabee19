"""Command lines in which every option has an effect: a network with blocks, a repetition, warnings."""

from collections.abc import Mapping
from types import MappingProxyType

from archdsl.record import Record

from .cli_words import IMAGES, LARGE, RUN

RICH = """\
net Rich(width = 8, n = 3)
input 3x32x32
block unit(c) { conv c k3 p1; bn; relu }
stage low { unit width; unit 16 }
let spare = 4
repeat n { conv 16 k3 p1 nobias; bn; relu }
residual { conv 16 k3 p1; relu }
stage high { conv 32 k3 s2 p1 nobias; bn; relu; maxpool 2 }
aux early { gap; fc 4 }
gap; dropout 0.5; fc 16; relu; fc 10  # archdsl: ignore[W0912]
"""
OTHER = RICH.replace("unit 16", "unit 24").replace("fc 4", "fc 5")
STYLE = 'figure { hide bn; color pool "#ffddcc" }\n'
BROKEN = RICH.replace("fc 10", "fc 10 nobais")


REFUSED = "nonsense"
"""An invalid value: sufficient to show that an option is read at all."""


class OptionScene(Record):
    """A command line, its files, and values of options that are meaningful there."""

    command: str
    words: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = (("a.arch", RICH),)
    values: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The values by option; the first one leaves the network without errors."""
    options: tuple[str, ...] | None = None
    """The options that are tried; None for all."""
    writes: str | None = None
    """The file that this command line alone would write, if it exists."""


SATISFIED = {
    ("diff", "--full", "--format json"): "JSON lists every tensor",
    ("why", "--full", "--format json"): "JSON folds nothing",
    ("check", "--input", "--sizes 40"): "the answer is for the sizes that are asked about",
}
"""An option that has no effect next to another one with the same effect."""


# A permission for a package that a text names: tests/packages/ tests what it permits.
ALLOW = {"--allow": ("not a name",)}
EXPRESSION = {"--expr": ("input 8; fc 2",)}
NETWORK_VALUES = {
    "--set": ("width=12", "n=-1"),
    "--input": ("3x48x48", "3x1x1"),
    "--output": ("other.py",),
    **EXPRESSION,
    **ALLOW,
}
MEASURES = {
    "--columns": ("rf,memory",),
    "--batch": ("8",),
    "--fits": ("1G", "1k"),
    "--shards": ("2", "1"),
    "--sizes": ("40",),
    "--style": ("style.arch",),
}
DIAGRAM = {
    "--title": ("A title",),
    "--expand": ("unit",),
    "--detail": ("unit",),
    "--field": ("conv1",),
    "--dpi": ("96",),
    "--columns": ("3",),
    "--width": ("170mm", "5mm"),
    "--height": ("120mm", "12"),
    "--font": (REFUSED,),
    "--style": ("style.arch",),
}

SCENES = (
    OptionScene(
        command="check",
        words=("check", "a.arch"),
        files=(("a.arch", RICH), ("style.arch", STYLE)),
        values=MEASURES | NETWORK_VALUES,
    ),
    OptionScene(
        command="check",
        words=("check", "a.arch"),
        files=(("a.arch", BROKEN),),
        options=("--fix", "--unsafe", "--diff", "--format"),
    ),
    OptionScene(command="compile", words=("compile", "a.arch"), values=NETWORK_VALUES | {"--to": ("keras",)}),
    *(
        OptionScene(
            command="diagram",
            words=("diagram", "a.arch", "-o", output),
            files=(("a.arch", RICH), ("style.arch", STYLE)),
            values=DIAGRAM | NETWORK_VALUES | {"--output": (f"other{output[3:]}",)},
            writes=output,
        )
        for output in ("out.dot", "out.mmd", "out.svg", "out.html", "out.png", "out.tex")
    ),
    OptionScene(
        command="diff",
        words=("diff", "a.arch", "b.arch"),
        files=(("a.arch", RICH), ("b.arch", OTHER)),
        values=NETWORK_VALUES | {"--set-a": ("n=2",), "--set-b": ("width=6",), "--output": ("diff.svg", "diff.txt")},
    ),
    OptionScene(
        command="fmt", words=("fmt", "a.arch"), files=(("a.arch", "input  3x8x8;conv 4   k3\n"),), values=EXPRESSION
    ),
    OptionScene(command="why", words=("why", "a.arch", "fc1"), values=NETWORK_VALUES),
    OptionScene(
        command="export",
        words=("export", "a.arch", "--to", "safetensors", "-o", "out.safetensors"),
        values=NETWORK_VALUES
        | {"--output": ("other.safetensors",), "--seed": ("7",), "--batch": ("2",), "--opset": ("18",)}
        | {"--to": ("torchscript",)},
    ),
    OptionScene(
        command="data",
        words=("data", "digits", "validation:0", "-o", "x.png"),
        values={"--output": ("other.png",), "--data-dir": (IMAGES,), "--split": ("0.5",)},
    ),
    OptionScene(
        command="eval",
        words=("eval", RUN, "--data", LARGE),
        values={"--data": (IMAGES,), "--data-dir": (IMAGES,), "--device": (REFUSED,)} | ALLOW,
    ),
    OptionScene(
        command="predict",
        words=("predict", RUN, f"{IMAGES}/cat/0.png"),
        values={
            "--top": ("1",),
            "--output": ("made",),
            "--device": (REFUSED,),
            **dict.fromkeys(("--beam", "--length", "--temperature", "--seed"), ("1",)),  # for texts
        }
        | ALLOW,
    ),
    OptionScene(
        command="inspect",
        words=("inspect", RUN),
        values={
            "--image": (f"{IMAGES}/cat/0.png",),
            "--layer": ("conv1", "low"),
            "--output": ("made",),
            "--device": (REFUSED,),
            **ALLOW,
        },
    ),
)

SILENT: Mapping[str, list[str]] = {}
"""Options that are accepted and have no effect in the scene of a command, by command, each with its reason."""

NOT_HERE = {
    "cache": "what it shows depends on the user's cache: tests/cli/test_cache_command.py",
    "cache clear": "it has no options",
    "train": "what its options change shows only in training: tests/training holds the recipe's options",
    "sweep": "as for train",
    "import": "its source is Python code or a model's file: tests/importing holds its options",
    "lsp": "a server: tests/packages holds --allow",
    "mcp": "a server: tests/packages holds --allow",
    "weights": "it compares with a file of tensors: tests/cli/test_weights.py holds its options",
    "explain": "tests/packages holds --allow",
    "layers": "tests/packages holds --allow",
    "zoo": "it has no options",
    "zoo show": "it has no options",
    "zoo cite": "it has no options",
}
"""Commands without a scene, and the reasons."""
