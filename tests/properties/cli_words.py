"""Words of a command line: file names, sizes, settings, names, amounts; reasonable and absurd ones."""

import re
from collections.abc import Callable
from random import Random

from archdsl import zoo
from archdsl.analysis.codes import by_code
from archdsl.analysis.columns import NAMES as COLUMNS
from archdsl.layers import registry, synonyms
from archdsl.record import Record

from .text_pieces import ABSURD, NUMBERS, statement

RUN, IMAGES, LARGE = "run", "images", "large"
"""The folders in the workspace with a small trained run, images of two classes, and larger images of the same classes.
"""
ZOO = tuple(zoo.entries())
LIGHT = tuple(name for name in ZOO if name in ("lenet5", "alexnet", "squeezenet1_0", "unet", "nin", "zfnet"))
"""Architectures that are small enough for every command."""


class Scene(Record):
    """The texts in the workspace, by name."""

    files: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """The text that most words refer to."""
        return self.files[0][1]


def file(random: Random, scene: Scene) -> str:
    """A file name, usually of an existing file."""
    match random.randrange(40):
        case 0:
            return random.choice(
                ["none.arch", ".", "", "//none", "no/such/a.arch", "a.arch/x", "zoo:", "zoo:none", "a\x1b.arch"]
            )
        case 1:
            return f"zoo:{random.choice(LIGHT)}"
        case 2 | 3:
            return "-"
        case 4:
            return random.choice([RUN, IMAGES, f"{RUN}/result.json", f"{IMAGES}/cat/0.png", "x" * 300, "a" + "\x00"])
        case 5 | 6 | 7:
            return random.choice(scene.files)[0]
        case _:
            return scene.files[0][0]


def revision(random: Random, scene: Scene) -> str:
    """An argument of `diff`."""
    if random.random() < 0.9:
        return file(random, scene)
    return random.choice(
        ["HEAD:a.arch", "HEAD:none.arch", "HEAD~9:a.arch", "none:a.arch", "HEAD:" + "y" * 3000, "HEAD:"]
    )


def importable(random: Random, scene: Scene) -> str:
    """A source of `import`: callables that do not exist or build no module, and files that are not models."""
    odd = ["none:net", "math:sqrt", "json:none", ":", "a:", ":b", "os", "none.onnx", "none.pt2", "http://x/a.onnx"]
    return random.choice(odd) if random.random() < 0.6 else file(random, scene)


def expression(random: Random, scene: Scene) -> str:
    """A text for `-e`."""
    text = scene.text().replace("\x00", " ").encode("utf-8", "replace").decode()
    return text if random.random() < 0.7 else f"input 3x8x8; {statement(random)}"


def number(random: Random, scene: Scene) -> str:
    """Any number, or an invalid one."""
    return random.choice(
        [*NUMBERS, "1e-3", "0.9", "32"] if random.random() < 0.85 else [*ABSURD, "nan", "x", "", "1,2"]
    )


def sizes(random: Random, scene: Scene) -> str:
    """Sizes of an input."""
    good = (
        "3x32x32",
        "3x8x8",
        "1x28x28",
        "3xHxW",
        "CxHxW",
        "TxC",
        "4x6x5",
        "64",
        "T",
        "3x16x48",
        "HxW",
        "8x8",
        "2x4x4x4",
    )
    odd = (
        "1x1x1",
        "0x0",
        "",
        "x",
        "-1x3",
        "1000000000x1000000000x1000000000",
        "3x32x",
        "3×9×9",
        "1.5x2",
        "3x1000000007xW",
    )
    value = random.choice(odd if random.random() < 0.25 else good)
    names = [*re.findall(r"input ([a-z]\w*) ", scene.text()), "left", "none"]
    return f"{random.choice(names)}={value}" if random.random() < 0.2 else value


def answer_sizes(random: Random, scene: Scene) -> str:
    """Sizes for `check --sizes`."""
    some = (
        "224",
        "256",
        "8",
        "1",
        "7",
        "32",
        "350x525",
        "8x9",
        "2x3x4",
        "1000000000",
        "999999999999",
        "10000000000000000",
    )
    odd = ("0", "-1", "a", "", "x", " 8 ", "8x", "1-5")
    parts = (random.choice(odd if random.random() < 0.08 else some) for _ in range(random.choice([1, 1, 2, 3])))
    return ",".join(parts)


