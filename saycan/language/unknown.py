"""What an instruction may be about that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from saycan.language.examples import EXAMPLES, REFUSAL
from saycan.language.mentions import colour
from saycan.language.mentions import words as spoken_words
from saycan.language.stop_words import STOP_WORDS
from saycan.types import SceneView
from sim.objects import catalogue, colours
from sim.relations import DIRECTIONS, REGIONS, is_open

REGION_WORDS = {word for text in (*REGIONS, *DIRECTIONS) for word in text.split()}
_GENERAL = {"thing", "things", "object", "objects", "item", "items", "stuff", "ones", "table", "hand"} | REGION_WORDS
_OTHER_COLOURS = {"black", "white", "grey", "gray", "brown"}  # basic terms (Berlin and Kay 1969) that nothing here has
_LOOSE = {
    "snack",
    "trash",
    "cleaner",
    "container",
    "receptacle",
    "fixture",
}  # classes that other things may stand in for: an apple is a snack, too
_MOST_WORDS = 60
_SPEAKS_OF_DRAWER = re.compile(r"\b(drawer|cabinet)s?\b")
_SPOKEN = {  # words of the examples' instructions that are no things: "stack", "bring", ...
    word.strip(".,?!")
    for example in EXAMPLES
    if REFUSAL not in example
    for word in example.split("Human:")[1].split("\n")[0].split()
}


def unknown_things(instruction: str, view: SceneView) -> tuple[list[str], list[str]]:
    """What the instruction may be about that the scene does not have. What a closed drawer may hold is no such thing.

    :return: names that no thing here answers to, of a colour and a kind ("green block" beside a red block and a green bowl) or from
        the catalogue ("apple"), and
        single words that are no part of what anything here is called ("elephant"; verbs are among them, language sorts them out).
    """
    vocabulary = [_words_for(name, [*classes, colour(name)]) for name, classes in view.classes.items()]
    kinds = set().union(*(_words_for(thing.kind, thing.classes) for thing in catalogue().values()))
    known = kinds.union(*vocabulary, _GENERAL, _SPOKEN)
    words = [_bare(word) for word in spoken_words(instruction)][:_MOST_WORDS]
    names = [
        f"{a} {b}"
        for a, b in pairwise(words)
        if ((a in colours() and b in kinds) or (a in _OTHER_COLOURS and b in _coloured()))
        and not any({a, b} <= w for w in vocabulary)
    ]
    text = f" {' '.join(words)} "
    singular = [thing.name for thing in catalogue().values() if thing.name == thing.kind]
    names += [n for n in singular if _is_said(n, text) and not any(set(n.split()) <= w for w in vocabulary)]
    names += [
        c for c in _classes() if _is_said(c, text) and not any({c} <= w for w in vocabulary) and c not in "".join(names)
    ]
    named = {word for name in names for word in name.split()}
    single = [w for w in words if any(c.isalnum() for c in w) and w not in STOP_WORDS | known | named]
    names = [] if could_be_inside(instruction, view.drawer) else names
    return list(dict.fromkeys(names)), list(dict.fromkeys(single))


def _is_said(name: str, text: str) -> bool:
    return any(f" {form} " in text for form in (name, f"{name}s", f"{name}es"))


@cache
def _classes() -> tuple[str, ...]:
    """Words for more than one kind of thing, or another word for a kind: "fruit", "mug"."""
    return tuple(sorted(set().union(*(t.classes - {t.kind} for t in catalogue().values())) - _LOOSE))


@cache
def _coloured() -> frozenset[str]:
    """Words for what comes in colours: blocks, bowls."""
    things = (thing for thing in catalogue().values() if thing.name != thing.kind)
    return frozenset().union(*(_words_for(thing.kind, thing.classes) for thing in things))


def could_be_inside(instruction: str, drawer: float | None) -> bool:
    """Whether an instruction speaks of a drawer that is not open: what is not seen may well be in there.

    :param drawer: how far it is open, as in ``SceneView``; None: there is none.
    """
    return drawer is not None and not is_open(drawer) and bool(_SPEAKS_OF_DRAWER.search(instruction.lower()))


def _bare(word: str) -> str:
    return word.strip(".,?!;:\"'()").lower()


def _words_for(name: str, classes: Iterable[str]) -> set[str]:
    words = {word for text in (name, *classes) for word in text.lower().split()}
    return words | {word + "s" for word in words}
