"""`archdsl weights`: which weights of a file fit a network, before training with them."""

import click

from ..diagnostics.terminal import printable
from .common import network_options, parse_override, parse_settings
from .given_weights import weights_path
from .named_path import NAMED_PATH
from .network_text import named_network
from .problems import fail
from .shell_completion import complete_file, complete_network


@click.command("weights")
@click.argument("file", shell_complete=complete_network)
@click.argument("path", type=NAMED_PATH, metavar="WEIGHTS", shell_complete=complete_file)
@network_options
@click.option("--full", is_flag=True, help="List every tensor with its name in WEIGHTS.")
def command(file: str, path: str, settings: tuple[str, ...], inputs: tuple[str, ...], full: bool) -> None:
    """Compare WEIGHTS with the network in FILE; nothing is changed.

    WEIGHTS is a .safetensors file, the index of a sharded one, a .pth, .pt, .bin or .ckpt file with a state dict, or
    a folder with safetensors, such as a run; torchvision:NAME and hf:OWNER/NAME are downloaded. Tensors are matched by
    name, or by the kind, size and order of their layers if only one match is possible; otherwise the command lists the
    candidates and exits with status 1. `archdsl train --from WEIGHTS` starts training from them.
    """
    found = weights_path(path)
    network = named_network(file, None).network(parse_settings(settings), parse_override(inputs))
    import torch

    from ..backends.weight_files import CannotLoad
    from ..backends.weight_loading import compare_weights, weight_summary
    from ..training.errors.run_errors import UnusableWeights

    with torch.device("meta"):
        module = network.to_torch()
    try:
        loaded = compare_weights(module, found)
    except CannotLoad as error:
        fail(UnusableWeights(error.why, error.details, error.help))
    shown = loaded.match.names if full else loaded.match.renamed
    width = max(map(len, shown), default=0)
    for ours, theirs in shown.items():
        click.echo(printable(f"{ours:{width}}  {theirs}"))
    for line in weight_summary(loaded):
        click.echo(printable(line))
