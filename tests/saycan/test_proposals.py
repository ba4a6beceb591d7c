"""From votes to things with names, without a world: what is a thing, what is a part of one, and what its size says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from saycan.perception import clip, naming, proposals, votes
from saycan.perception.sizes import log_fit
from sim.geometry import Box


def said(boxes: list[tuple[Box, tuple[slice, slice]]], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What a good network would say of boxes in a picture, a little off."""
    spoken, points = np.zeros((1, 90, 120, votes.OUTPUTS), np.float32), np.zeros((1, 90, 120, 3), np.float32)
    spoken[..., 0] = 5
    for box, window in boxes:
        shape = spoken[0][window].shape[:2]
        c, sine = np.cos(box.yaw), np.sin(box.yaw)
        inside = rng.uniform(-1, 1, (*shape, 3)) * box.half
        place = box.position + inside @ np.array([[c, sine, 0], [-sine, c, 0], [0, 0, 1]])
        points[0][window] = place
        part = spoken[0][window]
        part[..., 0], part[..., votes.CLASSES - 1] = 0, 5
        part[..., 3:6] = (box.position - place + rng.normal(0, 0.002, place.shape)) / votes.CENTRE_UNIT
        part[..., 6:9] = box.half / votes.HALF_UNIT
        turns = (2 * box.yaw, 4 * box.yaw)
        part[..., 9:13] = [f(turn) for turn in turns for f in (np.cos, np.sin)]
        part[..., 13] = 3 if box.round else -3
    return spoken, points


