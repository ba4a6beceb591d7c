"""What a thing may be called: the captions that open_clip learns from, and the phrases that it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.cabinet import NAME, SHELL
from sim.objects import catalogue, colours

TEMPLATES = (
    "a photo of a {}",
    "a photo of the {}",
    "a picture of a {} on a table",
    "a small {}",
    "there is a {} here",
    "a rendering of a {}",
    "a close-up of a {}",
    "{}",
)


@dataclass(frozen=True)
class Look:
    """What a crop shows, as far as captions speak of it.

    :param kind: place among ``kinds()``.
    :param colour: place among the colours; -1: it has the colour that its kind has.
    """

    kind: int
    colour: int


@cache
def kinds() -> tuple[str, ...]:
    """Every kind of thing that can be seen; the cabinet comes with its drawer."""
    return (*dict.fromkeys(thing.kind for thing in catalogue().values()), SHELL)


@cache
def look_of(name: str) -> Look:
    """How a thing looks."""
    if name == SHELL:
        return Look(kinds().index(SHELL), -1)
    thing = catalogue()[name]
    colour = colours().index(name.removesuffix(f" {thing.kind}")) if name != thing.kind else -1
    return Look(kinds().index(thing.kind), colour)


def caption(look: Look, rng: np.random.Generator) -> tuple[str, Look]:
    """A caption that fits, and what it speaks of: now and then only the colour, or only the kind (the other is -1)."""
    words = [kinds()[look.kind], *_synonyms()[kinds()[look.kind]]]
    word = words[int(rng.integers(len(words)))] if rng.random() < 0.3 else words[0]
    if look.colour < 0:
        return _say(word, rng), look
    colour, chance = colours()[look.colour], rng.random()
    if chance < 0.12:
        return _say(f"{colour} {('thing', 'object', 'toy')[int(rng.integers(3))]}", rng), Look(-1, look.colour)
    if chance < 0.2:
        return _say(word, rng), Look(look.kind, -1)
    return _say(f"{colour} {word}", rng), look


def fits(captions: list[Look], images: list[Look], plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which caption fits which image, and where that cannot be said; both bool, shape (images, captions).

    :param plain: whether a caption names a kind whose things all look one way, so that a colour would be another thing.
    """
    kind, colour = (
        np.array([[getattr(x, key) for x in xs] for xs in (images, captions)]) for key in ("kind", "colour")
    )
    same_kind = (kind[0][:, None] == kind[1]) | (kind[1] < 0)
    same_colour = (colour[0][:, None] == colour[1]) | ((colour[1] < 0) & ~plain)
    unknown = (kind[1] < 0) & (colour[0] < 0)[:, None]  # is an apple a red thing?
    return same_kind & same_colour & ~unknown, unknown


def _say(what: str, rng: np.random.Generator) -> str:
    return TEMPLATES[int(rng.integers(len(TEMPLATES)))].format(what)


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Other words for a kind that are no other kind's."""
    classes = {thing.kind: sorted(thing.classes - {thing.kind}) for thing in catalogue().values()}
    every = [word for words in classes.values() for word in words]
    return {SHELL: ()} | {k: tuple(word for word in words if every.count(word) == 1) for k, words in classes.items()}


def comes_in_colours(kind: str) -> bool:
    """Whether there is a kind in several colours ("red block"), so that its colour is part of a name."""
    return any(thing.kind == kind and thing.name != kind for thing in catalogue().values())


def recolourable(kind: str) -> bool:
    """Whether a thing would still be called the same in another colour (a blue can is another drink)."""
    return kind not in ("coke can", "pepsi can", "water bottle", NAME, SHELL) and not comes_in_colours(kind)


def natural_colour(kind: str) -> int:
    """The colour among all that a kind's own comes nearest to: its place among them."""
    own = next(thing.colour for thing in catalogue().values() if thing.kind == kind)
    blocks = [next(t.colour for t in catalogue().values() if t.name == f"{c} block") for c in colours()]
    return int(np.argmin([np.linalg.norm(np.subtract(own, c)) for c in blocks]))
