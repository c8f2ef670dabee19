"""Random augmentation of whole batches, on their device.

Shapes do not change. Every random function takes a generator, so that runs are reproducible and can be resumed. Pixels
are uint8; shifts, flips, rotations and color jitter apply to them, whereas cutout and mixing apply to standardized
floats.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..recipe.recipe import Augment


def change_pixels(images: Tensor, recipe: Augment, generator: Generator, flipped: Tensor | None) -> Tensor:
    """Shift, mirror, rotate and recolor images, uint8 of N×C×H×W.

    `flipped` selects the images to mirror, if they are not chosen at random.
    """
    if recipe.crop:
        images = shift(images, recipe.crop, recipe.border, generator)
    if recipe.flip:
        flipped = torch.rand(len(images), generator=generator, device=images.device) < 0.5
    if flipped is not None:
        images = mirror(images, flipped)
    if recipe.rotate:
        images = rotate(images, recipe.rotate, generator)
    if recipe.jitter:
        images = jitter(images, recipe.jitter, generator)
    return images


def change_masked(
    images: Tensor, masks: Tensor, recipe: Augment, generator: Generator, flipped: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`change_pixels` for images and their masks, uint8 of N×H×W, which are moved in the same way.

    Pixels from outside the image have no class, which is the number 255.
    """
    last = not images.is_contiguous() and images.is_contiguous(memory_format=torch.channels_last)
    # The masks are one more channel. A shift fills in zeros, so classes temporarily start at 1, and 255 becomes 0.
    both = torch.cat([images, masks[:, None] + 1], 1)
    both = both.contiguous(memory_format=torch.channels_last) if last else both
    if recipe.crop:
        both = shift(both, recipe.crop, recipe.border, generator)
    if recipe.flip:
        flipped = torch.rand(len(images), generator=generator, device=images.device) < 0.5
    if flipped is not None:
        both = mirror(both, flipped)
    images, numbers = both[:, :-1], both[:, -1:]
    images = images.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    if recipe.rotate:
        grid = rotation(images, recipe.rotate, generator)
        images = sample(images, grid, "bilinear")
        numbers = sample(numbers, grid, "nearest")
    if recipe.jitter:
        images = jitter(images, recipe.jitter, generator)
    return images, numbers[:, 0].contiguous() - 1


def changes_pixels(recipe: Augment) -> bool:
    """Whether `change_pixels` changes anything."""
    return bool(recipe.crop or recipe.flip or recipe.alternate or recipe.rotate or recipe.jitter)


def select(images: Tensor, indices: Tensor) -> Tensor:
    """The images with these indices, in their memory layout.

    Whole images are copied in memory order, which is ten times as fast on a CPU as indexing, which copies bytes.
    """
    in_memory_order, last = _memory_order(images)
    return _logical_order(in_memory_order.index_select(0, indices), last)


def mirror(images: Tensor, flipped: Tensor) -> Tensor:
    """The images, mirrored horizontally where `flipped`, bool of N, is true."""
    in_memory_order, last = _memory_order(images)
    both = torch.cat([in_memory_order, in_memory_order.flip(2 if last else 3)])
    which = torch.arange(len(images), device=images.device) + len(images) * flipped
    return _logical_order(both.index_select(0, which), last)


def shift(images: Tensor, pixels: int, border: str, generator: Generator) -> Tensor:
    """Each image shifted by up to this many pixels in both directions: padded with zeros or by reflection, then
    cropped.
    """
    return shifted(images, shift_offsets(len(images), pixels, images.device, generator), pixels, border)


def shift_offsets(count: int, pixels: int, device: torch.device, generator: Generator) -> Tensor:
    """The rows and columns of padded images at which shifted ones begin: integers of 2×N×1 in 0..2·pixels."""
    return torch.randint(-pixels, pixels + 1, (2, count, 1), generator=generator, device=device) + pixels


