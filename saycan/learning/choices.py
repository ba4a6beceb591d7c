"""What one can ask for where it is for the scene, or for what else is said, to tell which thing is meant."""

from __future__ import annotations

import numpy as np

from saycan.learning.grammar import grammar, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import Request, either, one_of, say
from sim import cabinet
from sim.relations import is_in


def otherwise(names: Names, rng: np.random.Generator) -> Request:
    """ "If there is an apple, put it in the bowl, otherwise the lemon": which, is for the scene to say."""
    holder, thing = one_of(rng, names.receptacles), one_of(rng, names.movable)
    entries = [e for e in grammar()["things"] if "some" in e and thing not in names.meant(e)]
    entry = pick(rng, entries)
    here = names.meant(entry)
    if not set(here) <= set(names.movable) or holder in here or names.holder(thing) == holder:
        raise UnsuitableError
    words = {"a": str(pick(rng, entry["some"])), "x": names.the(thing), "r": names.the(holder)}
    said = say(rng, "otherwise", names.kind(holder), **words)
    return Request(said, either([f"in({x}, {holder})" for x in here or [thing]]), frozenset([*here, thing, holder]))


def condition(names: Names, rng: np.random.Generator) -> Request:
    """ "If the drawer is open, close it": what has to be done is for the scene to say."""
    if cabinet.NAME not in names.receptacles:
        raise UnsuitableError
    state = str(pick(rng, ["open", "closed"]))
    now = "open" if (names.start.drawer or 0.0) > 0.5 else "closed"
    other = {"open": "closed", "closed": "open"}
    verb = {"open": "open", "closed": "close"}
    said = say(rng, "condition", s=state, v=verb[other[state]], o=other[state])
    return Request(said, f"{other[state] if now == state else now}(drawer)", frozenset([cabinet.NAME]))


def contrast(names: Names, rng: np.random.Generator) -> Request:
    """ "The lemon, not the apple, goes in the bowl": what is not to be moved is named, too."""
    holder = one_of(rng, names.receptacles)
    thing = one_of(rng, [n for n in names.movable if not _inside(names, n, holder)])
    other = one_of(rng, [n for n in names.movable if n != thing and not _inside(names, n, holder)])
    words = {"x": names.the(thing), "y": names.the(other), "r": names.the(holder)}
    said = say(
        rng, "contrast_tray" if holder == "tray" and rng.random() < 0.5 else "contrast", names.kind(holder), **words
    )
    return Request(said, f"in({thing}, {holder}) and not in({other}, {holder})", frozenset([thing, other, holder]))


def any_but(names: Names, rng: np.random.Generator) -> Request:
    """ "A fruit, but not the apple", "the other can": of several things, one that was not named."""
    entries = [
        e for e in grammar()["things"] if 2 <= len(names.meant(e)) <= 4 and set(names.meant(e)) <= set(names.movable)
    ]
    if not entries:
        raise UnsuitableError
    entry = pick(rng, entries)
    members = names.meant(entry)
    left_out = one_of(rng, members)
    rest = [n for n in members if n != left_out]
    holder = one_of(rng, names.receptacles)
    if any(_inside(names, n, holder) for n in members):
        raise UnsuitableError
    words = {
        "a": names.some(entry),
        "y": names.the(left_out, positions=False),
        "one": str(pick(rng, entry["one"])),
        "r": names.the(holder),
    }
    only = len(members) == 2 and rng.random() < 0.5
    templates = ("the_other" if only else "any_but") + ("_tray" if holder == "tray" and rng.random() < 0.6 else "")
    goal = f"{either([f'in({x}, {holder})' for x in rest])} and not in({left_out}, {holder})"
    return Request(say(rng, templates, names.kind(holder), **words), goal, frozenset([*members, holder]))


def match(names: Names, rng: np.random.Generator) -> Request:
    """ "The block that matches the bowl goes in it": one of several, told by the colour of where it goes."""
    pairs = [(n, r) for r in names.receptacles for n in names.movable if n == r.replace("bowl", "block") != r]
    pairs = [(n, r) for n, r in pairs if not _inside(names, n, r)]
    if not pairs or len(names.of_kind("block")) < 2:
        raise UnsuitableError
    block, bowl = pairs[int(rng.integers(len(pairs)))]
    alone = len(names.of_kind("bowl")) == 1 and rng.random() < 0.7
    said = say(rng, "match", names.kind(bowl), r="the bowl" if alone else names.the(bowl))
    return Request(said, f"in({block}, {bowl})", frozenset([block, bowl]))


def _inside(names: Names, name: str, holder: str) -> bool:
    return bool(is_in(names.boxes[name], names.boxes[holder]))
