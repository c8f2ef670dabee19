"""Evaluates a trained run on labeled images: those of its own data set, or others."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...text.counts import counted
from ...text.word_lists import first_of
from ..data.box_arrays import ignored_classes, ignored_code, is_boxes
from ..data.captions import UNKNOWN
from ..data.dataset_spec import IGNORED
from ..data.image_folder import FolderSource
from ..data.images import DataSource, ImageSet, Labels, Request, Splits, TargetArray, join
from ..data.mask_folder import MaskFolderSource
from ..data.resize import fit_splits
from ..data.table_source import TableSource
from ..data.tokenizer import TOKENIZER
from ..data.voc_boxes import VocBoxSource
from ..data.wav_folder import WavFolderSource
from ..data.yolo_boxes import YoloBoxSource
from ..errors.data_errors import OtherData
from ..loop.device_setup import DeviceSetup
from ..loop.evaluation import evaluate
from ..loop.standardization import Standard, Standardizer
from ..loop.stream_settings import stream_settings
from ..loop.train_context import on_device
from ..runs.loaded_run import LoadedRun, refuse_outputs
from ..runs.text_digests import of_text
from ..tasks.meter import Scores
from ..tasks.outputs import objective_of

_INPUTS = {"image": "images", "numbers": "numbers", "ids": "IDs"}
SPLITS = ("test", "validation", "train", "all")
"""The splits of a data set; `all` is all of them together."""


def images_of(
    loaded: LoadedRun, source: DataSource, request: Request, split: str | None, fit: str
) -> tuple[str, ImageSet]:
    """The name of a split and its images, at the network's size and labeled with the run's class indices.

    By default, a folder or table without splits is used as a whole; otherwise, the first of test, validation and
    training that exists. The run's own data set is split as in training. Raises OtherData, and the errors of a data
    source.
    """
    if source.spec.inputs != loaded.settings.data.inputs:
        has, takes = (_INPUTS[each] for each in (source.spec.inputs, loaded.settings.data.inputs))
        raise OtherData(source.spec.name, f"it has {has}, but the run takes {takes}", "choose another data set")
    refuse_other_shape(loaded, source, fit)
    if of_text(source.spec.tokenizer or "") != loaded.settings.network.texts.get(TOKENIZER, of_text("")):
        run_tokenizer = f"`{source.spec.name}.txt:{loaded.run.folder / TOKENIZER}`"
        how = run_tokenizer if loaded.tokenizer else "give the data without a tokenizer"
        raise OtherData(source.spec.name, "its tokenizer is not that of the run", how)
    if source.spec.sample_rate != loaded.settings.data.sample_rate:
        has, takes = (_rate(each) for each in (source.spec.sample_rate, loaded.settings.data.sample_rate))
        raise OtherData(source.spec.name, f"it has {has}, but the run takes {takes}", "choose another data set")
    if source.spec.targets not in loaded.task.targets:
        raise OtherData(source.spec.name, f"it has no targets for {loaded.task.name}", "choose another data set")
    renumbered = _renumbered(loaded, source) if loaded.task.of_classes else None
    columns = _columns(loaded, source)
    recipe = loaded.settings.recipe
    request = replace(request, split=recipe.split, stream=stream_settings(recipe))
    splits = fit_splits(source.load(request), loaded.shape, fit)
    own = source.origin == loaded.settings.data.source
    chosen = split or _default_split(splits, is_unsplit=not own and _is_plain(source))
    parts = {"test": splits.test, "validation": splits.validation, "train": splits.train}
    found = [part for name, part in parts.items() if part is not None and len(part) and chosen in (name, "all")]
    if not found:
        has = ", ".join(name for name, part in parts.items() if part is not None and len(part))
        raise OtherData(source.spec.name, f"it has no images for `--split {chosen}`", f"it has {has}")
    images = join(found)
    if renumbered is not None:
        images = replace(images, labels=_relabeled(images.labels, renumbered, len(loaded.settings.data.classes)))
    if columns is not None:
        images = replace(images, images=np.ascontiguousarray(images.images[:, columns]))
    if loaded.task.reads_words:
        images = replace(images, labels=_reworded(images.labels, source, loaded))
    return chosen, loaded.task.prepare(images, loaded.facts)


def assess(loaded: LoadedRun, images: ImageSet, tta: str | None = None) -> Scores:
    """Scores as at the end of training: the same precision on the same kind of device, and the same test-time
    augmentation unless `tta` is given.
    """
    settings, device = loaded.settings, loaded.device
    same = settings.setup.device.partition(":")[0] == device.type
    setup = DeviceSetup(device, settings.setup.precision, settings.setup.layout) if same else DeviceSetup(device)
    standard = Standard(tuple(settings.data.mean), tuple(settings.data.deviation))
    batches, task, recipe = on_device(images, device), loaded.task, settings.recipe
    model = loaded.model.to(memory_format=setup.memory_format)  # type: ignore[call-overload]  # torch's types lack this overload
    scores = evaluate(
        model,
        batches.images,
        batches.images if task.of_input else batches.labels,
        task.meter(objective_of(task, recipe, loaded.network.graph, loaded.facts).main, recipe.loss, loaded.facts),
        setup,
        Standardizer(standard, device, setup.memory_format),
        feed=task.feed,
        combined=task.combined,
        tta=tta or recipe.tta,
        noise=recipe.augment.noise if task.of_input else None,
        stream=images.stream,
    )
    refuse_outputs(scores.finite, loaded.run)
    return scores


def _rate(rate: int | None) -> str:
    return "no audio" if rate is None else f"{counted(rate, 'sample')} per second"


def refuse_other_shape(loaded: LoadedRun, source: DataSource, fit: str) -> None:
    """Raise OtherData if the samples do not have the network's input shape and `fit` cannot change it."""
    shape, wanted = source.spec.shape, loaded.shape
    if shape is None or shape == wanted:
        return
    if source.spec.inputs != "image":
        found, takes = ("×".join(map(str, each)) for each in (shape, wanted))
        raise OtherData(
            source.spec.name, f"its samples are {found}, but the network takes {takes}", "choose another data set"
        )
    if shape[0] != wanted[0]:
        raise OtherData(
            source.spec.name, f"its images are {shape}, but the network takes {wanted}", "choose another data set"
        )
    if fit == "exact":
        suggestion = "`--fit pad` zero-pads or crops them, `--fit resize` scales them"
        raise OtherData(source.spec.name, f"its images are {shape}, but the network takes {wanted}", suggestion)


