"""episode.gif: the film of an episode with the scores of the step beside it, for a README or a slide."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from saycan.film import FRAMES_PER_SECOND, Film
from saycan.types import Episode, Step

_PANEL, _ROWS, _BAR = 330, 5, 74  # pixels, candidates, pixels
_COLOURS = {"say": (58, 111, 196), "can": (61, 154, 80), "product": (168, 68, 154)}


def write_gif(path: Path, episode: Episode, film: Film) -> None:
    """Write the annotated film of an episode; of one without steps there is nothing to show, and no file is written."""
    if not episode.steps:
        return
    pages = []
    for number, frame in enumerate(film.frames):
        at = max(sum(mark <= number for mark in film.marks) - 1, 0)
        pages.append(np.hstack([frame, _panel(episode, at, frame.shape[0])]))
    pages += [pages[-1]] * FRAMES_PER_SECOND
    iio.imwrite(path, np.stack(pages), duration=1000 / FRAMES_PER_SECOND, loop=0)


def _panel(episode: Episode, at: int, height: int) -> np.ndarray:
    """The scores of a step, uint8, shape (height, _PANEL, 3)."""
    image = Image.new("RGB", (_PANEL, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    step = episode.steps[at]
    draw.text((12, 10), _short(f"“{episode.instruction}”", 44), fill=(0, 0, 0), font=_font(13))
    draw.text(
        (12, 32),
        _short(f"{at + 1}. {step.choice.text if step.choice else 'nothing'}", 38),
        fill=(0, 0, 0),
        font=_font(15),
    )
    for column, (name, colour) in enumerate(_COLOURS.items()):
        draw.text((12 + column * (_BAR + 32), 56), name, fill=colour, font=_font(12))
    for row, i in enumerate(step.best(_ROWS)):
        _draw_row(draw, step, i, 74 + row * 38)
    return np.asarray(image)


def _draw_row(draw: ImageDraw.ImageDraw, step: Step, i: int, y: int) -> None:
    mark = "> " if i == step.chosen else ""
    draw.text((12, y), mark + step.candidates[i].text, fill=(0, 0, 0) if mark else (110, 110, 110), font=_font(12))
    for column, (value, colour) in enumerate(
        zip((np.exp(step.say[i]), step.can[i], step.product[i]), _COLOURS.values(), strict=True)
    ):
        x = 12 + column * (_BAR + 32)
        draw.rectangle((x, y + 18, x + _BAR, y + 26), fill=(238, 238, 238))
        draw.rectangle((x, y + 18, x + round(_BAR * float(value)), y + 26), fill=colour)
        draw.text((x + _BAR + 3, y + 15), f"{value:.2f}", fill=(110, 110, 110), font=_font(10))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
