"""Make a folder in the layout of ILSVRC2012 with tiny images of noise, to try recipes without ImageNet.

python scripts/synthetic_imagenet.py imagenet
archdsl train examples/resnet50.arch --data imagenet --dry-run --batch 16
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image


def make(folder: Path, classes: int = 1000, images: int = 2, side: int = 32) -> None:
    """Write `images` training images and one validation image of each class, all different: JPEGs of side×side."""
    rng = np.random.default_rng(0)
    for number in range(classes):
        name = f"n{number + 1:08}"
        for split, count in (("train", images), ("val", 1)):
            place = folder / split / name
            place.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                pixels = rng.integers(0, 256, (side, side, 3), np.uint8)
                Image.fromarray(pixels).save(place / f"{name}_{index}.JPEG", quality=50)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--images", type=int, default=2, help="training images per class")
    given = parser.parse_args()
    make(given.folder, given.classes, given.images)
