"""What is not of a class, where an instruction sets a class apart: "everything that isn't a fruit", "all but the drinks"."""

from __future__ import annotations

import re
from functools import cache

from saycan.language import mentions
from saycan.language.seen import Seen
from sim.objects import catalogue

_FILLERS = r"(?:[ -](?:for|a|an|the|any|all|really|of|my|your|those|these|one|count(?:ed)? as|among|kind))*[ -]"
_EXCEPT = (
    r"\bexcept(?:ing)?|\bapart from|\baside from|\bother than|\bbesides|\bexcluding|\bbar(?:ring)?|\bsave for"
    r"|\b(?:all|any|each|both|every|everything|anything)(?: \w+){0,2} but"
)
_SETS_APART = re.compile(
    rf"(?:\b(?:not|no|neither|nor|without)|\b(?:is|are|was|were)n't|\bnon|\b(?:doesn't|don't|does not|do not) (?:belong|go|fit) (?:in )?(?:with|among|to)"
    rf"|(?P<but>{_EXCEPT})){_FILLERS}(?P<one>\w+)(?:,? (?:n?or|and(?= (?:no|not)\b)|(?P<and>and))(?: no| not)?(?: an?| the| any)? (?P<other>\w+))?"
)
_SAID_OF_FOOD = re.compile(
    r"\b(?:inedible|(?:not|isn't|aren't) (?:edible|(?:meant )?for eating)|non-?edible"
    r"|(?<=that |what |hing |ings )(?:(?:you|one|i|we) )?(?:can't|cannot|can not)(?: be)? eat(?:en)?)\b(?: or drink(?=s?\b))?"
)
_NO_CLASS = re.compile(r"\b(neither|nor) can (?=(you|i|we|it|he|she|they)\b)")
_NEAR = 5  # words before, among which a wider class may be named


def others(seen: Seen, instruction: str) -> list[str]:
    """What is not of a class, or of either of two, of which the instruction says that something is not, or shall not be: a line for each."""
    lines = []
    for apart, before in _set_apart(seen, instruction):
        members = [n for word in apart for n in mentions.members(seen.view, seen.names, word)]
        wider = _wider(seen, apart, members, before)
        rest = [name for name in wider or _movable(seen) if name not in members]
        if wider or rest:
            lines.append(f"Not {' or '.join(apart)}: {', '.join(rest) or 'nothing'}.")
    return lines


def _set_apart(seen: Seen, instruction: str) -> list[tuple[tuple[str, ...], str]]:
    """The classes that are set apart, one or two at a time, and what was said before each."""
    said = _NO_CLASS.sub("", _SAID_OF_FOOD.sub(_as_class, instruction))
    found: list[tuple[tuple[str, ...], str]] = []
    for match in _SETS_APART.finditer(said):
        one, other = _class(seen, match["one"]), _class(seen, match["other"] or "")
        joins = match["and"] is None or match["but"] is not None  # "all but the fruit and the drinks"
        if one is not None:
            found.append(((one, other) if joins and other is not None else (one,), said[: match.start()]))
    return found


def _as_class(match: re.Match[str]) -> str:
    return "not food or drink" if "drink" in match[0] else "not food"


def _class(seen: Seen, said: str) -> str | None:
    """The class of things that can be moved for which a word stands, be it of one or of several; None: for none, or it is a thing's own name."""
    return next((one for one in sorted(_classes() - set(seen.names)) if said in (one, f"{one}s", f"{one}es")), None)


@cache
def _classes() -> frozenset[str]:
    known = (thing for thing in catalogue().values() if not thing.is_receptacle and not thing.is_fixture)
    return frozenset().union(*(thing.classes - {thing.name} for thing in known))


def _wider(seen: Seen, apart: tuple[str, ...], members: list[str], before: str) -> list[str]:
    """Another class, named just before, of which what is set apart is a part: "the food that isn't fruit"; nothing if there is none."""
    spoken = [word for word in mentions.words(before)[-_NEAR:] if not word.startswith(apart)]
    classes = (mentions.members(seen.view, seen.names, word) for word in reversed(spoken))
    return next((alike for alike in classes if alike and set(members) <= set(alike)), [])


def _movable(seen: Seen) -> list[str]:
    return [name for name in seen.names if not seen.view.classes[name] & {"receptacle", "fixture"}]
