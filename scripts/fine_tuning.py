"""Train on half of the digits, fine-tune on a few images of the others, and write docs/howto/fine_tuning.md.

    python scripts/fine_tuning.py run FOLDER    train everything below FOLDER, then write the table of the page
    python scripts/fine_tuning.py page          write the table again from docs/accuracy/fine_tuning.json

The images are those of `digits`, which ship with archdsl. A network is trained on the digits 0 to 4. Then, for 5, 20
and 50 images of each of the digits 5 to 9, one is trained from scratch, one from these weights with frozen features,
and one from these weights without freezing, each with three seeds, which also choose the images. The accuracies are
those on all test images of the digits 5 to 9. Everything takes a few minutes on two cores.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from archdsl.cli import main as archdsl
from archdsl.text import paths
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import ImageSet, Request
from archdsl.training.data.registry import find_source

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "howto" / "fine_tuning.md"
RESULTS = ROOT / "docs" / "accuracy" / "fine_tuning.json"
BEGIN, END = "<!-- runs: made by scripts/fine_tuning.py -->\n", "<!-- end of runs -->"

BASE, TARGET = range(5), range(5, 10)
PER_CLASS = (5, 20, 50)
EPOCHS = {5: 60, 20: 30, 50: 20}
SEEDS = range(3)
COMMON = "--split 1 --optimizer adamw --lr 3e-3 --schedule cosine --precision fp32 --layout channels_first --device cpu"
METHODS = {
    "from scratch": "",
    "fine-tuned, features frozen": "--from {base} --freeze features",
    "fine-tuned": "--from {base}",
}
NETWORK = """\
net Digits(classes = 5)
input 1x8x8
stage features {
  conv 16 k3 p1 nobias; bn; relu
  conv 32 k3 p1 s2 nobias; bn; relu
  conv 32 k3 p1 nobias; bn; relu
}
flatten; fc 64; relu
fc classes
"""


def write_images(folder: Path, images: ImageSet, digits: range, count: int | None, seed: int = 0) -> None:
    """Write random images of each digit, or all of them for None, into one folder per digit."""
    random = np.random.default_rng(seed)
    for digit in digits:
        (folder / str(digit)).mkdir(parents=True)
        for index in random.permutation(np.flatnonzero(images.labels == digit))[:count]:
            Image.fromarray(images.images[index, 0]).save(folder / str(digit) / f"{index}.png")


def write_data(folder: Path) -> None:
    """Write the folders of images: for the first half of the digits, and for each seed and number of images of the
    others.
    """
    splits = find_source("digits").load(Request(ImageShape(1, 8, 8), paths.user_cache(), split=1))
    assert splits.test is not None
    parts = [(f"target{count}-{seed}", TARGET, count, seed) for count in PER_CLASS for seed in SEEDS]
    for name, digits, count, seed in [("base", BASE, None, 0), *parts]:
        write_images(folder / name / "train", splits.train, digits, count, seed)
        write_images(folder / name / "test", splits.test, digits, None)


def train(network: Path, data: Path, out: Path, options: str) -> dict[str, Any]:
    """The result of one run; an existing result is reused."""
    if not (out / "result.json").is_file():
        words = ["train", str(network), "--data", str(data), "--out", str(out), *COMMON.split(), *options.split()]
        archdsl(words, standalone_mode=False)
    found: dict[str, Any] = json.loads((out / "result.json").read_text(encoding="utf-8"))
    return {"accuracy": found["test"]["accuracy"], "seconds": found["seconds"]}


def run(folder: Path) -> None:
    """Train all networks, and write the results and the page."""
    data, network = folder / "data", folder / "digits.arch"
    if not data.exists():
        write_data(data)
    network.write_text(NETWORK, encoding="utf-8")
    base = folder / "base"
    results: dict[str, Any] = {"base": train(network, data / "base", base, "--epochs 20 --batch 25"), "runs": []}
    for count in PER_CLASS:
        for method, options in METHODS.items():
            for seed in SEEDS:
                out = folder / f"{method.replace(', ', '_').replace(' ', '_')}-{count}-{seed}"
                words = f"{options.format(base=base)} --epochs {EPOCHS[count]} --batch 25 --seed {seed}"
                found = train(network, data / f"target{count}-{seed}", out, words)
                results["runs"].append({"method": method, "per_class": count, "seed": seed, **found})
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    write_page()


def table(results: dict[str, Any]) -> str:
    """Mean and standard deviation of the accuracies over the seeds, by method and number of images."""
    lines = [
        f"| | {' | '.join(f'{count} images of each' for count in PER_CLASS)} |",
        f"| --- |{' --- |' * len(PER_CLASS)}",
    ]
    for method in METHODS:
        cells = []
        for count in PER_CLASS:
            found = [r["accuracy"] for r in results["runs"] if (r["method"], r["per_class"]) == (method, count)]
            cells.append(f"{statistics.mean(found):.1%} ± {100 * statistics.stdev(found):.1f}")
        lines.append(f"| {method} | {' | '.join(cells)} |")
    lines.append("")
    base = f"{results['base']['accuracy']:.1%}"
    lines.append(f"The network for the digits 0 to 4 has an accuracy of {base} on their test images.")
    return "\n".join(lines) + "\n"


def write_page() -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fine-tune on the other half of the classes, and write the page.")
    commands = parser.add_subparsers(dest="command", required=True)
    trains = commands.add_parser("run")
    trains.add_argument("folder", type=Path)
    commands.add_parser("page")
    options = parser.parse_args()
    if options.command == "page":
        write_page()
    else:
        run(options.folder)


if __name__ == "__main__":
    main()
