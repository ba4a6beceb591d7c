"""Blocks on each other: towers of two to four, in any order or in a given one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations

import numpy as np

from saycan.learning.grammar import pick
from saycan.learning.nouns import Names, UnsuitableError, entry_of
from saycan.learning.requests import Request, either, one_of
from saycan.learning.sets import MOST, NUMBERS, all_of, enumerated, say_of
from saycan.learning.spots import place
from sim.relations import REGIONS

_HIGHEST = 3  # blocks in a tower that is told both how and where


def tower(names: Names, rng: np.random.Generator) -> Request:
    """Two to four blocks on each other: in any order, on a given one, or in a given order."""
    blocks = [b for b in names.of_kind("block") if b in names.movable]
    if not 2 <= len(blocks) <= MOST:
        raise UnsuitableError
    everything = rng.random() < 0.6 and len(blocks) == len(names.of_kind("block"))
    some = [str(b) for b in rng.permutation(blocks)[: int(rng.integers(2, len(blocks) + 1))]]
    chosen = blocks if everything else some
    said = all_of(rng, entry_of(["block"]), len(chosen)) if everything else enumerated(names, rng, chosen)
    rule = str(pick(rng, ["tower", "tower_with_bottom", "tower_in_order", "tower_in_order"]))
    if rule == "tower_in_order":
        chosen = [str(b) for b in rng.permutation(chosen)]
        return Request(_in_order(names, rng, chosen), _stacked(chosen), frozenset(chosen))
    bottom = one_of(rng, chosen)
    orders = [list(order) for order in permutations(chosen) if rule == "tower" or order[0] == bottom]
    words = {"xs": said, "b": names.the(bottom, positions=False)}
    return Request(say_of(rng, rule, **words), either([f"({_stacked(order)})" for order in orders]), frozenset(chosen))


def tower_at(names: Names, rng: np.random.Generator) -> Request:
    """All blocks in one tower somewhere, in any order."""
    blocks = [b for b in names.of_kind("block") if b in names.movable]
    if not 2 <= len(blocks) <= MOST or len(blocks) != len(names.of_kind("block")):
        raise UnsuitableError
    region = str(pick(rng, REGIONS))
    ways = [f"(at({order[0]}, {region}) and {_stacked(order)})" for order in permutations(blocks)]
    words = {"xs": all_of(rng, entry_of(["block"]), len(blocks)), "p": place(rng, region)}
    return Request(say_of(rng, "tower_at", **words), either(ways), frozenset(blocks))


def tower_in_order_at(names: Names, rng: np.random.Generator) -> Request:
    """Some blocks in one tower somewhere, in a given order."""
    blocks = [str(b) for b in rng.permutation([b for b in names.of_kind("block") if b in names.movable])]
    if len(blocks) < 2:
        raise UnsuitableError
    chosen, region = blocks[: int(rng.integers(2, min(len(blocks), _HIGHEST) + 1))], str(pick(rng, REGIONS))
    said = [b.removesuffix(" block") if rng.random() < 0.2 else names.the(b, positions=False) for b in chosen]
    words = {"b": said[0], "rest": ", then ".join(said[1:]), "top": said[-1], "chain": " on ".join(reversed(said))}
    words |= {"up": ", ".join(said), "p": place(rng, region)}
    goal = f"at({chosen[0]}, {region}) and {_stacked(chosen)}"
    return Request(say_of(rng, "tower_in_order_at", **words), goal, frozenset(chosen))


def _in_order(names: Names, rng: np.random.Generator, order: Sequence[str]) -> str:
    said = [names.the(b, positions=False) for b in order]
    pairs = [f"{b} on {a}" for a, b in pairwise(said)]
    words = {
        "up": ", ".join(said),
        "down": ", ".join(reversed(said)),
        "down_on": pairs[0] + "".join(f" and {pair}" for pair in pairs[1:]),
        "chain": " on ".join(reversed(said)),
        "b": said[0],
        "rest": ", then ".join(said[1:]),
        "count": f"{len(said)} blocks" if rng.random() < 0.5 else NUMBERS[len(said)],
    }
    return say_of(rng, "tower_in_order", **words)


def _stacked(order: Sequence[str]) -> str:
    return " and ".join(f"on({b}, {a})" for a, b in pairwise(order))


def one_on_another(names: Names, rng: np.random.Generator) -> Request:
    """One block on another one, whichever."""
    blocks = names.of_kind("block")
    if not 2 <= len(blocks) <= 3 or not set(blocks) <= set(names.movable):
        raise UnsuitableError
    word = str(pick(rng, ["block", "cube", "brick"]))
    said = say_of(rng, "one_on_another", one=word, ones=word + "s")
    if len(blocks) > 2 and "other" in said.replace("another", ""):
        raise UnsuitableError
    return Request(said, either([f"on({b}, {a})" for a, b in permutations(blocks, 2)]), frozenset(blocks))
