"""The table's parts and the ways across it, in the words in which people and skills speak of them."""

from __future__ import annotations

import re

import numpy as np

from sim.geometry import Box
from sim.objects import catalogue
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW
from sim.relations import AREA_HIGH, AREA_LOW, DIRECTIONS, REGIONS, region_box

_ROWS, _COLUMNS = ("bottom", "middle", "top"), ("right", "middle", "left")
_SLACK = 0.03  # metres beyond its workspace that the hand still gets at
WAYS = {
    way: DIRECTIONS[name].astype(int)
    for way, name in {"left": "left", "right": "right", "top": "forward", "bottom": "back"}.items()
}
"""A step in each way, (rows, columns): towards the top and to the left are positive."""

CENTRES = {region: region_box(region).position[:2] for region in REGIONS}
"""Where each region's centre is, metres."""

CORNERS = tuple(region for region in REGIONS if region.endswith("corner"))
SIDES = ("left side", "right side")
REGION_OF = {"left": "left side", "right": "right side"} | {c.removesuffix(" corner"): c for c in CORNERS}
"""The parts of the table that skills speak of."""

TABLE = "table|tabletop|worktop|workspace|desk|surface|area"
"""What has sides of its own that are parts of the table, as words in a regular expression."""

_NOUNS = f"(one|thing|object|item|{'|'.join(sorted(set().union(*(t.classes for t in catalogue().values()))))})"
THING, THINGS = f"{_NOUNS}s?", f"{_NOUNS}e?s"
"""Words for things, and for several of them, as regular expressions: what is left or right may be one of those, or a part of the table."""

_MEANING = {  # how people say a way
    "left": r"left|west",
    "right": r"right|east",
    "top": r"top|upper|above|behind|beyond|back|rear|hind|north|far-?most|furthermost",
    "bottom": r"bottom|lower|below|beneath|front|south|near-?most",
}
NO_PART = "(order|sequence|place|spot|position|time|moment|way|direction|colou?r|size|back|front|far|near|distant)\\b"  # "in the right order"
_SAID = {  # how people say a region; a corner's words hold those of its side, so corners come first
    "corner": re.compile(
        r"\b((top|upper|bottom|lower)[ -](left|right)|(left|right)(-hand)?[ -](top|upper|bottom|lower|rear)(?= corner)|rear (left|right)(-hand)? corner|((far|near|back|front|distant) (left|right)|(left|right) (far|near|back|front|distant))(-hand)? corner"
        r"|(left|right)(-hand)? corner (at the (top|bottom)|(far|furthest|farthest|near|nearest|close|closest) (away )?(from|to) you|on (the far|your) side)"
        r"|((far|near) corner|corner (up|down)) on the (left|right)|(north|south)[ -]?(west|east))\b"
    ),
    "side": re.compile(
        rf"\b(left|right)(-| )?(hand )?(side|edge|part|end|half)\b(?! of (the|this|that|my) (?!{TABLE}))|\b(on|at|in) (the|my|your) (far )?(left|right)\b(?! (of (?!the ({TABLE}))|corner|{NO_PART})|(-| )?(hand )?(side|edge|part|end|half|{THING}\b))"
    ),
    "middle": re.compile(
        rf"\b((in|on|at|to|from|near|into|onto|is) the (very |exact |dead )?(middle|centre|center)\b(?! of (?!the ({TABLE})|(this|that|my|your) ({TABLE})|everything))|the (middle|centre|center)(?= of the ({TABLE})| should| must| has to| needs| free| empty| clear)|(clear|free|vacate|empty) the (middle|centre|center)(?! \w+ (block|bowl))|the central (spot|area|part|region)|(heart|midpoint) of the table|table's (middle|centre|center))\b"
    ),
}
_AT_THE_TOP = re.compile(r"top|up|far|rear|fur|back|distant|north")
_CORNERS = re.compile(
    r"\bcorners\b|\b(an?|any|empty|free|vacant|unoccupied|opposite|remaining) corner\b|\bcorner (that's|that is|which is) (still )?(empty|free|vacant|unoccupied)\b|\b(another|different|separate|distinct|own|same|each) corner\b"
)
_AROUND = re.compile(
    rf"\bsides\b|\b(other|opposite|same|another|different|separate|distinct|own|each) side\b(?! of (the|this|that|my) (?!{TABLE}))|\bside (of the table )?(with|as)\b"
)


def part(box: Box) -> str:
    """Which of nine parts of the table a thing is in: "top left", "left", "middle", ...; or that it is out of reach."""
    at = box.position[:2]
    if np.any(at < WORKSPACE_LOW[:2] - _SLACK) or np.any(at > WORKSPACE_HIGH[:2] + _SLACK):
        return "out of reach"
    return ninth(np.clip(thirds(box), 0, 2))


def thirds(box: Box) -> np.ndarray:
    """Row and column of the table's nine parts, from the bottom right; beyond 0 to 2 outside of them."""
    found: np.ndarray = np.floor((box.position[:2] - AREA_LOW) / (AREA_HIGH - AREA_LOW) * 3).astype(int)
    return found


def ninth(third: np.ndarray) -> str:
    """One of the nine parts by row and column, in words."""
    words = [word for word in (_ROWS[third[0]], _COLUMNS[third[1]]) if word != "middle"]
    return " ".join(words) or "middle"


def ways(words: str) -> list[str]:
    """The ways of which some words speak: "left", "right", "top", "bottom"."""
    return [way for way, said in _MEANING.items() if re.search(said, words)]


def regions(words: str) -> dict[str, int]:
    """The regions of which some words speak, and where each is first spoken of; both sides for "the other side", all corners for "corners"."""
    found: dict[str, int] = {}
    rest = words
    for kind, pattern in _SAID.items():
        for match in pattern.finditer(rest):
            found.setdefault(_region(kind, match[0]), match.start())
        rest = pattern.sub(lambda match: "_" * len(match[0]), rest)
    for several, words_for in ((SIDES, _AROUND), (CORNERS, _CORNERS)):
        if spoken := words_for.search(rest):
            found |= {region: found.get(region, spoken.start()) for region in several}
    return found


def _region(kind: str, said: str) -> str:
    across = "left" if "left" in said or "west" in said else "right"
    if kind == "corner":
        return f"{'top' if _AT_THE_TOP.search(said) else 'bottom'} {across} corner"
    return f"{across} side" if kind == "side" else kind
