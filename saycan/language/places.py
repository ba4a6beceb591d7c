"""A scene in words that also tell where things are, and, as far as an instruction asks for it, in which order and how near to each other.

A small language model copies well and counts badly: what "the second block from the right" or "the corner closest to the bowl" means is
therefore to be found in a line that says so of all that it could be said of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from saycan.types import SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.geometry import Box
from sim.objects import catalogue, colours
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW
from sim.relations import AREA_HIGH, AREA_LOW, DIRECTIONS, REGIONS, is_closed, is_open, region_box

_ROWS, _COLUMNS = ("bottom", "middle", "top"), ("right", "middle", "left")
_SLACK = 0.03  # metres beyond its workspace that the hand still gets at
_STILL = 0.03  # metres that a thing may seem to have moved, or be nudged
_WAYS = {
    way: DIRECTIONS[name].astype(int)
    for way, name in {"left": "left", "right": "right", "top": "forward", "bottom": "back"}.items()
}
_NTH = ("first", "second", "third", "fourth", "fifth", "sixth")
_CORNERS = {region: region_box(region).position[:2] for region in REGIONS if region.endswith("corner")}
_MOST_ANCHORS = 3

_ASKS_FOR_DISTANCE = re.compile(
    r"\b(near(est|er)?|clos(est|er)?(?= to\b| the\b)|next to|(far|fur)ther (away )?from|(far|fur)thest(?! to the (left|right|top|bottom)\b))"
)
_ASKS_FOR_ORDER = re.compile(
    r"\b(\w*most|first|second|third|fourth|fifth|last|middle|between|from the (left|right|top|bottom|front|back)"
    r"|(far|fur)thest to the (left|right|top|bottom)|(at|on) the (left|right|top|bottom)(?! (left|right|side|hand|edge|part|corner|of)))\b"
)
_ASKS_FOR_SIDE = re.compile(r"\b((left|right|top|bottom|front) of|above|below|behind|beneath|beyond)\b")
_ASKS_FOR_ALL = re.compile(  # the last is any plural: a word that ends in one s
    r"\b(all|both|each|every|everything|any|two|three|four|(?!this|always|perhaps|thanks|its|is|was|has)\w\w+[^s]s)\b"
)
_ASKS_FOR_COLOUR = re.compile(r"\bcolou?r|match")
_REGIONS = {"left": "left side", "right": "right side"} | {
    region.removesuffix(" corner"): region for region in REGIONS if region.endswith("corner")
}  # the parts of the table that skills speak of
_MEANING = {  # how people say a way
    "left": r"left",
    "right": r"right",
    "top": r"top|upper|above|behind|beyond|back",
    "bottom": r"bottom|lower|below|beneath|front",
}


def told(view: SceneView, instruction: str) -> str:
    """The scene's lines of the prompt, each ended by a line break.

    The first, which no instruction changes, names things of one kind together, from left to right.

    :param instruction: in lower case; where it speaks of near and far, of an order, sides, several or colours, more lines tell of that.
    """
    boxes = {n: view.boxes[n] for n in view.boxes if n not in (view.held, DRAWER, SHELL)}
    names = sorted(boxes, key=lambda n: -boxes[n].position[1])
    kinds = _kinds(names)
    things = [f"{name} ({_place(view, name)})" for name in _together(kinds)]
    if view.drawer is not None:
        things.append(
            f"drawer ({'open' if is_open(view.drawer) else 'closed' if is_closed(view.drawer) else 'half open'})"
        )
    if view.held:
        things.append(f"in the hand: {view.held}")
    lines = [f"Scene: {', '.join(things) or 'nothing'}."]
    several = {kind: members for kind, members in kinds.items() if len(members) > 1}
    named = _named(view, names, kinds, instruction)
    if _ASKS_FOR_ORDER.search(instruction):
        lines += _orders(boxes, named or several, instruction)
    elif _ASKS_FOR_ALL.search(instruction):
        lines += [f"Each {word}: {', '.join(members)}." for word, members in named.items()]
    if _ASKS_FOR_COLOUR.search(instruction):
        lines += _pairs(names)
    for match in _ASKS_FOR_DISTANCE.finditer(instruction):
        spots = {name: boxes[name].position[:2] for name in names} | _CORNERS
        rivals = _rivals(view, names, instruction[: match.start()])
        lines += [_near(spots, anchor, rivals) for anchor in _anchors(view, names, instruction[match.end() :])]
    for match in _ASKS_FOR_SIDE.finditer(instruction):
        rivals = _rivals(view, names, instruction[: match.start()])
        anchors = _anchors(view, names, instruction[match.end() :])
        lines += [_side(boxes, anchor, way, rivals) for way in _ways(match[0]) for anchor in anchors]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def since(first: SceneView, now: SceneView) -> str:
    """What has become of a scene: what could have been moved and is still where it was, and what was found behind a closed drawer.

    So nothing has to be remembered. What lies in or on something counts as being where it was as long as it lies there.
    """
    before, after = _where(first), _where(now)
    names = [n for n in first.boxes if n in now.boxes and not first.classes[n] & {"receptacle", "fixture"}]
    still = [
        n
        for n in sorted(names, key=lambda n: -first.boxes[n].position[1])
        if n not in (first.held, now.held)
        and before.get(n) == after.get(n)
        and (n in before or np.linalg.norm((first.boxes[n].position - now.boxes[n].position)[:2]) < _STILL)
    ]
    was_shut = first.drawer is not None and not is_open(first.drawer)
    found = [n for n in now.boxes if was_shut and n not in (*first.boxes, now.held, DRAWER, SHELL)]
    new = ", ".join(f"{n} ({_place(now, n)})" for n in found)
    return f"Untouched: {', '.join(_together(_kinds(still))) or 'nothing'}.\n" + (f"Now seen: {new}.\n" if new else "")


def _where(view: SceneView) -> dict[str, str]:
    """What each thing lies in or on, if anything: "in the red bowl"."""
    return {a: f"{relation} the {b}" for relation, a, b in view.relations}


def _place(view: SceneView, name: str) -> str:
    """Where a thing is, in the words in which skills and people speak of it."""
    inside = _where(view).get(name)
    if inside == f"in the {DRAWER}" and view.drawer is not None and not is_open(view.drawer):
        return f"in the closed {DRAWER}"
    spot = part(view.boxes[name])
    return inside or _REGIONS.get(spot, spot)


def _together(kinds: Mapping[str, Sequence[str]]) -> list[str]:
    """Things of one kind beside each other, single ones last."""
    several = [n for members in kinds.values() if len(members) > 1 for n in members]
    return [*several, *(members[0] for members in kinds.values() if len(members) == 1)]


def part(box: Box) -> str:
    """Which of nine parts of the table a thing is in: "top left", "left", "middle", ...; or that it is out of reach."""
    at = box.position[:2]
    if np.any(at < WORKSPACE_LOW[:2] - _SLACK) or np.any(at > WORKSPACE_HIGH[:2] + _SLACK):
        return "out of reach"
    return _ninth(np.clip(_thirds(box), 0, 2))


def _thirds(box: Box) -> np.ndarray:
    """Row and column of the table's nine parts, from the bottom right; beyond 0 to 2 outside of them."""
    found: np.ndarray = np.floor((box.position[:2] - AREA_LOW) / (AREA_HIGH - AREA_LOW) * 3).astype(int)
    return found


