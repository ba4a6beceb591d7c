"""What would have to be worked out to understand an instruction, worked out of what is seen: one line for each thing asked for.

A small language model copies well and counts badly: what "the second block from the right" or "the corner closest to the bowl" means is
therefore to be found in a line that says so of all that it could be said of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saycan.language import mentions
from saycan.language.contents import contents
from saycan.language.parts import CENTRES, CORNERS, SIDES, TABLE, THING, WAYS, ninth, regions, thirds, ways
from saycan.language.strange import strange_nouns
from saycan.language.unknown import unknown_things
from saycan.types import SceneView
from sim.geometry import Box
from sim.objects import colours
from sim.relations import is_at

_NTH = ("first", "second", "third", "fourth", "fifth", "sixth")
_MOST_ANCHORS = 3
_NEXT_WORDS = 5  # so soon after "closest to the" follows what something is closest to
_NOUN_WORDS = 3  # of what is "closest", at most

_FAR = ("far", "fur", "most")
_ROBOT = "robot"
_TOLD_FROM = re.compile(r"^\W*(away )?(to|from|of|the|you|your|yourself|this|that|my|an?)\b")
_FROM = re.compile(r"^\W*(away )?((to|from|of) )?(the )?")
_FROM_ROBOT = re.compile(r"^(you|yourself|(the |your )?(robot|arm|base))\b")
_ASKS_FOR_DISTANCE = re.compile(
    r"\b(most distant|near(?! (left|right)\b)(est|er)?|closest|clos(er)?(?= to\b| the\b)|next to|(far|fur)ther (away )?from|(far|fur)thest(?! (to the )?(left|right|top|bottom)\b(?![ -](left|right))))"
)
_ASKS_FOR_ORDER = re.compile(
    r"\b(\w*most(?! distant)|first|second|third|fourth|fifth|last|middle|between|from the (left|right|top|bottom|front|back)"
    r"|(far|fur)thest (to the )?(left|right|top|bottom)(?![ -](left|right))|far[ -](left|right)(?![ -](side|hand|edge|corner))"
    rf"|the (left|right)([ -]hand)? (?={THING}\b)"
    r"|(at|on) the (left|right|top|bottom)(?![ -](left|right|side|hand|edge|part|corner|of)))\b"
)
_ASKS_FOR_SIDE = re.compile(
    rf"\b((left|right|top|bottom|front) of(?<!on top of)|(left|right)(-| )?(hand )?side of(?! the ({TABLE}))|above|below|behind|beneath|beyond)\b"
)
_ASKS_FOR_ALL = re.compile(  # the last is any plural: a word that ends in one s
    r"\b(all|both|each|every|everything|any|two|three|four|(?!this|always|perhaps|thanks|its|is|was|has|\w+wards)\w\w+[^s]s)\b"
)
_ASKS_FOR_COLOUR = re.compile(r"(?<!-)\bcolou?r|match|\b(shade|hue)s?\b")
_ASKS_FOR_OTHERS = re.compile(r"\b(mis\w*|non|not|no|n't|different|another|other|others|wrong)\b|n't\b")
_ASKS_FOR_SAME = re.compile(r"\b(same|identical|equal|like)\b")


@dataclass(frozen=True)
class Seen:
    """What can be spoken of.

    :param names: what stands or lies somewhere, from left to right.
    """

    view: SceneView
    names: Sequence[str]

    def box(self, name: str) -> Box:
        """Where a thing is."""
        return self.view.boxes[name]


def hints(seen: Seen, instruction: str) -> list[str]:
    """The lines for an instruction, in lower case; none where it asks for nothing that has to be worked out."""
    return list(dict.fromkeys(line for hint in _HINTS for line in hint(seen, instruction)))


def _missing(seen: Seen, instruction: str) -> list[str]:
    """What it names that is not there, of what is known here or of another world."""
    names, _ = unknown_things(instruction, seen.view)
    names = list(dict.fromkeys([*names, *strange_nouns(instruction)]))
    return [f"Not here: {', '.join(names)}."] if names else []


def _groups(seen: Seen, instruction: str) -> list[str]:
    """Who is first, second, ..., where it speaks of an order; or else all of what it speaks of several."""
    named = mentions.groups(seen.view, seen.names, instruction)
    if _ASKS_FOR_ORDER.search(instruction):
        several = {kind: members for kind, members in mentions.kinds(seen.names).items() if len(members) > 1}
        return _orders(seen, named or several, instruction)
    if _ASKS_FOR_ALL.search(instruction):
        return [f"Each {word}: {', '.join(members)}." for word, members in named.items()]
    return []


def _orders(seen: Seen, groups: Mapping[str, Sequence[str]], instruction: str) -> list[str]:
    """Of each group, in the ways of which the instruction speaks (or else from the left): who is first, second, ..."""
    said = [way for match in _ASKS_FOR_ORDER.finditer(instruction) for way in ways(match[0])]
    lines = []
    for way in said or ["left"]:
        for word, members in groups.items():
            order = sorted(members, key=lambda n: -float(seen.box(n).position[:2] @ WAYS[way]))
            counted = [f"{nth} {name}" for nth, name in zip(_NTH, order, strict=False)]
            lines.append(f"Each {word} from the {way}: {', '.join(counted)}.")
    return lines


def _alike(seen: Seen, instruction: str) -> list[str]:
    """What has the same colour as something else; or, where others are asked for, blocks and bowls of different ones."""
    if not _ASKS_FOR_COLOUR.search(instruction):
        return []
    if _ASKS_FOR_OTHERS.search(instruction) and not _ASKS_FOR_SAME.search(instruction):
        kinds = mentions.kinds(seen.names)
        pairs = mentions.of_other_colours(kinds.get("block", []), kinds.get("bowl", []))
        return [f"Of other colours: {'; '.join(f'{a} and {b}' for a, b in pairs) or 'nothing'}."]
    # What goes into something stands before it, as above.
    what_goes_in = sorted(seen.names, key=lambda n: "receptacle" in seen.view.classes[n])
    by_colour: dict[str, list[str]] = {}
    for name in what_goes_in:
        by_colour.setdefault(name.split()[0], []).append(name)
    alike = [" and ".join(members) for shade, members in by_colour.items() if shade in colours() and len(members) > 1]
    return [f"Of the same colour: {'; '.join(alike) or 'nothing'}."]


def _coloured(seen: Seen, instruction: str) -> list[str]:
    """What has a colour, or has not, where that alone is said: "the red one", "the bowl that is not red"."""
    found = mentions.by_colour(seen.view, seen.names, instruction)
    return [f"{words}: {', '.join(members) or 'nothing'}." for words, members in found.items()]


def _regions(seen: Seen, instruction: str) -> list[str]:
    """What lies on the parts of the table of which it speaks."""
    inside = {a for relation, a, _ in seen.view.relations if relation == "in"}
    free = [n for n in seen.names if n not in inside]
    lines = {r: [n for n in free if is_at(seen.box(n), r)] for r in regions(instruction)}
    return [f"At the {region}: {', '.join(there) or 'nothing'}." for region, there in lines.items()]


def _contents(seen: Seen, instruction: str) -> list[str]:
    return contents(seen.view, seen.names, instruction)


def _distances(seen: Seen, instruction: str) -> list[str]:
    """What could be meant, by its distance from what that is told by: the nearest first, or the farthest, as it says."""
    lines = []
    for match in _ASKS_FOR_DISTANCE.finditer(instruction):
        before, after = instruction[: match.start()], instruction[match.end() :]
        bare = match[0].endswith(("est", "distant")) and not _TOLD_FROM.match(after)
        rivals, anchors = (_bare if bare else _told)(seen, before, after)
        lines += [_near(seen, anchor, rivals, match[0].startswith(_FAR)) for anchor in anchors]
    return lines


def _told(seen: Seen, before: str, after: str) -> tuple[Sequence[str], Sequence[str]]:
    """ "The block closest to the bowl": what could be meant, and what it is told by."""
    return _rivals(seen, before), _anchors(seen, after)


def _bare(seen: Seen, before: str, after: str) -> tuple[Sequence[str], Sequence[str]]:
    """The same where it is not said of what: "the nearest block" of the robot, or of what was named before ("put the apple in the nearest bowl")."""
    noun, *rest = re.split(r" (?:away )?(?:to|from) ", after, maxsplit=1)
    first = " ".join(noun.split()[:_NOUN_WORDS])
    rivals = _rivals(seen, first)
    if rivals is seen.names:  # "the block that is furthest away"
        return _rivals(seen, before), [_ROBOT]
    if rest and noun.strip() == first:
        return rivals, _anchors(seen, rest[0])
    named = sorted((n for n in seen.names if n in before), key=before.rfind)
    return rivals, named[-1:] or [_ROBOT]


def _near(seen: Seen, anchor: str, rivals: Sequence[str], far: bool) -> str:
    spots = {name: seen.box(name).position[:2] for name in seen.names} | CENTRES | {_ROBOT: np.zeros(2)}
    if anchor in SIDES:
        away = {name: -float(spots[name] @ WAYS[anchor.split()[0]]) for name in rivals}
    else:
        away = {name: float(np.linalg.norm(spots[name] - spots[anchor])) for name in rivals if name != anchor}
    order = sorted(away, key=away.__getitem__, reverse=far)
    return f"From {'far to near' if far else 'near to far'} of the {anchor}: {', '.join(order) or 'nothing'}."


def _sides(seen: Seen, instruction: str) -> list[str]:
    """What is to the left of something, behind it, and so on."""
    lines = []
    for match in _ASKS_FOR_SIDE.finditer(instruction):
        rivals = _rivals(seen, instruction[: match.start()])
        anchors = [a for a in _anchors(seen, instruction[match.end() :]) if a in seen.view.boxes]
        lines += [_side(seen, anchor, way, rivals) for way in ways(match[0]) for anchor in anchors]
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
        if word == "corner":
            return CORNERS
        if members := [n for n in seen.names if word in seen.view.classes[n]]:
            return members
    return seen.names


def _anchors(seen: Seen, after: str) -> list[str]:
    """What it is told by: the robot, what is named first after, a region, or whose class is; or else any receptacle."""
    after = _FROM.sub("", after)
    if _FROM_ROBOT.match(after):
        return [_ROBOT]
    said = mentions.words(after)
    found = {n: after.find(n) for n in seen.names}
    named = sorted((n for n in seen.names if found[n] >= 0), key=found.__getitem__)
    classes = ([n for n in seen.names if word in seen.view.classes[n]] for word in said)
    of_class = next((members for members in classes if members), [])
    nearby = regions(" ".join(("to the", *said[:_NEXT_WORDS])))
    if nearby and not any(word in seen.view.classes[n] for n in seen.names for word in said[:_NEXT_WORDS]):
        return [next(iter(nearby))]
    first = named[:1] if named and (not of_class or named[0] in of_class) else of_class
    return (first or [n for n in seen.names if "receptacle" in seen.view.classes[n]])[:_MOST_ANCHORS]


_HINTS: tuple[Callable[[Seen, str], list[str]], ...] = (
    *(_missing, _groups, _alike, _coloured, _regions, _contents, _distances, _sides),
)
