"""The command line: one file a command, imported when the command is called."""

import importlib
from typing import Any

import click

from ..version import __version__
from .collection import rarely_collected
from .streams import INTERRUPTED, guarded

_COMMANDS = {
    "check": "Shapes, parameters and mistakes of networks, in a blink.",
    "compile": "Write PyTorch source that needs no archdsl.",
    "diagram": "Draw a network: SVG, PNG, DOT, Mermaid.",
    "diff": "Compare two networks layer by layer, and which weights carry over.",
    "eval": "How good a trained network is: accuracy, loss, confusions.",
    "explain": "What the code of a diagnostic means.",
    "export": "Write a network as ONNX, torch's exported program, TorchScript, safetensors.",
    "fmt": "Write texts in the one way of writing.",
    "inspect": "Draw a trained network's filters, and its maps of a picture.",
    "layers": "List the layers, or show one.",
    "predict": "Name the classes of images with a trained network.",
    "sweep": "Train a network at many points, and show what accuracy costs.",
    "train": "Train a network on a data set.",
    "why": "Derive the shape of a layer, step by step.",
    "zoo": "List the known architectures that ship along, or print one.",
}

_TRAINING = frozenset({"eval", "export", "inspect", "predict", "sweep", "train"})
"""The commands that run torch, whose garbage is collected as ever."""


class _Lazy(click.Group):
    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; streams that are closed, full or broken end it with a line."""
        with guarded():
            return super().main(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f".{cmd_name}", __name__).command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a mistake of the network that shows only now is told like the others."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\narchdsl: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except ModuleNotFoundError as error:
            from .problems import package_missing

            package_missing(ctx.invoked_subcommand or "", error)
        except ValueError as error:
            from ..network import ArchError

            if not isinstance(error, ArchError):
                raise
            click.echo(str(error).strip(), err=True)
            ctx.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # From the table, so that --help imports no command.
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0] if args else ""
        if word and word not in _COMMANDS and not word.startswith("-"):
            from ..text.names import nearest

            near = nearest(word, _COMMANDS)
            ctx.fail(f"there is no command `{word}`" + (f"; did you mean `{near}`?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="archdsl")
@click.pass_context
def main(ctx: click.Context) -> None:
    """A language for neural network architectures: check shapes, draw, compile to PyTorch, train."""
    if ctx.invoked_subcommand not in _TRAINING:
        ctx.with_resource(rarely_collected())