def _ninth(third: np.ndarray) -> str:
    words = [word for word in (_ROWS[third[0]], _COLUMNS[third[1]]) if word != "middle"]
    return " ".join(words) or "middle"


def _kinds(names: Iterable[str]) -> dict[str, list[str]]:
    """Things by kind: what the catalogue calls it, or else the last word of the name."""
    found: dict[str, list[str]] = {}
    for name in names:
        thing = catalogue().get(name)
        found.setdefault(thing.kind if thing else name.split()[-1], []).append(name)
    return found


def _named(
    view: SceneView, names: Sequence[str], kinds: Mapping[str, list[str]], instruction: str
) -> dict[str, list[str]]:
    """Of what there are several and the instruction names them: the word, and from left to right what it means."""
    said, found = set(_words(instruction)), dict[str, list[str]]()
    for word in sorted(set().union(*(view.classes[n] for n in names))) if names else []:
        members = [n for n in names if word in view.classes[n]]
        if len(members) > 1 and {word, f"{word}s", f"{word}es"} & said:
            found[next((kind for kind in kinds if kinds[kind] == members), word)] = members
    return found


def _pairs(names: Sequence[str]) -> list[str]:
    """What has the same colour as something else."""
    by_colour = {colour: [n for n in names if n.split()[0] == colour] for colour in colours()}
    alike = [" and ".join(members) for members in by_colour.values() if len(members) > 1]
    return [f"Of the same colour: {'; '.join(alike) or 'nothing'}."]


