"""`archdsl data`: the built-in data sets, their files, and single images of them."""

import re
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..text import paths
from ..text.counts import counted
from ..text.names import nearest
from ..training.data.registry import data_sets, license_of
from .cache import size_text
from .common import format_option, usage
from .named_path import NAMED_PATH
from .number_range import NumberRange
from .output_path import OUTPUT_PATH
from .problems import fail_output
from .shell_completion import complete_data, complete_splits

if TYPE_CHECKING:
    from ..training.data.dataset_files import RemoteFile
    from ..training.data.dataset_spec import DataSpec
    from ..training.data.images import Splits
    from .listing_reports import DataSetReport

_NAMED = re.compile("(train|validation|test):([0-9]{1,18})")


@click.command("data")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=complete_data)
@click.argument("images", nargs=-1, metavar="[SPLIT:NUMBER]…", shell_complete=complete_splits)
@click.option(
    "-o",
    "--output",
    "path",
    type=OUTPUT_PATH,
    metavar="PATH",
    help="Write the images to this file (one image) or folder, as PNG.",
)
@click.option(
    "--data-dir",
    type=NAMED_PATH,
    metavar="FOLDER",
    help="Read the data set from this folder instead of downloading it.",
)
@click.option(
    "--split",
    type=NumberRange(0, 1, min_open=True),
    metavar="X",
    help="Fraction of the training images to train on, as for `train`. [default: 0.9]",
)
@format_option
def command(
    name: str | None,
    images: tuple[str, ...],
    path: str | None,
    data_dir: str | None,
    split: float | None,
    output: str,
) -> None:
    """List the built-in data sets, show one with its files and license, or write images from it: archdsl data mnist
    test:225 -o seven.png

    The images of a split are numbered from 0, as for `predict`. Masks are written next to their images.
    """
    if not images:
        if path or data_dir or split is not None:
            named = printable(name or "mnist")
            usage(f"--output, --data-dir and --split need images: `archdsl data {named} test:0 -o x.png`")
        if name is None:
            _list(output)
        else:
            _show(_known(name), output)
        return
    if output != "text":
        usage("--format is for the list of data sets; leave it out")
    if path is None:
        usage("give the file or folder for the images: `-o x.png`")
    if split is not None and all(image.startswith("test:") for image in images):
        usage("--split divides the training images and does not change the test images; leave it out")
    assert name is not None
    _write(_known(name), [_image(each) for each in images], Path(path), data_dir, 0.9 if split is None else split)


def _known(name: str) -> "DataSpec":
    """The data set with this name. Exits with 2 if there is none."""
    found = data_sets().get(name)
    if found is None:
        near = nearest(name.replace("-", "_"), data_sets())
        suggestion = f"did you mean `{near}`?" if near else f"data sets: {', '.join(data_sets())}"
        usage(f"there is no built-in data set `{name}`; {suggestion}")
    return found


def _image(word: str) -> tuple[str, int]:
    found = _NAMED.fullmatch(word)
    if found is None:
        usage(f"`{word}` is not an image of a split, such as `test:225`; splits: train, validation, test")
    return found[1], int(found[2])


def _list(output: str) -> None:
    if output == "json":
        from .listing_reports import DataReport

        click.echo(DataReport(data=[_report(spec) for spec in data_sets().values()]).model_dump_json(indent=2))
        return
    rows = [
        (spec.name, _counts(spec), _size(spec), _targets(spec), license_of(spec.name), _cached_size(spec))
        for spec in data_sets().values()
    ]
    heads = ("name", "samples", "input", "targets", "license", "cached")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show(spec: "DataSpec", output: str) -> None:
    report = _report(spec)
    if output == "json":
        click.echo(report.model_dump_json(indent=2))
        return
    of = "" if spec.inputs == "ids" else "of "
    click.echo(f"{spec.name}: {_counts(spec)} {of}{_size(spec)}, {_targets(spec)}")
    click.echo(f"license: {license_of(spec.name)}")
    if spec.classes:
        click.echo(printable(f"classes: {', '.join(spec.classes)}"))
    if spec.shipped:
        click.echo("files: none to download; it ships with archdsl or is generated")
        return
    folder = _folder(spec)
    click.echo(printable(f"folder: {folder}"))
    for file in _files(spec):
        path = folder / file.name
        kept = size_text(path.stat().st_size) if path.is_file() else "not downloaded"
        click.echo(f"  {file.name}  {kept}\n    sha256 {file.sha256}")
        for url in file.urls:
            click.echo(f"    {url}")


