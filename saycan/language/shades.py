"""What an instruction means by a colour alone, or by one that something shall not have; and who gets a holder of another colour."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from saycan.language.lexicon import ORANGES, SHADES
from saycan.language.mentions import colour, last_class, members, set_of, words
from saycan.types import SceneView
from sim.objects import colours

_SAME, _AGAIN = 1000.0, 1.0  # what a holder of the same colour costs, and one that is taken already
_NOT = re.compile(
    r"(\b(not|no|isn't|aren't|other than|except(?:ing)?|apart from|aside from|excluding|bar(?:ring)?|save for|minus|exception of|leaving out|without|neither|nor|instead of|rather than|(all|any|every|each|both|\w+thing)\b.*\b(but|save))( (?!in |on |into |onto )\w+){0,2} |\bnon[- ])$"
)
_IS_NOT = re.compile(
    r"(\b(is|are|was|were) not|'s not|n't|\b(neither|nor)\b)( \w+){0,2} $|\bnon[- ]$"
)  # told of what stands before it
_COLOURS = "|".join(colours())
_JOINED = re.compile(
    rf"\b({_COLOURS})(?:(?: ones?| \w+s)?(?:,? (?:n?or|and)|,)(?: the)? (?:{_COLOURS})\b)+"
)  # "not red, green or blue"
_ONLY = re.compile(r"\b(nothing|not|none|no \w+)\b[^.;]*\bbut( \w+){0,2} $")  # "nothing but the red one"
_ENDS = re.compile(  # of what a colour can belong to: a clause, or what has a colour of its own ("left for blue, red bowl for orange")
    rf"[.;:!?]|,(?= (?:the )?(?:{_COLOURS}) (?!and\b|or\b|nor\b|one)\w*[^\W s]\b)"
)


def by_colour(view: SceneView, names: Sequence[str], instruction: str) -> dict[str, list[str]]:
    """What has a colour that the instruction speaks of otherwise than as part of a thing's name: "Red", or "Not red"."""
    found: dict[str, list[str]] = {}
    excepted: set[str] = set()
    for shade in colours():
        said = "|".join([shade, *(word for word, meant in SHADES.items() if meant == shade)])
        for match in re.finditer(rf"\b({said})\b", instruction):
            before = instruction[: match.start()]
            if any(instruction.startswith(n, match.start()) for n in names) and not before.endswith(("non-", "non ")):
                continue
            following = members(view, names, _noun_after(instruction[match.end() :]))
            if _NOT.search(before) and not _ONLY.search(before):
                spoken: Sequence[str] = []
                if not _IS_NOT.search(before):
                    excepted.add(shade)
                    spoken = set_of(view, names, before) or set_of(view, names, instruction[match.end() :])
                rivals = following or spoken or last_class(view, names, before) or names
                found[f"Not {shade}"] = [n for n in rivals if colour(n) != shade]
            elif not (
                shade == "orange" and ORANGES.match(instruction, match.start()) and not any(shade in n for n in names)
            ):
                found[shade.capitalize()] = [n for n in following or names if colour(n) == shade]
    return _joined(found, instruction, excepted)


def _joined(found: dict[str, list[str]], instruction: str, excepted: Collection[str]) -> dict[str, list[str]]:
    """The same with colours that are left out together as one: "Not red or blue".

    :param excepted: colours of exceptions ("all but the red and the blue one"), where "and" joins, too.
    """
    for joined in _JOINED.finditer(instruction):
        shades = re.findall(_COLOURS, joined[0])
        rest = found.get(f"Not {shades[0]}")
        if rest is not None and (" and " not in joined[0] or shades[0] in excepted):
            told = {told for shade in shades for told in (f"Not {shade}", shade.capitalize())}
            found = {key: members for key, members in found.items() if key not in told}
            found[f"Not {' or '.join(shades)}"] = [n for n in rest if colour(n) not in shades]
    return found


def _noun_after(after: str) -> str:
    """The word that a colour stands before, past others that are joined to it: "red and green blocks"."""
    said = [word for word in words(_ENDS.split(after, maxsplit=1)[0]) if word]
    shades = {*colours(), *SHADES}
    while said and (said[0] in shades or (said[0] in ("and", "or", "nor", "the") and shades & set(said[1:3]))):
        said = said[1:]
    return said[0] if said else ""


def of_other_colours(things: Sequence[str], holders: Sequence[str]) -> list[tuple[str, str]]:
    """Each thing with a holder of another colour, in different ones as far as that goes."""
    from scipy.optimize import linear_sum_assignment  # half a second that few instructions need

    if not things or not holders:
        return []
    columns = list(holders) * -(-len(things) // len(holders))  # each as often as may be needed
    costs = [
        [_SAME * (colour(t) == colour(h)) + i // len(holders) * _AGAIN for i, h in enumerate(columns)] for t in things
    ]
    rows, chosen = linear_sum_assignment(np.array(costs, dtype=float))
    pairs = [(things[row], columns[column]) for row, column in zip(rows, chosen, strict=True)]
    return [(thing, holder) for thing, holder in pairs if colour(thing) != colour(holder)]
