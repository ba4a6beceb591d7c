"""What of a scene an instruction speaks of: by name, by the word for its kind or class, by colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from saycan.types import SceneView
from sim.objects import catalogue, colours, palette

_FAR = 0.25  # of two colours (red, green, blue in 0 to 1) that are not called the same
_NO_CANS = "|".join(sorted({w for t in catalogue().values() if "can" not in t.classes for w in {t.kind, *t.classes}}))
_AFTER_A_CAN = "in|on|at|to|from|of|off|out|into|onto|and|or|but|is|was|are|goes|belongs|should|must|has|needs|that|which|with|near|nearest|closest|next|beside|by|behind|left|right|away|too|there|here|for|as|first|last|instead|if|when|so"
_VERBS = re.compile(  # "can" that is no drink, "bin" that is no bin
    r"\b(i|u|we|you|he|she|it|they|there|who|arm|robot|(?:no|some|any|every)(?:body|one|thing)) can\b"
    r"|\bcan(?= (?:you|u|ya|yuo|i|we|he|she|they|it|be|go|also|only|just|still|now|please|not|never|all|both|the|an?|each|every|this|these|my|your|our|robots?"
    r"|some\w+|any(?:one|body)|have|get|take|stay|lie|sit|stand|wait|come|live|share|fit|join|remain|rest|eat|drink|find|reach|see|do)\b)"
    rf"|\b((?:that|which|ones?|else|others?|rest|everything|anything|whatever|things?|objects?|items?|{_NO_CANS})s?) can(?= (?!(?:{_AFTER_A_CAN})\b)[a-z])"
    r"|(^|[,;.] |\b(?:and|then|please) )bin(?= (?:the|that|this|these|those|all|both|every|everything|it|them|my|any|whatever)\b)"
)
_EATING = re.compile(
    r"\bto eat\b|\bedibles?\b|\b(one|i|you|we|people|he|she) (can|could) eat\b|\b(can|could) be eaten\b"
)
_EVERYTHING = re.compile(
    r"\b(everything|it all|all of (it|them|these|those)|whatever|(all|every|each|any) (of )?(the |these |those |single )?(things?|objects?|items?|stuff)(?! food))\b"
)
_ALL = frozenset({"all", "every", "each", "any", "both"})
_BEFORE_SEVERAL = _ALL | {"of", "the", "these", "those", "my", "two", "three", "four", "five", "other"}
_BEFORE_HOLDERS = frozenset({"in", "into", "inside", "on", "onto", "to", "over", "among"})
_HOLDERS = r"(?=(bowl|dish|tray|platter|drawer|bin|container|box|basket)(es|s)?\b)"
_MEANT = (  # a thing's word that means something else there, and what is meant
    (re.compile(r"\b(trash|garbage|rubbish|waste|litter)[ -]?can(?=s?\b)"), "bin"),
    (re.compile(r"\b(in|into|inside|to) the (trash|garbage|rubbish)\b(?! (bin|bag|basket|container))"), r"\1 the bin"),
    (re.compile(r"\b(fruit|drinks?|snacks?|food|toys?|soda|chips|crisps|water) " + _HOLDERS), ""),  # "the fruit bowl"
    (re.compile(r"\b(hot|boiling|dirty) water\b"), ""),
    (re.compile(r"\bdish (?=(sponge|scrubber)s?\b)"), ""),
    (re.compile(r"\b(do|does|doing|did) (up )?((the|my|our|these|those|some) )?dishes\b"), r"\1"),
    (re.compile(r"\b(wash|scrub|rins)(e|ing)? (up )?(the|my|our|these|those) dishes\b"), r"\1"),
    (re.compile(r"\bdishes (?=(need|want) (doing|washing|a wash)|(won't|don't|aren't))"), ""),
    (
        re.compile(r"\b(i|we|you|to|can|could|would) drink (?=([\w ]+ )?(from|out of)\b|(some|my|it|tea|coffee)\b)"),
        r"\1 ",
    ),
    (re.compile(r"\b(vessel|cup|mug|container)s? for (my |hot |cold )?drinks?\b"), r"\1"),  # what from: a cup
)


def _without_verb(found: re.Match[str]) -> str:
    return found[found.lastindex] if found.lastindex else ""


def words(said: str) -> list[str]:
    """The words of what was said, without punctuation."""
    said = _EATING.sub("food", said)
    for pattern, meant in _MEANT:
        said = pattern.sub(meant, said)
    return [word.strip(".,?!;:\"'()") for word in _VERBS.sub(_without_verb, said).split()]


def kinds(names: Iterable[str]) -> dict[str, list[str]]:
    """Things by kind: what the catalogue calls it, or else the last word of the name."""
    found: dict[str, list[str]] = {}
    for name in names:
        thing = catalogue().get(name)
        found.setdefault(thing.kind if thing else name.split()[-1], []).append(name)
    return found


@cache
def colour(name: str) -> str:
    """The colour that a thing is said to have: that of its name, or what its kind looks like; "" if that is no colour."""
    if name.split()[0] in colours():
        return name.split()[0]
    if name not in catalogue() or catalogue()[name].is_receptacle:
        return ""
    looks = np.array(catalogue()[name].colour)
    away = {c: float(np.abs(looks - np.array(rgb)).max()) for c, rgb in palette().items()}
    nearest = min(away, key=away.__getitem__)
    return nearest if away[nearest] < _FAR else ""


def members(view: SceneView, names: Sequence[str], word: str) -> list[str]:
    """Of some things those whose kind or class a word says, be it of one or of several."""
    return [n for n in names if any(word in _forms(one) for one in view.classes[n])]


def groups(view: SceneView, names: Sequence[str], instruction: str) -> dict[str, list[str]]:
    """Of what there are several and the instruction speaks of it: the word, and what it means, in the order of ``names``."""
    said, found, by_kind = set(words(instruction)), dict[str, list[str]](), kinds(names)
    for word in sorted(set().union(*(view.classes[n] for n in names))) if names else []:
        alike = [n for n in names if word in view.classes[n]]
        if len(alike) > 1 and _forms(word) & said:
            found[next((kind for kind in by_kind if by_kind[kind] == alike), word)] = alike
    return found


def mentioned(view: SceneView, instruction: str) -> set[str]:
    """What an instruction may be about: what it names, or else whose class or colour it speaks of."""
    said = " ".join(words(instruction))
    if _EVERYTHING.search(said):
        return set(view.boxes)
    text, found = f" {said} ", set[str]()
    for name in sorted(view.boxes, key=len, reverse=True):
        if f" {name} " in text:
            found.add(name)
            text = text.replace(f" {name} ", " ; ")
    return found | _described(view, text.split())


def _described(view: SceneView, said: Sequence[str]) -> set[str]:
    """What is spoken of by its class, by its colour, or by both beside each other: "the red cube", "red and blue cubes"."""
    found, shades = set[str](), list[str]()

    def end() -> None:  # colours that no class followed: all that has them
        found.update(n for n in view.classes if colour(n) in shades)
        shades.clear()

    for word in said:
        alike = members(view, list(view.classes), word)
        if word in colours():
            shades.append(word)
        elif alike:
            found.update(n for n in alike if not shades or colour(n) in shades)
            shades.clear()
        elif word not in ("and", "or"):
            end()
    end()
    return found


def set_of(view: SceneView, names: Sequence[str], said: str) -> Sequence[str]:
    """What is spoken of as several last, and not as what something goes into: the blocks of "all the blocks in the red bowl"."""
    found: Sequence[str] = []
    spoken = words(said)
    for i, word in enumerate(spoken):
        start = i
        while start and spoken[start - 1] in (*_BEFORE_SEVERAL, *colours()):
            start -= 1
        if start and spoken[start - 1] in _BEFORE_HOLDERS:
            continue
        if word == "everything":
            found = names
        elif (alike := members(view, names, word)) and (word.endswith("s") or _ALL & set(spoken[start:i])):
            found = alike
    return found


def last_class(view: SceneView, names: Sequence[str], said: str) -> list[str]:
    """Members of the class whose word was said last."""
    found = (members(view, names, word) for word in reversed(words(said)))
    return next((alike for alike in found if alike), [])


def first_described(view: SceneView, names: Sequence[str], said: Sequence[str]) -> list[str]:
    """What the first words mean that mean anything: a name, a class with the colour before it if there is one, or else a colour."""
    text = f" {' '.join(said)} "
    at = {n: text.find(f" {n} ") for n in names}
    named = min((n for n in names if at[n] >= 0), key=at.__getitem__, default=None)
    for i, word in enumerate(said):
        if alike := members(view, names, word):
            shade = said[i - 1] if i else ""
            if named and len(text[: at[named]].split()) <= i:
                return [named]
            return [n for n in alike if shade not in colours() or colour(n) == shade]
    shades = [word for word in said if word in colours()]
    return [named] if named else [n for n in names if colour(n) in shades[:1]]


def _forms(word: str) -> set[str]:
    return {word, f"{word}s", f"{word}es"}
