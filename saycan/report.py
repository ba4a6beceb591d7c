"""report.html: one file that opens offline, with the film of the episode beside the scores of every step."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape

from saycan.film import Film
from saycan.language.prompt import scene
from saycan.types import Episode, Step

_BEST = 8


def write_report(path: Path, episode: Episode, film: Film | None, settings: str, maps: bytes | None = None) -> None:
    """Write the report of an episode.

    :param settings: the configuration that it ran with, as YAML.
    :param maps: a PNG that shows where its skills would have worked.
    """
    environment = Environment(
        loader=PackageLoader("saycan"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    stills = [film.frames[mark] for mark in film.marks] if film else []
    page = environment.get_template("report.html.j2").render(
        episode=episode,
        scene=scene(episode.steps[0].view) if episode.steps else "",
        film=_data_uri(film.gif(), "gif") if film and film.frames else None,
        steps=[_row(k, step, stills[k] if k < len(stills) else None) for k, step in enumerate(episode.steps)],
        settings=settings,
        maps=_data_uri(maps, "png") if maps else None,
    )
    write_whole(path, page)


def write_whole(path: Path, text: str) -> None:
    """Write a text file all at once, so that nobody ever finds half of it."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def _row(number: int, step: Step, still: np.ndarray | None) -> dict[str, Any]:
    bars = [
        {
            "text": step.candidates[i].text,
            "say": float(np.exp(step.say[i])),
            "can": float(step.can[i]),
            "product": float(step.product[i]),
            "chosen": i == step.chosen,
        }
        for i in step.best(_BEST)
    ]
    picture = _data_uri(iio.imwrite("<bytes>", still, extension=".png"), "png") if still is not None else None
    return {"number": number + 1, "step": step, "bars": bars, "still": picture, "count": len(step.candidates)}


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
