"""What one can ask for skill by skill, in the order in which it is to be done, and what changes places."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from saycan.learning.grammar import fill, grammar, laid, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import FLAT, Request, one_of
from saycan.learning.spots import place
from sim import cabinet
from sim.relations import REGIONS, is_at

_MOST_STAGES = 3
_ENDS_IN_HAND = 0.35  # share that ends with something in the hand
_SAYS_OPEN = 0.7  # share that says first that the drawer has to be opened
_SAYS_IT = 0.4  # share of "it" for the thing that was put somewhere just before


def in_steps(names: Names, rng: np.random.Generator) -> Request:
    """ "Pick up the red block, put it in the middle, then place the green one on it and take the cup": one after the other."""
    things = [str(n) for n in rng.permutation(names.movable)]
    hold = rng.random() < _ENDS_IN_HAND
    count = int(rng.integers(1 if hold else 2, _MOST_STAGES + 1 - hold))
    if len(things) < count + hold:
        raise UnsuitableError
    said, goals, about = list[str](), list[str](), set(things[: count + hold])
    for i in range(count):
        unfit = {t for t, goal in zip(things, goals, strict=False) if goal.startswith("in(")}
        words, goal, target = _stage(names, rng, things[: i + 1], unfit.union(things[i : count + hold]))
        said.append(words)
        goals.append(goal)
        about.add(target)
    if hold:
        said.append(_recipe(rng, "hold", x=names.the(things[count], positions=False)))
        goals.append(f"holding({things[count]})")
    shut = names.start.drawer is not None and names.start.drawer < 0.5
    if shut and rng.random() < _SAYS_OPEN and any(names.holder(t) == cabinet.NAME for t in about):
        said.insert(0, str(pick(rng, ["open the drawer", "pull the drawer open", "open the drawer first"])))
    return Request(_one_after_the_other(rng, said), " and ".join(goals), frozenset(about), last=hold)


def _stage(
    names: Names, rng: np.random.Generator, things: Sequence[str], unfit: AbstractSet[str]
) -> tuple[str, str, str]:
    """Words for putting the last of some things somewhere, the goal, and what it is about.

    :param things: the others were put somewhere before.
    :param unfit: what nothing can be put on: it is in something by then, or will be moved.
    """
    thing, before = things[-1], things[:-1]
    fit = [n for n in names.movable if names.kind(n) in FLAT and n not in unfit]
    bases = [n for n in fit if n in before or not names.holder(n)]
    first = not before
    if names.kind(thing) == "block" and bases and rng.random() < 0.45:
        base = before[-1] if before and before[-1] in bases and rng.random() < 0.7 else one_of(rng, bases)
        told = "it" if before and base == before[-1] and rng.random() < _SAYS_IT else names.the(base, positions=False)
        return _recipe(rng, "on", x=names.the(thing, first), y=told), f"on({thing}, {base})", base
    if names.receptacles and rng.random() < 0.55:
        holder = one_of(rng, [r for r in names.receptacles if r != names.holder(thing)])
        words = _recipe(rng, "in", names.kind(holder), x=names.the(thing, first), r=names.the(holder))
        return words, f"in({thing}, {holder})", holder
    region = one_of(rng, [r for r in REGIONS if not is_at(names.boxes[thing], r)])
    return _recipe(rng, "at", x=names.the(thing, first), p=place(rng, region)), f"at({thing}, {region})", thing


def _one_after_the_other(rng: np.random.Generator, said: Sequence[str]) -> str:
    if len(said) > 1 and rng.random() < 0.15:  # a numbered list
        style = str(pick(rng, ["{n}. {s}", "{n}) {s}", "step {n}: {s}", "({n}) {s}"]))
        return "!" + str(pick(rng, [" ", ", ", "; "])).join(style.format(n=n, s=s) for n, s in enumerate(said, start=1))
    text = said[0]
    for part in said[1:]:
        text += str(pick(rng, grammar()["then"])) + part
    return text


def swap(names: Names, rng: np.random.Generator) -> Request:
    """Two things change their places."""
    held = [(x, r) for x in names.movable if (r := names.holder(x))]
    pairs = [(a, b) for a in held for b in held if a[1] != b[1]]
    if not pairs:
        raise UnsuitableError
    (x, r), (y, s) = pairs[int(rng.integers(len(pairs)))]
    words = {"x": names.the(x, False), "y": names.the(y, False), "r": names.the(r), "s": names.the(s)}
    goal = f"in({x}, {s}) and in({y}, {r}) and not in({x}, {r}) and not in({y}, {s})"
    return Request(_recipe(rng, "swap", **words), goal, frozenset([x, y, r, s]))


def _recipe(rng: np.random.Generator, templates: str, kind: str = "", **slots: str) -> str:
    return fill(rng, laid(rng, str(pick(rng, grammar()["recipes"][templates])), kind), **slots)
