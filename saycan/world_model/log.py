"""A log of skills that were really executed: JSON lines, the first of which says how it was made. ``docs/world-model.md`` has the format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from saycan.world_model.facts import Facts, read
from sim.cli import InputError
from sim.files import write_whole

FORMAT = "saycan executions 1"
FILE = "executions.jsonl"


class LogError(InputError):
    """A log that is missing, damaged or of another kind; the message says where and what to do."""


@dataclass(frozen=True)
class Execution:
    """One skill that was really executed, with what was so before and after.

    :param episode: number of the episode; the episodes of a log are numbered from 0.
    :param done: the skills that succeeded before it in the episode.
    :param goal: what the instruction means, in the goal language.
    :param chosen: by whom the skill was chosen: "expert", "possible" (at random, among what has a chance) or "random".
    :param can: what the skill's success value said before.
    :param worked: whether the skill succeeded.
    :param fulfilled: whether the goal held afterwards.
    :param last: whether the episode ended with it.
    """

    episode: int
    instruction: str
    goal: str
    done: tuple[str, ...]
    before: Facts
    skill: str
    chosen: str
    can: float
    worked: bool
    after: Facts
    fulfilled: bool
    ended: str
    control_steps: int
    last: bool

    @property
    def roughly(self) -> Execution:
        """The same, with facts that do not tell the table's parts apart."""
        return replace(self, before=self.before.roughly, after=self.after.roughly)

    def line(self) -> str:
        """As a line of the log."""
        return json.dumps({**asdict(self), "before": self.before.words, "after": self.after.words}) + "\n"


def from_json(data: dict[str, Any]) -> Execution:
    """An execution from what its line holds.

    :raises (KeyError, TypeError, ValueError): if something is missing or makes no sense.
    """
    whole = {**data, "done": tuple(data["done"]), "before": read(data["before"]), "after": read(data["after"])}
    found = Execution(**whole)
    if not (isinstance(found.worked, bool) and isinstance(found.fulfilled, bool) and 0 <= found.can <= 1):
        raise ValueError("worked and fulfilled must be true or false, can from 0 to 1")
    return found


def head(seed: int, explore: Sequence[float]) -> dict[str, Any]:
    """The first line of a log."""
    return {"format": FORMAT, "seed": seed, "explore": list(explore), "perception": "oracle"}


def load(path: Path) -> tuple[dict[str, Any], list[Execution]]:
    """The first line of a log, and its executions; a last line that a kill left unfinished is left out.

    :param path: the file, or its folder.
    :raises LogError: if it is missing, damaged or no log.
    """
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise LogError(f"there is no log {path}; make one with `python -m saycan.collect_executions out={path.parent}`")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    rows = [_parsed(line, path, number) for number, line in enumerate(lines, start=1) if line.endswith("\n")]
    if not rows or rows[0].get("format") != FORMAT:
        raise LogError(f"{path} is no log of executions (its first line should say '{FORMAT}')")
    return rows[0], [_execution(row, path, number) for number, row in enumerate(rows[1:], start=2)]


def mend(path: Path, first: dict[str, Any]) -> int:
    """Make a log ready to go on: only whole episodes stay; a new one gets its first line.

    :param first: the first line that it must have.
    :return: number of the next episode.
    :raises LogError: if it was made in another way.
    """
    if not path.is_file():
        write_whole(path, json.dumps(first) + "\n")
        return 0
    made, rows = load(path)
    if made != first:
        raise LogError(f"{path} was made with other settings ({json.dumps(made)}); choose another folder with out=DIR")
    whole = max((number for number, row in enumerate(rows, start=1) if row.last), default=0)
    write_whole(path, "".join([json.dumps(first) + "\n", *(row.line() for row in rows[:whole])]))
    return rows[whole - 1].episode + 1 if whole else 0


def _parsed(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise LogError(f"{path}, line {number} is damaged (not JSON); take the line out, or collect anew")
    return data


def _execution(row: dict[str, Any], path: Path, number: int) -> Execution:
    try:
        return from_json(row)
    except (KeyError, TypeError, ValueError) as error:
        raise LogError(f"{path}, line {number} is damaged ({error}); take the line out, or collect anew") from None
