"""How well perception sees: ``python -m saycan.evaluate_perception scenes=300``."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf
from rich.progress import track

from saycan.build import build_perception
from saycan.perception.camera import CameraPerception
from saycan.perception.measure import Seen, confusions, figures, look_at_a_scene
from saycan.perception.pictures import confusion_matrix, draw_view
from saycan.perception.rig import from_config
from sim.cli import InputError, command, output_folder, print_json
from sim.processes import end_with_parent
from sim.tabletop import Tabletop

_CHUNK = 10  # scenes in one go; the simulator is started afresh for each


@command("evaluate_perception")
def main(config: Any) -> int:
    """Look, compare, draw; the last line is JSON."""
    if min(config.scenes, config.workers) < 1 or min(config.seed, config.pictures) < 0:
        raise InputError("scenes and workers must be 1 or more, seed and pictures 0 or more")
    if config.perception.name != "camera":
        raise InputError("perception=oracle sees the truth, so there is nothing to measure; use perception=camera")
    build_perception(config.perception)  # what is wrong with it is said before any work
    folder = output_folder(config, "perception")
    quiet = not (config.progress and sys.stderr.isatty())
    scenes = list(track(_scenes(config), "Looking", total=config.scenes, disable=quiet))
    for number, scene in enumerate(scenes[: config.pictures]):
        assert scene.view is not None
        draw_view(scene.shots, scene.view, folder / f"scene_{number:02d}.png", _title(scene))
    confusion_matrix(confusions(scenes), folder / "confusions.png")
    data = {"scenes": len(scenes), "seed": config.seed, "perception": config.perception.model, **figures(scenes)}
    (folder / "perception.json").write_text(json.dumps(data, indent=2) + "\n")
    print_json(data)
    return 0


def _scenes(config: Any) -> Iterator[Seen]:
    """All scenes in order; the same whatever the number of processes."""
    starts = range(0, config.scenes, _CHUNK)
    jobs = [(OmegaConf.to_container(config), at, min(_CHUNK, config.scenes - at)) for at in starts]
    if config.workers == 1:
        for job in jobs:
            yield from _some(job)
        return
    with ProcessPoolExecutor(config.workers, multiprocessing.get_context("spawn"), end_with_parent) as pool:
        for chunk in pool.map(_some, jobs):
            yield from chunk


def _some(job: tuple[Any, int, int]) -> list[Seen]:
    """Scenes ``at`` to ``at + count``, each with perception that has seen nothing before."""
    config, (at, count) = OmegaConf.create(job[0]), job[1:]
    if config.workers > 1:
        torch.set_num_threads(1)
    cameras, world, seen = from_config(config.perception.cameras), Tabletop(), []
    for number in range(at, at + count):
        perception = build_perception(config.perception)
        assert isinstance(perception, CameraPerception)
        seed = int(np.random.SeedSequence([config.seed, number]).generate_state(1)[0])
        scene = look_at_a_scene(world, perception, cameras, seed)
        if number >= config.pictures:
            scene.shots, scene.view = [], None
        seen.append(scene)
    world.close()
    return seen


def _title(scene: Seen) -> str:
    wrong = [f"{t} called {s}" for t, s in scene.pairs if t != s]
    parts = (("wrong", wrong), ("missed", scene.missed), ("false", scene.false))
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names) or "all right"


if __name__ == "__main__":
    main()
