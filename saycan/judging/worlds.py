"""One episode in a world of its own, rehearsed or simulated, with what was true meanwhile: what learning from episodes needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from saycan.affordance import SuccessValues
from saycan.agent import Agent, Body, Language, Limits
from saycan.body import TabletopBody
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import SuiteTask, start_state
from saycan.judging.trial import Record
from saycan.perception import Oracle
from saycan.select import Choose, highest
from saycan.types import Step
from sim.scenes import lay_out
from sim.state import WorldState
from sim.tabletop import Tabletop
from skills.library import Skill


@dataclass(frozen=True)
class Stage:
    """Where an episode takes place.

    :param truth: the true state as it is now, everything at rest.
    """

    body: Body
    truth: Callable[[], WorldState]


World = Callable[[SuiteTask, Mapping[str, Skill], float], AbstractContextManager[Stage]]
"""From a task, the skills, and what "can" is for saying done."""


@contextmanager
def rehearsed(task: SuiteTask, library: Mapping[str, Skill], done: float = 1.0) -> Iterator[Stage]:
    """Skills do what they are meant to, and fail where they cannot; "can" comes from their success values."""
    body = Rehearsal(start_state(task.scene), library, done)
    yield Stage(body, lambda: body.now)


@contextmanager
def simulated(task: SuiteTask, library: Mapping[str, Skill], done: float = 1.0) -> Iterator[Stage]:
    """The arm moves in the simulator; perception is perfect."""
    world = Tabletop()
    world.reset(lay_out(task.scene))

    def truth() -> WorldState:
        world.settle()
        return world.state()

    try:
        world.settle()
        yield Stage(TabletopBody(world, library, Oracle(), SuccessValues(library, done)), truth)
    finally:
        world.close()


WORLDS: dict[str, World] = {"rehearsed": rehearsed, "simulated": simulated}


def play(
    stage: Stage,
    task: SuiteTask,
    language: Language,
    limits: Limits,
    tau: float = 1.0,
    strength: float = 1.0,
    choose: Choose = highest,
) -> Record:
    """Let the agent do a task, and look on."""
    truths: list[WorldState] = []

    def on_step(step: Step) -> None:
        if step.outcome is None:
            truths.append(stage.truth())

    start = stage.truth()
    episode = Agent(stage.body, language, limits, tau, strength, choose).run(task.instruction, on_step)
    return Record(task, start, episode, [*truths, stage.truth()])