def _report(spec: "DataSpec") -> "DataSetReport":
    from .listing_reports import DataFile, DataSetReport

    folder = _folder(spec)
    files = [
        DataFile(name=file.name, sha256=file.sha256, urls=list(file.urls), kept=(folder / file.name).is_file())
        for file in ([] if spec.shipped else _files(spec))
    ]
    train, test = spec.images or (None, None)
    return DataSetReport(
        name=spec.name,
        train=train,
        test=test,
        shape=list(spec.shape) if spec.shape else None,
        targets=spec.targets,
        classes=list(spec.classes),
        license=license_of(spec.name),
        folder=None if spec.shipped else str(folder),
        files=files,
    )


def _counts(spec: "DataSpec") -> str:
    return " + ".join(f"{count:,}" for count in spec.images) if spec.images else "?"


def _size(spec: "DataSpec") -> str:
    if spec.inputs == "ids":
        return "bytes"
    return "×".join(map(str, spec.shape)) if spec.shape else "any size"


def _targets(spec: "DataSpec") -> str:
    count = len(spec.classes)
    return {
        "class": counted(count, "class"),
        "classes": f"sets of {counted(count, 'class')}",
        "mask": f"masks of {counted(count, 'class')}",
        "numbers": counted(count, "number"),
        "next": "next IDs",
        "caption": "captions",
        "boxes": f"boxes of {counted(count, 'class')}",
    }[spec.targets]


def _cached_size(spec: "DataSpec") -> str:
    if spec.shipped:
        return "ships"
    found = [path for path in _folder(spec).glob("*") if path.is_file()] if _folder(spec).is_dir() else []
    return size_text(sum(path.stat().st_size for path in found)) if found else "no"


def _folder(spec: "DataSpec") -> Path:
    return paths.user_cache() / "data" / spec.name


def _files(spec: "DataSpec") -> "tuple[RemoteFile, ...]":
    from ..training.data.registry import files_of

    return files_of(spec.name)


def _write(spec: "DataSpec", wanted: list[tuple[str, int]], output: Path, data_dir: str | None, split: float) -> None:
    from ..training.errors.problem import Problem

    if spec.shape is None or spec.inputs != "image":
        usage(f"`{spec.name}` has no images")
    if data_dir is not None and spec.shipped:
        usage(f"--data-dir: `{spec.name}` does not read files from a folder; leave it out")
    single = output.suffix.lower() == ".png"
    if single and len(wanted) > 1:
        usage(f"{output} is a single file, but {counted(len(wanted), 'image')} are to be written: give a folder")
    if not single and output.suffix:
        usage(f"{output}: images are written as PNG: give a name that ends in .png, or a folder")
    try:
        splits = _loaded(spec, data_dir, split)
        for name, number in wanted:
            _write_one(spec, splits, name, number, output if single else output / f"{name}-{number}.png")
    except Problem as problem:
        fail_output(problem)


def _loaded(spec: "DataSpec", data_dir: str | None, split: float) -> "Splits":
    from rich.console import Console

    from ..training.callbacks.progress import progress_for
    from ..training.data.images import Request
    from ..training.data.registry import find_source

    assert spec.shape is not None
    progress = progress_for(Console(stderr=True, highlight=False))
    folder = Path(data_dir) if data_dir else None
    return find_source(spec.name).load(Request(spec.shape, paths.user_cache(), folder, split, progress))


def _write_one(spec: "DataSpec", splits: "Splits", split: str, number: int, path: Path) -> None:
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    found = parts[split]
    if found is None or not len(found):
        has = ", ".join(name for name, part in parts.items() if part is not None and len(part))
        usage(f"{split}:{number}: `{spec.name}` has no {split} images; it has {has}")
    if number >= len(found):
        last = f"the last is `{split}:{len(found) - 1}`"
        count = f"{'is' if len(found) == 1 else 'are'} {counted(len(found), f'{split} image')}"
        usage(f"{split}:{number}: there {count}, numbered from 0; {last}")
    from ..training.inference.image_writing import write_pixels

    write_pixels(path, found.images[number])
    about = ""
    if spec.targets == "class":
        about = f", {spec.classes[int(found.labels[number])]}"
    elif spec.targets == "classes":
        about = f", {', '.join(compress(spec.classes, found.labels[number])) or 'none'}"
    elif spec.targets == "caption":
        from ..training.data.captions import sentence_of

        about = f", {sentence_of(found.labels[number][0].tolist(), spec.classes)}"
    elif spec.targets == "boxes":
        from ..training.tasks.box_images import box_words, true_boxes

        about = f", {box_words(true_boxes(found.labels[number], spec.classes), scores=False)}"
    elif spec.targets == "mask":
        mask = path.with_name(f"{path.stem}-mask.png")
        write_pixels(mask, found.labels[number])
        about = f"; its mask: {mask}"
    click.echo(printable(f"{path}: {spec.name} {split}:{number}{about}"))
