"""Do a skill: its policy in a closed loop until it has succeeded, is lost, or its own value says that it is not going to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.relations import REGIONS

if TYPE_CHECKING:  # what only needs an outcome does not wait for PyTorch
    from sim.tabletop import Tabletop
    from skills.library import Skill
    from skills.observation import Sight
    from skills.tasks import Target


@dataclass(frozen=True)
class Outcome:
    """What came of doing a skill.

    :param success: whether it did what it is for, in time or in the end.
    :param control_steps: control steps (1/24 s) that it took.
    :param ended: why it ended: "success", "lost", "hopeless" (the value collapsed) or "time".
    :param chance: the success value when it ended; None if it was not watched.
    """

    success: bool
    control_steps: int = 0
    ended: str = ""
    chance: float | None = None


@dataclass(frozen=True)
class Watch:
    """When to stop a try whose success value has collapsed.

    :param least: chance of success below which a state counts as hopeless; 0: never stop.
    :param patience: hopeless states in a row before the try is stopped.
    """

    least: float = 0.05
    patience: int = 3


def execute(
    world: Tabletop,
    skill: Skill,
    target: Target,
    look: Callable[[], Sight],
    watch: Watch | None = None,
    each_step: Callable[[], None] | None = None,
) -> Outcome:
    """Do a skill in a world.

    :param look: what the policy may see at the moment.
    :param watch: when to give up early; None: never.
    :param each_step: called after every control step (to film it).
    """
    task, start, sight = skill.task, world.state(), look()
    observer = task.observer(sight, target, nearby=watch is not None or "nearby" in task.reads)
    observation, hopeless, chance = observer.observe(sight, 0.0), 0, None
    there = target.name in start.boxes or target.name in (*REGIONS, "")  # sight may have made it up; "": about no thing
    for step in range(1, task.horizon + 1):
        world.step(observer.act(skill.policy.act(observation)))
        if each_step:
            each_step()
        now = world.state()
        if there and task.success(start, now, target):
            return Outcome(True, step, "success", chance)
        if there and task.lost(start, now, target):
            return Outcome(False, step, "lost", chance)
        observation = observer.observe(look(), step / task.horizon)
        if watch is not None:
            chance = float(skill.value.probability(observation[None])[0])
            hopeless = hopeless + 1 if chance < watch.least else 0
            if hopeless >= watch.patience:
                return Outcome(False, step, "hopeless", chance)
    return Outcome(False, task.horizon, "time", chance)
