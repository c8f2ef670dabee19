"""Polygons and run lengths of COCO, compared with pycocotools: with its recorded results, and with itself if it is
installed.
"""

from typing import Any

import numpy as np
import pytest

from archdsl.training.data.segment_pixels import object_mask

# pycocotools 2.0.11: corners, height, width, the run lengths of the polygon, its area
RECORDED: list[tuple[list[float], int, int, str, int]] = [
    ([9.66, 7.27, 6.18, 2.57, 0.65, 3.45, 4.9, 0.41, 0.59, 8.99], 9, 12, "`022O03O33N00001O2Mf0", 34),
    ([8.9, 1.9, 5.3, 14.3, 13.0, 12.1], 14, 8, "o2374", 10),
    (
        [7.85, 9.86, 13.53, 1.22, 11.11, 5.43, 17.59, 1.28, 13.58, 17.4, 4.55, 17.91, 17.44, 0.37],
        20, 20, "e31a02O1O1JLJ65JK73JL84GL971NO1N3M4L[1", 88,
    ),
    ([21.7, -2.0, 14.9, 12.6, 4.8, 8.9, 25.0, 8.6], 6, 30, "a3132N>3AP1", 23),
]  # fmt: skip


@pytest.mark.parametrize(("corners", "height", "width", "runs", "area"), RECORDED)
def test_polygon_masks_match_recorded_pycocotools_masks(
    corners: list[float], height: int, width: int, runs: str, area: int
) -> None:
    found = object_mask([corners], height, width)
    assert found.sum() == area
    assert np.array_equal(found, object_mask({"size": [height, width], "counts": runs}, height, width))


@pytest.mark.parametrize("seed", range(5))
def test_pixel_aligned_rectangles_have_exact_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (top, bottom), (left, right) = (sorted(rng.choice(20, 2, replace=False).tolist()) for _ in range(2))
    wanted = np.zeros((15, 17), bool)
    wanted[top:bottom, left:right] = True
    corners = [left, top, right, top, right, bottom, left, bottom]
    assert np.array_equal(object_mask([corners], 15, 17), wanted)
    assert np.array_equal(object_mask([[*corners[2:], *corners[:2]]], 15, 17), wanted)


def test_mask_of_several_polygons_is_their_union() -> None:
    found = object_mask([[0, 0, 3, 0, 3, 3, 0, 3], [2, 2, 5, 2, 5, 5, 2, 5]], 6, 6)
    wanted = np.zeros((6, 6), bool)
    wanted[:3, :3] = wanted[2:5, 2:5] = True
    assert np.array_equal(found, wanted)


def test_run_lengths_are_in_column_major_order() -> None:
    found = object_mask({"size": [3, 2], "counts": [1, 3, 2]}, 3, 2)
    assert found.astype(int).tolist() == [[0, 1], [1, 0], [1, 0]]


def test_oversized_polygons_are_refused() -> None:
    far = [0.0, 0.0, 1e6, 0.0, 1e6, 1e6] * 8
    with pytest.raises(ValueError, match="perimeter"):
        object_mask([far], 5, 5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools
def test_masks_match_pycocotools() -> None:
    tools: Any = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(1)
    for case in range(200):
        height, width = (int(size) for size in rng.integers(1, 60, 2))
        corners = rng.uniform(-10, 70, (int(rng.integers(3, 12)), 2))
        polygon = (np.round(corners) / 2 if case % 2 else corners).ravel().tolist()
        runs = tools.merge(tools.frPyObjects([polygon], height, width))
        assert np.array_equal(object_mask([polygon], height, width), tools.decode(runs).astype(bool))
        text = {"size": [height, width], "counts": runs["counts"].decode()}
        assert np.array_equal(object_mask(text, height, width), tools.decode(runs).astype(bool))
