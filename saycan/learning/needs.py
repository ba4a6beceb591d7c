"""What somebody says who needs something without naming it: what helps comes on the tray."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from saycan.learning.grammar import fill, grammar, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import Request, either, one_of

_ASKS = 0.3  # share of needs after which help is asked for


def need(names: Names, rng: np.random.Generator) -> Request:
    """ "I'm thirsty": something to drink."""
    return _help(names, rng, [(entry["say"], [entry["for"]]) for entry in grammar()["needs"]])


def two_needs(names: Names, rng: np.random.Generator) -> Request:
    """ "I'm thirsty, and I've spilled my tea": something for each."""
    return _help(names, rng, [(entry["say"], entry["for"]) for entry in grammar()["two_needs"]])


def _help(
    names: Names, rng: np.random.Generator, entries: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]]
) -> Request:
    """One of some needs that can be met here.

    :param entries: each what is said, and kinds of things: of each list, one is needed.
    """
    fitting = [(said, kinds) for said, kinds in entries if all(names.meant({"means": k}) for k in kinds)]
    if "tray" not in names.receptacles or not fitting:
        raise UnsuitableError
    sentences, kinds = fitting[int(rng.integers(len(fitting)))]
    options = [[n for n in names.meant({"means": k}) if n in names.movable] for k in kinds]
    for group in options:
        one_of(rng, group)
    said = "!" + fill(rng, str(pick(rng, sentences)))
    if rng.random() < _ASKS:
        said = said.rstrip(".")
        asking = [", can you help", ". [bring|get] me something", ". what have you got for me", ", help me"]
        said += fill(rng, str(pick(rng, asking))) if said[-1] not in "?!" else ""
    goal = " and ".join(either([f"in({x}, tray)" for x in group]) for group in options)
    return Request(said, goal, frozenset([*(x for group in options for x in group), "tray"]))
