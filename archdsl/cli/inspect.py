"""`archdsl inspect`: filters of a trained network, and its feature maps of an image."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..diagnostics.terminal import printable
from ..text.names import nearest
from .allowing import allow_option, allowed
from .common import usage
from .named_path import NAMED_PATH
from .output_path import OUTPUT_PATH
from .problems import fail_output
from .run_images import invert_option, note_brightness, own_images
from .shell_completion import complete_folder

if TYPE_CHECKING:
    from ..training.data.images import Pixels
    from ..training.inference.feature_maps import LayerFigure
    from ..training.inference.inspection import InspectionPoint
    from ..training.inference.prediction import Predictor
    from ..training.runs.loaded_run import LoadedRun

_ANSWERS = 5


class _InputImage(NamedTuple):
    name: str
    invert: bool


@click.command("inspect")
@click.argument("run", type=NAMED_PATH, metavar="RUN", shell_complete=complete_folder)
@click.option(
    "--image",
    metavar="IMAGE",
    help="Image to compute feature maps of: a file, or one from the run's own data set, such as test:225. Without it, "
    "only the filters are plotted.",
)
@invert_option
@click.option(
    "--layer", "layers", multiple=True, metavar="NAME", help="Plot the feature maps of this layer, block or stage."
)
@click.option(
    "-o",
    "--output",
    type=OUTPUT_PATH,
    metavar="FOLDER",
    help="Output folder [default: RUN/inspect; with --image, RUN/inspect-IMAGE].",
)
@allow_option
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Device to compute on.")
def command(
    run: str, image: str | None, invert: bool, layers: tuple[str, ...], output: str | None, device: str
) -> None:
    """Plot the filters of the first layer of the network trained in the folder RUN and, with --image, the feature maps
    at the end of each stage: one PNG each, and index.html with all of them.
    """
    from ..training.errors.problem import Problem
    from ..training.loop.device_setup import choose_device
    from ..training.runs.loaded_run import load_run
    from ..training.runs.run_folder import Run

    if layers and image is None:
        usage("--layer plots feature maps of an image: give one, such as `--image cat.png`")
    if invert and image is None:
        usage("--invert inverts an image: give one, such as `--image digit.png`")
    try:
        loaded = load_run(Run.open(Path(run)), choose_device(device), allowed())
        if loaded.settings.data.inputs != "image":
            usage(f"inspect plots feature maps of images, but {run} was trained on {loaded.settings.data.inputs}")
        if loaded.task.reads_words:
            usage(f"inspect shows networks with one input, but the network of {run} has two")
        points = _points(loaded, layers)
        folder = _folder(Path(run), image, output)
        _draw(loaded, _InputImage(image, invert) if image is not None else None, points, folder)
    except Problem as problem:
        fail_output(problem)


def _points(loaded: "LoadedRun", layers: tuple[str, ...]) -> "list[InspectionPoint]":
    from ..training.inference.inspection import inspection_point, inspection_points

    graph = loaded.network.graph
    if not layers:
        return inspection_points(graph)
    found = []
    for layer in layers:
        point = inspection_point(graph, layer)
        if point is None:
            names = {".".join(node.path[:depth]) for node in graph.layers for depth in range(1, len(node.path) + 1)}
            if layer in names:
                usage(f"the output of `{layer}` is not an image, so it has no feature maps")
            near = nearest(layer, sorted(names))
            usage(f"the network has no `{layer}`" + (f"; did you mean `{near}`?" if near else ""))
        found.append(point)
    return found


def _folder(run: Path, image: str | None, output: str | None) -> Path:
    # a colon, as in `test:225`, cannot be part of a file name on Windows
    return Path(output) if output else run / ("inspect" + (f"-{Path(image).stem.replace(':', '-')}" if image else ""))


def _read(loaded: "LoadedRun", predictor: "Predictor", image: _InputImage) -> "tuple[Pixels, str]":
    """The pixels of the image at the network's size, and its title. Prints a note if it looks inverted."""
    from ..training.inference.brightness import training_brightness
    from ..training.inference.prediction import read_image
    from ..training.inference.split_images import parse_split_image

    path = Path(image.name)
    pixels, true = read_image(predictor, own_images(loaded), parse_split_image(image.name) or path, image.invert)
    note_brightness(loaded, [(image.name, training_brightness(loaded).of(pixels))], image.invert)
    return pixels, path.name if true is None else f"{image.name} (true class: {true})"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        usage(f"{folder}: a file of that name exists")
    except OSError as error:
        usage(f"{folder}: the folder cannot be created: {error.strerror}")


def _draw(loaded: "LoadedRun", image: _InputImage | None, points: "list[InspectionPoint]", folder: Path) -> None:
    from ..training.inference.feature_maps import draw_filters, draw_maps, draw_pairs, page
    from ..training.inference.inspection import InspectionPoint, first_filters, maps
    from ..training.inference.prediction import Predictor
    from ..training.report.gather import thumbnail
    from ..training.safe_files import refuse_links, write_atomically, write_text

    layer_figures: list[tuple[str, LayerFigure]] = []
    filters = first_filters(loaded)
    if filters is not None:
        layer_figures.append((f"00-filters-{filters.name}", draw_filters(filters)))
    answers, small, title = [], None, "filters"
    if image is not None:
        predictor = Predictor(loaded)
        pixels, name = _read(loaded, predictor, image)
        title = f"feature maps of {name}"
        answers = list(predictor([pixels], _ANSWERS)[0].ranked)
        small = thumbnail(pixels)
        own = (
            [InspectionPoint(filters.name, filters.text, filters.node)] if filters and filters.node is not None else []
        )
        found = maps(loaded, predictor.inputs([pixels])[0], [*own, *points])
        if filters is not None and own:
            layer_figures.append((f"00-pairs-{filters.name}", draw_pairs(filters, found.pop(0))))
        layer_figures += [(f"{number:02}-{each.name}", draw_maps(each)) for number, each in enumerate(found, 1)]
    if not layer_figures:
        usage("nothing to plot: no filters apply to the image, and no layer outputs an image")
    if folder.parent == loaded.run.folder:
        refuse_links(folder.parent, folder)  # a run may be untrusted; a folder that the user names may be a link
    _make(folder)
    for name, figure in layer_figures:
        path = folder / f"{re.sub('[^A-Za-z0-9_.-]', '_', name)}.png"
        write_atomically(path, lambda temporary, figure=figure: figure.image.save(temporary, "PNG"))  # type: ignore[misc]  # mypy infers no type for a default of a lambda
        click.echo(f"{printable(str(path))}: {printable(figure.title)}")
    title = f"{loaded.network.graph.name}: {title}"
    write_text(folder / "index.html", page(title, small, answers, [figure for _, figure in layer_figures]))
    click.echo(f"{printable(str(folder / 'index.html'))}: all figures")