def setting(random: Random, scene: Scene) -> str:
    """NAME=VALUE, usually for a parameter of the text."""
    declared = re.findall(r"(\w+) *(?:=|,|\))", (re.search(r"net \w+\((.*)", scene.text()) or [""])[0])
    name = random.choice([*declared, *declared, "width", "n", "none", "H", "C"])
    if random.random() < 0.04:
        return random.choice(["", "=", "=1", "n", "1=2", "n==1", "a b=1"])
    return f"{name}={number(random, scene)}"


def settings_to_sweep(random: Random, scene: Scene) -> str:
    """NAME=VALUES of a sweep."""
    return f"{setting(random, scene)}{random.choice(['', ',2', ',2,3', '..8', ',', ',x'])}"


def columns(random: Random, scene: Scene) -> str:
    """Names of columns."""
    names = [*COLUMNS, "all", "share"]
    odd = ["", ",", "none", "params,,rf", " rf "]
    return (
        random.choice(odd) if random.random() < 0.08 else ",".join(random.choices(names, k=random.choice([1, 1, 2, 4])))
    )


def memory(random: Random, scene: Scene) -> str:
    """An amount of memory."""
    return random.choice(
        ["8G", "512MiB", "1", "80GB", "1k", "0", "999999999999T", "0.5M", "x", "-1", "", "1e9", "2 GiB"]
    )


def layer_name(random: Random, scene: Scene) -> str:
    """The name of a layer of the network, of a stage or tensor, or a line."""
    words = re.findall(r"[a-zA-Z_]\w*", scene.text()) or ["conv"]
    word = random.choice(words)
    odd = ("", "0", "-1", "999999999999", "conv1.", ".", "none", "é", "1e9")
    forms = (
        word,
        f"{word}1",
        f"{word}2",
        f"{random.choice(words)}.{word}1",
        str(random.randint(1, 12)),
        "conv1",
        "fc1",
    )
    return random.choice(odd if random.random() < 0.1 else forms)


def known_layer(random: Random, scene: Scene) -> str:
    """A layer of the language."""
    return random.choice([*registry(), *synonyms(), "", "none", "CONV", "é" * 300])


def architecture(random: Random, scene: Scene) -> str:
    """A name of the zoo."""
    return random.choice([*ZOO, "none", "", "../x", "zoo:vgg16", "x" * 300])


def code(random: Random, scene: Scene) -> str:
    """The code of a diagnostic."""
    return random.choice([*by_code(), "e0101", "E9999", "", "none", "\x1b"])


def output(random: Random, scene: Scene) -> str:
    """An output path."""
    endings = (
        ".svg",
        ".dot",
        ".mmd",
        ".tex",
        ".gv",
        ".dot",
        ".mmd",
        ".png",
        ".pdf",
        ".eps",
        ".html",
        ".drawio",
        ".pptx",
        ".safetensors",
        ".py",
        ".onnx",
        "",
    )
    odd = ("-", "none/out.svg", IMAGES, "", "out.dot/", "x" * 300 + ".dot", "out\x00.dot", "out.xyz")
    return random.choice(odd) if random.random() < 0.15 else f"out{random.choice(endings)}"


def folder(random: Random, scene: Scene) -> str:
    """A folder, usually a new one."""
    return random.choice(["made", "made", "made/deep", RUN, IMAGES, "none", "a.arch", "", "x" * 300])


def run_folder(random: Random, scene: Scene) -> str:
    """A trained run."""
    return random.choice([RUN, RUN, RUN, RUN, "none", IMAGES, "a.arch", ".", "", "x" * 300])


def data(random: Random, scene: Scene) -> str:
    """A data set that needs no network."""
    return random.choice(["none", "nonsense/", "a.arch", RUN, "", "hf:", "hf:none", "hf:a/b/c/d", "x" * 300])