def _renumbered(loaded: LoadedRun, source: DataSource) -> Labels:
    """The run's index of each class of the data set; classes are matched by name."""
    classes = loaded.settings.data.classes
    numbers = {name: number for number, name in enumerate(classes)}
    unknown = [name for name in source.spec.classes if name not in numbers]
    if unknown:
        named = first_of((f"`{name}`" for name in unknown), 3)
        raise OtherData(source.spec.name, f"the run has no class {named}", f"its classes: {first_of(classes, 10)}")
    if source.spec.targets == "numbers" and len(source.spec.classes) < len(classes):
        lacking = next(name for name in classes if name not in source.spec.classes)
        raise OtherData(source.spec.name, f"it has no `{lacking}`, which the run predicts", "choose another data set")
    return np.array([numbers[name] for name in source.spec.classes], np.int64)


def _columns(loaded: LoadedRun, source: DataSource) -> list[int] | None:
    """The columns of a table in the order of the run's inputs, by name; None if they are already in that order."""
    wanted, found = loaded.settings.data.features, list(source.spec.features)
    if not wanted or found == wanted:
        return None
    if lacking := [name for name in wanted if name not in found]:
        raise OtherData(
            source.spec.name,
            f"it has no column `{lacking[0]}`, an input of the run",
            f"its columns: {first_of(found, 10)}",
        )
    return [found.index(name) for name in wanted]


def _reworded(captions: TargetArray, source: DataSource, loaded: LoadedRun) -> TargetArray:
    """Captions with the IDs that the run gives to their words; words that it does not know are UNKNOWN."""
    numbers = {word: number for number, word in enumerate(loaded.settings.data.classes)}
    table = np.array([numbers.get(word, UNKNOWN) for word in source.spec.classes], captions.dtype)
    return table[captions]


def _relabeled(labels: TargetArray, renumbered: Labels, classes: int) -> TargetArray:
    """Classes, sets, numbers, boxes or masks with the run's indices; pixels without a class keep their value."""
    if is_boxes(labels):
        codes, (ignored, crowds) = labels[:, :, 0], ignored_classes(labels[:, :, 0])
        made = labels.copy()
        is_object = codes >= 0
        made[is_object, 0] = renumbered[codes[is_object].astype(np.int64)]
        for row in np.argwhere(ignored >= 0):
            place = tuple(row)
            made[(*place, 0)] = ignored_code(int(renumbered[ignored[place]]), crowd=bool(crowds[place]))
        return made
    if labels.ndim == 1:
        return renumbered[labels]
    if labels.ndim == 2:
        made = np.zeros((len(labels), classes), labels.dtype)
        made[:, renumbered] = labels
        return made
    table = np.full(256, IGNORED, np.uint8)
    table[: len(renumbered)] = renumbered
    return table[labels]


def _default_split(splits: Splits, is_unsplit: bool) -> str:
    if is_unsplit:
        return "all"
    return "test" if splits.test is not None else "validation" if splits.validation is not None else "train"


def _is_plain(source: DataSource) -> bool:
    """Whether the data set is a folder or a table without splits."""
    if isinstance(source, VocBoxSource | YoloBoxSource | TableSource):
        return not source.has_splits
    return (
        isinstance(source, FolderSource | MaskFolderSource | WavFolderSource)
        and not (Path(source.folder) / "train").is_dir()
    )
