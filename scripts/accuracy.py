"""Train the networks of docs/accuracy.md, and generate the page from the runs.

    python scripts/accuracy.py run lenet5 --data-dir FOLDER    train it (all, if no name is given), then write the page
    python scripts/accuracy.py collect lenet5=runs/LeNet5-mnist-1    take the results of an existing run
    python scripts/accuracy.py page    write the page again from docs/accuracy/*.json

Without `--data-dir` the images are downloaded. The run folders are in runs/accuracy/.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from archdsl.training.tasks.metric import METRICS, Metric

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "accuracy"
PLOT = ROOT / "docs" / "images" / "accuracy"
_IN_ROW = 5
PAGE = ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- runs: made by scripts/accuracy.py -->\n", "<!-- end of runs -->"


class Case(NamedTuple):
    """A network to train: its name on the page, the command, and the published accuracy with its source.

    For tasks other than classification, `metric` is the metric to show, and `published` what to compare it with.
    `prepare` is a command that makes the data, run before the training.
    """

    title: str
    command: str
    published: str
    metric: str = "accuracy"
    prepare: str = ""

    @property
    def is_handwritten(self) -> bool:
        """Whether the command is a script of this repository that writes the results itself."""
        return not self.command.startswith("archdsl")


CASES = {
    "airbench94": Case(
        "airbench94",
        "archdsl train examples/airbench94.arch --precision bf16 --layout channels_last",
        "94.01%, mean of many runs (Jordan 2024)",
    ),
    "airbench94_fp32": Case(
        "airbench94 in fp32",
        "archdsl train examples/airbench94.arch --precision fp32 --layout channels_last",
        "94.01%, mean of many runs (Jordan 2024)",
    ),
    "airbench94_by_hand": Case(
        "airbench94, the paper's handwritten loop",
        "python benchmarks/_airbench94_handwritten.py --precision bf16",
        "94.01%, mean of many runs (Jordan 2024)",
    ),
    "airbench94_muon": Case(
        "airbench94 with Muon",
        "archdsl train examples/airbench94_muon.arch --precision bf16 --layout channels_last",
        "94.01%, mean of 200 runs (Jordan 2024)",
    ),
    "resnet20": Case(
        "ResNet-20",
        "archdsl train examples/resnet20.arch --epochs 10 --schedule cosine --precision bf16 --layout channels_last",
        "91.25% after 164 epochs (He et al. 2015)",
    ),
    "resnet18_folder": Case(
        "ResNet-18, streamed folder",
        "archdsl train zoo:resnet18 --set classes=20 --input 3x64x64 --data runs/textured_shapes "
        "--random-resized-crop 0.5 --train-size 48 --flip --test-resize 72 --optimizer adamw --lr 2e-3 "
        "--weight-decay 0.05 --schedule onecycle --smoothing 0.1 --epochs 12 --batch 64 --precision fp32 "
        "--layout channels_last",
        "5.0% for random guesses",
        prepare="python scripts/textured_shapes.py runs/textured_shapes",
    ),
    "lenet5": Case(
        "LeNet-5",
        "archdsl train examples/lenet5.arch --data mnist --fit pad --epochs 60 --batch 64 --optimizer adamw --lr 3e-3 "
        "--schedule onecycle --crop 2 --rotate 12 --ema 0.999",
        "99.05% from 60,000 images (LeCun et al. 1998)",
    ),
    "unet_shapes": Case(
        "segmentation, U-Net",
        "archdsl train examples/unet_small.arch --precision fp32 --layout channels_first",
        "19.6% if every pixel is background",
        "miou",
    ),
    "detector_shapes": Case(
        "detection, FCOS",
        "archdsl train examples/detector_small.arch --precision fp32 --layout channels_first",
        "3.0% if every image gets the same 75 boxes",
        "ap50",
    ),
    "autoencoder_mnist": Case(
        "denoising, autoencoder",
        "archdsl train zoo:autoencoder --data mnist --epochs 5 --batch 64 --noise 0.3 --schedule onecycle --lr 3e-3 "
        "--precision fp32 --layout channels_first",
        "10.46 dB for the noisy images themselves",
        "psnr",
    ),
    "char_lstm_alice": Case(
        "language, character LSTM",
        "archdsl train zoo:char_lstm --set characters=256 --set units=160 --data alice --epochs 40 --batch 16 "
        "--lr 5e-3 --schedule onecycle --clip 1 --precision fp32 --layout channels_first",
        "3.55 for bigrams counted in the training text",
        "bits_per_byte",
    ),
    "captions_shapes": Case(
        "captioning, CNN and LSTM",
        "archdsl train examples/captions.arch --precision fp32 --layout channels_first",
        "26.7% for the best fixed sentence",
        "bleu4",
    ),
    "shape_sets": Case(
        "multilabel, CNN",
        "archdsl train -e 'input 3x64x64; conv 16 k5 s2 p2; bn; relu; conv 32 k3 s2 p1; bn; relu; conv 64 k3 s2 p1; "
        "bn; relu; conv 64 k3 s2 p1; bn; relu; conv 64 k3 p1; bn; relu; maxpool 4; flatten; fc 3' --data shape_sets "
        "--flip --crop 4 --optimizer adamw --lr 4e-3 --schedule onecycle --epochs 25 --precision fp32 "
        "--layout channels_first",
        "60.3% for constant scores",
        "mean_ap",
    ),
    "friedman": Case(
        "regression, MLP",
        "archdsl train -e 'input 10; fc 64; relu; fc 64; relu; fc 1' --data friedman --optimizer adamw --lr 3e-3 "
        "--schedule onecycle --epochs 20 --precision fp32 --layout channels_first",
        "0.724 for linear regression, 0.959 for the true function",
        "r2",
    ),
}


def run(name: str, options: list[str]) -> None:
    """Train a case and save its results."""
    if CASES[name].prepare:
        subprocess.run([sys.executable, *shlex.split(CASES[name].prepare)[1:]], cwd=ROOT, check=True)
    _, *words = shlex.split(CASES[name].command)
    if CASES[name].is_handwritten:
        FIGURES.mkdir(exist_ok=True)
        kept = str(FIGURES / f"{name}.json")
        subprocess.run([sys.executable, *words, *options, "--keep", kept], cwd=ROOT, check=True)
        return
    folder = ROOT / "runs" / "accuracy" / name
    subprocess.run([sys.executable, "-m", "archdsl", *words, *options, "--out", str(folder)], cwd=ROOT, check=True)
    collect(name, folder)


def collect(name: str, folder: Path) -> None:
    """Write docs/accuracy/NAME.json from a finished run's folder."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = {
        "network": {key: settings["network"][key] for key in ("name", "parameters")},
        "data": {key: settings["data"][key] for key in ("name", "images")},
        "epochs": settings["recipe"]["epochs"],
        "setup": {key: settings["setup"][key] for key in ("device", "precision", "layout", "threads")},
        "versions": settings["versions"],
        "result": {key: result[key] for key in ("test", "weights", "epochs", "steps", "seconds")},
        "history": lines,
    }
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def page() -> None:
    """Write the tables of docs/accuracy.md, and its curves."""
    found = {
        name: json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8"))
        for name in CASES
        if (FIGURES / f"{name}.json").is_file()
    }
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{tables(found)}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    draw(found)