def test_votes_that_agree_are_a_thing_even_inside_another(rng: np.random.Generator) -> None:
    bowl = Box(np.array([0.5, 0.0, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    block = Box(np.array([0.5, 0.0, 0.026]), 0.3, np.array([0.02, 0.02, 0.02]))
    sponge = Box(np.array([0.6, 0.2, 0.0125]), 1.2, np.array([0.042, 0.024, 0.0125]))
    parts = [
        (bowl, (slice(0, 30), slice(0, 30))),
        (block, (slice(40, 48), slice(40, 48))),
        (sponge, (slice(60, 70), slice(60, 75))),
    ]
    found = proposals.group(*said(parts, rng), rng)
    assert [p.pixels for p in found] == [900, 150, 64]
    for proposal, true in zip(found, (bowl, sponge, block), strict=True):
        assert np.allclose(proposal.box.position, true.position, atol=0.002)
        assert np.allclose(proposal.box.half, true.half, atol=0.0015) and proposal.box.round == true.round
        assert proposal.box.round or proposal.box.yaw == pytest.approx(true.yaw, abs=0.15)


def test_nothing_floats_but_what_is_held(rng: np.random.Generator) -> None:
    block = Box(np.array([0.5, 0.0, 0.02]), 0.3, np.array([0.02, 0.02, 0.02]))
    above = replace(block, position=block.position + np.array([0.0, 0.0, 0.04]))
    floating = replace(block, position=np.array([0.4, 0.2, 0.3]))
    places = [(slice(0, 10), slice(0, 20)), (slice(20, 30), slice(0, 15)), (slice(40, 50), slice(0, 10))]
    spoken, points = said(list(zip((block, above, floating), places, strict=True)), rng)
    assert [p.pixels for p in proposals.group(spoken, points, rng)] == [200, 150]
    held = proposals.group(spoken, points, rng, grip=floating.position)
    assert [p.held for p in held] == [False, False, True] and held[2].pixels == 100


BOWL = Box(np.array([0.5, 0.0, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
BAG = Box(np.array([0.52, 0.01, 0.03]), 0.3, np.array([0.055, 0.026, 0.015]))


def test_a_bowl_below_the_hand_is_not_in_it(rng: np.random.Generator) -> None:
    block = Box(BOWL.position + np.array([0.0, 0.0, 0.04]), 0.3, np.full(3, 0.02))
    spoken, points = said([(BOWL, (slice(0, 30), slice(0, 30))), (block, (slice(40, 48), slice(40, 48)))], rng)
    bowl, held = proposals.group(spoken, points, rng, grip=block.position)
    assert bowl.pixels == 900 and not bowl.held and np.allclose(bowl.box.position, BOWL.position, atol=0.002)
    assert held.pixels == 64 and held.held and np.allclose(held.box.position, block.position, atol=0.002)


def parts(*boxes: Box) -> list[proposals.Proposal]:
    """Things seen with many pixels and with fewer, each of which may be a part of all before it."""
    return [proposals.Proposal(box, (), hosts=tuple(range(n))) for n, box in enumerate(boxes)]


def test_what_lies_on_a_thing_may_be_a_part_of_it_and_of_a_part_of_it(rng: np.random.Generator) -> None:
    corner = replace(BAG, half=np.full(3, 0.015))
    spots = [(slice(0, 30), slice(0, 30)), (slice(40, 50), slice(0, 10)), (slice(60, 68), slice(0, 8))]
    found = proposals.group(*said(list(zip((BOWL, BAG, corner), spots, strict=True)), rng), rng)
    assert [p.hosts for p in found] == [(), (0,), (0, 1)]


def test_a_part_of_a_thing_has_to_look_like_something_else_or_have_another_size() -> None:
    """Votes that waver make a second proposal of a bowl's rim; a bag in the bowl is one as well. Looks and sizes tell."""
    phrases = clip.phrases_of(None)
    looks = np.full((2, len(phrases)), -20.0)
    looks[:, phrases.index("red bowl")] = np.log([0.99, 0.1])
    looks[1, phrases.index("blue bowl")] = np.log(0.9)
    assert list(naming.name(parts(BOWL, BOWL), looks, phrases, least=0.1)) == ["red bowl"]
    looks[1, phrases.index("red bowl")] = -12.0
    assert set(naming.name(parts(BOWL, BOWL), looks, phrases, least=0.1)) == {"red bowl", "blue bowl"}
    looks[1, [phrases.index(n) for n in ("red bowl", "blue bowl", "chips bag")]] = np.log([0.1, 1e-9, 0.9])
    found = parts(BOWL, BAG)
    assert set(naming.name(found, looks, phrases, least=0.1)) == {"red bowl", "chips bag"}
    looks[1, phrases.index("red bowl")] = -12.0
    looks[1, phrases.index("sponge")] = np.log(0.08)  # what was seen before is likelier to be seen again
    assert set(naming.name(found, looks, phrases, least=0.1, known=["red bowl", "sponge"])) == {"red bowl", "sponge"}


def test_nothing_is_seen_inside_something_solid() -> None:
    phrases, corner = clip.phrases_of(None), replace(BAG, half=np.full(3, 0.02))
    looks = np.full((3, len(phrases)), -20.0)
    looks[0, phrases.index("red bowl")] = looks[1, phrases.index("chips bag")] = np.log(0.99)
    looks[2, [phrases.index(n) for n in ("orange block", "chips bag")]] = np.log([0.98, 0.01])
    found = parts(BOWL, BAG, corner)
    assert set(naming.name(found, looks, phrases, least=0.1)) == {"red bowl", "chips bag"}
    looks[2, phrases.index("chips bag")] = np.log(1e-4)
    assert set(naming.name(found, looks, phrases, least=0.1)) == {"red bowl", "chips bag", "orange block"}


def test_sizes_tell_what_looks_cannot() -> None:
    names = ["coke can", "drawer", "purple elephant"]
    can, lying = np.array([0.027, 0.027, 0.05]), np.array([0.05, 0.027, 0.027])
    for half in (can, lying, 1.12 * can):
        fit = log_fit([Box(np.zeros(3), 0.0, half)], names)[0]
        assert fit[0] == 0 and fit[1] < -3 and fit[2] == 0  # of what the catalogue does not have, no size is known
