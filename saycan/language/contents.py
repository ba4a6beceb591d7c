"""What is in what, what is empty, and what lies in nothing, for the prompt: which of it an instruction asks for, and the lines that tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from saycan.language.parts import THING
from saycan.types import SceneView

_ASKS_FOR_CONTENTS = re.compile(
    r"\b(empt(y|ied|ying)|contents?|contain\w*|everything|whatever|clear out|what( i|')s in|all of it|full|fuller|fullest|filled|occupied|holds|holding"
    r"|(more|most|less|fewe\w+|least|things?) in|already (has|have|in)|already got|has got|has (an?|the|one|two|some\w*) |with (an?|the|one|two|some\w*) [\w ]+ in it)\b"
)
_ASKS_FOR_EMPTY = re.compile(
    rf"\b(empty (?!it|the|this|that|both|all|each|every|out|my|everything)|(is|are|'s) (still )?(empty|free|vacant|unused)|(free|vacant|unused|unoccupied|emptier) {THING}\b"
    r"|nothing (is )?in|has nothing|with nothing|without anything|(with no|without an?|has no|holds no) \w+( in it)?|fewest|least in|not? (got |have |hold |contain )?anything in)"
)
_ASKS_FOR_LOOSE = re.compile(
    r"\b(loose|lying (about|around)|out on the table|still on the table|outside|(stand\w*|l(ie|y)\w*|sit\w*|is|are|that's|all) alone|by (it|them)sel\w+|not (already |yet |currently )?in(side)? (an?|any|the|its|their|one|no)\b|not inside|in no(?! (particular|special|time|way|order|hurry|circumstances))|unboxed|left over|leftover)\b|n't (already |yet )?in\b"
)


def contents(view: SceneView, names: Sequence[str], instruction: str) -> list[str]:
    """What is in what, what is empty, and what is in nothing, as far as an instruction speaks of that: a line each.

    :param names: what stands or lies somewhere.
    """
    inside: dict[str, list[str]] = {}
    for relation, a, b in view.relations:
        if relation == "in":
            inside.setdefault(b, []).append(a)
    lines = []
    if _ASKS_FOR_CONTENTS.search(instruction):
        lines += [f"In the {holder}: {', '.join(members)}." for holder, members in inside.items()]
    if _ASKS_FOR_EMPTY.search(instruction):
        empty = [n for n in names if "receptacle" in view.classes[n] and n not in inside]
        lines += [f"Empty: {', '.join(empty) or 'nothing'}."]
    if _ASKS_FOR_LOOSE.search(instruction):
        held = {thing for members in inside.values() for thing in members}
        loose = [n for n in names if n not in held and "receptacle" not in view.classes[n]]
        lines += [f"In nothing: {', '.join(loose) or 'nothing'}."]
    return lines
