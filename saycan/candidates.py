"""Everything that could be done next, in language: each skill with all that its phrase takes, and "done"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from saycan.types import Candidate, SceneView

if TYPE_CHECKING:  # it imports PyTorch
    from skills.library import Skill

DONE = Candidate("done", "done")


def propose(library: Mapping[str, Skill], view: SceneView) -> tuple[Candidate, ...]:
    """Candidates for a scene. Only what does not exist is left out; whether the rest can be done is the values' to say."""
    found = [
        Candidate(skill.name, skill.task.say(target), target)
        for skill in library.values()
        for target in skill.task.offers(view.classes)
    ]
    return (*found, DONE)
