"""report.html: one file that opens offline, with the film of the episode beside the scores of every step."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from jinja2 import Environment, PackageLoader

from saycan.film import Film
from saycan.language.prompt import scene
from saycan.overlay import draw_beliefs
from saycan.types import Episode
from saycan.world_model.facts import facts_of
from sim.files import write_whole

_BEST = 8


def write_report(path: Path, episode: Episode, film: Film | None, settings: str, maps: bytes | None = None) -> None:
    """Write the report of an episode.

    :param settings: the configuration that it ran with, as YAML.
    :param maps: a PNG that shows where its skills would have worked.
    """
    marked = zip(film.marks, episode.steps, strict=False) if film else ()
    stills = [_png(draw_beliefs(film.frames[mark], film.camera, step.view)) for mark, step in marked if film]
    steps = enumerate(episode.to_json()["steps"])
    page = render(
        "report.html.j2",
        episode=episode,
        scene=scene(episode.steps[0].view) if episode.steps else "",
        film=data_uri(film.gif(), "gif") if film and film.frames else None,
        steps=[step_row(k, step, stills[k] if k < len(stills) else None) for k, step in steps],
        settings=settings,
        imagined=[row for k in range(len(episode.steps)) if (row := imagined_row(episode, k))],
        maps=data_uri(maps, "png") if maps else None,
    )
    write_whole(path, page)


def render(template: str, **values: Any) -> str:
    """A page from one of our templates."""
    environment = Environment(loader=PackageLoader("saycan"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(**values)


def step_row(number: int, step: Mapping[str, Any], still: str | None = None, most: int = _BEST) -> dict[str, Any]:
    """What the template ``steps.html.j2`` shows of a step.

    :param number: the step's number from 0.
    :param step: as in ``episode.json``.
    :param still: a picture of the table before it, as a data URI.
    :param most: candidates that are shown, those with the highest product (then the highest say).
    """
    best = sorted(step["candidates"], key=lambda c: (-c["product"], -c["say"]))[:most]
    bars = [{**bar, "chosen": bar["skill"] == step["choice"]} for bar in best]
    return {"number": number + 1, **step, "bars": bars, "still": still, "count": len(step["candidates"])}


def imagined_row(episode: Episode, number: int) -> dict[str, Any] | None:
    """What the template shows of what was imagined before a step, and of what really happened then; None: nothing was imagined.

    :param number: the step's number from 0.
    """
    step = episode.steps[number]
    if not step.imagined:
        return None
    really = []
    for now, then in zip(episode.steps[number:], [*episode.steps[number + 1 :], None], strict=True):
        worked = now.outcome.success if now.outcome else None
        change = facts_of(now.view).difference(facts_of(then.view)) if then else ()
        told = ", ".join(f"{thing} {place}" for thing, place in change)
        really.append({"skill": now.choice.text if now.choice else "nothing", "worked": worked, "change": told})
    choice = step.choice.text if step.choice else None
    return {"number": number + 1, "branches": step.imagined, "choice": choice, "really": really}


def data_uri(data: bytes, kind: str) -> str:
    """A picture as part of a page.

    :param kind: "png", "gif" or "webp".
    """
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _png(picture: np.ndarray) -> str:
    return data_uri(iio.imwrite("<bytes>", picture, extension=".png"), "png")
