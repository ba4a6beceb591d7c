"""What a trial leaves for the report: ``trials/0007_0.json``, an episode as ``saycan.run`` writes it, and the film of one that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saycan.film import Film
from saycan.language.prompt import scene
from saycan.types import Episode
from sim.files import write_whole

FOLDER = "trials"


def keep(folder: Path, key: tuple[int, int], episode: Episode, film: Film | None, **more: Any) -> None:
    """Write what a trial leaves.

    :param key: its task's number and its seed.
    :param film: None: none is kept.
    :param more: further keys of the episode's file.
    """
    path = _path(folder, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = scene(episode.steps[0].view) if episode.steps else ""
    write_whole(path, json.dumps({**episode.to_json(), "scene": seen, **more}, ensure_ascii=False) + "\n")
    if film and film.frames:
        path.with_suffix(".webp").write_bytes(film.webp())


def keep_trace(folder: Path, key: tuple[int, int], text: str) -> None:
    """Write where a trial broke off, beside the others: ``trials/0007_0.txt``."""
    path = _path(folder, key).with_suffix(".txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def episode_of(folder: Path, key: tuple[int, int]) -> dict[str, Any]:
    """A trial's episode; one without steps if none was kept."""
    try:
        data: dict[str, Any] = json.loads(_path(folder, key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"steps": [], "scene": "", "reason": ""}
    return data


def film_of(folder: Path, key: tuple[int, int]) -> Path | None:
    """A trial's film, if it has one."""
    path = _path(folder, key).with_suffix(".webp")
    return path if path.is_file() else None


def _path(folder: Path, key: tuple[int, int]) -> Path:
    return folder / FOLDER / f"{key[0]:04d}_{key[1]}.json"
