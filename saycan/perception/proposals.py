"""Votes that agree are a thing: from what the network says of each pixel to boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import cKDTree

from saycan.perception.boxes import NARROW, is_narrow
from saycan.perception.outlines import EDGE, measured
from saycan.perception.rig import Shot
from saycan.perception.votes import CENTRE_UNIT, CLASSES, HALF_UNIT, SQUARE, STEP, VoteNet, features
from sim.geometry import Box

_MOST = 6000  # votes that are gathered; of more, a random choice
_JUMP = 0.02  # metres by which votes of neighbouring pixels of one thing may differ: across an edge they differ more
# Metres between votes that support each other, and from a thing's place to the votes for it: first for what is seen well.
_PASSES = ((0.006, 0.012), (0.01, 0.016), (0.016, 0.024))
_REACH_SHARE = 0.08  # of a thing's size, by which that reaches further
# Metres from the fingertips, to the sides and down, at which the centre of what they hold is.
_GRIP, _HANGS = 0.03, 0.08
_SUPPORT = 8  # votes that a thing needs at its densest
_LEAST = 10  # pixels that make a thing
_GAP, _OVERHANG = 0.04, 0.03  # metres up and down, and to the sides, that sight may err in where a thing rests


@dataclass(frozen=True)
class Proposal:
    """Something that is there.

    :param box: where it is.
    :param masks: which pixels show it, for each picture; bool, at the network's resolution, shape (h, w).
    :param hosts: which of the proposals it may be a part of, if it does not look like another thing; none: it is a thing.
    :param held: whether it is between the fingers, which hide much of it.
    """

    box: Box
    masks: tuple[np.ndarray, ...]
    hosts: tuple[int, ...] = ()
    held: bool = False

    @property
    def pixels(self) -> int:
        """How many pixels show it, in all pictures."""
        return int(sum(mask.sum() for mask in self.masks))


def propose(
    network: VoteNet, shots: Sequence[Shot], rng: np.random.Generator, grip: np.ndarray | None = None
) -> list[Proposal]:
    """What is there, by what all pictures together say. Largest first.

    :param grip: where the fingers feel something between them, metres, shape (3,); None: they feel nothing.
    """
    rgb = np.stack([shot.picture.rgb[::STEP, ::STEP] for shot in shots])
    points = np.stack([shot.camera.points(shot.picture.depth[::STEP, ::STEP], STEP) for shot in shots])
    with torch.inference_mode():
        said = network(features(torch.from_numpy(rgb), torch.from_numpy(points))).float().movedim(1, -1).numpy()
    return group(said, points, rng, grip)


def group(
    said: np.ndarray, points: np.ndarray, rng: np.random.Generator, grip: np.ndarray | None = None
) -> list[Proposal]:
    """Gather the votes of all pictures.

    :param said: what the network says, shape (V, h, w, OUTPUTS).
    :param points: robot frame, metres, shape (V, h, w, 3).
    """
    thing = (said[..., :CLASSES].argmax(-1) == CLASSES - 1) & np.isfinite(points).all(-1)
    if thing.sum() < _LEAST:
        return []
    votes, where = said[thing][:, CLASSES:], np.argwhere(thing)
    place = np.full((*thing.shape, 6), np.nan, np.float32)
    place[thing, :3] = points[thing] + votes[:, :3] * CENTRE_UNIT
    place[thing, 3:] = np.abs(votes[:, 3:6]) * HALF_UNIT
    steady, place = _steady(place)[thing], place[thing]
    labels = _cluster(place, np.flatnonzero(steady), rng)
    if grip is not None:
        labels = _with_what_is_held(labels, place, grip)
    clusters = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    clusters = sorted((c for c in clusters if len(c) >= _LEAST), key=len, reverse=True)
    found = [_proposal(c, where, thing.shape, place, votes, points[thing]) for c in clusters]
    hosts = _hosts([np.median(points[thing][c], 0) for c in clusters], [p.box for p in found])
    held = [grip is not None and _is_held(p.box, grip) for p in found]
    return _borne([replace(p, hosts=those, held=h) for p, those, h in zip(found, hosts, held, strict=True)])


def _steady(place: np.ndarray) -> np.ndarray:
    """Which pixels say about the same as those beside them; at the edge between two things they waver. Shape (V, h, w)."""
    steady = np.isfinite(place[..., 0])
    for axis in (1, 2):
        jump = np.linalg.norm(np.diff(place, axis=axis), axis=-1) > _JUMP  # never beside what is no thing: NaN
        one, other = (np.zeros((len(place), 1, place.shape[2])), np.zeros((len(place), place.shape[1], 1)))
        edge = one if axis == 1 else other
        steady &= ~(np.concatenate([jump, edge], axis) + np.concatenate([edge, jump], axis)).astype(bool)
    return steady


def _cluster(place: np.ndarray, steady: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A label for each vote, -1 for those that are for nothing: again and again the densest spot takes the votes round it. What is left
    is gathered again from further about: of things half hidden or held, votes are less sure.

    :param steady: which votes may begin a thing.
    """
    some = rng.choice(steady, _MOST, replace=False) if len(steady) > _MOST else steady
    labels = np.full(len(place), -1)
    for close, reach in _PASSES:
        left = labels < 0
        middles = _middles(place[some[left[some]]], close, reach)
        if not middles:
            continue
        centres = np.stack(middles)
        apart = np.linalg.norm(place[left][:, None] - centres, axis=-1) / (reach + _REACH_SHARE * centres[:, 3])
        labels[left] = np.where(apart.min(1) < 1.5, apart.argmin(1) + labels.max() + 1, -1)
    return labels


