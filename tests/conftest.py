"""Fixtures that tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop

LONGEST = ("test_learning", "test_benchmark", "test_commands", "test_planner_tasks", "test_perception_commands")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: at the end one process would be waiting for another that has just begun with one of them."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture
def world() -> Iterator[Tabletop]:
    """Two blocks and a bowl, at rest."""
    tabletop = Tabletop()
    tabletop.reset(lay_out(SceneSpec(objects=["red block", "blue block", "green bowl"], seed=3)))
    tabletop.settle()
    yield tabletop
    tabletop.close()


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)
