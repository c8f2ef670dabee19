"""Compares an image's brightness with that of the training images: inverted images are a common cause of errors."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...text.counts import counted
from ..data.images import Pixels
from ..runs.loaded_run import LoadedRun

DARK, LIGHT = 0.4, 0.6
"""Largest mean of a dark image, and smallest mean of a light one, for pixels in 0..1."""
MIN_DIFFERENCE = 0.3
"""Smallest difference between the mean of an inverted image and that of the training images."""
MARGIN = 0.1
"""Smallest distance of an image's mean from the range of the training images' means; half the range if larger."""


@dataclass(frozen=True)
class Brightness:
    """The mean of the training images' pixels in 0..1 without zero padding, the factor that removes the padding, and
    the means of the darkest and the lightest image, which are None for runs of older versions.
    """

    mean: float
    factor: float = 1.0
    range: tuple[float, float] | None = None

    def of(self, pixels: Pixels) -> float:
        """The mean of an image at the network's size, uint8 of C×H×W, without its padding; in 0..1."""
        return min(1.0, float(pixels.mean()) / 255 * self.factor)

    def is_inverse(self, mean: float) -> bool:
        """Whether an image of this mean is light and the training images are dark, or the reverse.

        The inverted image is then closer to them.
        """
        dark, light = sorted((mean, self.mean))
        return dark <= DARK and light >= LIGHT and light - dark >= MIN_DIFFERENCE

    def is_outside(self, mean: float) -> bool:
        """Whether an image of this mean is clearly darker or lighter than every training image."""
        if self.range is None:
            return False
        (low, high), margin = self.range, max(MARGIN, (self.range[1] - self.range[0]) / 2)
        return not low - margin <= mean <= high + margin


def training_brightness(loaded: LoadedRun) -> Brightness:
    """The brightness of a run's training images, from their stored mean of each channel.

    The stored mean includes the zeros that `fit pad` adds; they are excluded here.
    """
    data = loaded.settings.data
    mean = sum(data.mean) / len(data.mean)
    factor = 1.0
    if data.shape is not None and loaded.settings.recipe.data.fit == "pad":
        for own, padded in zip(data.shape[1:], loaded.shape[1:], strict=True):
            factor *= max(1.0, padded / own)
    low, high = data.brightness or (0.0, 1.0)
    span = (min(1.0, low * factor), min(1.0, high * factor)) if data.brightness is not None else None
    return Brightness(min(1.0, mean * factor), factor, span)


def brightness_notes(loaded: LoadedRun, means: Sequence[tuple[str, float]], inverted: bool) -> list[str]:
    """Notes on images, by name and mean, that look like inverted training images, or are unlike all of them."""
    if loaded.settings.data.inputs != "image":
        return []
    training, notes = training_brightness(loaded), []
    inverse = [(name, mean) for name, mean in means if training.is_inverse(mean)]
    if inverse:
        notes.append(inversion_note(training.mean, inverse, len(means), inverted))
    outside = [each for each in means if training.is_outside(each[1]) and each not in inverse]
    if outside and training.range is not None:
        notes.append(range_note(training.range, outside, len(means)))
    return notes


def range_note(range: tuple[float, float], means: Sequence[tuple[str, float]], images: int) -> str:
    """The note on the images, of `images` in total, that are darker or lighter than the training images."""
    (low, high), (name, mean) = range, means[0]
    named = f" ({name})" if len(means) == 1 else f", such as {name},"
    which = f"{name}: this image is" if images == 1 else f"{_part(means, images)}{named} {_verb(means)}"
    compared = "darker" if mean < low else "lighter"
    numbers = f"mean {mean:.2f}; theirs are from {low:.2f} to {high:.2f}"
    return f"{which} {compared} than the training images ({numbers}), so the prediction may be meaningless"


def inversion_note(training: float, means: Sequence[tuple[str, float]], images: int, inverted: bool) -> str:
    """The note on the images, of `images` in total, that look inverted: their names and means."""
    average = sum(mean for _, mean in means) / len(means)
    own, other = ("dark", "light") if training < average else ("light", "dark")
    after = " with `--invert`" if inverted else ""
    one = images == 1
    subject = f"{means[0][0]}: this image is" if one else f"{_part(means, images)} {_verb(means)}"
    fix = "leave out `--invert`" if inverted else f"`--invert` inverts {'it' if one else 'them'}"
    return (
        f"{subject} {other}{after} (mean {average:.2f}), but the training images are {own} on average "
        f"(mean {training:.2f}); {fix}"
    )


def _part(means: Sequence[tuple[str, float]], images: int) -> str:
    return f"{len(means):,} of {counted(images, 'image')}"


def _verb(means: Sequence[tuple[str, float]]) -> str:
    return "is" if len(means) == 1 else "are"
