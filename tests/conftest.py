"""Fixtures that tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop


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
