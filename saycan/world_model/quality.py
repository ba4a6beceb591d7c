"""How good a world model is, on executions that it has not learned from; beside what really came."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from saycan.world_model.base import Forecast, WorldModel, situation
from saycan.world_model.facts import Facts, about
from saycan.world_model.log import Execution
from sim.relations import REGIONS

_DEEP = 5
_SLICE = 32  # executions at a time: so many that a clock can be looked at between


def one_step(model: WorldModel, rows: Sequence[Execution], seconds: float = np.inf) -> dict[str, Any]:
    """Shares of what is predicted right one skill ahead, as far as the time allows.

    ``facts``: all facts exactly right; ``facts_about``: those that the skill is about; ``..._given``: the same when told whether the skill
    worked; Brier scores of success and of fulfilment, beside that of the skill's own success value.
    """
    began, found = time.perf_counter(), list[Forecast]()
    while len(found) < len(rows) and time.perf_counter() - began < seconds:
        part = rows[len(found) : len(found) + _SLICE]
        found += model.imagine([situation(row) for row in part], [row.skill for row in part])
    rows = rows[: len(found)]
    if not rows:
        return {"n": 0}
    pairs = list(zip(found, rows, strict=True))
    likeliest = [forecast.futures[0].after.facts for forecast in found]
    given = [_given(forecast, row) for forecast, row in pairs]
    return {
        "n": len(rows),
        "facts": _mean(facts == row.after for facts, row in zip(likeliest, rows, strict=True)),
        "facts_given": _mean(facts == row.after for facts, row in zip(given, rows, strict=True)),
        "facts_about": _mean(_same(facts, row) for facts, row in zip(likeliest, rows, strict=True)),
        "facts_about_given": _mean(_same(facts, row) for facts, row in zip(given, rows, strict=True)),
        "one_change_at_most": _mean(len(row.before.difference(row.after)) <= 1 for row in rows),
        "brier_success": _mean((forecast.success - row.worked) ** 2 for forecast, row in pairs),
        "brier_success_value": _mean((row.can - row.worked) ** 2 for row in rows),
        "brier_fulfilled": _mean((forecast.fulfilled - row.fulfilled) ** 2 for forecast, row in pairs),
        "per_second": round(len(rows) / (time.perf_counter() - began), 2),
    }


def by_skill(model: WorldModel, rows: Sequence[Execution]) -> dict[str, dict[str, Any]]:
    """The same for each kind of skill. What is asked again is remembered."""
    kinds = sorted({_kind(row.skill) for row in rows})
    return {kind: one_step(model, [row for row in rows if _kind(row.skill) == kind]) for kind in kinds}


def several_steps(model: WorldModel, rows: Sequence[Execution], steps: int = _DEEP) -> dict[str, Any]:
    """The same plans in the head: the likeliest future, skill after skill, against what came of an episode's first ones.

    Correlation and gap are of the imagined chance that all skills succeed and whether they did.
    """
    plans = [list(episode)[:steps] for _, episode in groupby(rows, key=lambda row: row.episode)]
    plans = [plan for plan in plans if len(plan) == steps and not plan[0].done]
    if not plans:
        return {"n": 0, "steps": steps}
    now, chance = [situation(plan[0]) for plan in plans], np.ones(len(plans))
    for step in range(steps):
        forecasts = model.imagine(now, [plan[step].skill for plan in plans])
        chance *= [forecast.success for forecast in forecasts]
        now = [forecast.futures[0].after for forecast in forecasts]
    real = np.array([all(row.worked for row in plan) for plan in plans], dtype=float)
    spread = min(float(chance.std()), float(real.std())) > 0
    return {
        "n": len(plans),
        "steps": steps,
        "facts": _mean(s.facts == plan[-1].after for s, plan in zip(now, plans, strict=True)),
        "imagined_success": _mean(chance),
        "real_success": _mean(real),
        "correlation": round(float(np.corrcoef(chance, real)[0, 1]), 4) if spread else None,
    }


def _kind(skill: str) -> str:
    """A skill by the first word of its phrase, "put" by the first three, and apart from things by whether it is a region to put it on."""
    words = skill.split()
    kind = " ".join(words[:3] if words[0] == "put" else words[:1])
    return f"{kind} a region" if skill.removeprefix(f"{kind} the ") in REGIONS else kind


def _given(forecast: Forecast, row: Execution) -> Facts:
    """The likeliest facts among the futures in which the skill did what it really did: worked or not."""
    futures = [future for future in forecast.futures if future.worked == row.worked]
    return futures[0].after.facts if futures else row.before


def _same(facts: Facts, row: Execution) -> bool:
    mine = about(row.before, row.skill)
    told, real = dict(facts.places), dict(row.after.places)
    return all(told[thing] == real[thing] for thing in mine)


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean([float(value) for value in values])), 4)
