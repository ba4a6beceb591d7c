"""What the agent believes, drawn into a picture: outlines of the boxes that it sees, with their names."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from saycan.types import SceneView
from sim.cabinet import SHELL
from sim.camera import Camera
from sim.geometry import Box

_COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22")
_SURE = 0.995  # score from which on it is not worth a word


def draw_beliefs(rgb: np.ndarray, camera: Camera, view: SceneView) -> np.ndarray:
    """A picture with what is believed drawn in, uint8, shape (H, W, 3).

    :param rgb: what the camera saw, uint8, shape (H, W, 3).
    """
    image = Image.fromarray(rgb)
    pen = ImageDraw.Draw(image)
    for number, (name, box) in enumerate(view.boxes.items()):
        if name == SHELL:
            continue
        colour, score = _COLOURS[number % len(_COLOURS)], view.scores.get(name, 1.0)
        line = [(float(x), float(y)) for x, y in camera.pixels(outline(box, box.top))[0]]
        pen.line(line, fill=colour, width=1)
        label = name if score > _SURE else f"{name} {score:.0%}"
        x, y = np.clip(np.min(line, axis=0), 0, [camera.width - 6 * len(label), camera.height - 11])
        pen.rectangle((x - 1, y - 1, x + 6 * len(label), y + 10), fill="white")
        pen.text((x, y - 1), label, fill=colour)
    return np.asarray(image)


def outline(box: Box, height: float) -> np.ndarray:
    """A box's outline at a height as a closed line, metres, shape (N, 3)."""
    angles = np.linspace(0, 2 * math.pi, 25) if box.round else math.pi / 4 + np.arange(5) * math.pi / 2
    edge = np.stack([np.cos(angles), np.sin(angles)], 1) * (1.0 if box.round else math.sqrt(2))
    c, s = math.cos(box.yaw), math.sin(box.yaw)
    flat = (edge * box.half[:2]) @ np.array([[c, s], [-s, c]]) + box.position[:2]
    return np.column_stack([flat, np.full(len(flat), height)])
