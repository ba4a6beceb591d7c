"""What the language model reads: examples, then the scene, the instruction and what was done so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saycan.language import places
from saycan.language.examples import EXAMPLES
from saycan.types import Episode, SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.geometry import Box
from sim.relations import REGIONS, is_at, is_closed, is_open

NEUTRAL = "do what you like"
"""An instruction that asks for nothing in particular: what a phrase scores under it, it owes to its words and the scene alone."""


@dataclass(frozen=True)
class Style:
    """What the prompt tells.

    :param examples: how many examples come first: the last so many of all.
    :param scene: whether it tells what is on the table.
    :param regions: whether it tells in which part of the table each thing is.
    :param places: whether things are told from left to right, each with its part of the table in a few words, more where the
        instruction asks for that, and after each skill what is left and what was found; what a planner is trained on (see ``docs/planner.md``).
    """

    examples: int = len(EXAMPLES)
    scene: bool = True
    regions: bool = False
    places: bool = False


def prompt(instruction: str, episode: Episode, view: SceneView, style: Style = Style()) -> str:
    """The text that the next skill continues. It ends with the number of the step.

    The scene is the one at the start of the episode, so that what was read stays valid: what changed since is in the steps.
    """
    first = episode.steps[0].view if episode.steps else view
    steps = history(episode)
    left = _since(episode, view) if style.places else [""] * len(steps)
    seen = ""
    if style.scene:
        seen = places.told(first, _said(instruction)) if style.places else f"Scene: {scene(first, style.regions)}.\n"
    examples = "".join(f"{example}\n" for example in EXAMPLES[len(EXAMPLES) - style.examples :])
    return examples + seen + request(instruction, steps, left)


def request(instruction: str, steps: Sequence[str], left: Sequence[str] | None = None) -> str:
    """The part of the prompt after the scene: the instruction, the steps so far, and the number of the next one.

    :param left: lines to follow each step.
    """
    told = zip(steps, left or [""] * len(steps), strict=True)
    lines = [f"{k}. {text}\n{line}" for k, (text, line) in enumerate(told, start=1)]
    return f"Human: {_said(instruction)}.\nRobot:\n{''.join(lines)}{len(lines) + 1}."


def _said(instruction: str) -> str:
    """An instruction on one line: it must not look like the prompt's own lines."""
    return " ".join(instruction.lower().replace("\u2019", "'").replace("\u2018", "'").split()).rstrip(".")


def scene(view: SceneView, regions: bool = False) -> str:
    """The things that are seen, in words.

    :param regions: whether to say where on the table they are.
    """
    where = {name: f"{name} ({at})" for name, box in view.boxes.items() if regions and (at := _region(box))}
    where |= {a: f"{a} ({relation} the {b})" for relation, a, b in view.relations}
    things = [where.get(name, name) for name in view.boxes if name not in (view.held, DRAWER, SHELL)]
    if view.drawer is not None:
        how = "open" if is_open(view.drawer) else "closed" if is_closed(view.drawer) else "half open"
        things.append(f"drawer ({how})")
    return ", ".join([*things, *([f"in the hand: {view.held}"] if view.held else [])]) or "nothing"


def _region(box: Box) -> str:
    """The smallest region that a thing is in."""
    return next((region for region in reversed(REGIONS) if is_at(box, region)), "")


def history(episode: Episode) -> list[str]:
    """What was done so far; what failed is said to have failed."""
    done: list[str] = []
    for step in episode.steps:
        if step.choice is not None and step.outcome is not None:
            done.append(step.choice.text + ("" if step.outcome.success else " (failed)"))
    return done


def _since(episode: Episode, view: SceneView) -> list[str]:
    """For each of the skills in ``history`` what has become of the scene."""
    views = [*(step.view for step in episode.steps), view]
    return [
        told_after(step.outcome.success, views[0], before, after, episode.instruction)
        for step, before, after in zip(episode.steps, views, views[1:], strict=False)
        if step.choice is not None and step.outcome is not None
    ]


def told_after(success: bool, first: SceneView, before: SceneView, now: SceneView, instruction: str) -> str:
    """What the prompt tells after a skill, beside the skill: what fell, and if it succeeded or something fell, and the hand is empty, how things stand (``places``).

    :param first: what was seen at first; ``before``: when the skill was chosen; ``now``: after it.
    """
    fell = places.fallen(before, now) if success else places.dropped(before, now) + places.fallen(before, now)
    stands = now.held is None and (success or fell)
    return fell + (places.since(first, now, _said(instruction)) if stands else "")


def continuation(text: str) -> str:
    """A skill's text as it would continue the prompt, closed so that no text is the beginning of another."""
    return f" {text}\n"
