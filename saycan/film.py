"""Films an episode with the world's camera."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import imageio.v3 as iio
import numpy as np
from PIL import Image

from sim.camera import Camera
from sim.tabletop import CONTROL_HZ, Tabletop

_EVERY = 3  # control steps between two frames
FRAMES_PER_SECOND = 8


@dataclass
class Film:
    """Pictures of an episode, by step.

    :param every: control steps (1/24 s) between two pictures.
    :param marks: number of the first frame of each step.
    """

    world: Tabletop
    camera: Camera = field(default_factory=lambda: Camera(width=360, height=270))
    every: int = _EVERY
    frames: list[np.ndarray] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    _clock: int = 0

    def tick(self) -> None:
        """Called after every control step."""
        if self._clock % self.every == 0:
            self.shoot()
        self._clock += 1

    def shoot(self) -> None:
        """Take one picture now."""
        self.frames.append(self.world.picture(self.camera).rgb)

    def mark(self) -> None:
        """A new step begins here."""
        self.shoot()
        self.marks.append(len(self.frames) - 1)

    def gif(self) -> bytes:
        """The film as an endless GIF."""
        buffer = io.BytesIO()
        frames = self.frames + [self.frames[-1]] * FRAMES_PER_SECOND
        iio.imwrite(buffer, np.stack(frames), extension=".gif", duration=1000 / FRAMES_PER_SECOND, loop=0)
        return buffer.getvalue()

    def webp(self, quality: int = 50) -> bytes:
        """The film as an endless WebP: a tenth of the GIF's size."""
        buffer, milliseconds = io.BytesIO(), round(1000 * self.every / CONTROL_HZ)
        first, *others = [Image.fromarray(frame) for frame in [*self.frames, self.frames[-1], self.frames[-1]]]
        first.save(buffer, "WEBP", save_all=True, append_images=others, duration=milliseconds, loop=0, quality=quality)
        return buffer.getvalue()
