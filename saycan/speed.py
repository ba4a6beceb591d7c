"""How fast it is, as ratios to a peer in the same run: ``python -m saycan.speed sim``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.cli import InputError, command, print_json
from skills.speed import measure_sim


def sim(config: Any) -> dict[str, Any]:
    """Control steps per second beside panda-gym's."""
    return measure_sim(config.steps, config.rounds, config.seed)


MEASURES: dict[str, Callable[[Any], dict[str, Any]]] = {"sim": sim}


@command("speed", positional="what")
def main(config: Any) -> int:
    """Measure, and print one line of JSON."""
    if config.what not in MEASURES:
        raise InputError(f"say what to measure: python -m saycan.speed {' | '.join(MEASURES)}")
    if config.steps < 100 or config.rounds < 1:
        raise InputError("steps must be at least 100 and rounds at least 1: fewer say nothing about speed")
    print_json(MEASURES[config.what](config))
    return 0


if __name__ == "__main__":
    main()
