"""`archdsl layers`: the layers of the language, from their declarations."""

import click

from ..contract.layer import Layer
from ..layers import find, registry, synonyms
from ..text.names import nearest
from .common import usage


@click.command("layers")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the layers, or show the arguments of the layer NAME."""
    if name is None:
        wide = max(map(len, registry()))
        for keyword, layer in sorted(registry().items()):
            click.echo(f"{keyword:<{wide}}  {headline(layer)}")
        return
    found = find(name)
    if found is None:
        near = nearest(name, [*registry(), *synonyms()])
        usage(f"there is no layer `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    click.echo(page(found))


def headline(layer: type[Layer]) -> str:
    """The first line of a layer's documentation."""
    return (layer.__doc__ or "").strip().splitlines()[0]


def page(layer: type[Layer]) -> str:
    """A layer's documentation and its arguments."""
    text, _, example = (layer.__doc__ or "").partition("Example:\n")
    lines = [layer.keyword + (f"  (also {', '.join(layer.synonyms)})" if layer.synonyms else ""), ""]
    lines += [line.strip() for line in text.strip().splitlines()]
    if layer.parameters:
        lines.append("")
    for p in sorted(layer.parameters, key=lambda p: not p.positional):
        forms = ([p.name.upper()] if p.positional else []) + [f"{p.name}="]
        forms += ([f"{p.letter}N"] if p.letter else []) + [word for word, _ in p.words]
        default = "" if p.required else f"; default: {p.default}" if p.default is not None else ""
        lines.append(f"  {', '.join(forms)}: {p.doc}{default}")
    lines += ["", *(f"  {line.strip()}" for line in example.strip().splitlines())]
    return "\n".join(lines).rstrip()
