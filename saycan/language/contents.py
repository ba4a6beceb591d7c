"""What is in what, what is empty, and what lies in nothing, for the prompt: which of it an instruction asks for, and the lines that tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from saycan.language.parts import THING, THINGS
from saycan.types import SceneView

_HOLDERS = "(bowl|dish|container|tray|bin|drawer|cabinet)(e?s)?"
_A_HOLDER = rf"((the|its|their|both|all|each|every|of|this|that|my) )*(\w+ )?{_HOLDERS}\b"
_ASKS_FOR_WHAT_IS_THERE = re.compile(
    rf"\b(what( i|')s|the (thing|object|item|one)s?|anything|something) (that's |that is |which is |that are )?(in|on|inside|from) {_A_HOLDER}"
    rf"|\b(out of|off|(?<!her )(?<!hest )(?<!away )from|inside( of)?|clear|unload|unpack|free up) {_A_HOLDER}"
    rf"|\b({THINGS}|fruit|food) (that |which |are |currently |already )*(in|on|inside) {_A_HOLDER} (in|into|on|onto|to|go|goes|should|must|belong|swap|change|trade|alone)\b"
    rf"|\b{_HOLDERS} (with|where) (?!((the|a) )?(same|matching|one|no|nothing)\b)|\b(nothing|only) (\w+ ){{1,4}}(left )?(in|on) {_A_HOLDER}"
)
_ASKS_FOR_CONTENTS = re.compile(
    r"\b(empt(y|ied|ying)|contents?|contain\w*|everything|whatever|clear out|what( i|')s in|all of it|full|fuller|fullest|filled|occupied|holds|holding"
    r"|(more|most|less|fewe\w+|least|things?) in(?! front\b| the (middle|cent\w+|(top|bottom|upper|lower|far|near|left|right)\b))|already (has|have|in)|already got|has got|has (an?|the|one|two|some\w*) |with (an?|the|one|two|some\w*) [\w ]+ in it)\b"
)
_ASKS_FOR_EMPTY = re.compile(
    rf"\b(empty (?!it|the|this|that|both|all|each|every|out|my|everything|corner|side|spot|place|half|part|\w+ corner)|(is|are|'s) (still )?(?<!corner is )(?<!corner that is )(?<!corner that's )(empty|free|vacant|unused)|(free|vacant|unused|unoccupied|emptier) {THING}\b"
    r"|nothing (is )?in|has nothing|with nothing|without anything|(with no|without an?|has no|holds no) \w+( in it)?|fewest|least in|not? (got |have |hold |contain )?anything in)"
)
_NO_HOLDER = r" ((top|bottom|upper|lower|far|near|back|front|left|right)\b|middle|cent(re|er)|corner|way|tower|stack|pile|line|row|order)"
_ASKS_FOR_LOOSE = re.compile(
    rf"\b(loose|lying (about|around)|out on the table|still on the table|outside|(stand\w*|l(ie|y)\w*|sit\w*|is|are|that's|all) alone|by (it|them)sel\w+|not (already |yet |currently )?in(side)? (an?|any|the|its|their|one|no)\b(?!{_NO_HOLDER})|not inside|on (its|their) own(?! (side|half|end|corner|bowl|place))|in no(?! (particular|special|time|way|order|hurry|circumstances))|unboxed|left over|leftover)\b|n't (already |yet )?in(side)?\b(?!( the| an?| any)?{_NO_HOLDER})"
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
    if _ASKS_FOR_CONTENTS.search(instruction) or _ASKS_FOR_WHAT_IS_THERE.search(instruction):
        lines += [f"In the {holder}: {', '.join(members)}." for holder, members in inside.items()]
    if _ASKS_FOR_EMPTY.search(instruction):
        empty = [n for n in names if "receptacle" in view.classes[n] and n not in inside]
        lines += [f"Empty: {', '.join(empty) or 'nothing'}."]
    if _ASKS_FOR_LOOSE.search(instruction):
        held = {thing for members in inside.values() for thing in members}
        loose = [n for n in names if n not in held and "receptacle" not in view.classes[n]]
        lines += [f"In nothing: {', '.join(loose) or 'nothing'}."]
    return lines
