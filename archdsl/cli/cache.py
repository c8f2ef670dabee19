"""`archdsl cache`: show what is kept in the user's cache folder, and delete it."""

import shutil
from pathlib import Path

import click

from ..diagnostics.terminal import printable
from ..text import paths
from .cache_sections import SECTIONS, entries_of
from .common import format_option, usage
from .shell_completion import complete_cache
from .unknown_words import CommandGroup


@click.group("cache", cls=CommandGroup, invoke_without_command=True)
@format_option
@click.pass_context
def command(context: click.Context, output: str) -> None:
    """Show what is kept in the cache folder, and how large it is. ARCHDSL_CACHE sets the folder.

    Files downloaded by huggingface_hub are in its own cache.
    """
    if context.invoked_subcommand is not None:
        if output != "text":
            raise click.UsageError("--format is for the list of the cache's contents")
        return
    folder = _folder()
    found = [(section, section.find(folder)) for section in SECTIONS]
    sizes = {section.name: sum(map(_size, entries)) for section, entries in found}
    if output == "json":
        from .listing_reports import CachePart, CacheReport

        parts = [
            CachePart(name=section.name, meaning=section.meaning, bytes=sizes[section.name], entries=len(entries))
            for section, entries in found
        ]
        click.echo(CacheReport(folder=str(folder), parts=parts).model_dump_json(indent=2))
        return
    click.echo(printable(str(folder)))
    for section, entries in found:
        click.echo(f"{section.name:<8} {size_text(sizes[section.name]):>9}  {section.meaning}")
        if section.name == "data":
            for entry in entries:
                click.echo(printable(f"{'':<8} {size_text(_size(entry)):>9}    {entry.name}"))
    if sum(sizes.values()):
        click.echo("to delete a part: archdsl cache clear NAME")


@command.command("clear")
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=complete_cache)
def clear(names: tuple[str, ...]) -> None:
    """Delete parts of the cache.

    NAME is data, folders, shards, weights, hub or grammar, which `archdsl cache` describes; a data set such as cifar10;
    or all.

    Everything is downloaded or computed again when it is needed. Do not clear a part that a training run is
    reading.
    """
    folder = _folder()
    entries = list(dict.fromkeys(entry for name in names for entry in _named(folder, name)))
    freed = 0
    for entry in entries:
        size = _size(entry)
        try:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        except OSError as error:
            click.echo(printable(f"error: {error.filename or entry}: {error.strerror or error}"), err=True)
            raise SystemExit(1) from None
        freed += size
    click.echo(f"deleted {size_text(freed)} from {printable(str(folder))}")


def _named(folder: Path, name: str) -> list[Path]:
    """What a name stands for. Exits with 2 if nothing has this name."""
    from ..text.names import nearest

    if name == "all":
        return [entry for section in SECTIONS for entry in section.find(folder)]
    for section in SECTIONS:
        if section.name == name:
            return section.find(folder)
    kept = {entry.name: entry for entry in entries_of(folder / "data")}
    if name in kept:
        return [kept[name]]
    known = ("all", *(section.name for section in SECTIONS), *kept)
    near = nearest(name, known)
    suggestion = f"did you mean `{near}`?" if near else f"give {', '.join(known[:-1])} or {known[-1]}"
    return usage(f"`{name}` is not a part of the cache; {suggestion}")


def _folder() -> Path:
    """The cache folder. Exits with 1 if the user has no home folder."""
    try:
        return paths.user_cache()
    except RuntimeError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


def _size(path: Path) -> int:
    """The bytes of a file, or of all files below a folder; links are not followed."""
    if path.is_symlink():
        return 0
    try:
        return sum(map(_size, path.iterdir())) if path.is_dir() else path.stat().st_size
    except OSError:
        return 0


def size_text(size: int) -> str:
    """A number of bytes as text: `1.2 GB`, `170 MB`, `12 kB`, `0 B`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.{1 if size < 10 * factor else 0}f} {unit}"
    return f"{size} B"
