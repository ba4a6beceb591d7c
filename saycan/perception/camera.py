"""Perception from pictures: propose things, name them, remember what is hidden."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from saycan.perception import naming
from saycan.perception.base import relations
from saycan.perception.boxes import between, distance, facing_front, is_narrow, may_be_there, turned, unlike
from saycan.perception.clip import Matcher
from saycan.perception.fixtures import drawer_of
from saycan.perception.following import follow
from saycan.perception.proposals import Proposal, propose
from saycan.perception.rig import Shot, shoot
from saycan.perception.settle import Settler
from saycan.perception.votes import VoteNet
from saycan.types import SceneView
from sim import cabinet
from sim.camera import Camera
from sim.geometry import Box
from sim.relations import is_in
from sim.state import Hand
from sim.tabletop import Tabletop
from skills.observation import Sight

_NEAR = 0.025  # metres from the fingertips at which a thing may be what they hold
_RENAMED = 0.03  # metres up to which two boxes are one thing
_SAME = 0.05  # metres up to which a doubtful name is given to what it was given to before
_TRUST = 0.25  # weight of how a thing is seen to lie in the hand, beside how it was felt when it was gripped (docs/perception.md)
_DOUBTFUL = 0.5  # score up to which a name at another place may be a mistake
_MANY = 30  # things from which on a warning is given


@dataclass(frozen=True)
class Belief:
    """What is believed of one thing.

    :param box: where it is.
    :param score: how surely it is what it is called, 0 to 1.
    """

    box: Box
    score: float


class CameraPerception:
    """Sees by fixed RGB-D cameras, and feels by the hand's own sensors.

    It remembers: what was seen stays believed where it was until a camera sees that the place is empty, also behind an arm or in a closed
    drawer; what is held moves with the hand, and what lies in something with that.

    :param network: proposes things; ``matcher`` names them.
    :param every: control steps of a running skill between two looks.
    :param least: score below which something is taken for nothing that has a name here.
    """

    def __init__(
        self, network: VoteNet, matcher: Matcher, cameras: Sequence[Camera], every: int = 6, least: float = 0.1
    ):
        self._network, self._matcher, self._cameras = network, matcher, tuple(cameras)
        self._every, self._least = every, least
        self._believed: dict[str, Belief] = {}
        self._held: tuple[str, np.ndarray, float] | None = None  # name, place and turn in the hand's frame
        self._settler = Settler()
        self._steps = 0

    def look(self, world: Tabletop) -> SceneView:
        """What the cameras see now, and what is remembered."""
        return self.see(shoot(world, self._cameras), world.hand())

    def see(self, shots: Sequence[Shot], hand: Hand) -> SceneView:
        """What pictures show, and what is remembered.

        :param hand: the arm's own sensors at that moment.
        """
        proposals = self.propose(shots, hand.position if hand.gripping else None)
        seen = self.name(proposals, shots)
        if self._held and self._held[0] in seen and distance(seen[self._held[0]].box, hand.position) < _NEAR:
            seen[self._held[0]] = self._in_hand(seen[self._held[0]], hand)
        self._remember(seen, shots)
        self._feel(hand)
        self._settle(seen)
        self._steps = 0
        boxes = {name: belief.box for name, belief in self._believed.items()}
        classes = {name: naming.classes_of(name) for name in boxes}
        held = self._held[0] if self._held else None
        scores = {name: belief.score for name, belief in self._believed.items()}
        return SceneView(boxes, classes, relations(boxes, classes, held), held, hand, self._drawer(), scores)

    def track(self, world: Tabletop) -> Sight:
        """Where things are believed to be while a skill runs: seen again every few steps, in between felt by the hand alone."""
        self._steps += 1
        hand = world.hand()
        if self._steps % self._every == 0:
            self._follow(shoot(world, self._cameras))
        self._feel(hand)
        boxes = {name: belief.box for name, belief in self._believed.items()}
        return Sight(hand, boxes, self._held[0] if self._held else None, self._drawer())

    def propose(self, shots: Sequence[Shot], grip: np.ndarray | None = None) -> list[Proposal]:
        """What is there, as yet without names.

        :param grip: where the fingers feel something between them, metres; None: they do not.
        """
        if not any(np.isfinite(s.picture.depth).any() and s.picture.rgb.any() for s in shots):
            warnings.warn("the cameras show nothing at all; are they covered, or switched off?", stacklevel=2)
            return []
        found = propose(self._network, shots, np.random.default_rng(0), grip)
        if len(found) > _MANY:
            warnings.warn(f"{len(found)} things at once; those that little is seen of may be missed", stacklevel=2)
        return found

    def name(self, proposals: Sequence[Proposal], shots: Sequence[Shot]) -> dict[str, Belief]:
        """The names that fit best, each given once; what fits none well enough is left out."""
        if not proposals:
            return {}
        matcher = self._matcher
        looks = naming.looks(matcher, proposals, shots)
        given = naming.name(proposals, looks, matcher.phrases, self._least, known=self._believed)
        found = {name: Belief(proposal.box, score) for name, (proposal, score) in given.items()}
        return found | self._fixtures(found, shots)

    def _remember(self, seen: dict[str, Belief], shots: Sequence[Shot]) -> None:
        """What is seen now, and what was seen before and may be there still; of two names for one thing the later one.

        A name that is given to something elsewhere, and doubtfully, does not move what was known by it.
        """
        held = self._held[0] if self._held else None
        kept = dict(seen)
        for name, belief in self._carried(seen).items():
            others = {key: other.box for key, other in seen.items() if key != name}
            if name == held:
                kept.setdefault(name, belief)
            elif (name in seen and _is_believed(seen[name], belief)) or any(
                unlike(belief.box, other) < _RENAMED for other in others.values()
            ):
                continue
            elif may_be_there(belief.box, shots) or _is_hidden(belief.box, others):
                kept[name] = belief
        self._believed = kept

    def _follow(self, shots: Sequence[Shot]) -> None:
        """See again what is known and has moved."""
        held = self._held[0] if self._held else None
        boxes = {name: belief.box for name, belief in self._believed.items() if name != held}
        proposals = [proposal.box for proposal in self.propose(shots)]
        moved = follow(boxes, proposals, lambda box: not may_be_there(box, shots))
        seen = {name: replace(self._believed[name], box=box) for name, box in moved.items()}
        seen |= self._fixtures(seen, shots)
        self._believed = self._carried(seen) | seen

    def _carried(self, seen: Mapping[str, Belief]) -> dict[str, Belief]:
        """What was believed, with everything that lies in something moved as far as that is now seen to have moved.

        So what is shut away in the drawer is believed to be there, and not where the drawer was when it was last seen.
        """
        believed = dict(self._believed)
        for holder, belief in self._believed.items():
            if holder in seen and naming.holds(holder) and _is_believed(seen[holder], belief):
                way = seen[holder].box.position - belief.box.position
                inside = [n for n, b in self._believed.items() if n != holder and is_in(b.box, belief.box)]
                believed |= {n: _shifted(self._believed[n], way) for n in inside if naming.is_movable(n)}
        return believed

    def _feel(self, hand: Hand) -> None:
        """What is between the closed fingers moves with them."""
        if not hand.gripping:
            self._held = None
        elif self._held is None or self._held[0] not in self._believed:
            self._held = None
            small = {n: b.box for n, b in self._believed.items() if naming.is_movable(n) and is_narrow(b.box)}
            near = {name: distance(box, hand.position) for name, box in small.items()}
            name = min(near, key=lambda n: near[n], default=None)
            if name is not None and near[name] < _NEAR:
                self._held = self._gripped(name, hand)
        if self._held is not None:
            name, place, turn = self._held
            box = self._believed[name].box
            moved = replace(box, position=between(hand) + turned(place, hand.yaw), yaw=hand.yaw + turn)
            self._believed[name] = replace(self._believed[name], box=moved)

    def _in_hand(self, sighting: Belief, hand: Hand) -> Belief:
        """What is held, when it is seen half hidden by the fingers: its sides are those that were seen before, its place mostly the one that was felt."""
        assert self._held is not None, "something is held"
        name, place, turn = self._held
        seen = turned(sighting.box.position - between(hand), -hand.yaw)
        self._held = name, place + _TRUST * (np.array([seen[0], 0.0, seen[2]]) - place), turn
        return replace(sighting, box=self._believed[name].box)

    def _gripped(self, name: str, hand: Hand) -> tuple[str, np.ndarray, float]:
        """How a thing lies in the hand, where it is believed to be now; across the fingers it is in the middle, as both touch it."""
        box = self._believed[name].box
        along, _, up = turned(box.position - between(hand), -hand.yaw)
        return name, np.array([along, 0.0, up]), box.yaw - hand.yaw

    def _settle(self, seen: Mapping[str, Belief]) -> None:
        """What stands on something stands right on it, as tall as it is known to be."""
        held = self._held[0] if self._held else None
        boxes = self._settler.settled({n: b.box for n, b in self._believed.items()}, held, seen)
        self._believed = {name: replace(belief, box=boxes[name]) for name, belief in self._believed.items()}

    def _fixtures(self, found: Mapping[str, Belief], shots: Sequence[Shot]) -> dict[str, Belief]:
        """The cabinet and its drawer, each with the side that opens to the front."""
        fixtures = {n: replace(b, box=facing_front(b.box)) for n, b in found.items() if not naming.is_movable(n)}
        if shell := fixtures.get(cabinet.SHELL):
            seen, before = fixtures.get(cabinet.NAME), self._believed.get(cabinet.NAME)
            box = drawer_of(shell.box, seen.box if seen else None, before.box if before else None, shots)
            fixtures[cabinet.NAME] = Belief(box, (seen or shell).score)
        return fixtures

    def _drawer(self) -> float | None:
        shell, drawer = self._believed.get(cabinet.SHELL), self._believed.get(cabinet.NAME)
        return cabinet.opening(shell.box, drawer.box) if shell and drawer else None


def _is_believed(sighting: Belief, before: Belief) -> bool:
    """Whether something is taken to be where its name is given now: that is sure, or close to where it was."""
    return sighting.score > _DOUBTFUL or unlike(before.box, sighting.box) < _SAME


def _is_hidden(box: Box, others: Mapping[str, Box]) -> bool:
    """Whether something may well be there without being seen: it lies in a receptacle, or something stands on it.

    Where exactly, is then not known well enough to see that the place is empty; if it has come out, it is seen elsewhere.
    """
    return any(
        (naming.holds(name) and is_in(box, other)) or (other.bottom > box.position[2] and other.covers(box.position))
        for name, other in others.items()
    )


def _shifted(belief: Belief, way: np.ndarray) -> Belief:
    return replace(belief, box=replace(belief.box, position=belief.box.position + way))
