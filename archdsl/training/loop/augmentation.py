"""Random changes of whole batches, on the device where they lie.

Shapes stay as they are. Every function takes a generator of the batch's device, so that a run repeats and resumes.
Pixels come in as uint8; geometry is done on them, what blends is done on the standardised floats.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..recipe.recipe import Augment


def change_pixels(images: Tensor, recipe: Augment, generator: Generator, flipped: Tensor | None) -> Tensor:
    """Shift, mirror, turn and blank images, uint8 of N×C×H×W.

    `flipped` says for each image whether it is mirrored, where that is not left to chance.
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


def changes_pixels(recipe: Augment) -> bool:
    """Whether `change_pixels` does anything."""
    return bool(recipe.crop or recipe.flip or recipe.alternate or recipe.rotate or recipe.jitter)


def select(images: Tensor, indices: Tensor) -> Tensor:
    """The images with these indices, in the layout that they have.

    Whole images are copied, as they lie in memory: ten times as fast on a CPU as indexing, which goes byte by byte.
    """
    lying, last = _lying(images)
    return _standing(lying.index_select(0, indices), last)


def mirror(images: Tensor, flipped: Tensor) -> Tensor:
    """Those images mirrored left and right for which `flipped`, bool of N, says so."""
    lying, last = _lying(images)
    both = torch.cat([lying, lying.flip(2 if last else 3)])
    which = torch.arange(len(images), device=images.device) + len(images) * flipped
    return _standing(both.index_select(0, which), last)


def shift(images: Tensor, pixels: int, border: str, generator: Generator) -> Tensor:
    """Each image moved by up to so many pixels in both directions: zero-padded or reflected, and cropped back.

    Row by row, as they lie in memory: one copy takes them all, from a view in which a row begins at every pixel.
    """
    n, c, h, w = images.shape
    by = torch.randint(-pixels, pixels + 1, (2, n, 1), generator=generator, device=images.device) + pixels
    lying, last = _lying(images)
    planes, size = (1, c) if last else (c, 1)  # a row of all channels, or one of each
    padded = _padded(lying.reshape(n, planes, h, w, size), pixels, border)
    rows = padded.flatten().as_strided((padded.numel() // size - w + 1, w * size), (size, 1))
    plane = torch.arange(n * planes, device=images.device).view(n, planes, 1)
    row = plane * (h + 2 * pixels) + torch.arange(h, device=images.device) + by[0, :, :, None]
    moved = rows.index_select(0, (row * (w + 2 * pixels) + by[1, :, :, None]).flatten())
    return _standing(moved.view(lying.shape), last)


def _lying(images: Tensor) -> tuple[Tensor, bool]:
    """The images in the order of their memory, and whether their channels come last in it: N×H×W×C, else N×C×H×W."""
    last = not images.is_contiguous() and images.is_contiguous(memory_format=torch.channels_last)
    return (images.permute(0, 2, 3, 1) if last else images.contiguous()), last


def _standing(lying: Tensor, last: bool) -> Tensor:
    """N×C×H×W, of images in the order of their memory."""
    return lying.permute(0, 3, 1, 2) if last else lying


def _padded(images: Tensor, pixels: int, border: str) -> Tensor:
    """N×planes×H×W×size with so many pixels more at each side of H and W."""
    if border != "reflect":
        return F.pad(images, (0, 0, *(pixels,) * 4))
    h, w = images.shape[2:4]
    rows, columns = (_reflect(torch.arange(-pixels, side + pixels, device=images.device), side) for side in (h, w))
    return images.index_select(2, rows).index_select(3, columns)


def _reflect(index: Tensor, size: int) -> Tensor:
    """Indices mirrored at both ends into 0..size-1, the edge itself not repeated."""
    if size == 1:
        return torch.zeros_like(index)
    return (size - 1) - ((index.abs() % (2 * size - 2)) - (size - 1)).abs()


def rotate(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    """Each image turned around its middle by up to so many degrees; what comes in from outside is zero."""
    n, _, h, w = images.shape
    angle = (torch.rand(n, generator=generator, device=images.device) * 2 - 1) * math.radians(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # affine_grid's coordinates run from -1 to 1 along both sides, whatever their lengths
    matrix = torch.stack([cos, -sin * h / w, zero, sin * w / h, cos, zero], 1).view(n, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, align_corners=False).round().to(torch.uint8)


def jitter(images: Tensor, part: float, generator: Generator) -> Tensor:
    """Brightness, contrast and saturation of each image multiplied by a chance factor in 1 ± part."""
    n = len(images)
    amounts = 1 + (torch.rand(3, n, 1, 1, 1, generator=generator, device=images.device) * 2 - 1) * part
    pixels = images.float() * amounts[0]
    grey = pixels.mean((1, 2, 3), keepdim=True)
    pixels = grey + (pixels - grey) * amounts[1]
    by_pixel = pixels.mean(1, keepdim=True)
    pixels = by_pixel + (pixels - by_pixel) * amounts[2]
    return pixels.round().clamp(0, 255).to(torch.uint8)


def cutout(inputs: Tensor, side: int, generator: Generator) -> Tensor:
    """A square of each image set to zero, the mean of standardised pixels; its middle is anywhere in the image."""
    n, _, h, w = inputs.shape
    inside = _box(n, h, w, (side, side), inputs.device, generator)
    return inputs.clone().masked_fill_(inside[:, None], 0)  # masked_fill would bring the channels first


def _box(n: int, h: int, w: int, sides: tuple[int, int], device: torch.device, generator: Generator) -> Tensor:
    """Masks, bool of N×H×W, of boxes of these sides with their middles at random pixels."""
    top = torch.randint(0, h, (n, 1), generator=generator, device=device) - sides[0] // 2
    left = torch.randint(0, w, (n, 1), generator=generator, device=device) - sides[1] // 2
    rows, columns = torch.arange(h, device=device), torch.arange(w, device=device)
    in_rows = (rows >= top) & (rows < top + sides[0])
    in_columns = (columns >= left) & (columns < left + sides[1])
    return in_rows[:, :, None] & in_columns[:, None, :]


def mix(inputs: Tensor, labels: Tensor, classes: int, recipe: Augment, host: Generator) -> tuple[Tensor, Tensor]:
    """Mixup or cutmix, by chance one of them where both are wanted: inputs and class probabilities N×classes.

    `host` is a generator of the CPU: one choice is made for the whole batch, and no GPU is waited for.
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
    chances = F.one_hot(labels, classes).float()
    return inputs, chances.lerp(chances[other], 1 - part)


def _paste(inputs: Tensor, other: Tensor, part: float, host: Generator) -> tuple[Tensor, float]:
    """A box of the other image in each, and the part of the area that stays, the box cut at the edges."""
    _, _, h, w = inputs.shape
    sides = (round(h * math.sqrt(1 - part)), round(w * math.sqrt(1 - part)))
    inside = _box(1, h, w, sides, torch.device("cpu"), host)
    stays = 1 - inside.float().mean().item()
    return torch.where(inside.to(inputs.device), inputs[other], inputs), stays


def _beta(alpha: float, host: Generator) -> float:
    """A draw from Beta(alpha, alpha), as a quotient of two gamma draws (torch's own takes no generator)."""
    one, two = torch._standard_gamma(torch.full((2,), alpha, dtype=torch.float64), generator=host).tolist()
    return float(one / (one + two)) if one + two > 0 else 0.5