def shifted(images: Tensor, by: Tensor, pixels: int, border: str) -> Tensor:
    """`shift` by given offsets.

    Works on rows in memory order: a single copy takes all of them from a view in which a row starts at every pixel.
    """
    n, c, h, w = images.shape
    in_memory_order, last = _memory_order(images)
    planes, size = (1, c) if last else (c, 1)  # a row of all channels, or one per channel
    padded = _padded(in_memory_order.reshape(n, planes, h, w, size), pixels, border)
    rows = padded.flatten().as_strided((padded.numel() // size - w + 1, w * size), (size, 1))
    plane = torch.arange(n * planes, device=images.device).view(n, planes, 1)
    row = plane * (h + 2 * pixels) + torch.arange(h, device=images.device) + by[0, :, :, None]
    moved = rows.index_select(0, (row * (w + 2 * pixels) + by[1, :, :, None]).flatten())
    return _logical_order(moved.view(in_memory_order.shape), last)


def _memory_order(images: Tensor) -> tuple[Tensor, bool]:
    """The images in memory order, and whether their channels come last: N×H×W×C, else N×C×H×W."""
    last = not images.is_contiguous() and images.is_contiguous(memory_format=torch.channels_last)
    return (images.permute(0, 2, 3, 1) if last else images.contiguous()), last


def _logical_order(in_memory_order: Tensor, last: bool) -> Tensor:
    """The inverse of `_memory_order`: N×C×H×W, from images in memory order."""
    return in_memory_order.permute(0, 3, 1, 2) if last else in_memory_order


def _padded(images: Tensor, pixels: int, border: str) -> Tensor:
    """N×planes×H×W×size padded by this many pixels at each end of H and W."""
    if border != "reflect":
        return F.pad(images, (0, 0, *(pixels,) * 4))
    h, w = images.shape[2:4]
    rows, columns = (_reflect(torch.arange(-pixels, side + pixels, device=images.device), side) for side in (h, w))
    return images.index_select(2, rows).index_select(3, columns)


def _reflect(index: Tensor, size: int) -> Tensor:
    """Indices reflected at both ends into 0..size-1, without repeating the edge."""
    if size == 1:
        return torch.zeros_like(index)
    return (size - 1) - ((index.abs() % (2 * size - 2)) - (size - 1)).abs()


def rotate(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    """Each image rotated around its center by up to this many degrees; pixels from outside the image are zero."""
    return sample(images, rotation(images, degrees, generator), "bilinear")


def sample(images: Tensor, grid: Tensor, mode: str) -> Tensor:
    """The images, uint8 of N×C×H×W, at the positions of the grid; zero outside."""
    return F.grid_sample(images.float(), grid, mode=mode, align_corners=False).round().to(torch.uint8)


def rotation(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    """The positions of the pixels of images that are rotated by a random angle of up to this many degrees: N×H×W×2."""
    n, _, h, w = images.shape
    angle = (torch.rand(n, generator=generator, device=images.device) * 2 - 1) * math.radians(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # affine_grid's coordinates range from -1 to 1 along both dimensions, whatever their sizes
    matrix = torch.stack([cos, -sin * h / w, zero, sin * w / h, cos, zero], 1).view(n, 2, 3)
    return F.affine_grid(matrix, list(images.shape), align_corners=False)


def jitter(images: Tensor, part: float, generator: Generator) -> Tensor:
    """The images, with brightness, contrast and saturation of each multiplied by random factors in 1 ± part."""
    n = len(images)
    amounts = 1 + (torch.rand(3, n, 1, 1, 1, generator=generator, device=images.device) * 2 - 1) * part
    pixels = images.float() * amounts[0]
    gray = pixels.mean((1, 2, 3), keepdim=True)
    pixels = gray + (pixels - gray) * amounts[1]
    by_pixel = pixels.mean(1, keepdim=True)
    pixels = by_pixel + (pixels - by_pixel) * amounts[2]
    return pixels.round().clamp(0, 255).to(torch.uint8)


def cutout(inputs: Tensor, side: int, generator: Generator) -> Tensor:
    """The images, with a square of each set to zero, the mean of standardized pixels, around a random center."""
    n, _, h, w = inputs.shape
    inside = _box(n, h, w, (side, side), inputs.device, generator)
    return inputs.clone().masked_fill_(inside[:, None], 0)  # masked_fill would change the layout to channels first


def _box(n: int, h: int, w: int, size: tuple[int, int], device: torch.device, generator: Generator) -> Tensor:
    """Masks, bool of N×H×W, of boxes of this size centered at random pixels."""
    top = torch.randint(0, h, (n, 1), generator=generator, device=device) - size[0] // 2
    left = torch.randint(0, w, (n, 1), generator=generator, device=device) - size[1] // 2
    rows, columns = torch.arange(h, device=device), torch.arange(w, device=device)
    in_rows = (rows >= top) & (rows < top + size[0])
    in_columns = (columns >= left) & (columns < left + size[1])
    return in_rows[:, :, None] & in_columns[:, None, :]


def mix(inputs: Tensor, labels: Tensor, classes: int, recipe: Augment, host: Generator) -> tuple[Tensor, Tensor]:
    """Mixup or CutMix, chosen at random if both are enabled: inputs and class probabilities N×classes.

    `host` is a CPU generator: one choice is made for the whole batch, without waiting for a GPU.
    """
    if not recipe.mixup and not recipe.cutmix:
        return inputs, labels
    wanted = [name for name in ("mixup", "cutmix") if getattr(recipe, name)]
    name = wanted[int(torch.randint(len(wanted), (), generator=host))]
    part = _beta(getattr(recipe, name), host)
    other = torch.randperm(len(inputs), generator=host).to(inputs.device)
    if name == "mixup":
        inputs = inputs.lerp(inputs[other], 1 - part)
    else:
        inputs, part = _paste(inputs, other, part, host)
    probabilities = F.one_hot(labels, classes).float()
    return inputs, probabilities.lerp(probabilities[other], 1 - part)


def _paste(inputs: Tensor, other: Tensor, part: float, host: Generator) -> tuple[Tensor, float]:
    """The images, with a box from the other image pasted into each, and the fraction of the area that is kept."""
    _, _, h, w = inputs.shape
    size = (round(h * math.sqrt(1 - part)), round(w * math.sqrt(1 - part)))
    inside = _box(1, h, w, size, torch.device("cpu"), host)
    stays = 1 - inside.float().mean().item()
    return torch.where(inside.to(inputs.device), inputs[other], inputs), stays


def _beta(alpha: float, host: Generator) -> float:
    """A sample from Beta(alpha, alpha), computed from two gamma samples (torch's Beta takes no generator)."""
    one, two = torch._standard_gamma(torch.full((2,), alpha, dtype=torch.float64), generator=host).tolist()
    return float(one / (one + two)) if one + two > 0 else 0.5
