"""What an arm should decline: what is not there or out of reach, what no skill does, and what is no request at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from saycan.language.parts import part
from saycan.learning import sets
from saycan.learning.grammar import fill, grammar, laid, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import FLAT, Request, one_of
from sim import cabinet
from sim.objects import catalogue, colours
from sim.relations import DIRECTIONS, REGIONS
from skills.tasks.effects import within_reach

_SLOTS = ("take", "put_in", "put_on", "put_at", "push", "tray", "bin")
_LARGE = ("bowl", "tray", "bin")
_ONSETS = (
    "bl",
    "dr",
    "fl",
    "gl",
    "gr",
    "kr",
    "pl",
    "qu",
    "sn",
    "spl",
    "tw",
    "v",
    "w",
    "wh",
    "z",
    "zw",
    "thr",
    "m",
    "n",
)
_RIMES = (
    "ab",
    "arp",
    "eeb",
    "erf",
    "ib",
    "imble",
    "iz",
    "onk",
    "oog",
    "orf",
    "ubble",
    "urb",
    "ux",
    "uzzle",
    "ag",
    "im",
)


def _refusal(rng: np.random.Generator, section: str, **slots: str) -> Request:
    return Request(fill(rng, str(pick(rng, grammar()["refusals"][section])), **slots), "none")


def absent(names: Names, rng: np.random.Generator) -> Request:
    """Something that is not here, where there may be something like it."""
    return _asks(names, rng, f"{pick(rng, ['the'] * 5 + ['that', 'my'])} {_missing(names, rng)}")


def _missing(names: Names, rng: np.random.Generator) -> str:
    """What no thing here answers to: of the catalogue, of a wrong colour or kind, or of another world."""
    draw = rng.random()
    if draw < 0.45:
        return str(pick(rng, grammar()["refusals"]["aliens"]))
    if draw < 0.75:
        kind = str(pick(rng, ["block", "block", "bowl"]))
        gone = [c for c in colours() if f"{c} {kind}" not in names.all]
        near = [c for c in gone if any(n.startswith(f"{c} ") for n in names.all)]  # a bowl, but no block of this colour
        gone = near if near and rng.random() < 0.5 else gone
        colour = one_of(rng, [*gone, str(pick(rng, grammar()["refusals"]["colours"]))])
        entry = next(e for e in grammar()["things"] if e["means"] == [kind])
        return f"{colour} {pick(rng, entry['one'])}"
    entries = [e for e in grammar()["things"] if not names.meant(e) and "drawer" not in e["means"]]
    if not entries:
        raise UnsuitableError
    return str(pick(rng, pick(rng, entries)["one"]))


def _asks(names: Names, rng: np.random.Generator, said: str) -> Request:
    """A request that would be fine, were it not for this thing."""
    templates = str(pick(rng, _SLOTS))
    here = names.the(one_of(rng, names.all)) if names.all else "the table"
    receptacle = names.the(one_of(rng, names.receptacles)) if names.receptacles else "the bowl"
    place = str(pick(rng, grammar()["places"][str(pick(rng, REGIONS))]))
    way = str(pick(rng, grammar()["directions"][str(pick(rng, list(DIRECTIONS)))]))
    words = {"x": said, "r": receptacle, "y": here, "p": place, "d": way}
    if (
        templates in ("put_in", "put_on") and rng.random() < 0.45 and names.movable
    ):  # or it is where something should go
        words |= {"x": names.the(one_of(rng, names.movable)), "r": said, "y": said}
    return Request(fill(rng, str(pick(rng, grammar()["requests"][templates])), **words), "none")


def nobody_has(names: Names, rng: np.random.Generator) -> Request:
    """Any of a class, or a need, that nothing here meets."""
    entries = [e for e in grammar()["things"] if "some" in e and not names.meant(e)]
    needs = [n for n in grammar()["needs"] if not names.meant({"means": n["for"]})]
    if needs and rng.random() < 0.4:
        return Request("!" + fill(rng, str(pick(rng, pick(rng, needs)["say"]))), "none")
    if not entries:
        raise UnsuitableError
    return _asks(names, rng, str(pick(rng, pick(rng, entries)["some"])))


def out_of_reach(names: Names, rng: np.random.Generator) -> Request:
    """Something that stands where the arm cannot get at it, or that is wanted there."""
    far = [n for n in names.all if not within_reach(names.boxes[n])]
    name = one_of(rng, [n for n in far if part(names.boxes[n]) == "out of reach"])  # and the prompt says so
    there, templates = names.the(name, positions=False), grammar()["requests"]
    if names.start.things[name].is_receptacle:
        if rng.random() < 0.3:
            said, _ = sets.group(names, rng)
            return Request(sets.say_of(rng, "put_in", names.kind(name), xs=said, r=there), "none")
        thing = names.the(one_of(rng, names.movable), positions=False)
        said = str(pick(rng, templates[name if name in templates and rng.random() < 0.5 else "put_in"]))
        return Request(fill(rng, laid(rng, said, names.kind(name)), x=thing, r=there), "none")
    if names.kind(name) in FLAT and names.movable and rng.random() < 0.4:
        thing = names.the(one_of(rng, names.movable), positions=False)
        return Request(fill(rng, str(pick(rng, templates["put_on"])), x=thing, y=there), "none")
    return _asks(names, rng, there)


def impossible(names: Names, rng: np.random.Generator) -> Request:
    """What no skill does with what is here."""
    return _refusal(rng, "impossible", x=names.the(one_of(rng, names.all)))


def contradiction(names: Names, rng: np.random.Generator) -> Request:
    """What cannot be true at once, or is undone by its own second half."""
    return _about_two(names, rng, "contradiction")


def question(names: Names, rng: np.random.Generator) -> Request:
    """About what is here: an answer is wanted, nothing is to be done."""
    return _about_two(names, rng, "question")


def _about_two(names: Names, rng: np.random.Generator, section: str) -> Request:
    if len(names.movable) < 2 or not names.receptacles:
        raise UnsuitableError
    x, y = (names.the(str(n), positions=False) for n in rng.permutation(names.movable)[:2])
    r, *others = (names.the(str(n), positions=False) for n in rng.permutation(names.receptacles))
    many = str(pick(rng, pick(rng, [e for e in grammar()["things"] if "many" in e])["many"]))
    template = str(pick(rng, grammar()["refusals"][section])).removeprefix("!")
    if ("{s}" in template and not others) or ("the drawer" in template and cabinet.NAME not in names.receptacles):
        raise UnsuitableError
    words = {"x": x, "y": y, "r": r, "s": "".join(others[:1]), "many": many}
    return Request("!" * (section == "question") + fill(rng, template, **words), "none")


def too_large(names: Names, rng: np.random.Generator) -> Request:
    """To lift what the fingers cannot hold, or to put it anywhere."""
    name = one_of(rng, [n for n in names.all if names.kind(n) in _LARGE])
    others = [n for n in names.all if n != name]
    templates = str(pick(rng, ["take", "put_on", "put_in", "take"]))
    other = names.the(one_of(rng, others), positions=False)
    words = {"x": names.the(name, positions=False), "y": other, "r": other}
    return Request(fill(rng, str(pick(rng, grammar()["requests"][templates])), **words), "none")


def not_a_container(names: Names, rng: np.random.Generator) -> Request:
    """To put something into what nothing can be put in."""
    things = [str(n) for n in rng.permutation(names.movable)]
    solid = [n for n in things if names.kind(n) not in ("cup", "chips bag")]
    target = one_of(rng, solid)
    thing = one_of(rng, [n for n in things if n != target])
    words = {"x": names.the(thing), "r": names.the(target)}
    into = str(
        pick(
            rng,
            [
                "<put> {x} [into|inside] {r}",
                "!{x} <should> inside {r}",
                "fill {r} with {x}",
                "<take> {x} and put <that> [inside|into] {r}",
            ],
        )
    )
    return Request(fill(rng, into, **words), "none")


def appliance(names: Names, rng: np.random.Generator) -> Request:
    """To open or close something else, or a drawer where there is none."""
    what = f"the {pick(rng, grammar()['refusals']['appliances'])}"
    if cabinet.NAME not in names.all and rng.random() < 0.5:
        what = str(pick(rng, ["the drawer", "the drawer", "the cabinet"]))
        if rng.random() < 0.4:
            thing = names.the(one_of(rng, names.movable))
            return Request(fill(rng, str(pick(rng, grammar()["requests"]["put_in"])), x=thing, r=what), "none")
    templates = grammar()["requests"][str(pick(rng, ["open", "close"]))]
    template = str(pick(rng, [t for t in templates if "{drawer}" in t]))
    return Request(fill(rng, template, drawer=what), "none")


def chat(names: Names, rng: np.random.Generator) -> Request:
    """Nothing that an arm could do anything about."""
    return _refusal(rng, "chat")


def nonsense(names: Names, rng: np.random.Generator) -> Request:
    """Words in no order, things and colours among them; words that there are not; or a request whose verb there is not."""
    draw = rng.random()
    if draw < 0.25:
        thing = names.the(one_of(rng, names.all))
        return Request(fill(rng, "{v} {x} [|to the left|twice|again|now]", v=_no_word(rng), x=thing), "none")
    if draw < 0.4:
        return _refusal(rng, "gibberish")
    words = [str(w) for w in rng.permutation([*grammar()["refusals"]["nonsense"], *catalogue()])]
    if draw < 0.47:
        words = words[:1] * int(rng.integers(2, 6))
    elif draw < 0.65:
        words = [word if rng.random() < 0.2 else _no_word(rng) for word in words]
    return Request("!" + " ".join(words[: int(rng.integers(1 if draw < 0.65 else 2, 9))]), "none")


def _no_word(rng: np.random.Generator) -> str:
    """Letters that could be a word and are none, or a few keys."""
    if rng.random() < 0.2:
        return "".join(pick(rng, "asdfghjklqwertyuiop") for _ in range(int(rng.integers(2, 8))))
    return "".join(pick(rng, _ONSETS) + pick(rng, _RIMES) for _ in range(int(rng.integers(1, 4))))


REFUSALS: dict[Callable[[Names, np.random.Generator], Request], float] = {
    absent: 9.0,
    nobody_has: 2.0,
    out_of_reach: 14.0,  # few scenes have something there
    impossible: 3.5,
    contradiction: 2.5,
    question: 6.0,
    too_large: 1.5,
    not_a_container: 1.8,
    appliance: 1.5,
    chat: 5.0,
    nonsense: 4.0,
}
"""How often each is drawn, relatively."""
