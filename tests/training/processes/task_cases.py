"""A small training of each task, whose steps do not depend on the number of processes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

import archdsl
from archdsl.training import session
from archdsl.training.data.drawn_scenes import draw_scenes
from archdsl.training.data.images import Request, Splits
from archdsl.training.data.registry import find_source
from archdsl.training.model_spec import model_spec_of
from archdsl.training.session import Training
from tests.training.helpers import training
from tests.training.tasks.task_helpers import REPRODUCES, TinyShapes, sample_training, task_training

CAPTIONS = """input image 3x16x16
input words 12 int({words})
from image; conv 8 k3 s2 p1; relu; flatten; fc 24; rearrange "c -> 1 c" as seen
from words; concat axis=t seen {{ embedding 24 }}; lstm 24; fc {words}
"""
NETWORKS = {
    "segmentation": "input 3x16x16\nconv 8 k3 p1; relu; conv 4 k3 p1\n",
    "weighted_pixels": "input 3x16x16\nconv 8 k3 p1; relu; conv 4 k3 p1\n",
    "weighted_classes": "input 1x8x8\nconv 8 k3 p1; relu; flatten; fc 3\n",
    "reconstruction": REPRODUCES,
    "multilabel": "input 3x12x12\nconv 8 k3 p1; relu; gap; fc 3\n",
    "regression": "input 2\nfc 8; tanh; fc 1\n",
    "language": "input 12 int(256)\nembedding 16; lstm 16; fc 256\n",
    "captioning": CAPTIONS,
    "detection": "input 3x16x16\nconv 8 k5 s2 p2; relu; conv 7 k1 as fine\nfrom fine; conv 7 k3 s2 p1 as coarse\n"
    "output fine, coarse\n",
}
RECIPE: dict[str, Any] = {"optimizer": {"name": "sgd", "lr": 0.05}, "epochs": 1, "batch": 7, "ema": 0.8}
OWN_RECIPES: dict[str, dict[str, Any]] = {
    "reconstruction": {"task": "reconstruction"},
    # its loss depends on the parts of a batch, so the weights hardly change
    "detection": {"loss": {"name": "fcos", "range": 2}, "optimizer": {"name": "sgd", "lr": 1e-7}},
    "weighted_pixels": {"loss": {"name": "cross_entropy", "class_weights": "background=0.2"}},
    "weighted_classes": {"loss": {"name": "cross_entropy", "class_weights": "left=5"}},
}


class PartlyLabeled(TinyShapes):
    """Shapes with pixels that have no class, more in some images than in others."""

    def load(self, request: Request) -> Splits:
        made = super().load(request)
        for part in (made.train, made.validation, made.test):
            assert part is not None
            for number, mask in enumerate(part.labels):
                mask[: number % 5 * 3] = 255
        return made


def write_data(root: Path) -> None:
    """The data sets of the tasks that read files."""
    rng = np.random.default_rng(0)
    (root / "colors").mkdir(parents=True)
    lines = ["file;colors"]
    for number in range(41):
        members = rng.integers(0, 2, 3)
        pixels = (rng.integers(0, 100, (12, 12, 3)) + 150 * members).astype(np.uint8)
        Image.fromarray(pixels).save(root / "colors" / f"{number}.png")
        lines.append(f"{number}.png;{' '.join(np.array(['red', 'green', 'blue'])[members == 1])}")
    (root / "colors" / "labels.csv").write_text("\n".join(lines))
    rows = [f"{a},{b},{3 * a - b}" for a, b in rng.normal(size=(45, 2))]
    (root / "sums.csv").write_text("\n".join(["a,b,sum", *rows]))
    (root / "rhyme.txt").write_text("How much wood would a woodchuck chuck if it could chuck wood? " * 20)
    _write_captions(root / "coco")
    _write_boxes(root / "squares")
    with patch.object(session, "write_report"):
        detector: dict[str, Any] = {
            "loss": {"name": "fcos", "range": 2},
            "optimizer": {"name": "adam", "lr": 0.03},
            "epochs": 8,
        }
        sample_training(NETWORKS["detection"], f"{root}/squares", root / "detector", **detector).start()


def _write_captions(root: Path) -> None:
    (root / "annotations").mkdir(parents=True)
    images, sentences = draw_scenes(40, 16)
    for name, low, high in (("train2017", 0, 31), ("val2017", 31, 40)):
        (root / name).mkdir()
        content: dict[str, Any] = {"info": {}, "images": [], "annotations": [], "categories": []}
        for number in range(low, high):
            Image.fromarray(images[number].transpose(1, 2, 0)).save(root / name / f"{number}.png")
            content["images"].append({"id": number, "file_name": f"{number}.png", "width": 16, "height": 16})
            text = sentences[number][0].split()[: 3 + number % 7]  # captions of different lengths
            row = {"id": len(content["annotations"]), "image_id": number, "caption": " ".join(text)}
            content["annotations"].append(row)
        (root / "annotations" / f"captions_{name}.json").write_text(json.dumps(content))


def _write_boxes(root: Path) -> None:
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("bright\ndark\n")
    for number in range(41):
        pixels = np.full((16, 16, 3), 128, np.uint8)
        pixels[number % 8 : number % 8 + 6, 3:9] = 250 * (number % 2)
        Image.fromarray(pixels).save(root / "images" / f"{number}.png")
        box = f"{number % 2} {6 / 16} {(number % 8 + 3) / 16} {6 / 16} {6 / 16}\n"
        (root / "labels" / f"{number}.txt").write_text(box if number % 5 else "")


def task_case(name: str, folder: Path, data: Path) -> Training:
    """The training of a task in a folder."""
    text, recipe = NETWORKS[name], {**RECIPE, **OWN_RECIPES.get(name, {})}
    where = {
        "multilabel": f"{data}/colors",
        "regression": f"{data}/sums.csv:sum",
        "language": f"{data}/rhyme.txt",
        "captioning": f"{data}/coco",
        "detection": f"{data}/squares",
    }.get(name)
    if name == "weighted_classes":
        return replace(training(folder, **recipe), model_spec=model_spec_of(archdsl.loads(text), {}, ()))
    if where is None:
        made = task_training(text, folder, **recipe)
        return replace(made, source=PartlyLabeled()) if name != "reconstruction" else made
    if name == "captioning":
        text = text.format(words=len(find_source(where).spec.classes))
    made = sample_training(text, where, folder, **recipe)
    if name == "detection":  # it starts from weights that find some objects
        made = replace(made, model_spec=replace(made.model_spec, initial=data / "detector" / "last.safetensors"))
    return made
