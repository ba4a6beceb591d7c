"""Plans that were rehearsed: what was done without physics, and whether it reached the goal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from saycan.agent import Agent
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.results import wilson
from saycan.judging.suite import SuiteTask
from sim.files import write_whole
from sim.goals import parse


@dataclass(frozen=True)
class Plan:
    """One task of a suite and what became of it.

    :param plan: the skills that were chosen, in words.
    :param outcome: how the episode ended, such as "done" or "declined".
    :param right: whether it ended as it should: goal reached and said to be done, or declined where that is right.
    :param at_first: sum of all products at the first decision: what ``agent.decline`` is compared with.
    """

    instruction: str
    family: str
    goal: str
    refuse: bool
    plan: tuple[str, ...]
    outcome: str
    right: bool
    at_first: float


def rehearse(agent: Agent, body: Rehearsal, task: SuiteTask) -> Plan:
    """Let an agent whose skills do what they are meant to follow an instruction; see how that ends."""
    episode = agent.run(task.instruction)
    ended = episode.outcome == ("declined" if task.refuse else "done")
    right = ended and parse(task.goal).holds(body.start, body.now)
    chosen = tuple(step.choice.text for step in episode.steps if step.choice is not None)
    at_first = round(float(episode.steps[0].product.sum()), 4)
    return Plan(task.instruction, task.family, task.goal, task.refuse, chosen, str(episode.outcome), right, at_first)


def shares(plans: Sequence[Plan]) -> dict[str, float]:
    """Share of plans that are right, by family and for ``all``."""
    return {family: round(sum(p.right for p in mine) / len(mine), 4) for family, mine in _by_family(plans).items()}


def markdown(plans: Sequence[Plan]) -> str:
    """A row for each family: how many plans there are, how many are right, and the 95% Wilson interval of that share."""
    rows = ["| family | plans | right | share (95%) |", "|---|---|---|---|"]
    for family, mine in _by_family(plans).items():
        right = sum(plan.right for plan in mine)
        low, high = wilson(right, len(mine)) or (0.0, 1.0)
        rows.append(f"| {family} | {len(mine)} | {right} | {right / len(mine):.0%} ({low:.0%} to {high:.0%}) |")
    return "\n".join(rows) + "\n"


def write(path: Path, plans: Sequence[Plan]) -> None:
    """A line of JSON for each, so that what goes wrong can be read."""
    write_whole(path, "".join(json.dumps(asdict(plan), ensure_ascii=False) + "\n" for plan in plans))


def _by_family(plans: Sequence[Plan]) -> dict[str, list[Plan]]:
    families: dict[str, list[Plan]] = {}
    for plan in plans:
        families.setdefault(plan.family, []).append(plan)
    return {**families, "all": list(plans)}
