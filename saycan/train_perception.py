"""Train perception from scratch: ``python -m saycan.train_perception``."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import Progress, TextColumn

from saycan.perception import album, clip, votes
from saycan.perception.learn_clip import calibrate, train_clip
from saycan.perception.learn_votes import train_votes
from saycan.perception.schedule import shares
from sim.cli import InputError, command, output_folder, print_json
from sim.files import install
from skills import checkpoint
from skills.settings import begin_anew, check_same

_RATE, _LATER_RATE = 2e-3, 1e-3  # learning rates to begin with: from nothing, and from given weights
_REMEDY = "python -m saycan.train_perception"
_SETTINGS = {  # what each network depends on
    clip.VOTES.name: ("scenes", "seed", "votes_minutes", "votes"),
    clip.WEIGHTS.name: ("scenes", "seed", "clip_minutes", "test_scenes"),
}


@command("train_perception")
def main(config: Any) -> int:
    """Render, train both networks, calibrate, save; the last line is JSON."""
    _check(config)
    folder, began = output_folder(config, "train_perception"), time.perf_counter()
    stages = {clip.VOTES.name: _votes, clip.WEIGHTS.name: _clip}
    done = _go_on(config, [folder / name for name in stages], folder / "pictures")
    figures: dict[str, Any] = {}
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[note]}"), disable=_quiet(config)) as bars:
        pages = _pictures(config, folder / "pictures", bars)
        for name, train in stages.items():
            path = folder / name
            if path not in done:
                figures |= train(config, pages, path, _bar(bars, f"Training {path.stem}"))
            if config.install:
                install(path, clip.FOLDER / name)
    print_json(
        {"seconds": round(time.perf_counter() - began), "pictures": len(pages[0]), **figures, "out": str(folder)}
    )
    return 0


def _check(config: Any) -> None:
    if config.resume and not config.out:
        raise InputError("resume=true needs the folder of the training that was stopped: out=DIR")
    if min(config.scenes, config.test_scenes, config.votes_minutes, config.clip_minutes, config.workers) <= 0:
        raise InputError("scenes, test_scenes, votes_minutes, clip_minutes and workers must be more than 0")
    if config.votes:
        votes.load(Path(config.votes))  # what is wrong with it is said before any work


def _go_on(config: Any, files: list[Path], pictures: Path) -> list[Path]:
    """The networks that are trained already; when nothing is gone on with, what others left is deleted.

    :raises InputError: if one of them was trained with other settings.
    """
    if not config.resume:
        begin_anew(files, "votes", Path(config.votes) if config.votes else None)
        shutil.rmtree(pictures, ignore_errors=True)
    done = [path for path in files if path.is_file()]
    for path in done:
        now = _settings(config, path.name)
        check_same({**now, **checkpoint.read(path, _REMEDY)[1].get("config", {})}, now, path)
    return done


def _pictures(config: Any, folder: Path, bars: Progress) -> tuple[list[album.Page], list[album.Page]]:
    """Pictures to learn from, and others to calibrate on."""
    for scenes, seed in ((config.scenes, config.seed), (config.test_scenes, config.seed + 1)):
        bar = bars.add_task("Rendering scenes", total=scenes, note="")
        for done in album.render(folder, scenes, seed, config.workers):
            bars.update(bar, completed=done)
    return album.read(folder, config.scenes, config.seed), album.read(folder, config.test_scenes, config.seed + 1)


def _votes(config: Any, pages: Any, path: Path, report: Callable[[float, float], None]) -> dict[str, Any]:
    given = votes.load(Path(config.votes)) if config.votes else None
    rate = _LATER_RATE if given else _RATE
    network = train_votes(pages[0], shares(60 * config.votes_minutes), config.seed, report, rate, given=given)
    earlier = {"earlier": checkpoint.read(Path(config.votes))[1]} if given else {}
    checkpoint.write(path, votes.to_tensors(network), {**_record(config, path.name), **earlier})
    return {}


def _clip(config: Any, pages: Any, path: Path, report: Callable[[float, float], None]) -> dict[str, Any]:
    model, tokenizer = clip.blank()
    train_clip(model, tokenizer, pages[0], shares(60 * config.clip_minutes), config.seed, report)
    scale, accuracy = calibrate(model, tokenizer, pages[1])
    tensors = {name: tensor.half() for name, tensor in model.state_dict().items()}
    checkpoint.write(path, tensors, {**_record(config, path.name), "scale": scale, "accuracy": accuracy})
    return {"crops_named_right": accuracy, "scale": scale}


def _record(config: Any, name: str) -> dict[str, Any]:
    return {"config": _settings(config, name), **checkpoint.provenance("saycan.train_perception")}


def _settings(config: Any, name: str) -> dict[str, Any]:
    return {key: config[key] for key in _SETTINGS[name]}


def _bar(bars: Progress, what: str) -> Callable[[float, float], None]:
    bar = bars.add_task(what, total=1.0, note="")
    return lambda share, loss: bars.update(bar, completed=share, note=f"loss {loss:.3f}")


def _quiet(config: Any) -> bool:
    return not (config.progress and sys.stderr.isatty())


if __name__ == "__main__":
    main()
