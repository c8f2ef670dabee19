"""The command line: one file per command, imported when the command is called."""

import importlib
import keyword
import os
from typing import TYPE_CHECKING, Any

import click

from ..version import __version__
from .collection import rarely_collected
from .streams import INTERRUPTED, guarded
from .unknown_words import CommandGroup, unknown_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "cache": "Show or delete what is kept in the cache folder.",
    "check": "Check networks: shapes, parameters, errors.",
    "compile": "Generate standalone PyTorch or Keras source.",
    "data": "List the built-in data sets, or write images from one.",
    "diagram": "Render a network as SVG, PNG, PDF, HTML or another format.",
    "diff": "Compare two networks layer by layer, and list the weights that carry over.",
    "eval": "Evaluate a trained network: loss and metrics.",
    "explain": "Explain a diagnostic code.",
    "export": "Export a network to ONNX, PyTorch (.pt2), TorchScript or safetensors.",
    "fmt": "Format .arch files.",
    "import": "Import a network from PyTorch, ONNX or another format.",
    "inspect": "Plot a trained network's filters and feature maps.",
    "layers": "List the layers, or show one.",
    "lsp": "Run the language server for editors.",
    "mcp": "Run the server for agents (Model Context Protocol).",
    "predict": "Predict with a trained network.",
    "sweep": "Run a hyperparameter sweep and plot its metric against compute.",
    "train": "Train a network on a data set.",
    "weights": "Compare the weights in a file with a network.",
    "why": "Derive a layer's output shape, step by step.",
    "zoo": "List the built-in architectures, or print one.",
}

_TRAINING = frozenset({"data", "eval", "export", "import", "inspect", "predict", "sweep", "train", "weights"})
"""Commands that use torch; they keep Python's default garbage collector settings."""


class _Lazy(CommandGroup):
    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; a closed or broken stream, or a full disk, ends it with a one-line error."""
        if "_ARCHDSL_COMPLETE" in os.environ:
            from .bash_completion import register

            register()
        with guarded():
            return super().main(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        # A keyword of Python cannot name a module.
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = importlib.import_module(f".{name}", __name__).command
        return _documented(command)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands and options that start with this text, taken from the table so that no command is imported."""
        from click.shell_completion import CompletionItem

        names = (name for name in sorted(_COMMANDS) if name.startswith(incomplete))
        found = [CompletionItem(name, help=_COMMANDS[name]) for name in names]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; errors in the network that only the command finds are reported like all others."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            raise unknown_option(error) from None
        except KeyboardInterrupt:
            click.echo("\narchdsl: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except ModuleNotFoundError as error:
            from .problems import package_missing

            package_missing(ctx.invoked_subcommand or "", error)
        except RuntimeError as error:
            from ..packages.failures import PackageFailed

            if not isinstance(error, PackageFailed):
                raise
            click.echo(f"archdsl: {error}", err=True)
            ctx.exit(1)
        except ValueError as error:
            from ..network import ArchError

            if not isinstance(error, ArchError):
                raise
            click.echo(str(error).strip(), err=True)
            ctx.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The table has the descriptions, so `--help` imports no command.
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


def _documented(command: click.Command) -> click.Command:
    """A command with its help, even if Python has removed the docstrings."""
    if command.help is None and command.callback is not None:
        from inspect import cleandoc, unwrap

        from ..text.docstrings import docstring

        command.help = cleandoc(docstring(unwrap(command.callback)))
        for each in command.commands.values() if isinstance(command, click.Group) else ():
            _documented(each)
    return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="archdsl")
@click.pass_context
def main(ctx: click.Context) -> None:
    """A language for neural network architectures: check shapes, render diagrams, compile to PyTorch, train."""
    if ctx.invoked_subcommand not in _TRAINING:
        ctx.with_resource(rarely_collected())


_documented(main)
