"""Data of a Python program: every form gives the same samples, and what does not fit is reported."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request, hold_out
from archdsl.training.data.memory_source import MemorySource, NetworkInput, memory_source
from archdsl.training.errors.custom_errors import CustomCodeFailed

GRAY, COLOR = NetworkInput("image", (1, 6, 5)), NetworkInput("image", (3, 6, 5))
TABLE, IDS = NetworkInput("numbers", (4,)), NetworkInput("ids", (7,), 50)
REQUEST = Request(ImageShape(1, 6, 5), Path("unused"))
RNG = np.random.default_rng(0)
PIXELS, CLASSES = RNG.integers(0, 256, (20, 3, 6, 5), np.uint8), RNG.integers(0, 3, 20)


class Samples(Dataset[tuple[Any, Any]]):
    """A map-style data set."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.make = make

    def __len__(self) -> int:
        return len(PIXELS)

    def __getitem__(self, index: int) -> Any:
        return self.make(index)


class Stream(IterableDataset[tuple[Any, Any]]):
    """An iterable data set."""

    def __iter__(self) -> Iterator[Any]:
        yield from zip(PIXELS, CLASSES, strict=True)


def random_image(index: int) -> Any:
    return Image.fromarray(PIXELS[index].transpose(1, 2, 0)), int(CLASSES[index])


FORMS: dict[str, Any] = {
    "arrays": (PIXELS, CLASSES),
    "tensors": (torch.from_numpy(PIXELS), torch.from_numpy(CLASSES)),
    "floats of bytes": (torch.from_numpy(PIXELS).float() / 255, torch.from_numpy(CLASSES)),
    "doubles of bytes": (PIXELS / 255, CLASSES),
    "integers": (PIXELS.astype(np.int64), CLASSES.astype(np.int32)),
    "channels last": (PIXELS.transpose(0, 2, 3, 1), CLASSES),
    "whole floats as classes": (PIXELS, CLASSES.astype(np.float64)),
    "a column of classes": (PIXELS, CLASSES[:, None]),
    "a tensor data set": TensorDataset(torch.from_numpy(PIXELS), torch.from_numpy(CLASSES)),
    "a subset": Subset(TensorDataset(torch.from_numpy(PIXELS), torch.from_numpy(CLASSES)), list(range(20))),
    "images of Pillow": Samples(random_image),
    "a data set of arrays": Samples(lambda index: (PIXELS[index], CLASSES[index])),
    "an iterable": Stream(),
    "a generator": ((PIXELS[index], CLASSES[index]) for index in range(20)),
    "a list of pairs": list(zip(PIXELS, CLASSES, strict=True)),
    "a dictionary": {"train": (PIXELS, CLASSES), "test": None},
}


def source(data: Any, takes: NetworkInput = COLOR, task: str = "auto", **options: Any) -> MemorySource:
    if task == "auto" and takes is COLOR:
        task = "classification"
    return memory_source(data, takes, task, "arrays", **options)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_samples(name: str) -> None:
    made = source(FORMS[name])
    plain = source((PIXELS, CLASSES))
    assert made.spec == plain.spec
    assert made.origin == plain.origin
    splits = made.load(REQUEST)
    train, validation = hold_out(plain.load(Request(REQUEST.shape, REQUEST.cache, split=1.0)).train, 0.9)
    assert np.array_equal(splits.train.images, train.images)
    assert validation is not None
    assert splits.validation is not None
    assert np.array_equal(splits.validation.labels, validation.labels)
    assert not np.shares_memory(splits.train.images, PIXELS)


def test_changed_data_has_a_different_origin() -> None:
    changed = PIXELS.copy()
    changed[3, 0, 0, 0] ^= 1
    origins = {
        source((PIXELS, CLASSES)).origin,
        source((changed, CLASSES)).origin,
        source((PIXELS, 2 - CLASSES)).origin,
    }
    assert len(origins) == 3


