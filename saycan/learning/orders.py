"""What one can ask for where what comes last is told first: "the cup goes on the tray, but before that ...", "once the lid is on, ..."."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saycan.learning.grammar import fill, grammar, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import FLAT, Request, one_of
from saycan.learning.spots import place
from sim import cabinet
from sim.relations import DIRECTIONS, REGIONS, is_at

_STANDS = ("block", "sponge", "chips bag", "cup", "coke can", "pepsi can")
_ENDS_IN_HAND, _SAME_THING, _TWO_BEFORE = 0.2, 0.3, 0.25  # shares of pairs


@dataclass(frozen=True)
class _Deed:
    """One thing that is done, in the words that orders are told with.

    :param do: "put the cup in the tray"; ``should``: "the cup goes in the tray"; ``so``: "the cup is in the tray".
    """

    do: str
    should: str
    so: str
    goal: str
    things: frozenset[str]
    last: bool = False


def last_first(names: Names, rng: np.random.Generator) -> Request:
    """Two or three deeds, told in another order than that of time."""
    before, after = _pair(names, rng)
    goals = [*(deed.goal for deed in before), after.goal]
    words = {"b": after.do, "b_should": after.should, "b_so": after.so}
    if len(before) == 1:
        words |= {"a": before[0].do, "a_should": before[0].should, "a_so": before[0].so}
        said = _said(rng, "last_first", **words)
    else:
        words |= {"a": before[0].do, "c": before[1].do, "a_should": before[0].should, "c_should": before[1].should}
        said = _said(rng, "last_of_three", **words)
    return Request(
        said, " and ".join(goals), frozenset().union(after.things, *(d.things for d in before)), last=after.last
    )


def _pair(names: Names, rng: np.random.Generator) -> tuple[list[_Deed], _Deed]:
    """What comes first, and what comes last; now and then that stands on what was moved, or shuts what was filled."""
    things = [str(n) for n in rng.permutation(names.movable)]
    if len(things) < 2:
        raise UnsuitableError
    first, second = things[:2]
    if rng.random() < _SAME_THING:
        if names.kind(first) in FLAT and names.kind(second) in _STANDS and rng.random() < 0.6:
            return [_placed(names, rng, first, on_table=True)], _on(names, rng, second, first)
        if cabinet.NAME in names.receptacles and names.holder(first) != cabinet.NAME:
            return [_in(names, rng, first, cabinet.NAME)], _closed(rng)
    if rng.random() < _ENDS_IN_HAND:
        return [_placed(names, rng, first)], _held(names, rng, second)
    if len(things) > 2 and rng.random() < _TWO_BEFORE:
        before = [_placed(names, rng, first), _pushed(names, rng) or _placed(names, rng, things[2])]
        after = _placed(names, rng, second)
        if before[0].things & before[1].things or before[1].things & after.things:
            raise UnsuitableError
        return before, after
    return [_placed(names, rng, first)], _placed(names, rng, second)


def _placed(names: Names, rng: np.random.Generator, thing: str, on_table: bool = False) -> _Deed:
    if names.receptacles and not on_table and rng.random() < 0.6:
        return _in(names, rng, thing, one_of(rng, [r for r in names.receptacles if r != names.holder(thing)]))
    region = one_of(rng, [r for r in REGIONS if not is_at(names.boxes[thing], r)])
    return _deed(
        names,
        rng,
        thing,
        f"{pick(rng, ['on', 'on', 'in', 'at'])} {place(rng, region)}",
        f"at({thing}, {region})",
        [thing],
    )


def _in(names: Names, rng: np.random.Generator, thing: str, holder: str) -> _Deed:
    on = names.kind(holder) == "tray" and rng.random() < 0.8
    return _deed(
        names, rng, thing, f"{'on' if on else 'in'} {names.the(holder)}", f"in({thing}, {holder})", [thing, holder]
    )


def _on(names: Names, rng: np.random.Generator, thing: str, base: str) -> _Deed:
    return _deed(names, rng, thing, f"on {names.the(base, positions=False)}", f"on({thing}, {base})", [thing, base])


def _deed(names: Names, rng: np.random.Generator, thing: str, where: str, goal: str, about: Sequence[str]) -> _Deed:
    x = names.the(thing)
    goes = pick(rng, ["goes", "should go", "has to go", "belongs", "must be", "should be", "needs to be"])
    return _Deed(fill(rng, f"<set_down> {x} {where}"), f"{x} {goes} {where}", f"{x} is {where}", goal, frozenset(about))


def _held(names: Names, rng: np.random.Generator, thing: str) -> _Deed:
    x = names.the(thing, positions=False)
    hold = str(pick(rng, ["hold", "pick up", "hold up", "pick up and hold", "keep hold of"]))
    should = str(
        pick(rng, ["should be in your hand", "should end up in your gripper", "is what you should be holding"])
    )
    return _Deed(
        f"{hold} {x}", f"{x} {should}", f"{x} is in your hand", f"holding({thing})", frozenset([thing]), last=True
    )


def _closed(rng: np.random.Generator) -> _Deed:
    shut = str(pick(rng, ["close", "shut"]))
    should = str(pick(rng, ["the drawer gets closed", "the drawer should be shut", "the drawer has to be closed"]))
    return _Deed(f"{shut} the drawer", should, "the drawer is shut", "closed(drawer)", frozenset([cabinet.NAME]))


def _pushed(names: Names, rng: np.random.Generator) -> _Deed | None:
    options = [r for r in names.receptacles if r != cabinet.NAME]
    if not options or rng.random() < 0.5:
        return None
    name, direction = one_of(rng, options), str(pick(rng, list(DIRECTIONS)))
    way = pick(rng, grammar()["directions"][direction])
    x = names.the(name)
    said = fill(rng, f"<push> {x} {way}")
    return _Deed(
        said,
        f"{x} has to be pushed {way}",
        f"{x} has been pushed {way}",
        f"moved({name}, {direction})",
        frozenset([name]),
    )


def _said(rng: np.random.Generator, templates: str, **slots: str) -> str:
    return fill(rng, str(pick(rng, grammar()["changes"][templates])), **slots)
