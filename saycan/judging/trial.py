"""One task of a suite as one trial: an episode in a world of its own, watched with the simulator's truth, and judged."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from saycan.agent import Agent
from saycan.build import build_agent
from saycan.candidates import DONE
from saycan.film import Film
from saycan.judging import fragments
from saycan.judging.causes import Judge, Verdict, brought_about, find_cause
from saycan.judging.disturb import Disturbed
from saycan.judging.suite import SuiteTask, start_state
from saycan.language.examples import EXAMPLES
from saycan.types import Episode, Step
from sim.cabinet import SHELL
from sim.camera import Camera
from sim.goals import parse
from sim.scenes import SceneError, SceneSpec
from sim.state import WorldState
from skills import library as skill_library
from skills.library import Skill

_DRAWS = 20  # seeds tried for another layout, before a task counts as one that has none
_CAMERA = Camera(width=240, height=180)  # films are small: a report holds many
_EVERY = 8  # control steps to a picture: a third of a second


@dataclass(frozen=True)
class Job:
    """A task and a seed.

    :param number: the task's place in its suite, from 1.
    :param seed: 0: the scene as the suite has it; others draw other layouts.
    """

    number: int
    seed: int
    task: SuiteTask

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from the other jobs of a run."""
        return self.number, self.seed


@dataclass
class Record:
    """What happened in a trial, and what was true meanwhile.

    :param start: the true state before anything was done.
    :param truths: the true state at each decision, and last the one at the end, everything at rest.
    :param disturbances: what was done to the agent, in words.
    """

    task: SuiteTask
    start: WorldState
    episode: Episode
    truths: list[WorldState]
    disturbances: list[str] = field(default_factory=list)

    @property
    def success(self) -> bool:
        """Whether the goal holds at the end and the agent has said done; of a task to refuse: it declined and nothing moved."""
        if self.task.refuse:
            return self.episode.outcome == "declined" and parse("none").holds(self.start, self.truths[-1])
        return self.episode.outcome == "done" and parse(self.task.goal).holds(self.start, self.truths[-1])

    def plan_success(self, library: Mapping[str, Skill]) -> bool:
        """Whether it would be a success had every chosen skill worked as meant.

        A skill that is chosen again right after it failed counts once; one that is impossible as meant has no effect.
        """
        if self.task.refuse:
            return self.episode.outcome == "declined"
        steps, now = self.episode.steps, self.start
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            again = following is not None and following.choice == step.choice
            failed = step.outcome is not None and not step.outcome.success
            if step.choice not in (None, DONE) and not (failed and again):
                now = brought_about(library, now, step.choice) or now
        return self.episode.outcome == "done" and parse(self.task.goal).holds(self.start, now)


def run_trial(config: Any, job: Job, scorer: Any, folder: Path) -> dict[str, Any]:
    """Run and judge one trial.

    :param config: of the benchmark.
    :param folder: where its film and its steps are kept for the report.
    :return: its row; an exception becomes one with ``error``.
    """
    began = time.perf_counter()
    row = identity(job)
    try:
        forget(scorer, config)
        row |= _judged(config, job, scorer, folder)
    except Exception as error:
        fragments.keep_trace(folder, job.key, traceback.format_exc())
        row |= broken(f"{type(error).__name__}: {' '.join(str(error).split())}")
    return {**row, "seconds": round(time.perf_counter() - began, 3)}


def identity(job: Job) -> dict[str, Any]:
    """What a row says of its job."""
    task = job.task
    row = {"instruction": task.instruction, "family": task.family, "seed": job.seed, "task": job.number}
    return {**row, "goal": task.goal, "refuse": task.refuse}


def broken(why: str) -> dict[str, Any]:
    """What the row of a trial says that came to no end."""
    nothing: dict[str, Any] = {"plan": [], "plan_success": False, "success": False, "final_poses": {}, "reason": ""}
    nothing |= {"disturbances": [], "decision_seconds": [], "shortest": None, "scene_seed": None, "skills_failed": 0}
    return {**nothing, "skills_executed": 0, "outcome": "", "cause": "error", "why": why, "error": why, "seconds": 0.0}


