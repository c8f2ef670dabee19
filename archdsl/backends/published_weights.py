"""Weights that others have published, by name: `torchvision:resnet50`, `hf:timm/resnet50.tv_in1k`."""

from pathlib import Path

from .weight_files import Report

KINDS = ("torchvision:", "hf:")
FORMS = ("torchvision:NAME", "hf:OWNER/NAME")


def is_published(source: str) -> bool:
    """Whether a text is the name of published weights rather than a path."""
    return source.startswith(KINDS) and not Path(source).exists()


def published_weights(source: str, report: Report) -> Path:
    """The file with these weights, in the cache; downloaded if necessary. Raises CannotLoad."""
    kind, _, name = source.partition(":")
    if kind == "torchvision":
        from .torchvision_weights import torchvision_file

        return torchvision_file(name, report)
    from .hub_weights import hub_file

    return hub_file(name, report)


def resolved_weights(source: str | Path, report: Report) -> Path:
    """The path of weights that are given by a path or a name. Raises CannotLoad."""
    return published_weights(str(source), report) if is_published(str(source)) else Path(source)
