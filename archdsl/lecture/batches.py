"""The batch size against the steps per epoch and the memory of training."""

from collections.abc import Mapping
from functools import cache

from ..analysis.memory import OPTIMIZERS, PRECISIONS, Memory, largest_batch, memory
from ..graph import Graph
from ..network import load
from .panels import LectureFigure
from .phrases import words

NETWORKS = ("lenet5", "resnet18", "resnet50", "vgg16")
SIZES = (1, 8, 32, 128, 512)
_KINDS = ("parameters", "gradients", "optimizer", "activations", "transient")


def steps_per_epoch(images: int, fraction: float, batch: int) -> int:
    """The number of batches in an epoch: `images`·`fraction`/`batch`, rounded up, because the last batch may be
    smaller.

    `fraction` is the part of the images to train on, as in `archdsl train --split`.
    """
    return -(-round(images * fraction) // batch)


def figure(
    network: str = "resnet18",
    images: int = 60_000,
    fraction: float = 0.8,
    batch: int = 32,
    optimizer: str = "adam",
    precision: str = "fp32",
    gibibytes: float = 8,
    language: str = "en",
) -> LectureFigure:
    """A table of batch sizes with steps and memory. Raises ValueError for settings out of range."""
    if network not in NETWORKS or optimizer not in OPTIMIZERS or precision not in PRECISIONS:
        raise ValueError(f"network is one of {', '.join(NETWORKS)}")
    if not (1 <= images <= 10**9 and 0 < fraction <= 1 and 1 <= batch <= 10**6 and 0 < gibibytes <= 10**6):
        raise ValueError("these settings are out of range")
    graph, translations, limit = _graph(network), words(language), round(gibibytes * 2**30)
    most = largest_batch(graph, limit, optimizer=optimizer, precision=precision)
    rows = {size: memory(graph, batch=size, optimizer=optimizer, precision=precision) for size in {batch, *SIZES}}
    steps = {size: steps_per_epoch(images, fraction, size) for size in rows}
    text = translations["steps"].format(
        images=f"{images:,}",
        fraction=f"{fraction:g}",
        batch=f"{batch:,}",
        steps=f"{steps[batch]:,}",
        memory=size_text(rows[batch].total),
        most=f"{most:,}",
        limit=f"{gibibytes:g}",
    )
    return LectureFigure(html=_table(rows, steps, batch, limit, translations), text=text)


@cache
def _graph(name: str) -> Graph:
    return load(f"zoo:{name}").graph


def size_text(count: int) -> str:
    """Bytes in MiB or GiB."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _table(
    rows: Mapping[int, Memory], steps: Mapping[int, int], batch: int, limit: int, translations: Mapping[str, str]
) -> str:
    """A row for each batch size: steps, bytes, and a bar that shows what the bytes are used for."""
    scale = max(limit, max(row.total for size, row in rows.items() if size <= max(batch, 32)))
    head = "".join(f"<th>{translations[name]}</th>" for name in ("batch", "steps per epoch", "memory", "for"))
    lines = [f"<tr>{head}</tr>"]
    for size in sorted(rows):
        row = rows[size]
        over = row.total > limit
        label = f"{size_text(row.total)}{' – ' + translations['too much'] if over else ''}"
        marks = " ".join(name for name, is_set in (("chosen", size == batch), ("over", over)) if is_set)
        bar = "".join(_part(kind, getattr(row, kind), scale, translations) for kind in _KINDS)
        lines.append(
            f'<tr class="{marks}"><th>{size:,}</th><td>{steps[size]:,}</td><td>{label}</td>'
            f'<td class="lecture-stack">{bar}</td></tr>'
        )
    legend = "".join(f'<span><i class="part-{kind}"></i>{translations[kind]}</span>' for kind in _KINDS)
    return (
        f'<div class="lecture-scroll"><table class="lecture-table">{"".join(lines)}</table></div>'
        f'<p class="lecture-legend">{legend}</p>'
    )


def _part(kind: str, count: int, scale: int, translations: Mapping[str, str]) -> str:
    width = min(100.0, 100 * count / scale)
    return (
        f'<span class="part-{kind}" style="width:{width:.2f}%" title="{translations[kind]}: {size_text(count)}"></span>'
    )
