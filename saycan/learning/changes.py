"""What one can ask for that is about what should no longer be so: emptying, clearing, only this and nothing else, so many of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np

from saycan.learning.grammar import fill, grammar, laid, pick
from saycan.learning.nouns import Names, UnsuitableError, entry_of
from saycan.learning.requests import Request, either, one_of
from saycan.learning.sets import MOST, NUMBERS, group
from saycan.learning.spots import place
from sim import cabinet
from sim.relations import REGIONS, is_at, is_in

_FEW = 3  # things that are taken away, at most
_SHUT = 0.6  # share of what comes out of the drawer after which that is to be shut
_MOST_WAYS = 24  # of doing what may be done in several


def empty_out(names: Names, rng: np.random.Generator) -> Request:
    """What is in a receptacle comes out, to anywhere; the drawer may have to be shut again."""
    holder, things = _one_filled(names, rng)
    words = {"r": names.the(holder), "them": "it" if len(things) == 1 else "them"}
    shut = holder == cabinet.NAME and rng.random() < _SHUT
    if shut:
        things = [one_of(rng, things)] if rng.random() < 0.5 else things
        words["x"] = names.the(things[0], False) if len(things) == 1 else _contents(rng)
    goals = [*(_out(x, holder) for x in things), *(["closed(drawer)"] if shut else [])]
    said = _said(rng, "empty_out_shut" if shut else "empty_out", **words)
    return Request(said, " and ".join(goals), _about(things, holder))


def clear_region(names: Names, rng: np.random.Generator) -> Request:
    """Nothing movable, or nothing of one class, is left on a part of the table."""
    region = str(pick(rng, REGIONS))
    there = [x for x in names.movable if is_at(names.boxes[x], region) and not names.holder(x)]
    if not 1 <= len(there) <= _FEW:
        raise UnsuitableError
    words = {"p": place(rng, region)}
    entries = [e for e in grammar()["things"] if "many" in e and 1 <= len(_members(names, e, there)) <= _FEW]
    if entries and rng.random() < 0.5:
        entry = pick(rng, entries)
        there = _members(names, entry, there)
        said = _said(rng, "clear_of", many=str(pick(rng, entry["many"])), one=str(pick(rng, entry["one"])), **words)
    elif len(there) == len([x for x in names.all if is_at(names.boxes[x], region) and x != cabinet.NAME]):
        said = _said(rng, "clear_region", **words)
    else:
        raise UnsuitableError
    goal = " and ".join(f"not at({x}, {region}) and not holding({x})" for x in there)
    return Request(said, goal, frozenset(there))


def only(names: Names, rng: np.random.Generator) -> Request:
    """ "Only the sponge should be on the tray": it goes in, or stays, and the others come out."""
    holder, inside = _one_filled(names, rng)
    if rng.random() < 0.5:
        chosen, said = [one_of(rng, names.movable)], ""
        said = names.the(chosen[0])
    else:
        said, chosen = group(names, rng)
    others = [x for x in inside if x not in chosen]
    if not others or any(names.holder(x) not in ("", holder) for x in chosen):
        raise UnsuitableError
    back = set(chosen) < set(inside)
    templates = "only_back" if back and rng.random() < 0.3 else "only"
    goal = " and ".join([*(f"in({x}, {holder})" for x in chosen), *(_out(x, holder) for x in others)])
    return Request(
        _said(rng, templates, names.kind(holder), x=said, r=names.the(holder)), goal, _about(inside, holder, *chosen)
    )


def out_to(names: Names, rng: np.random.Generator) -> Request:
    """Out of a receptacle and to a part of the table, or out of one and into another; of several things, or of one."""
    holder, inside = _one_filled(names, rng)
    everything = len(inside) > 1 and rng.random() < 0.6
    things = inside if everything else [one_of(rng, inside)]
    words = {
        "r": names.the(holder),
        "x": _contents(rng) if everything else names.the(things[0], False),
    }
    if rng.random() < 0.5:
        region = str(pick(rng, REGIONS))
        goals = [f"at({x}, {region}) and not in({x}, {holder})" for x in things]  # its holder may stand there
        about = _about(things, holder)
        where = f"{pick(rng, ['on', 'onto', 'to', 'in'])} {place(rng, region)}"
    else:
        other = one_of(rng, [r for r in names.receptacles if r != holder])
        goals, about = [f"in({x}, {other})" for x in things], _about(things, holder, other)
        where = f"{'on' if names.kind(other) == 'tray' and rng.random() < 0.7 else pick(rng, ['in', 'into'])} {names.the(other)}"
    shut = holder == cabinet.NAME and rng.random() < _SHUT
    said = _said(rng, "out_to_shut" if shut else "out_to", where=where, **words)
    return Request(said, " and ".join([*goals, *(["closed(drawer)"] if shut else [])]), about)


def some_of(names: Names, rng: np.random.Generator) -> Request:
    """ "Two of the three blocks": whichever."""
    entries = [e for e in grammar()["things"] if "many" in e and 2 <= len(names.meant(e)) <= MOST]
    entries = [e for e in entries if set(names.meant(e)) <= set(names.movable)]
    if not entries:
        raise UnsuitableError
    entry = pick(rng, entries)
    members = names.meant(entry)
    holder = one_of(
        rng, [r for r in names.receptacles if not any(is_in(names.boxes[x], names.boxes[r]) for x in members)]
    )
    count = int(rng.integers(1, len(members)))
    ways = []
    for chosen in combinations(members, count):
        rest = [x for x in members if x not in chosen]
        ways.append(
            f"({' and '.join([*(f'in({x}, {holder})' for x in chosen), *(f'not in({x}, {holder})' for x in rest)])})"
        )
    words = {
        "n": {1: "one", **NUMBERS}[count],
        "of": {1: "one", **NUMBERS}[len(members)],
        "many": str(pick(rng, entry["many"])),
        "r": names.the(holder),
    }
    templates = "all_but_one" if count == len(members) - 1 and count > 1 and rng.random() < 0.3 else "some_of"
    return Request(
        _said(rng, templates, names.kind(holder), **words), either(ways[:_MOST_WAYS]), _about(members, holder)
    )


def one_each(names: Names, rng: np.random.Generator) -> Request:
    """One block in every bowl, where there are more blocks than bowls."""
    blocks, bowls = names.of_kind("block"), names.of_kind("bowl")
    fit = set(blocks + bowls) <= {*names.movable, *names.receptacles}
    if not (fit and 2 <= len(bowls) < len(blocks) <= MOST) or any(names.holder(b) for b in blocks):
        raise UnsuitableError
    ways = []
    for chosen in permutations(blocks, len(bowls)):
        rest = [f"not in({b}, {r})" for b in blocks if b not in chosen for r in bowls]
        ways.append(f"({' and '.join([*(f'in({b}, {r})' for b, r in zip(chosen, bowls, strict=True)), *rest])})")
    words = {"one": str(pick(rng, entry_of(["block"])["one"])), "bowls": str(pick(rng, ["bowls", "bowls", "dishes"]))}
    return Request(_said(rng, "one_each", **words), either(ways[:_MOST_WAYS]), frozenset(blocks + bowls))


def other_too(names: Names, rng: np.random.Generator) -> Request:
    """ "One of the blocks is in the bowl already. Put the other one in there, too"."""
    entries = [e for e in grammar()["things"] if len(m := names.meant(e)) in (2, 3) and set(m) <= set(names.movable)]
    cases = [
        (e, r)
        for e in entries
        for r in names.receptacles
        if 0 < sum(names.holder(x) == r for x in names.meant(e)) < len(names.meant(e))
    ]
    if not cases:
        raise UnsuitableError
    entry, holder = cases[int(rng.integers(len(cases)))]
    members = names.meant(entry)
    rest = [x for x in members if names.holder(x) != holder]
    many = "many" in entry and rng.random() < 0.5
    words = {
        "of": f"of the {pick(rng, entry['many'])}" if many else str(pick(rng, entry["one"])),
        "others": "the other one" if len(rest) == 1 else "the other two" if rng.random() < 0.5 else "the others",
        "rest": "the other" if len(rest) == 1 else "the rest",
        "r": names.the(holder),
    }
    if len(members) - len(rest) > 1:
        raise UnsuitableError
    goal = " and ".join(f"in({x}, {holder})" for x in members)
    return Request(_said(rng, "other_too", names.kind(holder), **words), goal, _about(members, holder))


def all_but(names: Names, rng: np.random.Generator) -> Request:
    """Everything that can be lifted goes somewhere, but for one thing."""
    holder = one_of(rng, names.receptacles)
    things = [x for x in names.movable if names.holder(x) != holder]
    if not 2 <= len(things) <= MOST or len(names.movable) + len(names.receptacles) != len(names.all):
        raise UnsuitableError
    left_out = one_of(rng, things)
    goal = " and ".join([*(f"in({x}, {holder})" for x in things if x != left_out), f"not in({left_out}, {holder})"])
    templates = "all_but_bin" if holder == "bin" and rng.random() < 0.6 else "all_but"
    said = _said(rng, templates, names.kind(holder), x=names.the(left_out), r=names.the(holder))
    return Request(said, goal, _about(names.movable, holder))


def sort_at(names: Names, rng: np.random.Generator) -> Request:
    """Two groups to two parts of the table."""
    said, things = group(names, rng)
    said2, things2 = group(names, rng, without=things)
    p, q = ("left side", "right side") if rng.random() < 0.6 else (str(r) for r in rng.permutation(REGIONS)[:2])
    goal = " and ".join([*(f"at({x}, {p})" for x in things), *(f"at({x}, {q})" for x in things2)])
    said = _said(rng, "sort_at", xs=said, ys=said2, p=place(rng, p), q=place(rng, q))
    return Request(said, goal, frozenset([*things, *things2]))


def within_reach(names: Names, rng: np.random.Generator) -> Request:
    """ "Whichever block you can reach": of several, one is."""
    entries = [e for e in grammar()["things"] if 2 <= len(names.meant(e)) <= MOST]
    entries = [e for e in entries if len(set(names.meant(e)) & set(names.movable)) == 1]
    if not entries:
        raise UnsuitableError
    entry = pick(rng, entries)
    thing = next(x for x in names.meant(entry) if x in names.movable)
    holder = one_of(rng, [r for r in names.receptacles if names.holder(thing) != r])
    said = _said(rng, "within_reach", names.kind(holder), one=str(pick(rng, entry["one"])), r=names.the(holder))
    return Request(said, f"in({thing}, {holder})", _about([thing], holder))


def drawer_cases(names: Names, rng: np.random.Generator) -> Request:
    """ "If the drawer is closed, open it and put the apple in; if not, just close it": which, is for the scene to say."""
    if cabinet.NAME not in names.receptacles:
        raise UnsuitableError
    is_open = (names.start.drawer or 0.0) > 0.5
    thing = one_of(rng, [x for x in names.movable if names.holder(x) != cabinet.NAME])
    rule = str(pick(rng, ["fill_if_closed", "fill_if_open", "fill_or_tray"]))
    words = {"x": names.the(thing)}
    if rule == "fill_or_tray":
        other = one_of(rng, [r for r in names.receptacles if r != cabinet.NAME])
        goal, words["r"] = f"in({thing}, {cabinet.NAME if is_open else other})", names.the(other)
    elif rule == "fill_if_closed":
        goal = f"not in({thing}, drawer) and closed(drawer)" if is_open else f"in({thing}, drawer)"
    else:
        goal = f"in({thing}, drawer)" if is_open else f"open(drawer) and not in({thing}, drawer)"
    return Request(_said(rng, rule, **words), goal, _about([thing], cabinet.NAME))


def _one_filled(names: Names, rng: np.random.Generator) -> tuple[str, list[str]]:
    """A receptacle with one to three things in it, and those."""
    filled = {r: [x for x in names.movable if names.holder(x) == r] for r in names.receptacles}
    holder = one_of(rng, [r for r, inside in filled.items() if 1 <= len(inside) <= _FEW])
    return holder, filled[holder]


def _contents(rng: np.random.Generator) -> str:
    """Words for all that is in something."""
    return str(pick(rng, grammar()["changes"]["contents"]))


def _out(thing: str, holder: str) -> str:
    return f"not in({thing}, {holder}) and not holding({thing})"


def _about(things: Sequence[str], *more: str) -> frozenset[str]:
    return frozenset([*things, *more])


def _members(names: Names, entry: dict[str, Any], there: Sequence[str]) -> list[str]:
    """Of what an entry means, what is there."""
    return [x for x in names.meant(entry) if x in there]


def _said(rng: np.random.Generator, templates: str, kind: str = "", **slots: str) -> str:
    return fill(rng, laid(rng, str(pick(rng, grammar()["changes"][templates])), kind), **slots)