def _with_what_is_held(labels: np.ndarray, place: np.ndarray, grip: np.ndarray) -> np.ndarray:
    """Labels with all votes for something between the fingers as one thing: the hand feels that it is one, and hides much of it."""
    apart = place[:, :3] - grip
    mine = (np.linalg.norm(apart[:, :2], axis=1) < _GRIP) & (apart[:, 2] > -_HANGS) & (apart[:, 2] < _GRIP)
    mine &= place[:, 4] < NARROW  # a bowl below the hand is not in it
    return np.where(mine, labels.max() + 1, labels) if mine.sum() >= _LEAST else labels


def _is_held(box: Box, grip: np.ndarray) -> bool:
    """Whether a thing is where the fingers feel something, and fits between them."""
    return bool(np.linalg.norm(box.position - grip) < _HANGS + _GRIP and is_narrow(box))


def _middles(votes: np.ndarray, close: float, reach: float) -> list[np.ndarray]:
    """Where votes are dense, densest first: medians of those within ``close`` metres. Each takes those within its reach."""
    if len(votes) < _SUPPORT:
        return []
    tree, left, middles = cKDTree(votes), np.ones(len(votes), bool), list[np.ndarray]()
    density = tree.query_ball_point(votes, close, return_length=True)
    while density[best := int(np.argmax(density * left))] >= _SUPPORT and left[best]:
        middle = np.median(votes[tree.query_ball_point(votes[best], close)], 0)
        taken = np.linalg.norm(votes - middle, axis=1) < reach + _REACH_SHARE * middle[3]
        taken[best] = True
        if (taken & left).sum() >= _SUPPORT:
            middles.append(middle)
        left &= ~taken
    return middles


def _hosts(middles: Sequence[np.ndarray], boxes: Sequence[Box]) -> list[tuple[int, ...]]:
    """For each proposal, largest first, those before it on which it lies, and of which it may so be a part: at a thing's edges votes
    waver."""
    return [tuple(i for i in range(number) if _lies_in(middle, boxes[i])) for number, middle in enumerate(middles)]


def _borne(proposals: list[Proposal]) -> list[Proposal]:
    """Those that the table, another one or the fingers can bear: nothing floats, but the arm is taken for a thing now and then."""
    kept = [i for i, p in enumerate(proposals) if p.held or _rests(p.box, [q.box for q in proposals if q is not p])]
    number = {old: new for new, old in enumerate(kept)}
    return [replace(proposals[i], hosts=tuple(number[h] for h in proposals[i].hosts if h in number)) for i in kept]


def _rests(box: Box, others: Sequence[Box]) -> bool:
    """Whether a box stands on the table, or in or on another one."""
    tops = [
        other.top for other in others if other.covers(box.position[:2], -_OVERHANG) and other.bottom < box.bottom + _GAP
    ]
    return -_GAP < box.bottom < max([0.0, *tops]) + _GAP


def _lies_in(point: np.ndarray, box: Box) -> bool:
    """Whether a point lies in a box, or almost."""
    return box.covers(point[:2], -EDGE) and box.bottom - EDGE < point[2] < box.top + EDGE


def _proposal(
    cluster: np.ndarray,
    where: np.ndarray,
    shape: tuple[int, ...],
    place: np.ndarray,
    votes: np.ndarray,
    points: np.ndarray,
) -> Proposal:
    masks = np.zeros(shape, bool)
    masks[tuple(where[cluster].T)] = True
    return Proposal(measured(_box(place[cluster], votes[cluster]), points[cluster]), tuple(masks))


def _box(place: np.ndarray, votes: np.ndarray) -> Box:
    """The box that votes agree on."""
    x, y, z, long, short, up = (float(v) for v in np.median(place, 0))
    if float(np.median(votes[:, 10])) > 0:
        radius = (long + short) / 2
        return Box(np.array([x, y, z]), 0.0, np.array([radius, radius, up]), True)
    if long > SQUARE * short:
        c, s = votes[:, 6:8].mean(0)
        yaw = math.atan2(s, c) / 2
    else:
        c, s = votes[:, 8:10].mean(0)
        yaw = math.atan2(s, c) / 4
    return Box(np.array([x, y, z]), yaw, np.array([long, short, up]))