def forget(scorer: Any, config: Any) -> None:
    """Let every task find the language model in the same state, whatever was asked of it before."""
    if hasattr(scorer, "forget"):  # one behind a server is not ours to reset
        count = OmegaConf.select(config, "agent.prompt.examples", default=len(EXAMPLES))
        scorer.forget("".join(f"{example}\n" for example in EXAMPLES[len(EXAMPLES) - count :]))


def drawn_scene(task: SuiteTask, seed: int) -> SceneSpec:
    """The task's scene for a seed. Another layout is one in which the goal is as little fulfilled as in the suite's own.

    :raises SceneError: if no such layout was found.
    """
    if seed == 0:
        return task.scene
    fulfilled = _fulfilled(task, task.scene)
    for attempt in range(_DRAWS):
        number = np.random.SeedSequence([task.scene.seed, seed, attempt]).generate_state(1)[0]
        scene = replace(task.scene, seed=int(number))
        try:
            if _fulfilled(task, scene) == fulfilled:
                return scene
        except SceneError:
            continue
    raise SceneError(f"{_DRAWS} other layouts were drawn with seed {seed}, and none can be had")


def _fulfilled(task: SuiteTask, scene: SceneSpec) -> bool:
    start = start_state(scene)
    return parse(task.goal).holds(start, start)


def _judged(config: Any, job: Job, scorer: Any, folder: Path) -> dict[str, Any]:
    scene, library = drawn_scene(job.task, job.seed), skill_library.load_all()
    own = OmegaConf.create({"scene": {**asdict(scene), "seed": None}, "seed": scene.seed, "sim": {"gui": False}})
    goal = "none" if job.task.refuse else job.task.goal  # for agent=oracle; no other looks at it
    agent = build_agent(OmegaConf.merge(config, own), scorer, goal)
    film = Film(agent.body.world, _CAMERA, every=_EVERY) if config.video else None
    try:
        record = _witness(config, agent, job, film)
    finally:
        agent.body.world.close()
    row = {**_row(record, library), **_why(record, library, config, job, folder), "scene_seed": scene.seed}
    fragments.keep(folder, job.key, record.episode, None if record.success else film)
    return row


def _why(record: Record, library: Mapping[str, Skill], config: Any, job: Job, folder: Path) -> dict[str, Any]:
    """What went wrong. Should that fail, what happened is not lost."""
    try:
        judge = Judge(job.task, record.start, library)
        agent = config.agent
        verdict = Verdict() if record.success else find_cause(record.truths, record.episode, judge, library, agent)
        return {"cause": verdict.cause, "why": verdict.why, "shortest": judge.shortest()}
    except Exception as error:
        fragments.keep_trace(folder, job.key, traceback.format_exc())
        why = f"it could not be found out why ({type(error).__name__})"
        return {"cause": "" if record.success else "unknown", "why": "" if record.success else why, "shortest": None}


def _witness(config: Any, agent: Agent[Any], job: Job, film: Film | None) -> Record:
    """Let the agent do it, and look on."""
    world, truths = agent.body.world, []
    agent.body.each_step = film.tick if film else None
    if config.disturb:
        seeds = np.random.SeedSequence([job.task.scene.seed, job.seed, job.number])
        agent.body = Disturbed(agent.body, config.disturb, np.random.default_rng(seeds))
    start = world.state()

    def on_step(step: Step) -> None:
        if step.outcome is None:
            truths.append(world.state())
            if film:
                film.mark()

    episode = agent.run(job.task.instruction, on_step)
    world.settle()
    if film:
        film.shoot()
    done = agent.body.done if isinstance(agent.body, Disturbed) else []
    return Record(job.task, start, episode, [*truths, world.state()], done)


def _row(record: Record, library: Mapping[str, Skill]) -> dict[str, Any]:
    episode, final = record.episode, record.truths[-1]
    poses = {name: [round(float(x), 4) for x in box.position] for name, box in final.boxes.items() if name != SHELL}
    executed = [step for step in episode.steps if step.outcome is not None]
    return {
        "plan": [step.choice.text for step in episode.steps if step.choice is not None],
        "plan_success": record.plan_success(library),
        "success": record.success,
        "final_poses": poses,
        "skills_executed": len(executed),
        "skills_failed": sum(not step.outcome.success for step in executed if step.outcome),
        "outcome": episode.outcome,
        "reason": episode.reason,
        "disturbances": record.disturbances,
        "decision_seconds": [round(step.seconds, 4) for step in episode.steps],
        "error": None,
    }
