"""Labelled pictures on disk: rendered in several processes, a file for every few scenes, so that a render that was stopped goes on."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from saycan.perception.crops import crop
from saycan.perception.practice import Sample, samples
from saycan.perception.rig import DEFAULT
from sim.processes import end_with_parent
from sim.tabletop import Tabletop

STEP = 2  # all but the crops is kept for every other row and column
_SCENES = 25  # in one file
_DEPTH = 1e-4  # metres to one unit of the kept depth
_VISIBLE = 12  # kept pixels of a thing from which on it is cut out


@dataclass(frozen=True)
class Page:
    """One picture as it is learned from; h, w are half of its height and width.

    :param rgb: uint8, shape (h, w, 3).
    :param depth: in units of 0.1 mm, uint16, shape (h, w).
    :param owner: which thing each pixel shows: place among ``names``; -1 table, -2 arm; int8, shape (h, w).
    :param boxes: of each thing: position (3), half sides (3), yaw, round; float32, shape (N, 8).
    :param camera: eye (3), target (3) and field of view of the camera, shape (7,).
    :param crops: things cut out, uint8, shape (K, 64, 64, 3), and which things they are, shape (K,).
    """

    rgb: np.ndarray
    depth: np.ndarray
    owner: np.ndarray
    names: tuple[str, ...]
    boxes: np.ndarray
    camera: np.ndarray
    crops: np.ndarray
    cropped: np.ndarray

    def points(self, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
        """Where each pixel's surface is, robot frame, metres, float32, shape (h, w, 3), or a window of that."""
        eye, target, fov = self.camera[:3], self.camera[3:6], float(self.camera[6])
        camera = replace(DEFAULT[0], eye=tuple(eye), target=tuple(target), fov=fov)
        depth = self.depth[rows, columns] * np.float32(_DEPTH)
        return camera.points(depth, STEP, (rows.start or 0, columns.start or 0))


def page(sample: Sample) -> Page:
    """A sample as it is kept."""
    camera, picture = sample.shot.camera, sample.shot.picture
    boxes = np.array([[*b.position, *b.half, b.yaw, float(b.round)] for b in sample.boxes], np.float32).reshape(-1, 8)
    owner = sample.owner[::STEP, ::STEP]
    seen = [n for n in range(len(sample.names)) if (owner == n).sum() >= _VISIBLE]
    return Page(
        picture.rgb[::STEP, ::STEP],
        np.round(picture.depth[::STEP, ::STEP] / _DEPTH).astype(np.uint16),
        owner,
        sample.names,
        boxes,
        np.array([*camera.eye, *camera.target, camera.fov]),
        np.array([crop(picture.rgb, owner == n) for n in seen], np.uint8).reshape(-1, 64, 64, 3),
        np.array(seen, int),
    )


def render(folder: Path, scenes: int, seed: int, processes: int) -> Iterator[int]:
    """Render what is missing of a number of scenes; yields how many there are after each file."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(_file(folder, seed, n, count), (seed, n), count) for n, count in enumerate(_counts(scenes))]
    missing = [job for job in wanted if not job[0].is_file()]
    done = sum(count for path, _, count in wanted if path.is_file())
    # A process for each file: PyBullet never frees the surfaces of round things.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, end_with_parent, max_tasks_per_child=1) as pool:
        for finished in as_completed([pool.submit(_write, job) for job in missing]):
            done += finished.result()
            yield done


def read(folder: Path, scenes: int, seed: int) -> list[Page]:
    """The pages of so many scenes that were rendered with a seed."""
    return [page for n, count in enumerate(_counts(scenes)) for page in _pages(_file(folder, seed, n, count))]


def _counts(scenes: int) -> list[int]:
    """How many scenes each file holds."""
    return [min(_SCENES, scenes - first) for first in range(0, scenes, _SCENES)]


def _file(folder: Path, seed: int, number: int, count: int) -> Path:
    """Where so many scenes are kept; the last file of a smaller album is another one than that of a larger."""
    return folder / f"pages_{seed}_{number}_{count}.npz"


def _write(job: tuple[Path, tuple[int, int], int]) -> int:
    """Render one file; says how many scenes it holds."""
    path, key, count = job
    world, rng = Tabletop(), np.random.default_rng(key)
    pages = [page(s) for _ in range(count) for look in samples(world, rng) for s in look]
    world.close()
    draft = path.with_name(f".{path.name}")
    arrays: dict[str, Any] = {k: np.stack([getattr(p, k) for p in pages]) for k in ("rgb", "depth", "owner", "camera")}
    arrays |= {k: np.concatenate([getattr(p, k) for p in pages]) for k in ("boxes", "crops", "cropped")}
    arrays |= {"names": np.array([",".join(p.names) for p in pages]), "cut": np.array([len(p.crops) for p in pages])}
    with open(draft, "wb") as file:
        np.savez(file, **arrays)
    os.replace(draft, path)
    return count


def _pages(file: Path) -> Iterator[Page]:
    with np.load(file, allow_pickle=False) as data:
        d: dict[str, Any] = dict(data)
    thing = cut = 0
    for k, listed in enumerate(d["names"]):
        names = tuple(n for n in str(listed).split(",") if n)
        boxes, crops = slice(thing, thing + len(names)), slice(cut, cut + d["cut"][k])
        thing, cut = boxes.stop, crops.stop
        fields = (d["boxes"][boxes], d["camera"][k], d["crops"][crops], d["cropped"][crops])
        yield Page(d["rgb"][k], d["depth"][k], d["owner"][k], names, *fields)
