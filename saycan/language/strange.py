"""Nouns that name nothing an arm was ever asked about: "the elephant", "my umbrella"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from saycan.language.stop_words import NO_THINGS, STOP_WORDS
from saycan.language.unknown import REGION_WORDS
from sim.objects import catalogue
from sim.paths import ASSETS

_ARTICLES = {"the", "a", "an", "my", "your", "our", "his", "her", "their", "this", "that", "these", "those", "some"}
_TOLD_OF = ("needs", "two_needs", "refusals", "politeness")  # sections that name what need not be there, or is not
_MARKS = re.compile(r"\{\w+\}|<\w+>")
_WORD = re.compile(r"[a-z][a-z'-]*")
_TOKEN = re.compile(r"[a-z][a-z'-]*|\S")
# What no longer belongs to a noun: marks, "that's", "quickly", "closest", "leftmost", "top-left", "second-last".
_ENDS = re.compile(
    r"^[^a-z]|[^a-z-]|ly$|est$|most$|^(top|bottom|upper|lower|far|near|left|right|north|south|second|third)-"
)
_BEFORE = {
    "empty",
    "full",
    "other",
    "last",
    "first",
    "two",
    "three",
    "four",
    "next",
    "same",
}  # stop words that a noun may follow
_LONGEST = 4  # words after an article


def strange_nouns(instruction: str) -> list[str]:
    """What the instruction names by an article and a noun that no word of the planner's grammar is: "elephant", "remote control".

    :param instruction: in lower case.
    """
    found = []
    tokens = _TOKEN.findall(instruction)
    for i, token in enumerate(tokens):
        phrase = _phrase(tokens[i + 1 :]) if token in _ARTICLES else []
        if (
            phrase
            and phrase[-1] not in NO_THINGS
            and not _is_known(phrase[-1])
            and not any(_is_kind(word) for word in phrase)
        ):
            found.append(" ".join(phrase))
    return list(dict.fromkeys(found))


def _phrase(after: list[str]) -> list[str]:
    """The words after an article that may belong to its noun."""
    phrase: list[str] = []
    if after and after[0] in _BEFORE:
        after = after[1:]
    for token in after[:_LONGEST]:
        if token in STOP_WORDS | _ARTICLES or _ENDS.search(token):
            break
        phrase.append(token)
    while phrase and phrase[-1] in REGION_WORDS:  # "push the hedgehog left"
        phrase.pop()
    return phrase


def _is_known(word: str) -> bool:
    return bool({word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("'s")} & vocabulary())


@cache
def _is_kind(word: str) -> bool:
    return any(word.removesuffix("s") in thing.kind.split() for thing in catalogue().values())


@cache
def vocabulary() -> frozenset[str]:
    """The words in which ``assets/planner/grammar/`` speaks of things, places and what to do with them."""
    words: set[str] = set()
    for path in sorted((ASSETS / "planner" / "grammar").rglob("*.yaml")):
        sections = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for name, section in sections.items():
            if name not in _TOLD_OF:
                words.update(word for text in _texts(section) for word in _WORD.findall(_MARKS.sub(" ", text.lower())))
    return frozenset(words)


def _texts(section: Any) -> Iterator[str]:
    """Every text in a section, at whatever depth, keys included."""
    if isinstance(section, str):
        yield section
    elif isinstance(section, dict):
        yield from (text for pair in section.items() for part in pair for text in _texts(part))
    elif isinstance(section, list):
        yield from (text for part in section for text in _texts(part))
