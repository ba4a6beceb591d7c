"""What is cut out of a picture for open_clip: one thing, the rest painted over."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIZE = 64  # pixels a side
_LEAST = 44  # pixels of the picture at least: a lemon looks smaller than an apple
_MARGIN = 1.15
_PAINT = 128


def crop(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A square round what a mask covers, uint8, shape (SIZE, SIZE, 3).

    :param rgb: the picture, uint8, shape (H, W, 3).
    :param mask: what belongs to the thing, not empty; bool, shape (H / s, W / s) for a whole number s.
    """
    step = rgb.shape[0] // mask.shape[0]
    rows, columns = np.nonzero(mask)
    top, bottom, left, right = (
        rows.min() * step,
        (rows.max() + 1) * step,
        columns.min() * step,
        (columns.max() + 1) * step,
    )
    side = max(_MARGIN * max(bottom - top, right - left), _LEAST)
    y, x = round((top + bottom - side) / 2), round((left + right - side) / 2)
    side = round(side)
    square = np.full((side, side, 3), _PAINT, np.uint8)
    inner = mask.repeat(step, 0).repeat(step, 1)[top:bottom, left:right]
    square[top - y : bottom - y, left - x : right - x][inner] = rgb[top:bottom, left:right][inner]
    return np.asarray(Image.fromarray(square).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