KINDS: dict[str, tuple[Any, NetworkInput, str, dict[str, Any]]] = {
    "gray images": ((PIXELS[:, 0], CLASSES), GRAY, "auto", {"inputs": "image", "targets": "class", "shape": (1, 6, 5)}),
    "images of any numbers": (
        (PIXELS.astype(np.float32) - 7.5, CLASSES), COLOR, "auto", {"inputs": "numbers", "shape": (3, 6, 5)},
    ),
    "a table": ((np.ones((9, 4)), np.arange(9.0)), TABLE, "auto", {"inputs": "numbers", "targets": "numbers"}),
    "whole numbers to predict": (
        (np.ones((9, 4)), np.arange(9)), TABLE, "regression", {"targets": "numbers", "classes": ("y",)},
    ),
    "several numbers": (
        (np.ones((9, 4)), np.ones((9, 2))), TABLE, "auto", {"targets": "numbers", "classes": ("y1", "y2")},
    ),
    "a table with classes": ((np.ones((9, 4)), np.arange(9) % 3), TABLE, "auto", {"targets": "class"}),
    "names": (
        (np.ones((3, 4)), np.array(["dog", "cat", "dog"])), TABLE, "auto", {"classes": ("cat", "dog")},
    ),
    "sets of classes": ((np.ones((3, 4)), np.eye(3, dtype=int)), TABLE, "auto", {"targets": "classes"}),
    "masks": ((PIXELS, PIXELS[:, 0] % 3), COLOR, "segmentation", {"targets": "mask", "classes": ("0", "1", "2")}),
    "images alone": (PIXELS, COLOR, "reconstruction", {"targets": "class", "inputs": "image"}),
    "IDs": ((np.ones((9, 7), int), np.arange(9) % 2), IDS, "auto", {"inputs": "ids", "vocabulary": 50}),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_sample_kinds_determine_the_data_spec(name: str) -> None:
    data, takes, task, wanted = KINDS[name]
    made = source(data, takes, task)
    assert {key: getattr(made.spec, key) for key in wanted} == wanted
    splits = made.load(REQUEST)
    total = len(splits.train) + (len(splits.validation) if splits.validation else 0)
    assert total == len(data[0] if isinstance(data, tuple) else data)


def test_data_set_classes_attribute_is_used() -> None:
    samples = Samples(random_image)
    samples.classes = ["a", "b", "c", "never"]  # type: ignore[attr-defined]  # as torchvision's have
    assert source(samples).spec.classes == ("a", "b", "c", "never")
    assert source((PIXELS, CLASSES), classes=["x", "y", "z"]).spec.classes == ("x", "y", "z")


def test_byte_sequences_are_language_data() -> None:
    takes = NetworkInput("ids", (7,), 256)
    ids = RNG.integers(0, 256, (9, 8))
    for data in (ids, (ids[:, :-1], ids[:, 1:])):
        train = source(data, takes).load(Request(REQUEST.shape, REQUEST.cache, split=1.0)).train
        assert np.array_equal(train.images, ids[:, :-1])
        assert np.array_equal(train.labels, ids[:, 1:])
    for wrong, words in ((ids[:, 1:], "N×8"), ((ids[:, :-1], ids[:, 2:]), "that follow")):
        with pytest.raises(ValueError, match=words):
            source(wrong, takes, "language")
    with pytest.raises(ValueError, match="bytes, IDs below 256, not below 50"):
        source(ids, IDS)


NAN = np.full((5, 4), np.nan)
REFUSED: list[tuple[Any, NetworkInput, str, dict[str, Any], str]] = [
    ((PIXELS, CLASSES[:5]), COLOR, "auto", {}, "20 inputs, but 5 targets"),
    ((PIXELS, CLASSES, CLASSES), COLOR, "auto", {}, "not 3 items"),
    ("digits", COLOR, "auto", {}, "neither arrays nor a data set"),
    (3, COLOR, "auto", {}, "neither arrays nor a data set"),
    ({"trian": (PIXELS, CLASSES)}, COLOR, "auto", {}, "no split `trian`"),
    ({"test": (PIXELS, CLASSES)}, COLOR, "auto", {}, "no split `train`"),
    (DataLoader(Samples(random_image)), COLOR, "auto", {}, "loader.dataset"),
    (Samples(lambda index: {"image": PIXELS[index], "label": 1}), COLOR, "auto", {}, "a dictionary of image, label"),
    (Samples(lambda index: (1, 2, 3)), COLOR, "auto", {}, "not 3 items"),
    ([], COLOR, "auto", {}, "has no samples"),
    ((PIXELS[:0], CLASSES[:0]), COLOR, "auto", {}, "no samples"),
    ([(PIXELS[0], 1), (PIXELS[0, :, 1:], 1)], COLOR, "auto", {}, "sample 0 is 3×6×5, but sample 1 is 3×5×5"),
    ([(PIXELS[0], 1), PIXELS[1]], COLOR, "auto", {}, "only 1 of 2 samples have a target"),
    ((NAN, np.arange(5)), TABLE, "auto", {}, "the input of sample 0 has a value that is NaN"),
    ((np.full((5, 4), 1e300), np.arange(5)), TABLE, "auto", {}, "the input of sample 0 has a value that is NaN"),
    ((np.ones((5, 4)), np.array([0, 0, 0, 1e300, 0])), TABLE, "auto", {}, "sample 3 has a value that is NaN"),
    ((np.zeros((3, 4)), ["a", 1, "b"]), TABLE, "auto", {}, "strings are mixed with other values, such as 1 at index 1"),
    ((np.ma.masked_greater(np.arange(20.0).reshape(5, 4), 3), np.arange(5)), TABLE, "auto", {}, "a masked array"),
    ((torch.ones(5, 4).to_sparse(), np.arange(5)), TABLE, "auto", {}, "data, inputs: Tensor cannot be converted"),
    ((torch.ones(5, 4, device="meta"), np.arange(5)), TABLE, "auto", {}, "data, inputs: Tensor cannot be converted"),
    (([[1, 2], [3]], np.arange(2)), TABLE, "auto", {}, "data, inputs: list cannot be converted"),
    ((np.ones((5, 4)), np.arange(5)), TABLE, "auto", {"classes": [1, 2, 3, 4, 5]}, "a list of strings"),
    ((np.ones((5, 4)), np.arange(5)), TABLE, "auto", {"classes": "abcde"}, "a list of strings"),
    ((np.ones((5, 4)), np.arange(3)[[0, 1, 2, 0, 1]]), TABLE, "auto", {"classes": list("aba")}, "`a` appears twice"),
    ((PIXELS, PIXELS[:, 0, :4]), COLOR, "segmentation", {}, "the masks have 4×5 pixels, but the images have 6×5"),
    ((np.ones((5, 4)), NAN[:, 0]), TABLE, "auto", {}, "the target of sample 0 has a value that is NaN"),
    ((np.ones((5, 4)), np.arange(5) - 1), TABLE, "auto", {}, "sample 0 of `train` has the class -1"),
    ((np.ones((5, 4)), np.arange(5)), TABLE, "auto", {"classes": ["a", "b"]}, "sample 4 of `train` has the class 4"),
    ((np.ones((2, 4)), np.array(["a", "b"])), TABLE, "auto", {"classes": ["a"]}, "the class `b`"),
    ((np.ones((2, 4)), np.array(["a", "b"])), TABLE, "regression", {}, "the targets are strings"),
    ((np.array(["a"] * 4), np.arange(4)), TABLE, "auto", {}, "the inputs are strings"),
    ((np.ones((5, 4)), np.arange(10).reshape(5, 2)), TABLE, "auto", {}, "give `task`"),
    ((np.ones((5, 4)), np.arange(5) / 3), TABLE, "classification", {}, "integers or names"),
    ((np.ones((5, 4)), np.full((5, 2), 3)), TABLE, "multilabel", {}, "0 and 1"),
    ((np.full((5, 7), 50), np.arange(5)), IDS, "auto", {}, "the ID 50 of sample 0 is not between 0 and 49"),
    ((np.ones((5, 7)), np.arange(5)), IDS, "auto", {}, "integer IDs, not float64"),
    ({"train": (PIXELS, CLASSES), "test": (PIXELS / 255, CLASSES)}, COLOR, "auto", {}, "give the same type"),
    ({"train": (PIXELS, CLASSES), "test": (PIXELS[:, :, 1:], CLASSES)}, COLOR, "auto", {}, "`test` are 3×5×5"),
    ({"train": (PIXELS, CLASSES), "test": PIXELS}, COLOR, "auto", {}, "`test` has no targets"),
    ((np.array([object()] * 3), np.arange(3)), TABLE, "auto", {}, "neither numbers nor strings"),
    ((PIXELS, PIXELS[:, 0]), COLOR, "segmentation", {"classes": ["a"]}, "numbered from 0 to 0"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "takes", "task", "options", "words"), REFUSED)
def test_invalid_data_is_refused(
    data: Any, takes: NetworkInput, task: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        source(data, takes, task, **options)


def test_scalar_samples_have_shape_1() -> None:
    """The check of the network then reports the shape."""
    for takes in (COLOR, TABLE):
        assert source((np.arange(5.0), np.arange(5)), takes).spec.shape == (1,)


def test_error_in_a_generator_names_it() -> None:
    def stream() -> Iterator[Any]:
        yield PIXELS[0], 1
        raise LookupError("gone")

    with pytest.raises(CustomCodeFailed, match=r"the data set `.*stream` raised LookupError: gone"):
        source(stream())


def test_error_in_a_data_set_names_it() -> None:
    with pytest.raises(CustomCodeFailed, match=r"the data set `.*Samples` raised ZeroDivisionError") as raised:
        source(Samples(lambda index: (PIXELS[index], 1 // (index - 3))))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_float_pixels_of_all_splits_are_scaled_alike() -> None:
    """If one split alone could be bytes, all stay numbers."""
    train, test = PIXELS / 255 + 0.001, PIXELS / 255
    splits = source({"train": (train, CLASSES), "test": (test, CLASSES)}).load(REQUEST)
    assert splits.train.images.dtype == np.float32
    assert splits.test is not None
    assert np.allclose(splits.test.images, test)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int32, np.int64, np.float64])
@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_oversized_class_number_is_shown_unchanged(dtype: Any, task: str) -> None:
    large = int(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 10**19
    targets = np.zeros((20, 6, 5) if task == "segmentation" else 20, dtype)
    targets[3] = large
    if dtype is np.uint8 and task == "segmentation":
        targets[3] = 200  # 255 has no class
    with pytest.raises(ValueError, match=r"\d classes|the class \d") as raised:
        source((PIXELS, targets), task=task, classes=["a", "b"])
    assert "-" not in str(raised.value)
    assert str(int(targets.max())) in str(raised.value)
