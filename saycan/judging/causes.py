"""Why a trial failed: language, affordance, perception or execution, by comparing each decision with what an oracle would have done.

The first wrong thing decides. How each is told from the others: ``docs/benchmark.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saycan.agent import worn_out
from saycan.candidates import DONE
from saycan.imagination import state_of
from saycan.judging.expert import Expert
from saycan.judging.oracle import Oracle
from saycan.judging.rehearsal import meant
from saycan.judging.suite import SuiteTask
from saycan.judging.views import differences, needed
from saycan.select import combine, select
from saycan.types import Candidate, Episode, Step
from sim.goals import GoalError, parse
from sim.state import WorldState
from skills.library import Skill

CAUSES = ("language", "affordance", "perception", "execution", "unknown", "error")
_MOST_PARTS = 3  # parts of a goal that are searched together
_LONGEST = 40  # skills after which a way is no longer followed
_PREDICATE = re.compile(r"[a-z]+\s*\([^()]*\)")
_EVERY_ONE = re.compile(r"all\s*\(([^(),]+),\s*([a-z]+\s*\([^()]*\))\s*\)")


@dataclass(frozen=True)
class Verdict:
    """Why a trial failed.

    :param cause: one of ``CAUSES``; empty: it did not fail.
    :param why: the same as a sentence for people.
    """

    cause: str = ""
    why: str = ""


_NO_WAY = Verdict("unknown", "no way to the goal is known, so neither is what was right")
_LOST = Verdict("execution", "nothing leads to the goal any more")
_ENDS = {
    "done": "the goal came undone in the end",
    "gave_up": "time was up after {} skills, of which {} failed",
    "declined": "something moved by itself",
}


class Judge:
    """What would be right at each moment of a task, by shortest ways to the goal over what skills are meant to do.

    A goal of more than three parts is out of that search's reach: then the expert that takes goals apart tells; where it knows no way
    either, what is right for any part that does not hold yet is right.
    """

    def __init__(self, task: SuiteTask, start: WorldState, library: Mapping[str, Skill]):
        self.task, self.start, self._library = task, start, library
        self._goal = parse(task.goal)
        parts = _parts(task.goal, start)
        whole = Oracle(self._goal, start, library)
        self._parts = {part: Oracle(parse(part), start, library) for part in parts}
        if len(parts) <= _MOST_PARTS and (len(parts) < 2 or whole.best(start)):
            self._parts = {task.goal: whole}
        self._expert: Expert | None = None
        if len(self._parts) > 1:
            expert = Expert(task.goal, start, {name: skill.task for name, skill in library.items()})
            self._expert = expert if expert.reaches(start, _LONGEST) else None

    def right(self, now: WorldState) -> frozenset[Candidate | None]:
        """The right choices in a state (None among them: to decline); empty if no way to the goal is known."""
        if self.task.refuse:
            return frozenset([None])
        if self._goal.holds(self.start, now):
            return frozenset([DONE])
        if self._expert is not None and (best := self._expert.best(now)):
            return frozenset(best)
        left = {part: oracle for part, oracle in self._parts.items() if not parse(part).holds(self.start, now)}
        about_held = {part: oracle for part, oracle in left.items() if now.held and now.held in part}
        return frozenset(c for oracle in (about_held or left).values() for c in oracle.best(now) or [])

    def shortest(self) -> int | None:
        """Skills of a shortest way from the start; None if no way is known."""
        now: WorldState | None = self.start
        for count in range(_LONGEST):
            best = self.right(now) if now is not None else frozenset()
            if not best or best & {DONE, None}:
                return count if best else None
            now = brought_about(self._library, now, min(best, key=str)) if now is not None else None
        return None


def brought_about(library: Mapping[str, Skill], now: WorldState, choice: Candidate | None) -> WorldState | None:
    """The state that a choice is meant to lead to; None: none, also because it is about something that is not there."""
    if choice is None or choice == DONE:
        return None
    try:
        return meant(library, now, choice)
    except KeyError:
        return None


def find_cause(
    truths: Sequence[WorldState], episode: Episode, judge: Judge, library: Mapping[str, Skill], agent: Any
) -> Verdict:
    """What went wrong first in an episode that failed.

    :param truths: the true state at each decision and at the end.
    :param agent: the agent's settings.
    """
    steps = episode.steps
    failing: Verdict | None = None  # of the last choice, if it was right, but its skill failed or came undone
    for k, (step, now) in enumerate(zip(steps, truths, strict=False)):
        right, blind = judge.right(now), k > 0 and not agent.closed_loop  # in open loop only the first view was seen
        wrong_view = "" if blind else differences(step.view, now, needed(judge.task, now, step.view))
        left_out = [] if blind else worn_out(steps[:k], step.candidates, agent.tries)
        if not right:
            return failing or (_LOST if k else _NO_WAY)
        if step.choice in right:
            failing = _against(step, now, truths[k + 1], judge, library, wrong_view)
        elif failing and (
            right <= {step.candidates[i] for i in left_out}
            or _unnoticed(step, steps[k - 1], truths[k - 1], judge, library)
        ):
            return failing
        elif blind and _right_in_the_head(step, judge):
            return failing or Verdict("execution", f"{_name(step.choice)} was too early: something came out otherwise")
        elif wrong_view:
            return Verdict("perception", f"chose {_name(step.choice)}: {wrong_view}")
        else:
            return _language_or_affordance(step, now, right, library, agent, left_out, first=k == 0)
    failures = sum(step.outcome is not None and not step.outcome.success for step in steps)
    return failing or Verdict("execution", _ENDS[episode.outcome].format(len(steps), failures))


def _against(
    step: Step, now: WorldState, later: WorldState, judge: Judge, library: Mapping[str, Skill], wrong_view: str
) -> Verdict | None:
    """What is to be held against a right choice, should it turn out to be decisive."""
    if step.outcome is None:
        return None
    name = _name(step.choice)
    if not step.outcome.success and wrong_view:
        return Verdict("perception", f"{name} failed: {wrong_view}")
    if not step.outcome.success:
        return Verdict("execution", f"{name} failed ({step.outcome.ended or 'for no known reason'})")
    after = brought_about(library, now, step.choice)
    if after is not None and judge.right(after) != judge.right(later):
        return Verdict("execution", f"{name} counted as a success, but what it did came undone")
    return None


def _unnoticed(step: Step, before: Step, then: WorldState, judge: Judge, library: Mapping[str, Skill]) -> bool:
    """Whether the skill before reported a success, and the choice would have been right had that been true."""
    after = brought_about(library, then, before.choice)
    reported = before.outcome is not None and before.outcome.success
    return reported and after is not None and step.choice in judge.right(after)


def _right_in_the_head(step: Step, judge: Judge) -> bool:
    """Whether a choice would have been right had the world been as it was imagined."""
    try:
        return step.choice in judge.right(state_of(step.view))
    except (GoalError, KeyError):  # what the goal names was not even imagined
        return False


def _language_or_affordance(
    step: Step,
    now: WorldState,
    right: frozenset[Candidate | None],
    library: Mapping[str, Skill],
    agent: Any,
    left_out: Sequence[int],
    first: bool,
) -> Verdict:
    """Affordance if a perfect "can" would have led to a right choice, language otherwise.

    :param left_out: indices of candidates that were left out after too many failures.
    """
    could = [c == DONE or brought_about(library, now, c) is not None for c in step.candidates]
    can = np.where([c == DONE for c in step.candidates], agent.done, np.array(could, dtype=float))
    product = combine(step.say, can, agent.tau, agent.strength or 1.0)
    product[list(left_out)] = 0.0
    chosen = select(product, agent.decline if first else agent.least)
    better = None if chosen is None else step.candidates[chosen]
    wanted = " or ".join(sorted(map(_name, right)))
    return Verdict(
        "affordance" if better in right else "language", f"chose {_name(step.choice)} where {wanted} was right"
    )


def _name(choice: Candidate | None) -> str:
    return f"'{choice.text}'" if choice else "nothing"


def _parts(goal: str, start: WorldState) -> list[str]:
    """A goal that joins predicates by "and", with every "all" spelt out, as its parts; any other goal as a whole."""

    def each(match: re.Match[str]) -> str:
        group, inner = match[1].strip(), match[2]
        names = [name for name, thing in start.things.items() if group in thing.classes]
        return " and ".join(re.sub(r"(?<=[(,])\s*_\s*(?=[),])", name, inner) for name in names)

    parts = [part.strip() for part in _EVERY_ONE.sub(each, goal).split(" and ")]
    return parts if all(_PREDICATE.fullmatch(part) for part in parts) else [goal]
