"""An RGB-D camera, rendered on the CPU by PyBullet's TinyRenderer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

_SAMPLED = np.array([0.0, 1.0])  # where in a pixel (column, row) TinyRenderer looks: at a corner, not at its centre


@dataclass(frozen=True)
class Picture:
    """What a camera saw.

    :param rgb: colours, uint8, shape (height, width, 3).
    :param depth: distance along the optical axis, metres, float32, shape (height, width).
    """

    rgb: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True)
class Light:
    """Where light comes from and how things throw it back (Phong's model).

    :param shadow: whether things cast shadows; a picture then takes about twice as long.
    """

    direction: tuple[float, float, float] = (0.4, 0.6, 1.6)
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.6
    diffuse: float = 0.35
    specular: float = 0.05
    shadow: bool = True


@dataclass(frozen=True)
class Camera:
    """A fixed pinhole camera in the robot frame.

    The default looks down from before the arm, turned so that the picture's left is the robot's left (+y) and its top is away from it (+x).

    :param eye: where it is, ``target`` where it looks, metres.
    :param fov: vertical field of view, degrees.
    """

    eye: tuple[float, float, float] = (0.85, 0.0, 1.05)
    target: tuple[float, float, float] = (0.45, 0.0, 0.0)
    up: tuple[float, float, float] = (1.0, 0.0, 0.0)
    fov: float = 45.0
    width: int = 320
    height: int = 240
    near: float = 0.05
    far: float = 4.0
    light: Light = field(default_factory=Light)

    def take(self, client: Any) -> Picture:
        """Render the world of a PyBullet client."""
        rgba, buffer, _ = self._render(client, client.ER_NO_SEGMENTATION_MASK)
        return Picture(self._rgb(rgba), self._depth(buffer))

    def take_labelled(self, client: Any) -> tuple[Picture, np.ndarray]:
        """A picture, and which body (low 24 bits) and link + 1 (above them) each pixel shows; -1 for nothing. For making training data.

        :return: the labels as int32, shape (height, width).
        """
        rgba, buffer, labels = self._render(client, client.ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX)
        shape = (self.height, self.width)
        return Picture(self._rgb(rgba), self._depth(buffer)), np.asarray(labels, dtype=np.int32).reshape(shape)

    def axes(self) -> np.ndarray:
        """The camera's right, down and forward in the robot frame, rows of shape (3, 3)."""
        forward = np.subtract(self.target, self.eye)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    def points(self, depth: np.ndarray, step: int = 1, corner: tuple[int, int] = (0, 0)) -> np.ndarray:
        """Where in the robot frame each pixel's surface is, metres, float32, shape (h, w, 3).

        :param depth: of every ``step``-th row and column, or of a window of those whose first row and column are ``corner``; metres,
            shape (h, w). What is not finite stays so.
        """
        focal = self.height / (2 * np.tan(np.radians(self.fov) / 2))
        middle = np.array([self.width, self.height]) / 2 - _SAMPLED
        rows, columns = ((np.arange(n) + first) * step for n, first in zip(depth.shape, corner, strict=True))
        across, down = np.meshgrid((columns - middle[0]) / focal, (rows - middle[1]) / focal)
        rays = np.stack([across, down, np.ones_like(across)], axis=-1).astype(np.float32)
        return (depth[..., None] * rays) @ self.axes().astype(np.float32) + np.array(self.eye, np.float32)

    def pixels(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points of the robot frame appear: (column, row) as real numbers, shape (N, 2), and their depth, metres, shape (N,)."""
        focal = self.height / (2 * np.tan(np.radians(self.fov) / 2))
        right, down, forward = ((np.asarray(points) - self.eye) @ self.axes().T).T
        centre = np.array([self.width, self.height]) / 2 - _SAMPLED
        with np.errstate(divide="ignore", invalid="ignore"):
            return focal * np.stack([right, down], axis=-1) / forward[:, None] + centre, forward

    def _render(self, client: Any, flags: int) -> tuple[Any, Any, Any]:
        light = self.light
        *_, rgba, buffer, labels = client.getCameraImage(
            self.width,
            self.height,
            client.computeViewMatrix(self.eye, self.target, self.up),
            client.computeProjectionMatrixFOV(self.fov, self.width / self.height, self.near, self.far),
            lightDirection=light.direction,
            lightColor=light.colour,
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
            shadow=int(light.shadow),
            renderer=client.ER_TINY_RENDERER,
            flags=flags,
        )
        return rgba, buffer, labels

    def _rgb(self, rgba: Any) -> np.ndarray:
        return np.asarray(rgba, dtype=np.uint8).reshape(self.height, self.width, 4)[..., :3].copy()

    def _depth(self, buffer: Any) -> np.ndarray:
        z = np.asarray(buffer, dtype=np.float32).reshape(self.height, self.width)
        return self.far * self.near / (self.far - (self.far - self.near) * z)
