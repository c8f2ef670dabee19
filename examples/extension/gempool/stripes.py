"""A data set: generated images of stripes. The class is their direction."""

from archdsl.extension import DataSpec, ImageShape, Request, Splits

_TRAIN, _TEST = 400, 100
SPEC = DataSpec("stripes", ("rows", "columns"), ImageShape(1, 16, 16), images=(_TRAIN, _TEST), shipped=True)


def load(request: Request) -> Splits:
    """500 images, the same ones in every run."""
    import numpy as np

    from archdsl.extension import ImageSet, hold_out

    random = np.random.default_rng(0)

    def images(count: int) -> ImageSet:
        labels = random.integers(0, 2, count)
        stripes = random.integers(0, 2, (count, 16, 1)) * 200
        rows = np.broadcast_to(stripes, (count, 16, 16))
        columns = rows.transpose(0, 2, 1)
        pixels = np.where(labels[:, None, None] == 0, rows, columns) + random.integers(0, 55, rows.shape)
        return ImageSet(pixels[:, None].astype(np.uint8), labels.astype(np.int64))

    train, validation = hold_out(images(_TRAIN), request.split)
    return Splits(train, validation, images(_TEST))
