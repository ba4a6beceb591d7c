"""What of a scene an instruction speaks of: by name, by the word for its kind or class, by colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from saycan.types import SceneView
from sim.objects import catalogue, colours, palette

_SAME, _AGAIN = 1000.0, 1.0  # what a holder of the same colour costs, and one that is taken already
_FAR = 0.25  # of two colours (red, green, blue in 0 to 1) that are not called the same
_ASKING = re.compile(r"\bcan(?= (you|i|we|be|go|also|please)\b)|(?<=\byou) can\b")  # no drink
_EATING = re.compile(r"\bto eat\b|\bedibles?\b")
_EVERYTHING = re.compile(r"\b(everything|it all|all of it|whatever)\b")
_NOT = re.compile(r"\b(not|no|isn't|aren't|other than|except|but|without)( \w+){0,2} $")


def words(said: str) -> list[str]:
    """The words of what was said, without punctuation."""
    return [word.strip(".,?!;:\"'()") for word in _EATING.sub("food", _ASKING.sub("", said)).split()]


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


def groups(view: SceneView, names: Sequence[str], instruction: str) -> dict[str, list[str]]:
    """Of what there are several and the instruction speaks of it: the word, and what it means, in the order of ``names``."""
    said, found, by_kind = set(words(instruction)), dict[str, list[str]](), kinds(names)
    for word in sorted(set().union(*(view.classes[n] for n in names))) if names else []:
        members = [n for n in names if word in view.classes[n]]
        if len(members) > 1 and _forms(word) & said:
            found[next((kind for kind in by_kind if by_kind[kind] == members), word)] = members
    return found


def mentioned(view: SceneView, instruction: str) -> set[str]:
    """What an instruction may be about: what it names, or else whose class or colour it speaks of."""
    if _EVERYTHING.search(instruction):
        return set(view.boxes)
    text, found = f" {' '.join(words(instruction))} ", set[str]()
    for name in sorted(view.boxes, key=len, reverse=True):
        if f" {name} " in text:
            found.add(name)
            text = text.replace(f" {name} ", " ")
    left = set(text.split())
    for name, classes in view.classes.items():
        if colour(name) in left or any(_forms(word) & left for word in classes):
            found.add(name)
    return found


def by_colour(view: SceneView, names: Sequence[str], instruction: str) -> dict[str, list[str]]:
    """What has a colour that the instruction speaks of otherwise than as part of a thing's name: "Red", or "Not red"."""
    found: dict[str, list[str]] = {}
    for shade in colours():
        for match in re.finditer(rf"\b{shade}\b", instruction):
            if any(instruction.startswith(n, match.start()) for n in names):
                continue
            before = instruction[: match.start()]
            if _NOT.search(before):
                rivals = last_class(view, names, before) or names
                found[f"Not {shade}"] = [n for n in rivals if colour(n) != shade]
            else:
                found[shade.capitalize()] = [n for n in names if colour(n) == shade]
    return found


def last_class(view: SceneView, names: Sequence[str], said: str) -> list[str]:
    """Members of the class whose word was said last."""
    members = ([n for n in names if word in view.classes[n]] for word in reversed(words(said)))
    return next((found for found in members if found), [])


def of_other_colours(things: Sequence[str], holders: Sequence[str]) -> list[tuple[str, str]]:
    """Each thing with a holder of another colour, in different ones as far as that goes."""
    if not things or not holders:
        return []
    columns = list(holders) * -(-len(things) // len(holders))  # each as often as may be needed
    costs = [
        [_SAME * (colour(t) == colour(h)) + i // len(holders) * _AGAIN for i, h in enumerate(columns)] for t in things
    ]
    rows, chosen = linear_sum_assignment(np.array(costs, dtype=float))
    pairs = [(things[row], columns[column]) for row, column in zip(rows, chosen, strict=True)]
    return [(thing, holder) for thing, holder in pairs if colour(thing) != colour(holder)]


def _forms(word: str) -> set[str]:
    return {word, f"{word}s", f"{word}es"}
