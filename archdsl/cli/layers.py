"""`archdsl layers`: the layers of the language, from their declarations, and the blocks of `std`."""

import click

from ..contract.layer import Op
from ..graph import MoeOp
from ..layers import find, merges, registry, synonyms
from ..packages.package import Package
from ..text.docstrings import docstring
from ..text.names import nearest
from .allowing import allowed_packages, list_allow_option
from .common import format_option, usage
from .shell_completion import complete_layer
from .standard_pages import StandardBlock, standard_blocks


@click.command("layers")
@click.argument("name", required=False, shell_complete=complete_layer)
@list_allow_option
@format_option
def command(name: str | None, output: str) -> None:
    """List the layers and the standard blocks, or show the arguments of NAME.

    With --allow, the layers of packages are included.
    """
    blocks = standard_blocks()
    if output == "json":
        _json(name)
        return
    if name is None:
        known: dict[str, type[Op]] = {**registry(), **merges()}
        packages = allowed_packages()
        others = [word for package in packages for word in package.layers]
        wide = max(map(len, (*known, *blocks, *others)))
        for keyword, layer in sorted(known.items()):
            click.echo(f"{keyword:<{wide}}  {headline(layer)}")
        click.echo("\nblocks of `std`, imported by `use std`:")
        for block in sorted(blocks.values(), key=lambda block: block.name):
            click.echo(f"{block.name:<{wide}}  {block.headline}")
        for package in packages:
            click.echo(f'\nlayers of {package.name} {package.version}, imported by `use "{package.name}"`:')
            for keyword, layer in sorted(layers_of(package).items()):
                click.echo(f"{keyword:<{wide}}  {headline(layer)}")
        return
    found = _found(name)
    click.echo(found.page if isinstance(found, StandardBlock) else page(found))


def layers_of(package: Package) -> dict[str, type[Op]]:
    """The layers of a package by keyword."""
    return {layer.keyword: layer for layer in package.layers.values()}


def _found(name: str) -> type[Op] | StandardBlock:
    """The layer, merge or block of this name. Exits with 2 if there is none."""
    blocks = standard_blocks()
    merge = next((each for each in merges().values() if name in (each.keyword, *each.synonyms)), None)
    others = {word: layer for package in allowed_packages() for word, layer in package.layers.items()}
    found = find(name) or merge or (MoeOp if name == MoeOp.keyword else None) or blocks.get(name) or others.get(name)
    if found is None:
        near = nearest(name, [*registry(), *synonyms(), *merges(), *blocks, *others])
        known = f"did you mean `{near}`?" if near else "`archdsl layers` lists all of them"
        usage(f"there is no layer `{name}`; {known}")
    return found


def _json(name: str | None) -> None:
    from .listing_reports import layers_report

    layers: list[type[Op]] = [each for _, each in sorted(registry().items())]
    layers += [each for package in allowed_packages() for _, each in sorted(layers_of(package).items())]
    joins: list[type[Op]] = [each for _, each in sorted(merges().items())]
    blocks = sorted(standard_blocks().values(), key=lambda block: block.name)
    if name is not None:
        found = _found(name)
        blocks = [found] if isinstance(found, StandardBlock) else []
        ops = [] if isinstance(found, StandardBlock) else [found]
        joins = [each for each in ops if each in joins]
        layers = [each for each in ops if each not in joins]
    click.echo(layers_report(layers, joins, blocks).model_dump_json(indent=2))


def headline(layer: type[Op]) -> str:
    """The first line of a layer's documentation."""
    return docstring(layer).strip().splitlines()[0]


def page(layer: type[Op]) -> str:
    """A layer's documentation and its arguments."""
    text, _, example = docstring(layer).partition("Example:\n")
    # A merge has one name; those in other frameworks are only suggested.
    also = "in other frameworks:" if layer in merges().values() else "also"
    lines = [layer.keyword + (f"  ({also} {', '.join(layer.synonyms)})" if layer.synonyms else ""), ""]
    lines += [line.strip() for line in text.strip().splitlines()]
    if layer.parameters:
        lines.append("")
    for p in sorted(layer.parameters, key=lambda p: not p.positional):
        forms = ([p.name.upper()] if p.positional else []) + [f"{'NAME' if p.rest else p.name}="]
        forms += ([f"{p.letter}N"] if p.letter else []) + [word for word, _ in p.words]
        default = "" if p.required else f"; default: {p.default}" if p.default not in (None, ()) else ""
        lines.append(f"  {', '.join(forms)}: {p.doc}{default}")
    lines += ["", *(f"  {line.strip()}" for line in example.strip().splitlines())]
    return "\n".join(lines).rstrip()
