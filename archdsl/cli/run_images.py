"""What the commands that use a trained run on images share: the run's own images, `--invert`, notes on brightness."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..text import paths

if TYPE_CHECKING:
    from ..training.inference.split_images import OwnImages
    from ..training.runs.loaded_run import LoadedRun

invert_option = click.option(
    "--invert",
    is_flag=True,
    help="Invert the images: for black-on-white images if the training images are white on black.",
)


def own_images(loaded: "LoadedRun") -> "OwnImages":
    """The data set that the run was trained on; the progress of a download is shown on standard error."""
    from rich.console import Console

    from ..training.callbacks.progress import progress_for
    from ..training.data.images import Request
    from ..training.inference.split_images import OwnImages

    folder = loaded.settings.data.folder
    return OwnImages(
        loaded,
        Request(
            loaded.shape,
            paths.user_cache(),
            data_dir=Path(folder) if folder else None,
            download=progress_for(Console(stderr=True, highlight=False)),
        ),
    )


def note_brightness(loaded: "LoadedRun", means: Sequence[tuple[str, float]], inverted: bool) -> None:
    """Print notes on standard error if images, by name and mean, are unlike the training images."""
    from ..training.inference.brightness import brightness_notes

    for note in brightness_notes(loaded, means, inverted):
        click.echo(printable(f"note: {note}"), err=True)
