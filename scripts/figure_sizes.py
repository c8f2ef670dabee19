"""Measure figures in their places: the smallest text in a column, how much of a slide is filled, and the size in a
README.

`python scripts/figure_sizes.py` prints a table and exits with status 1 if a figure misses a target; with a folder, it
also writes each figure there as a PNG for inspection.
"""

import sys
import time
from pathlib import Path

import archdsl
from archdsl.backends.diagram import CannotDraw, DiagramStyle, ViewOptions
from archdsl.backends.diagram.drawing import bounds
from archdsl.backends.diagram.engine import draw
from archdsl.backends.diagram.place import MM, PLACES, Place, PlaceChoices
from archdsl.backends.diagram.place_fitting import PlacedFigure, fit
from archdsl.backends.diagram.plot import write_fixed_dot
from archdsl.network import Network

SIAMESE = """\
net Siamese
input left 1x105x105
input right 1x105x105
from left
stage tower {
  conv 64 k10; relu; maxpool 2
  conv 128 k7; relu; maxpool 2
  conv 128 k4; relu; maxpool 2
  conv 256 k4; relu
  flatten
  fc 4096; sigmoid
}
from right
reuse tower as second
sub tower
abs
fc 1
"""
TABLE = """\
net ImageAndTable
input image 3x64x64
input table 12
from image
stage vision { conv 32 k3 p1; bn; relu; maxpool 2; conv 64 k3 p1; bn; relu; maxpool 2; gap }
from table
stage tabular { fc 64; relu; fc 64; relu }
concat vision
fc 64; relu; dropout 0.5
fc 2
"""
TEXTS = {"siamese": SIAMESE, "image_and_table": TABLE}
NETWORKS = (
    "lenet5",
    "alexnet",
    "vgg16",
    "googlenet",
    "resnet18",
    "resnet50",
    "resnet152",
    "densenet121",
    "mobilenet_v3_large",
    "unet",
    "vit_b_16",
    "swin_t",
    "gpt2",
    *TEXTS,
    "yolov8n",
)
WHERE = ("column", "slide", "readme")
FILLED = 0.6
"""The smallest fraction of a slide that a figure must fill, as the area of its bounding box."""


def network(name: str) -> Network:
    """A network of the zoo, or of the texts above."""
    return archdsl.loads(TEXTS[name]) if name in TEXTS else archdsl.load(f"zoo:{name}")


def filled(figure: PlacedFigure) -> float:
    """The fraction of its place that a figure fills."""
    left, top, right, bottom = bounds(list(figure.drawing.parts))
    return (right - left) * (bottom - top) / (figure.drawing.width * figure.drawing.height)


def missed(figure: PlacedFigure, place: Place) -> bool:
    """Whether a figure misses what its place needs."""
    drawing = figure.drawing
    small = figure.text < place.font - 1e-6
    large = any(
        room is not None and side > room
        for side, room in ((drawing.width, place.width), (drawing.height, place.height))
    )
    return small or large or (place.fills and filled(figure) < FILLED)


def main(folder: Path | None) -> int:
    failures = 0
    print(f"{'network':20}{'place':9}{'mm':>9}  {'view':9}{'text':>8}{'filled':>8}{'time':>8}")
    for name in NETWORKS:
        shown = network(name)
        for where in WHERE:
            start = time.perf_counter()
            options = ViewOptions(title=shown.title)
            try:
                figure = fit(shown.graph, shown.costs, DiagramStyle(), options, PLACES[where], PlaceChoices())
            except CannotDraw as error:
                failures += 1
                print(f"{name:20}{where:9}refused: {error}")
                continue
            seconds = time.perf_counter() - start
            size = f"{figure.drawing.width / MM:.0f}×{figure.drawing.height / MM:.0f}"
            bad = missed(figure, PLACES[where])
            failures += bad
            numbers = f"{figure.text:5.1f} pt{filled(figure):8.0%}{seconds:6.1f} s{'  missed' if bad else ''}"
            print(f"{name:20}{where:9}{size:>9}  {figure.view:9}{numbers}", flush=True)
            if folder is not None:
                image = draw(write_fixed_dot(figure.drawing), "png", dpi=144, fixed=True)
                (folder / f"{name}.{where}.png").write_bytes(image)
    print(f"{failures} figures miss their target" if failures else "every figure meets its target")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
