"""`archdsl predict`: the classes of pictures, by a trained run."""

import json
from pathlib import Path

import click

from ..diagnostics.text import printable
from .common import load_or_exit, parse_override
from .train import fail


@click.command("predict")
@click.argument("run")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…")
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="How many classes to name.")
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Where to compute.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(run: str, images: tuple[str, ...], top: int, device: str, output: str) -> None:
    """Name the classes of each IMAGE, with their probabilities, by the network trained in the folder RUN."""
    from ..training.check import image_shape
    from ..training.errors import Problem
    from ..training.predict import load_weights, predict
    from ..training.run import Run
    from ..training.setup import choose_device

    try:
        opened = Run.open(Path(run))
        settings = opened.read_settings()
        network = load_or_exit(str(opened.network), settings.network.given, parse_override(settings.network.sizes))
        model = network.to_torch().to(choose_device(device)).eval()
        load_weights(model, opened)
        answers = predict(model, settings, image_shape(network.graph), [Path(name) for name in images], top)
    except Problem as problem:
        fail(problem)
    if output == "json":
        click.echo(json.dumps([{"image": str(a.path), "classes": dict(a.classes)} for a in answers], indent=2))
        return
    for answer in answers:
        named = ", ".join(f"{name} {chance:.1%}" for name, chance in answer.classes)
        click.echo(printable(f"{answer.path}: {named}"))