def image(random: Random, scene: Scene) -> str:
    """An image, or a folder of images."""
    return random.choice(
        [f"{IMAGES}/cat/0.png", f"{IMAGES}/cat/0.png", IMAGES, f"{IMAGES}/cat", "none.png", "a.arch", "-", ""]
    )


def parts(random: Random, scene: Scene) -> str:
    """Names of parts of a network, separated by commas."""
    return ",".join(layer_name(random, scene) for _ in range(random.choice([1, 1, 2])))


def epochs(random: Random, scene: Scene) -> str:
    """Epochs, separated by commas."""
    return random.choice(["1", "1,2", "30,60,80", "3,1", "", "x", "-1", "1.5,2", "1000000000"])


def output_losses(random: Random, scene: Scene) -> str:
    """Losses of additional outputs."""
    return random.choice(["aux=0.3", "aux1=0.3,aux2=mse", "a=free", "off", "", "a", "=1", "a=-1", "a=nan", "a=x,a=mse"])


GENERATORS: dict[str, Callable[[Random, Scene], str]] = {
    "FILE": file,
    "FILES": file,
    "FILE | status SWEEP": lambda random, scene: "status" if random.random() < 0.1 else file(random, scene),
    "RUN|FILE": lambda random, scene: run_folder(random, scene) if random.random() < 0.2 else file(random, scene),
    "A B": revision,
    "TEXT": expression,
    "SIZE": sizes,
    "SIZES": sizes,
    "check --sizes": answer_sizes,
    "NAME=VALUE": setting,
    "NAME=VALUES": settings_to_sweep,
    "NAMES": columns,
    "MEMORY": memory,
    "BLOCK": layer_name,
    "NAME|LINE": layer_name,
    "inspect NAME": layer_name,
    "diagram NAME": layer_name,
    "layers NAME": known_layer,
    "zoo show NAME": architecture,
    "zoo cite NAME": architecture,
    "NAME|FOLDER": data,
    "eval --data": lambda random, scene: IMAGES if random.random() < 0.5 else data(random, scene),
    "import SOURCE": importable,
    "WEIGHTS": lambda random, scene: random.choice([RUN, "none.safetensors", file(random, scene)]),
    "import NAME": lambda random, scene: random.choice(["Net", "net", "class", "1x", "", "a b", "_", "x" * 300]),
    "TITLE": lambda random, scene: random.choice(["ResNet-50", "", "<b>", "a\x1b[31m", "標題", "x" * 300]),
    "LENGTH": lambda random, scene: random.choice(["85mm", "3.3in", "7pt", "400px", "12", "", "-3cm", "1e9mm", "0pt"]),
    "PACKAGE": lambda random, scene: random.choice(["nobody-has-this", "std", "a.b", "", "../x", "é", "x" * 300]),
    "train --task": lambda random, scene: random.choice(["auto", "classification", "language", "none", "", "é"]),
    "sweep --task": lambda random, scene: random.choice(["auto", "classification,multilabel", "none", ""]),
    "LOGGER": lambda random, scene: random.choice(["tensorbord", "nobody-has-this", "", "../x", "é", "x" * 300]),
    "data NAME": lambda random, scene: random.choice(["digits", "digits", "shapes", "digit", "", "../x", "é"]),
    "SPLIT:NUMBER": lambda random, scene: random.choice(["test:0", "train:99999", "tst:0", "test:", "", "test:-1"]),
    "cache clear NAME": lambda random, scene: random.choice(["hub", "folder", "", "../x", "é", "x" * 300]),
    "CODE": code,
    "PATH": output,
    "FOLDER": folder,
    "RUN": run_folder,
    "SWEEP": folder,
    "URL": lambda random, scene: random.choice(["sqlite:///sweeps/trials.db", "sqlite://", "x", "", "nosuch://a:b@c"]),
    "IMAGE": image,
    "N": number,
    "X": number,
    "EPOCHS": epochs,
    "NAME=X,…": output_losses,
    "PARTS": parts,
}
"""The generators by metavar or by name in capitals; `COMMAND METAVAR` and `COMMAND --OPTION` take precedence."""
