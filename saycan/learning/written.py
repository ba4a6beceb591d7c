"""Tasks that somebody has written down, in ``assets/planner/written/``: what is said, in several wordings, the scene, and the goal.

A file is a list of ``tasks`` as in a suite (``saycan.judging.suite``), with two differences. ``said`` has the wordings; and ``{A}`` to ``{E}`` stand
for different colours, ``{x}``, ``{y}`` and ``{z}`` for different kitchen things, which are drawn anew each time, as the layout is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from saycan.judging.suite import SuiteTask, read_task
from saycan.judging.task_files import SuiteError, load_yaml
from saycan.learning.scenes import SMALL
from sim.goals import GoalError
from sim.objects import colours
from sim.paths import ASSETS
from sim.scenes import SceneError
from sim.state import WorldState

FOLDER = ASSETS / "planner" / "written"
FAMILY = "written"

_SLOT = re.compile(r"\{(\w*)\}")
_TRIES = 40  # layouts of a scene
_SLOTS_ARE = "use {A} to {E} for colours and {x}, {y}, {z} for kitchen things"


@dataclass(frozen=True)
class Written:
    """One task with its slots open.

    :param said: the wordings.
    :param rest: ``scene``, ``goal`` and ``refuse``, as in a suite.
    :param label: file, number and first wording, for messages.
    """

    said: tuple[str, ...]
    rest: dict[str, Any]
    label: str

    def draw(self, rng: np.random.Generator) -> list[tuple[SuiteTask, WorldState]]:
        """The task in each of its wordings, in one scene: slots filled, laid out.

        :raises SuiteError: if it cannot be read, or no layout is found.
        """
        slots = self._slots(rng)
        first, *others = _map_texts(self.said, slots)
        data = {"instruction": first, "family": FAMILY, **_map_texts(self.rest, slots)}
        why: Exception | None = None
        for _ in range(_TRIES):
            data["scene"]["seed"] = int(rng.integers(2**31))
            try:
                task, start = read_task(data)
                return [(task, start), *((replace(task, instruction=words), start) for words in others)]
            except SceneError as error:  # too crowded, perhaps only this time
                why = error
            except (GoalError, SuiteError) as error:
                raise SuiteError(f"{self.label}: {error}") from None
        raise SuiteError(f"{self.label}: {why}")

    def _slots(self, rng: np.random.Generator) -> dict[str, str]:
        """What stands for each slot: nothing that is named anyway.

        :raises SuiteError: if there is a slot that nothing can stand for.
        """
        text = "\n".join(_texts([self.said, self.rest]))
        free = ([name for name in names if not re.search(rf"\b{name}\b", text)] for names in (colours(), SMALL))
        slots = {
            slot: str(value)
            for letters, names in zip(("ABCDE", "xyz"), free, strict=True)
            for slot, value in zip(letters, rng.permutation(names), strict=False)
        }
        if unknown := set(_SLOT.findall(text)) - slots.keys():
            raise SuiteError(f"{self.label}: nothing can stand for {{{min(unknown)}}}: {_SLOTS_ARE}")
        return slots


@cache
def written() -> tuple[Written, ...]:
    """All written tasks.

    :raises SuiteError: if a file is not a list of them.
    """
    return tuple(task for path in sorted(FOLDER.glob("*.yaml")) for task in read_written(path))


def read_written(path: Path) -> list[Written]:
    """The tasks of one file.

    :raises SuiteError: if it is not a list of tasks with wordings; what else is in them is looked at when they are drawn.
    """
    data = load_yaml(path)
    entries = data.get("tasks") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SuiteError(f"{path}: it must have `tasks:`, a list of at least one task")
    return [_read(entry, f"{path.name}: task {number}") for number, entry in enumerate(entries, start=1)]


def _read(entry: Any, label: str) -> Written:
    said = entry.get("said") if isinstance(entry, dict) else None
    if not (isinstance(said, list) and said and all(isinstance(s, str) and s.strip() for s in said)):
        raise SuiteError(f"{label}: `said` must be a list of wordings, such as [open the drawer, get the drawer open]")
    label = f"{label} ('{said[0]}')"
    if not isinstance(entry.get("scene"), dict):
        raise SuiteError(f"{label}: `scene` is missing: give a mapping such as {{objects: [red block]}}")
    return Written(tuple(said), {key: value for key, value in entry.items() if key != "said"}, label)


def _texts(value: Any) -> Iterator[str]:
    """Every text in nested lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        yield from chain.from_iterable(map(_texts, (*value, *value.values()) if isinstance(value, dict) else value))


def _map_texts(value: Any, slots: dict[str, str]) -> Any:
    """The same nested lists and mappings with the slots of every text filled."""
    if isinstance(value, dict):
        return {_map_texts(k, slots): _map_texts(v, slots) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_map_texts(v, slots) for v in value]
    return _SLOT.sub(lambda found: slots[found[1]], value) if isinstance(value, str) else value
