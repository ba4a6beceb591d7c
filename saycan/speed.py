"""How fast it is, as ratios to a peer in the same run: ``python -m saycan.speed sim | language``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from saycan.build import load_scorer
from sim.cli import InputError, command, print_json
from skills.speed import measure_sim


def sim(config: Any) -> dict[str, Any]:
    """Control steps per second beside panda-gym's."""
    return measure_sim(config.steps, config.rounds, config.seed)


def language(config: Any) -> dict[str, Any]:
    """One pass for all candidates beside one plain pass for each, and how long the model takes to be ready."""
    if not config.candidates or min(config.candidates) < 2 or min(config.peer_sample, config.starts) < 1:
        raise InputError("candidates must be numbers of at least 2, peer_sample and starts at least 1")
    scorer = load_scorer(config.llm)
    from saycan.language import speed  # imports transformers, which loading does in a quicker way

    if not isinstance(scorer, speed.TrieScorer):
        raise InputError("this measures language models that run here; choose one with llm=smollm2 or llm=transformers")
    rows = speed.measure(scorer, config.candidates, config.peer_sample, config.rounds, config.seed)
    speed.show(rows)
    other = {"float32": "bfloat16", "bfloat16": "float32"}[config.llm.dtype]
    second = load_scorer(OmegaConf.merge(config.llm, {"dtype": other}))
    compared = speed.agreement(scorer, second, speed.case(100, config.seed))
    ready = speed.seconds_to_ready(dict(config.llm), config.starts)
    found = {"dtype": config.llm.dtype, "by_candidates": rows, f"{other}_beside_{config.llm.dtype}": compared}
    return {**found, "seconds_to_ready": float(np.median(ready)), "starts": ready}


MEASURES: dict[str, Callable[[Any], dict[str, Any]]] = {"sim": sim, "language": language}


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
