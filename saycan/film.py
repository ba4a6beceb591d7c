"""Films an episode with the world's camera."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import imageio.v3 as iio
import numpy as np

from sim.camera import Camera
from sim.tabletop import Tabletop

_EVERY = 3  # control steps between two frames
FRAMES_PER_SECOND = 8


@dataclass
class Film:
    """Pictures of an episode, by step.

    :param marks: number of the first frame of each step.
    """

    world: Tabletop
    camera: Camera = field(default_factory=lambda: Camera(width=360, height=270))
    frames: list[np.ndarray] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    _clock: int = 0

    def tick(self) -> None:
        """Called after every control step."""
        if self._clock % _EVERY == 0:
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
