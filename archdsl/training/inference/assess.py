"""A trained run held against images with known classes: those of its own data, or others."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..data.image_folder import FolderSource
from ..data.images import ImageSet, Request, Source, Splits, join
from ..data.resize import fit_splits
from ..errors.data_errors import OtherData
from ..loop.device_setup import Setup
from ..loop.evaluation import Scores, evaluate
from ..loop.loss import make_loss
from ..loop.standardization import Standard, Standardiser
from ..loop.train_context import on_device
from ..runs.loaded_run import Opened, refuse_not_finite

SPLITS = ("test", "validation", "train", "all")
"""Which images of a data set: `all` is the others together."""


def images_of(opened: Opened, source: Source, request: Request, split: str | None, fit: str) -> tuple[str, ImageSet]:
    """The name of a split and its images, at the network's size and labelled with the run's numbers of the classes.

    Without a split: the images for the test, else those for validation, and all of a folder that has no parts. The
    run's own data are divided as they were for it. Raises OtherData, and what a source raises.
    """
    _fits(opened, source, fit)
    renumbered = _renumbered(opened, source)
    request = replace(request, split=opened.settings.recipe.split)
    splits = fit_splits(source.load(request), opened.shape, fit)
    own = source.origin == opened.settings.data.source
    chosen = split or _usual(splits, everything=not own and _is_plain(source))
    parts = {"test": splits.test, "validation": splits.validation, "train": splits.train}
    found = [part for name, part in parts.items() if part is not None and len(part) and chosen in (name, "all")]
    if not found:
        has = ", ".join(name for name, part in parts.items() if part is not None and len(part))
        raise OtherData(source.spec.name, f"it has no images for `--split {chosen}`", f"it has {has}")
    images = join(found)
    return chosen, replace(images, labels=renumbered[images.labels])


def assess(opened: Opened, images: ImageSet, tta: str | None = None) -> Scores:
    """Scores as after the training: in the same numbers, with the same averaging unless `tta` is another."""
    settings, device = opened.settings, opened.device
    same = settings.setup.device.partition(":")[0] == device.type
    setup = Setup(device, settings.setup.precision, settings.setup.layout) if same else Setup(device)
    standard = Standard(tuple(settings.data.mean), tuple(settings.data.deviation))
    batches = on_device(images, device)
    model = opened.model.to(memory_format=setup.memory_format)  # type: ignore[call-overload]  # torch's types lack it
    scores = evaluate(
        model,
        batches.images,
        batches.labels,
        make_loss(settings.recipe.loss),
        setup,
        Standardiser(standard, device, setup.memory_format),
        tta=tta or settings.recipe.tta,
    )
    refuse_not_finite(scores.logits, opened.run)
    return scores


def _fits(opened: Opened, source: Source, fit: str) -> None:
    """Raise OtherData where images have another size than the network takes, and nothing says what to do about it."""
    shape, wanted = source.spec.shape, opened.shape
    if shape is None or shape == wanted:
        return
    if shape.channels != wanted.channels:
        raise OtherData(
            source.spec.name, f"its images are {shape}, but the network takes {wanted}", "choose another data set"
        )
    if fit == "exact":
        ways = "`--fit pad` zero-pads or crops them, `--fit resize` scales them"
        raise OtherData(source.spec.name, f"its images are {shape}, but the network takes {wanted}", ways)


def _renumbered(opened: Opened, source: Source) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """For each class of the data, its number in the run: classes are the same where their names are."""
    classes = opened.settings.data.classes
    numbers = {name: number for number, name in enumerate(classes)}
    unknown = [name for name in source.spec.classes if name not in numbers]
    if unknown:
        named = ", ".join(f"`{name}`" for name in unknown[:3]) + (", …" if len(unknown) > 3 else "")
        known = ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
        raise OtherData(source.spec.name, f"the run has no class {named}", f"its classes: {known}")
    return np.array([numbers[name] for name in source.spec.classes], np.int64)


def _usual(splits: Splits, everything: bool) -> str:
    if everything:
        return "all"
    return "test" if splits.test is not None else "validation" if splits.validation is not None else "train"


def _is_plain(source: Source) -> bool:
    """Whether it is a folder without parts."""
    return isinstance(source, FolderSource) and not (Path(source.folder) / "train").is_dir()
