"""An expert's ways as texts to learn from, in the form in which the planner will be asked: scene, instruction, numbered steps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from saycan.candidates import DONE
from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask
from saycan.language.examples import REFUSAL
from saycan.language.prompt import Style, continuation, prompt, told_after
from saycan.language.unknown import could_be_inside
from saycan.learning import mishaps
from saycan.learning.nouns import UnsuitableError
from saycan.learning.tasks import draw_tasks
from saycan.perception import view_of
from saycan.types import Episode, SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.relations import is_in, is_open
from sim.state import WorldState

STYLE = Style(examples=0, places=True)
"""What a trained planner reads. ``configs/planner/trained.yaml`` says the same."""

_FAILS, _STRAYS = 0.12, 0.04  # shares of steps at which a try fails, or something is done that was not asked for
_FAILED = " (failed)\n"
_HIDDEN = 0.6  # share of tasks about the inside of a closed drawer in which that is not seen
_OTHER_WAY = 0.1  # share of choices that are any right one: which, nothing in the text tells
_MOST_STEPS = 12
_PER_SCENE = 3

Segment = tuple[str, bool]
"""A piece of text, and whether it is to be learned."""


@dataclass(frozen=True)
class Transcript:
    """One episode as text.

    :param scene: the line that tasks in the same scene share, if they do.
    :param segments: what follows it.
    """

    scene: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return self.scene + "".join(text for text, _ in self.segments)


def transcript(rng: np.random.Generator, task: SuiteTask, start: WorldState, style: Style = STYLE) -> Transcript:
    """The way of the expert through a task. Some tries fail: they are learned, that they failed is read. Steps astray, and now and then another right choice, are only read.

    :raises UnsuitableError: after a step astray there was no way any more.
    """
    expert = None if task.refuse else Expert(task.goal, start)
    hidden = frozenset[str]() if expert is None else _hidden(rng, task, start, expert)
    first = _without(view_of(start), hidden)
    asked = prompt(task.instruction, Episode(task.instruction), first, style)
    scene, instruction = asked.split("\n", 1)
    segments: list[Segment] = [(instruction, False)]
    if task.refuse:
        return Transcript(scene + "\n", (*segments, (continuation(REFUSAL), True)))
    assert expert is not None, "what is to be declined has no way"
    now, number = start, 1
    while best := expert.best(now):
        choice = best[0] if rng.random() > _OTHER_WAY else best[int(rng.integers(len(best)))]
        astray = expert.stray(rng, now) if number < _MOST_STEPS - 5 and rng.random() < _STRAYS else None
        if number > 2 * _MOST_STEPS:
            raise UnsuitableError  # in circles: what the goal needs has become impossible
        choice, learn = (astray, False) if astray is not None else (choice, choice == best[0])
        if choice == DONE:
            segments.append((continuation(choice.text), learn))
            break
        meant = expert.after(now, choice)
        assert meant is not None, "the expert chooses what is possible"
        fails = astray is None and rng.random() < _FAILS
        after = mishaps.after_failure(rng, now, choice, meant) if fails else mishaps.by_and_by(rng, meant)
        segments.append((f" {choice.text}" if fails else continuation(choice.text), learn))
        before, hidden = _without(view_of(now), hidden), hidden if _shut(after) else frozenset()
        seen = _without(view_of(after), hidden)
        told = told_after(not fails, first, before, seen, task.instruction) if style.places else ""
        now, number = after, number + 1
        segments.append((f"{_FAILED if fails else ''}{told}{number}.", False))
    else:
        raise UnsuitableError
    return Transcript(scene + "\n", tuple(segments))


def _hidden(rng: np.random.Generator, task: SuiteTask, start: WorldState, expert: Expert) -> frozenset[str]:
    """What is in a drawer that has to be opened first is often not seen before, where the instruction speaks of the drawer."""
    opens = [choice.skill for choice in expert.best(start)[:1]] == ["open_drawer"]
    if not (opens and could_be_inside(task.instruction, start.drawer)) or rng.random() > _HIDDEN:
        return frozenset()
    return frozenset(
        n for n, box in start.boxes.items() if n not in (DRAWER, SHELL) and is_in(box, start.boxes[DRAWER])
    )


def _shut(state: WorldState) -> bool:
    return state.drawer is not None and not is_open(state.drawer)


def _without(view: SceneView, names: frozenset[str]) -> SceneView:
    """A view in which some things are not seen."""
    boxes = {name: box for name, box in view.boxes.items() if name not in names}
    relations = tuple(fact for fact in view.relations if not names & set(fact[1:]))
    return replace(view, boxes=boxes, relations=relations)


def draw_scene_of_transcripts(rng: np.random.Generator) -> list[Transcript]:
    """Transcripts of a few tasks in one scene."""
    found = []
    for task, start in draw_tasks(rng, _PER_SCENE):
        with suppress(UnsuitableError):
            found.append(transcript(rng, task, start))
    return found
