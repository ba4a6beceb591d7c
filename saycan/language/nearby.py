"""What is near or far, and what is beside what, as far as an instruction speaks of it: a line each, for the prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from saycan.language import mentions
from saycan.language.lexicon import GENERAL
from saycan.language.parts import CENTRES, CORNERS, SIDES, TABLE, THING, WAYS, ninth, regions, thirds, ways
from saycan.language.seen import Seen
from sim.cabinet import NAME as DRAWER

_MOST_ANCHORS = 3
_NEXT_WORDS = 5  # so soon after "closest to the" follows what something is closest to
_NOUN_WORDS = 3  # of what is "closest", at most

_FAR = ("far", "fur", "most")
_ROBOT = "robot"
_TOLD_FROM = re.compile(r"^\W*(away )?(to|from|of|the|you|your|yourself|this|that|my|me|us|an?)\b")
_OF_SEVERAL = re.compile(r"^ of (the|these|those) (?=\w+ ?\w*s\b)")
_FROM = re.compile(rf"^\W*(away )?((to|from|of) )?(the |(this|that|these|those) (?=(\w+ )?{THING}\b))?")
_FROM_ROBOT = re.compile(r"^(you|yourself|(the |your )?(robot|arm|base))\b")
_FROM_IT = re.compile(r"^((it|them)\b|(this|that|these|those)( ones?)?\b(?! \w))")
_CLAUSES = re.compile(r"[.,;:]|\b(?:and|then)\b")
_CABINET = re.compile(r"\b(drawer|cabinet)\b")
_NOUN_ENDS = re.compile(
    r"[.,:;!?]|\b(in|on|into|onto|and|then|to|with|that|which|so|but|or|for|at|is|should|goes?|needs?|please)\b"
)
_ASKS_FOR_DISTANCE = re.compile(
    rf"\b(most distant|near(?! (left|right|side|edge|end|corner|half)\b)(est|er)?|closest|clos(er)?(?= to\b| the\b| {THING}\b)|next to|(far|fur)ther (away )?from|(?:(?<=is )|(?<='s ))(far|fur)ther away(?! (from|than))|(far|fur)ther(?= {THING}\b)"
    r"|(far|fur)thest(?! (to the )?(left|right|top|bottom)\b(?![ -](left|right))))"
)
_TO_THE_TOP = "to the top of"  # of a block, that is on it; of a bowl, beyond it
_ASKS_FOR_SIDE = re.compile(
    rf"\b((left|right|top|bottom|front) of(?<!on top of)(?<!onto top of)(?<!the top of)(?! ((the|this|my|your) ({TABLE})|me|you|us)\b)"
    rf"|(?<!on){_TO_THE_TOP}(?! (the|this|my|your) ({TABLE})\b)|(left|right)(-| )?(hand )?side of(?! the ({TABLE}))|above|below|behind|beneath|beyond)\b"
)


def distances(seen: Seen, instruction: str) -> list[str]:
    """What could be meant, by its distance from what that is told by: the nearest first, or the farthest, as it says."""
    lines = []
    for match in _ASKS_FOR_DISTANCE.finditer(instruction):
        before, after = instruction[: match.start()], instruction[match.end() :]
        after = _OF_SEVERAL.sub(" ", after)  # "the nearer of the two cans" is the nearer can
        bare = match[0].endswith(("est", "er", "distant")) and not _TOLD_FROM.match(after)
        rivals, anchors = (_bare if bare else _told)(seen, before, after)
        lines += [_near(seen, anchor, rivals, match[0].startswith(_FAR)) for anchor in anchors]
    return lines


def _told(seen: Seen, before: str, after: str) -> tuple[Sequence[str], Sequence[str]]:
    """ "The block closest to the bowl": what could be meant, and what it is told by."""
    return _rivals(seen, before), _anchors(seen, before, after)


def _bare(seen: Seen, before: str, after: str) -> tuple[Sequence[str], Sequence[str]]:
    """The same where it is not said of what: "the nearest block" of the robot, or of what was named before ("put the apple in the nearest bowl")."""
    noun, *rest = re.split(r" (?:away )?(?:to|from) ", after, maxsplit=1)
    first = " ".join(noun.split()[:_NOUN_WORDS])
    rivals = _rivals(seen, first)
    if rest and noun.strip() == first and rivals is not seen.names:
        return rivals, _anchors(seen, before, rest[0])
    if rivals is seen.names:  # "the block that is furthest away"
        rivals = _rivals(seen, before)
    each = [n for n in mentions.set_of(seen.view, seen.names, before) if n not in rivals]
    named = [n for n in _named(seen, before) if n not in rivals]
    return rivals, each[:_MOST_ANCHORS] or named[-1:] or [_ROBOT]


def _named(seen: Seen, said: str) -> list[str]:
    """What some words speak of, the last last: by name, or else the one thing that their last class or colour can mean."""
    named = sorted((n for n in seen.names if n in said), key=said.rfind)
    if named:
        return named
    spoken = mentions.words(said)
    tails = (mentions.first_described(seen.view, seen.names, spoken[i:]) for i in range(len(spoken) - 1, -1, -1))
    return next((found for found in tails if len(found) == 1), [])


def _near(seen: Seen, anchor: str, rivals: Sequence[str], far: bool) -> str:
    spots = {name: box.position[:2] for name, box in seen.view.boxes.items()} | CENTRES | {_ROBOT: np.zeros(2)}
    if anchor in SIDES:
        away = {name: -float(spots[name] @ WAYS[anchor.split()[0]]) for name in rivals}
    else:
        away = {name: float(np.linalg.norm(spots[name] - spots[anchor])) for name in rivals if name != anchor}
    order = sorted(away, key=away.__getitem__, reverse=far)
    return f"From {'far to near' if far else 'near to far'} of the {anchor}: {', '.join(order) or 'nothing'}."


def sides(seen: Seen, instruction: str) -> list[str]:
    """What is to the left of something, behind it, and so on."""
    lines = []
    for match in _ASKS_FOR_SIDE.finditer(instruction):
        before, after = instruction[: match.start()], instruction[match.end() :]
        anchors = [
            a
            for a in _anchors(seen, before, after, moved=True)
            if a in seen.view.boxes and not _is_stacked(seen, a, match[0])
        ]
        if match[0] == _TO_THE_TOP:
            anchors = [a for a in anchors if "block" not in seen.view.classes[a]]
        lines += [_side(seen, anchor, way, _rivals(seen, before)) for way in ways(match[0]) for anchor in anchors]
    return lines


def _side(seen: Seen, anchor: str, way: str, rivals: Sequence[str]) -> str:
    """The parts of the table that come next on that side of a thing, and what could be meant there."""
    here = seen.box(anchor)
    ahead = {
        n: float((seen.box(n).position[:2] - here.position[:2]) @ WAYS[way]) for n in rivals if n in seen.view.boxes
    }
    beside = [n for n in sorted(ahead, key=ahead.__getitem__) if ahead[n] > 0 and n != anchor]
    spots = [thirds(here) + step * WAYS[way] for step in (1, 2)]
    parts = [ninth(spot) for spot in spots if np.all((spot >= 0) & (spot <= 2))]
    return f"To the {way} of the {anchor}: {', then '.join(parts) or 'the edge'}; {', '.join(beside) or 'nothing'}."


def _rivals(seen: Seen, before: str) -> Sequence[str]:
    """What could be meant: members of the class that was named last before; the corners; or else everything."""
    for word in reversed(mentions.words(before)):
        if word in ("corner", "corners"):
            return CORNERS
        if word in GENERAL:
            return seen.names
        if alike := mentions.members(seen.view, seen.names, word):
            return alike
    return seen.names


def _is_stacked(seen: Seen, anchor: str, said: str) -> bool:
    """Whether above or below a thing is what lies on or under it: that the scene tells."""
    one = {"above": 2, "below": 1, "beneath": 1}.get(said)
    return one is not None and any(fact[0] == "on" and fact[one] == anchor for fact in seen.view.relations)


def _anchors(seen: Seen, before: str, after: str, moved: bool = False) -> list[str]:
    """What it is told by: the robot, the drawer, "it", a region, or the first that the next words mean; nothing that is not understood."""
    after = _FROM.sub("", after)
    if _FROM_ROBOT.match(after):
        return [_ROBOT]
    if _FROM_IT.match(after):
        clause = _CLAUSES.split(before)[-1]
        named = sorted((n for n in seen.names if n in before), key=before.rfind)
        earlier = [n for n in named if moved and n not in clause]
        if moved or named:
            return (earlier or named)[-1:]
        return list(mentions.set_of(seen.view, seen.names, before)[:_MOST_ANCHORS]) or _named(seen, before)
    noun = mentions.words(_NOUN_ENDS.split(after, maxsplit=1)[0])
    found = mentions.first_described(seen.view, seen.names, noun)
    start = "to the "
    spoken = regions(start + " ".join(mentions.words(after)[:_NEXT_WORDS]))
    if not found and spoken and min(spoken.values()) <= len(start):
        return [min(spoken, key=spoken.__getitem__)]
    if not found and _CABINET.search(" ".join(noun)) and DRAWER in seen.view.boxes:
        return [DRAWER]
    return found[:_MOST_ANCHORS]
