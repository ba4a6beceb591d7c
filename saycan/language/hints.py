"""What would have to be worked out to understand an instruction, worked out of what is seen: one line for each thing asked for.

A small language model copies well and counts badly: what "the second block from the right" or "the corner closest to the bowl" means is
therefore to be found in a line that says so of all that it could be said of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from saycan.language import mentions, shades
from saycan.language.contents import contents
from saycan.language.nearby import distances, sides
from saycan.language.others import others
from saycan.language.parts import NO_PART, THING, THINGS, WAYS, regions, ways
from saycan.language.seen import Seen
from saycan.language.strange import strange_nouns
from saycan.language.unknown import unknown_things
from sim.relations import is_at

_NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_WAY = "left|right|top|bottom|front|back"
_ASKS_FOR_ORDER = re.compile(
    r"\b((left|right|top|bottom|upper|lower|front|rear|hind|back|near|far|further|outer|(north|south|east|west)(ern)?)-?most|middle|between"
    r"|ends of (the|this|that|a) (row|line)|(at|on) (both|either|each) ends?|(outer|inner) (two|ones?|blocks?|things?)|(two|three) (outer|inner) ones"
    rf"|(first|second|third|fourth|fifth|sixth|last)(?= (?!(the|an?|this|that|my)\b)(\w+ )?{THING}\b| of (the|these|those)\b| in (the|a) (row|line)\b)"
    rf"|from (the )?({_WAY})|(far|fur)thest (to the )?(left|right|top|bottom)(?![ -](left|right))|far[ -](left|right)(?![ -](side|hand|edge|corner))"
    rf"|(the|two|three|four) (left|right|front|back|rear|top|bottom)([ -]?hand)? (?=(two |three )?{THING}\b)"
    rf"|the (left|right) (?=and (the )?(right|left)( hand)? {THING}\b)|the (centre|center|central) (?={THING}\b)"
    rf"|(at|in) the (front|back|rear)(?! (of|left|right|corner|{THING})\b)"
    rf"|(at|on) the (left|right|top|bottom)(?![ -](left|right|side|hand|edge|part|corner|of|{NO_PART})))\b"
)
_TOWER = re.compile(r"\b(stack|tower|pile|pyramid|heap)|\bon top of\b")  # it has a top and a bottom of its own
_ITS_ENDS = ("at the", "on the", "the top", "the bottom")
_UPRIGHT = re.compile(r"top|bottom|upper|lower|middle")  # of what stands on each other: that the scene tells
_SOMETHING = re.compile(r"^( \w+)? (thing|object|item)s?\b")
_ONE = re.compile(r"^( \w+)? ones?\b")
_THE_ONE = re.compile(
    r"\b(ones?|two|the (first|second|third|fourth|last|\d(st|nd|rd|th)))( that's| that is| that are| which is)? ?$"
)
_ASKS_FOR_ALL = re.compile(
    rf"\b(all|both|each|every|everything|any|two|three|four|(the|some|other|only|but) (fruit|food)(?! bowl)|others?(?! (side|end|edge|half|corner|hand|way|colou?r)\b)|rest|remaining|remainder|{THINGS})\b"
)
_ASKS_FOR_COLOUR = re.compile(r"(?<!-)\bcolou?r|match|\b(shade|hue)s?\b")
_ASKS_FOR_OTHERS = re.compile(  # what is said of the colours, and not of anything else in the sentence
    r"(\b(mis|non)-?|\b(different|differing|other|another|wrong)( \w+)? |(\b(no|not|never|none|without)|n't)( \w+){0,6} )(colou?r|match|shade|hue)"
    r"|\b(colou?r|shade|hue)s?( \w+)? (differ\w*|not|isn't|aren't)"
)
_ASKS_FOR_SAME = re.compile(  # or for what has no match
    r"\b(same|identical|equal|like)\b|\b(no|without an?) (match\b|matching|counterpart)|(n't|not) (have|got) an? match"
    r"|\b(block|cube|brick|toy)s? (that|which) (do|does)(n't| not) match|(n't| not) match (any|either|a)\b|\bcolou?r no \w+ has\b"
)


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
    asked = [
        m
        for m in _ASKS_FOR_ORDER.finditer(instruction)
        if not (_of_tower(m[0]) and _TOWER.search(instruction)) and not (_UPRIGHT.search(m[0]) and _has_stack(seen))
    ]
    if asked:
        said = [way for match in asked for way in ways(match[0])]
        return _orders(seen, _ordered(seen, named, instruction, asked), said or ["left"])
    if _ASKS_FOR_ALL.search(instruction):
        return [f"Each {word}: {', '.join(members)}." for word, members in named.items()]
    return []


def _has_stack(seen: Seen) -> bool:
    return any(relation == "on" for relation, _, _ in seen.view.relations)


def _of_tower(said: str) -> bool:
    return said.startswith(_ITS_ENDS) and said.strip().endswith(("top", "bottom"))


def _ordered(
    seen: Seen, named: Mapping[str, Sequence[str]], instruction: str, asked: Sequence[re.Match[str]]
) -> Mapping[str, Sequence[str]]:
    """What the order is of: what it speaks of several; everything, for "the second object"; all kinds, for "the middle one" of nothing said before."""
    if any(_SOMETHING.search(instruction[match.end() :]) for match in asked):
        return {"thing": seen.names}
    open_ = [m for m in asked if _ONE.search(instruction[m.end() :]) or _THE_ONE.search(instruction[: m.start()])]
    if named and not (open_ and not mentions.last_class(seen.view, seen.names, instruction[: open_[0].start()])):
        return named
    several = {kind: members for kind, members in mentions.kinds(seen.names).items() if len(members) > 1}
    return {"thing": seen.names} if open_ and not several else several


def _orders(seen: Seen, groups: Mapping[str, Sequence[str]], said: Sequence[str]) -> list[str]:
    """Of each group, in each of some ways: who is first, second, ..."""
    lines = []
    for way in said:
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
        pairs = shades.of_other_colours(kinds.get("block", []), kinds.get("bowl", []))
        return [f"Of other colours: {'; '.join(f'{a} and {b}' for a, b in pairs) or 'nothing'}."]
    # What goes into something stands before it, as above.
    what_goes_in = sorted(seen.names, key=lambda n: "receptacle" in seen.view.classes[n])
    by_colour: dict[str, list[str]] = {}
    for name in what_goes_in:
        by_colour.setdefault(mentions.colour(name), []).append(name)
    alike = [
        " and ".join(members)
        for shade, members in by_colour.items()
        if shade and len(members) > 1 and any(name.startswith(shade) for name in members)
    ]
    return [f"Of the same colour: {'; '.join(alike) or 'nothing'}."]


def _coloured(seen: Seen, instruction: str) -> list[str]:
    """What has a colour, or has not, where that alone is said: "the red one", "the bowl that is not red"."""
    found = shades.by_colour(seen.view, seen.names, instruction)
    return [f"{words}: {', '.join(members) or 'nothing'}." for words, members in found.items()]


def _regions(seen: Seen, instruction: str) -> list[str]:
    """What lies on the parts of the table of which it speaks."""
    inside = {a for relation, a, _ in seen.view.relations if relation == "in"}
    free = [n for n in seen.names if n not in inside]
    lines = {r: [n for n in free if is_at(seen.box(n), r)] for r in regions(instruction)}
    return [f"At the {region}: {', '.join(there) or 'nothing'}." for region, there in lines.items()]


def _contents(seen: Seen, instruction: str) -> list[str]:
    return contents(seen.view, seen.names, instruction)


_HINTS: tuple[Callable[[Seen, str], list[str]], ...] = (
    *(_missing, _groups, others, _alike, _coloured, _regions, _contents, distances, sides),
)
