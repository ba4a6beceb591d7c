"""Learning curves from the progress of trainings."""

from __future__ import annotations

import csv
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from saycan.learning.curves import _columns, _moving_mean, draw
from saycan.train_planner import COLUMNS


def progress(path: Path, **columns: list[float]) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for number, values in enumerate(zip(*columns.values(), strict=True)):
            rows.writerow({"step": number, "minutes": number / 10, **dict(zip(columns, values, strict=True))})
    return path


def test_every_figure_that_there_is_gets_a_panel(tmp_path: Path) -> None:
    a = progress(tmp_path / "a.csv", loss=[1.0, 0.5, 0.2], success=[0.1, 0.4, 0.9])
    b = progress(tmp_path / "b.csv", loss=[2.0, 1.5, 1.2])
    draw({"a": a}, tmp_path / "one.png")
    draw({"a": a, "b": b}, tmp_path / "two.png")
    one, two = (imageio.imread(tmp_path / name) for name in ("one.png", "two.png"))
    assert one.shape == two.shape and one.std() > 10 and not np.array_equal(one, two)
    assert _columns(b)["success"][0].size == 0 and _columns(a)["success"][1].tolist() == [0.1, 0.4, 0.9]


def test_a_training_that_has_only_begun_can_be_drawn(tmp_path: Path) -> None:
    draw({"a": progress(tmp_path / "a.csv", loss=[1.0])}, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_the_moving_mean_beside_a_slow_one() -> None:
    values = np.random.default_rng(0).normal(size=50)
    slow = [values[max(0, i - 19) : i + 1].mean() for i in range(50)]
    assert np.allclose(_moving_mean(values), slow)