def tables(found: dict[str, Any]) -> str:
    """The runs of classification and those of other tasks in Markdown, one row each, and the commands."""
    classified = {name: figures for name, figures in found.items() if CASES[name].metric == "accuracy"}
    others = {name: figures for name, figures in found.items() if name not in classified}
    return f"{_classified(classified)}\n{_others(others)}"


def _others(found: dict[str, Any]) -> str:
    """One row per run of another task."""
    rows = [
        "| task and network | parameters | training samples | epochs | test result | for comparison | training time |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, figures in found.items():
        metric, seconds = METRICS[CASES[name].metric], figures["result"]["seconds"]
        cells = (
            CASES[name].title,
            f"{figures['network']['parameters']:,}",
            f"{figures['data']['images']['training']:,} of {figures['data']['name']}",
            f"{figures['epochs']:g}",
            f"{metric.label} **{metric.write(figures['result']['test'][metric.name])}**",
            CASES[name].published,
            f"{seconds // 60:.0f} min {seconds % 60:.0f} s in {figures['setup']['precision']}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, "", "```sh", *(CASES[name].command for name in found), "```", ""])


def _classified(found: dict[str, Any]) -> str:
    rows = [
        "| network | parameters | training images | epochs | test accuracy | for comparison | training time |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    commands = []
    for name, figures in found.items():
        case, seconds = CASES[name], figures["result"]["seconds"]
        cells = (
            case.title,
            f"{figures['network']['parameters']:,}",
            f"{figures['data']['images']['training']:,} of {figures['data']['name']}",
            f"{figures['epochs']:g}",
            f"**{figures['result']['test']['accuracy']:.2%}**",
            case.published,
            f"{seconds // 60:.0f} min {seconds % 60:.0f} s in {figures['setup']['precision']}",
        )
        rows.append(f"| {' | '.join(cells)} |")
        commands += [case.prepare, case.command] if case.prepare else [case.command]
    return "\n".join([*rows, "", "```sh", *commands, "```", ""])


def draw(found: dict[str, Any]) -> None:
    """The metric by epoch of each run of `archdsl train`, as docs/images/accuracy.svg and .png, and the test result."""
    found = {name: figures for name, figures in found.items() if figures["history"]}
    rows = -(-len(found) // _IN_ROW)
    figure = Figure(figsize=(3.4 * _IN_ROW, 3.2 * rows), layout="constrained")
    places = figure.subplots(rows, _IN_ROW, squeeze=False).ravel()
    for axes in places[len(found) :]:
        axes.set_visible(False)
    for axes, (name, figures) in zip(places, found.items(), strict=False):
        metric = METRICS[CASES[name].metric]
        _curves(axes, figures["history"], "train", "#0072B2", "training images, augmented", metric.name)
        _curves(axes, figures["history"], "validation", "#D55E00", "validation samples", metric.name)
        test = figures["result"]["test"][metric.name]
        label = f"test samples, at the end: {metric.write(test)}"
        axes.axhline(test, color="#777777", linewidth=0.9, linestyle=":", label=label)
        axes.set(title=CASES[name].title, xlabel="epoch", ylabel=label_of(metric))
        if metric.fraction:
            of = "train" if metric.name == "accuracy" else "validation"
            low = min(line[of][metric.name] for line in figures["history"])
            axes.set(ylim=(max(0.0, low - 0.03), 1.005))
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=7, loc="lower right" if metric.higher else "upper right")
    rcParams["svg.hashsalt"] = "archdsl"  # the same names of elements every time
    for ending in ("svg", "png"):
        metadata = {"Date": None} if ending == "svg" else {}
        figure.savefig(PLOT.with_suffix(f".{ending}"), dpi=150, metadata=metadata)


def label_of(metric: Metric) -> str:
    """The label of the metric's axis."""
    if metric.name == "accuracy":
        return ""
    return f"{metric.label} ({metric.unit})" if metric.unit else metric.label


def _curves(axes: Axes, history: list[dict[str, Any]], part: str, color: str, label: str, metric: str) -> None:
    points = [(line["epoch"], line[part][metric]) for line in history if metric in (line[part] or {})]
    if points:
        axes.plot(*zip(*points, strict=True), color=color, marker=".", markersize=3, linewidth=1.3, label=label)


def main() -> int:
    """Run the requested command, then write the page."""
    match sys.argv[1:]:
        case ["run", *words]:
            names = [word for word in words if word in CASES]
            for name in names or CASES:
                run(name, [word for word in words if word not in CASES])
        case ["collect", *pairs]:
            for pair in pairs:
                name, _, folder = pair.partition("=")
                collect(name, Path(folder))
        case ["page"]:
            pass
        case _:
            print(__doc__)
            return 2
    page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
