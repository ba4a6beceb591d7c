"""Do a skill: its policy in a closed loop until it has succeeded or its time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.tabletop import Tabletop
from skills.library import Skill
from skills.observation import Sight, features


@dataclass(frozen=True)
class Outcome:
    """What came of doing a skill.

    :param success: whether it did what it is for.
    :param control_steps: control steps (1/24 s) that it took.
    """

    success: bool
    control_steps: int = 0


def execute(
    world: Tabletop,
    skill: Skill,
    target: str,
    look: Callable[[str], Sight],
    each_step: Callable[[], None] | None = None,
) -> Outcome:
    """Do a skill in a world.

    :param target: the thing that the skill is about.
    :param look: what the policy may see of a target at the moment.
    :param each_step: called after every control step (to film it).
    """
    start, horizon = world.state(), skill.task.horizon
    for step in range(horizon):
        world.step(skill.policy.act(features(look(target), step / horizon)))
        if each_step:
            each_step()
        now = world.state()
        if skill.task.success(start, now, target):
            return Outcome(True, step + 1)
        if skill.task.lost(start, now, target):
            return Outcome(False, step + 1)
    return Outcome(False, horizon)
