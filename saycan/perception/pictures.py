"""Pictures of what perception sees, and of what it takes for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from saycan.overlay import outline
from saycan.perception.rig import Shot
from saycan.types import SceneView
from sim.camera import Camera
from sim.geometry import Box


def draw_view(shots: Sequence[Shot], view: SceneView, path: Path, title: str = "") -> None:
    """Each camera's picture with the boxes that were seen, their names and scores."""
    figure, axes = plt.subplots(1, len(shots), figsize=(7.2 * len(shots), 5.4), squeeze=False)
    for axis, shot in zip(axes[0], shots, strict=True):
        axis.imshow(shot.picture.rgb)
        axis.set_axis_off()
        axis.set_xlim(0, shot.camera.width)
        axis.set_ylim(shot.camera.height, 0)
        for number, (name, box) in enumerate(view.boxes.items()):
            _draw(axis, shot.camera, box, f"C{number % 10}", f"{name} {view.scores.get(name, 1.0):.2f}")
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def confusion_matrix(counted: Counter[tuple[str, str]], path: Path) -> None:
    """What was there (rows) against what it was called (columns); shares of a row, zeros left white."""
    names = [*sorted({name for pair in counted for name in pair} - {"nothing"}), "nothing"]
    matrix = np.array([[counted[(t, s)] for s in names] for t in names], float)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    side = 0.32 * len(names) + 2
    figure, axis = plt.subplots(figsize=(side, side))
    axis.imshow(np.where(shares > 0, shares, np.nan), vmin=0, vmax=1, cmap="Blues")
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel("called")
    axis.set_ylabel("is")
    for row, column in zip(*np.nonzero(matrix), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, f"{matrix[row, column]:.0f}", ha="center", va="center", fontsize=6, color=colour)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _draw(axis: plt.Axes, camera: Camera, box: Box, colour: str, label: str) -> None:
    """A box's foot and top as the camera sees them."""
    for height, width in ((box.bottom, 0.7), (box.top, 1.4)):
        pixels, _ = camera.pixels(outline(box, height))
        axis.plot(*pixels.T, color=colour, lw=width)
    x, y = (float(v) for v in pixels.min(0))
    paper = {"fc": "white", "ec": "none", "alpha": 0.6, "pad": 0.5}
    axis.text(x, y, label, color=colour, fontsize=7, va="bottom", bbox=paper)
