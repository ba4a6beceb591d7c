"""Where the drawer is taken to be, by what is seen, what was known, and how drawers move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from saycan.perception.fixtures import drawer_of
from saycan.perception.rig import Shot, from_config, shoot
from sim import cabinet
from sim.geometry import Box
from sim.layout import Placement
from sim.objects import catalogue
from sim.paths import CONFIGS
from sim.tabletop import Tabletop

SHELL = cabinet.shell_box(np.array([0.72, 0.1, 0.0]), 0.05)


def pulled_out(share: float, shell: Box = SHELL) -> Box:
    return cabinet.drawer_box(shell.position, shell.yaw, share * cabinet.TRAVEL, catalogue()[cabinet.NAME].size)


@given(st.floats(0, 1), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_a_drawer_on_its_rails_is_where_it_is_seen(share: float, dx: float, dy: float) -> None:
    seen = replace(pulled_out(share), position=pulled_out(share).position + np.array([dx, dy, 0.0]))
    assert drawer_of(SHELL, seen, None, []) is seen


@given(st.floats(0, 1))
def test_what_cannot_be_its_drawer_is_not_taken_for_it(share: float) -> None:
    before = pulled_out(share)
    aside = replace(before, position=before.position + np.array([0.0, 0.08, 0.0]))
    assert drawer_of(SHELL, aside, before, []) is before
    ghost = Box(SHELL.position + np.array([0.0, 0.02, -0.007]), SHELL.yaw, SHELL.half)
    assert drawer_of(SHELL, ghost, before, []) is before
    assert np.allclose(drawer_of(SHELL, ghost, None, []).position, pulled_out(0.0).position)


@pytest.mark.parametrize("out", [0.0, 1.0])
def test_a_drawer_that_is_not_made_out_is_where_it_was_unless_that_place_is_empty(out: float) -> None:
    shots, shell = pictures(out)
    box = drawer_of(shell, None, pulled_out(1.0, shell), shots)
    assert np.allclose(box.position, pulled_out(out, shell).position, atol=1e-6)


def pictures(out: float) -> tuple[list[Shot], Box]:
    world = Tabletop()
    world.reset({cabinet.NAME: Placement(catalogue()[cabinet.NAME], np.array([0.72, 0.1, 0.0]), 0.05, opening=out)})
    world.settle()
    shots, shell = (
        shoot(world, from_config(OmegaConf.load(CONFIGS / "perception" / "camera.yaml").cameras)),
        world.state().boxes[cabinet.SHELL],
    )
    world.close()
    return shots, shell
