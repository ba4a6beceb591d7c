"""What an instruction may be about that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from saycan.language.examples import EXAMPLES, REFUSAL
from saycan.language.lexicon import (
    BETWEEN,
    ELSE_CALLED,
    GENERAL,
    LOOSE,
    MADE_OF_IT,
    ORANGES,
    OTHER_COLOURS,
    SHADES,
    STOP_WORDS,
)
from saycan.language.mentions import colour
from saycan.language.mentions import words as spoken_words
from saycan.types import SceneView
from sim.objects import catalogue, colours
from sim.relations import DIRECTIONS, REGIONS, is_open

REGION_WORDS = {word for text in (*REGIONS, *DIRECTIONS) for word in text.split()}
_NO_NAMES = GENERAL | REGION_WORDS | {"ones", "table", "hand"}
_MOST_WORDS = 60
_ENDS = re.compile(r"[.:;!?]+(?=\s)")  # of a clause: what a colour before it is said of does not come after
_SPEAKS_OF_DRAWER = re.compile(r"\b(drawer|cabinet)s?\b")
_INTO_DRAWER = re.compile(  # where something goes, not where it may be
    r"\b(into (the|that|this|my|your)|(put|place|stow|store|stash|hide|drop|pop|stick|throw|toss|lay|stuff|tuck)\b[^.,;:!?]* in(side)? (the|that|this|my|your)) "
    r"(drawer|cabinet)\b(?= *($|[.,;:!?]|and\b|then\b|please\b))|\b(close|shut) (the|that) (drawer|cabinet)\b"
)
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
    words = [_bare(word) for word in spoken_words(instruction)][:_MOST_WORDS]
    text = f" {' '.join(words)} "
    clauses = f" {' '.join(_bare(word) for word in spoken_words(_ENDS.sub(' | ', instruction)))} "
    names = [*_coloured_names(clauses, view, vocabulary, kinds), *_compounds(instruction.lower(), kinds)]
    names += [] if _is_plain(view) or not _asks_for_orange(instruction.lower(), view) else ["orange"]
    for name, thing in _singular().items():
        if _is_said(name, text) and not _is_here(thing.split(), vocabulary) and name not in " ".join(names):
            names.append(name)
    names += [c for c in _classes() if _is_said(c, text) and not _is_here([c], vocabulary) and c not in "".join(names)]
    known = kinds.union(*vocabulary, _NO_NAMES, _SPOKEN, *(name.split() for name in names))
    single = [w for w in words if any(c.isalnum() for c in w) and w not in STOP_WORDS | known]
    names = [] if could_be_inside(instruction, view.drawer) else names
    return list(dict.fromkeys(names)), list(dict.fromkeys(single))


def _coloured_names(text: str, view: SceneView, vocabulary: Sequence[set[str]], kinds: set[str]) -> list[str]:
    """Colours with the noun that each is said of, where nothing here answers to both: "red, green and blue blocks", "the white one"."""
    white = _coloured() | (GENERAL | {"one", "ones"} if _is_plain(view) else set())
    found = [(match[1].split()[0], match[2]) for match in _colours_and_noun().finditer(text)]
    return [
        f"{shade} {noun}"
        for shade, noun in found
        if noun in (white if shade in OTHER_COLOURS else kinds)
        and not _is_here([SHADES.get(shade, shade), noun], vocabulary)
    ]


def _compounds(instruction: str, kinds: set[str]) -> list[str]:
    """ "Apple juice", "bottle opener"."""
    pairs = re.findall(rf"\b(?=(\w+) ({'|'.join(sorted(MADE_OF_IT))})\b)", instruction)
    return [f"{first} {second}" for first, second in pairs if first in kinds or first == "orange"]


def _asks_for_orange(instruction: str, view: SceneView) -> bool:
    """Whether it asks for the fruit, where nothing is orange."""
    return bool(ORANGES.search(instruction)) and not any("orange" in name for name in view.classes)


def _is_plain(view: SceneView) -> bool:
    """Whether everything here is of one of the colours here."""
    return all(name.split()[0] in colours() for name in view.classes)


def _is_here(words: Iterable[str], vocabulary: Sequence[set[str]]) -> bool:
    return any(set(words) <= own for own in vocabulary)


@cache
def _colours_and_noun() -> re.Pattern[str]:
    """One or several colours, and the noun after them: "blue wooden block", "red, green and blue blocks"."""
    one = "|".join([*colours(), *SHADES, *OTHER_COLOURS])
    several = rf"(?:(?:{one}) )*(?:{one}) (?:and|or|nor) (?:{one})"
    return re.compile(rf"(?<= )(?=({several}|{one}) (?:(?:{'|'.join(BETWEEN)}) )*(\w[\w-]*) )")


@cache
def _singular() -> dict[str, str]:
    """Words for things of which there is one of a kind, and the names of these: "coke" for "coke can"."""
    names = [thing.name for thing in catalogue().values() if thing.name == thing.kind]
    return {**{n: n for n in names}, **{n.split()[0]: n for n in names if " " in n}, **ELSE_CALLED}


def _is_said(name: str, text: str) -> bool:
    return any(f" {form} " in text for form in (name, f"{name}s", f"{name}es"))


@cache
def _classes() -> tuple[str, ...]:
    """Words for more than one kind of thing, or another word for a kind: "fruit", "mug"."""
    return tuple(sorted(set().union(*(t.classes - ({t.kind} & {t.name}) for t in catalogue().values())) - LOOSE))


@cache
def _coloured() -> frozenset[str]:
    """Words for what comes in colours: blocks, bowls."""
    things = (thing for thing in catalogue().values() if thing.name != thing.kind)
    return frozenset().union(*(_words_for(thing.kind, thing.classes) for thing in things))


def could_be_inside(instruction: str, drawer: float | None) -> bool:
    """Whether an instruction speaks of a drawer that is not open: what is not seen may well be in there.

    :param drawer: how far it is open, as in ``SceneView``; None: there is none.
    """
    return (
        drawer is not None
        and not is_open(drawer)
        and bool(_SPEAKS_OF_DRAWER.search(_INTO_DRAWER.sub("", instruction.lower())))
    )


def _bare(word: str) -> str:
    return word.strip(".,?!;:\"'()").lower()


def _words_for(name: str, classes: Iterable[str]) -> set[str]:
    words = {word for text in (name, *classes) for word in text.lower().split()}
    return words | {word + "s" for word in words} | {word + "es" for word in words}