def _orders(boxes: Mapping[str, Box], groups: Mapping[str, Sequence[str]], instruction: str) -> list[str]:
    """Of each group, in the ways of which the instruction speaks (or else from the left): who is first, second, ..."""
    ways = [way for match in _ASKS_FOR_ORDER.finditer(instruction) for way in _ways(match[0])]
    lines = []
    for way in ways or ["left"]:
        for word, members in groups.items():
            order = sorted(members, key=lambda n: -float(boxes[n].position[:2] @ _WAYS[way]))
            counted = [f"{nth} {name}" for nth, name in zip(_NTH, order, strict=False)]
            lines.append(f"Each {word} from the {way}: {', '.join(counted)}.")
    return lines


def _near(spots: Mapping[str, np.ndarray], anchor: str, rivals: Sequence[str]) -> str:
    """Rivals, from near to far of a thing."""
    away = {name: float(np.linalg.norm(spots[name] - spots[anchor])) for name in rivals if name != anchor}
    return f"From near to far of the {anchor}: {', '.join(sorted(away, key=away.__getitem__)) or 'nothing'}."


def _side(boxes: Mapping[str, Box], anchor: str, way: str, rivals: Sequence[str]) -> str:
    """What is on that side of a thing: the parts of the table that come next there, and rivals."""
    ahead = {n: float((boxes[n].position[:2] - boxes[anchor].position[:2]) @ _WAYS[way]) for n in rivals if n in boxes}
    beside = [n for n in sorted(ahead, key=ahead.__getitem__) if ahead[n] > 0 and n != anchor]
    spots = [_thirds(boxes[anchor]) + step * _WAYS[way] for step in (1, 2)]
    parts = [_ninth(spot) for spot in spots if np.all((spot >= 0) & (spot <= 2))]
    return f"To the {way} of the {anchor}: {', then '.join(parts) or 'the edge'}; {', '.join(beside) or 'nothing'}."


def _ways(words: str) -> list[str]:
    """The ways of which some words speak."""
    return [way for way, said in _MEANING.items() if re.search(said, words)]


def _rivals(view: SceneView, names: Sequence[str], before: str) -> list[str]:
    """What could be meant: members of the class that was named last before; the corners; or else everything."""
    for word in reversed(_words(before)):
        if word == "corner":
            return list(_CORNERS)
        if members := [n for n in names if word in view.classes[n]]:
            return members
    return list(names)


def _anchors(view: SceneView, names: Sequence[str], after: str) -> list[str]:
    """What it is told by: what is named first after, or whose class is; or else any receptacle."""
    found = {n: after.find(n) for n in names}
    named = sorted((n for n in names if found[n] >= 0), key=found.__getitem__)
    of_class = next(
        (members for word in _words(after) if (members := [n for n in names if word in view.classes[n]])), []
    )
    first = named[:1] if named and (not of_class or named[0] in of_class) else of_class
    return (first or [n for n in names if "receptacle" in view.classes[n]])[:_MOST_ANCHORS]


def _words(said: str) -> list[str]:
    return [word.strip(".,?!;:") for word in said.split()]
