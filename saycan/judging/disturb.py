"""A careless bystander: a share of the skills is made to fail, or something else is moved while they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from saycan.body import TabletopBody
from saycan.types import Candidate, SceneView
from sim.geometry import gap
from sim.layout import Placement, standing
from sim.relations import is_in, is_on
from sim.state import WorldState
from sim.tabletop import Tabletop
from skills.disturb import disturb
from skills.execute import Outcome

_EARLIEST, _LATEST = 2, 10  # control steps into a skill; none that works is over sooner
_NEAR, _FAR = 0.03, 0.08  # metres that something else is moved
_LOW, _HIGH = np.array([0.32, -0.36]), np.array([0.66, 0.36])  # where it may come to stand, metres
_FREE, _TRIES = 0.015, 40  # metres round it; spots that are tried


class _CutOffError(Exception):
    """A skill was made to fail."""


class Disturbed:
    """A body to which things happen.

    In a share of the skills, drawn one by one, one of two things happens at some moment: what is in the hand (or else what the skill is
    about) is knocked away and the skill is cut off; or another thing is moved by a few centimetres, and the skill goes on.

    :param share: chance for each skill, 0 to 1.
    """

    def __init__(self, body: TabletopBody, share: float, rng: np.random.Generator):
        self._body, self._share, self._rng = body, share, rng
        self.world: Tabletop = body.world
        self.done: list[str] = []

    def perceive(self) -> SceneView:
        """Look at the world."""
        return self._body.perceive()

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        """Everything that could be done."""
        return self._body.propose(view)

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Can, shape (K,)."""
        return self._body.success_probability(view, candidates)

    def meant(self, view: SceneView, candidate: Candidate) -> SceneView | None:
        """What a skill is meant to lead to."""
        return self._body.meant(view, candidate)

    def execute(self, candidate: Candidate) -> Outcome:
        """Do a skill, with what happens to it."""
        at = int(self._rng.integers(_EARLIEST, _LATEST + 1)) if self._rng.random() < self._share else 0
        happen = self._fail if self._rng.random() < 0.5 else self._move_another
        self._body.while_running = self._ticking(candidate, at, happen)
        try:
            return self._body.execute(candidate)
        except _CutOffError:
            self._body.world.settle(limit=12)
            return Outcome(False, at, "disturbed")
        finally:
            self._body.while_running = None

    def _ticking(self, candidate: Candidate, at: int, happen: Callable[[Candidate], None]) -> Callable[[], None]:
        count = 0

        def tick() -> None:
            nonlocal count
            count += 1
            if count == at:
                happen(candidate)

        return tick

    def _fail(self, candidate: Candidate) -> None:
        assert candidate.target is not None
        what = disturb(self.world, candidate.target.name, self._rng) or "it was cut off"
        self.done.append(f"'{candidate.text}' was made to fail: {what}")
        raise _CutOffError

    def _move_another(self, candidate: Candidate) -> None:
        assert candidate.target is not None
        state = self.world.state()
        names = [n for n in state.boxes if n not in (state.held, candidate.target.name) and _stands_alone(state, n)]
        for name in self._rng.permutation(sorted(names)):
            spot = self._free_spot(state, name)
            if spot is not None:
                self.world.move(name, spot.position, spot.yaw)
                self.done.append(f"the {name} was moved during '{candidate.text}'")
                return

    def _free_spot(self, state: WorldState, name: str) -> Placement | None:
        """A place a few centimetres away with nothing there."""
        box, others = state.boxes[name], [other for key, other in state.boxes.items() if key != name]
        for _ in range(_TRIES):
            angle, far = self._rng.uniform(-np.pi, np.pi), self._rng.uniform(_NEAR, _FAR)
            spot = box.position[:2] + far * np.array([np.cos(angle), np.sin(angle)])
            placement = standing(state.things[name], spot, box.yaw)
            if np.all((spot > _LOW) & (spot < _HIGH)) and min(gap(placement.box, other) for other in others) > _FREE:
                return placement
        return None


def _stands_alone(state: WorldState, name: str) -> bool:
    """Whether a thing stands on the table itself, with nothing in it or on it."""
    box = state.boxes[name]
    if state.things[name].is_fixture or abs(box.bottom) > 0.01:
        return False
    others = [other for key, other in state.boxes.items() if key != name]
    return not any(is_in(a, b) or is_on(a, b) for other in others for a, b in ((box, other), (other, box)))
