"""Nouns that name nothing an arm was ever asked about: "the elephant", "my umbrella"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from saycan.language.lexicon import (
    ALSO_SAID,
    ARTICLES,
    BEFORE_NOUNS,
    ELSEWHERE,
    FETCHING,
    INTO,
    NO_THINGS,
    OTHER_COLOURS,
    STOP_WORDS,
    WASTE,
)
from saycan.language.unknown import REGION_WORDS
from sim.objects import catalogue, colours
from sim.paths import ASSETS

_TOLD_OF = ("needs", "two_needs", "refusals", "politeness")  # sections that name what need not be there, or is not
_MARKS = re.compile(r"\{\w+\}|<\w+>")
_WORD = re.compile(r"[a-z][a-z'-]*")
_TOKEN = re.compile(r"[a-z][a-z'-]*|\S")
# What no longer belongs to a noun: marks, "that's", "quickly", "closest", "leftmost", "top-left", "second-last".
_ENDS = re.compile(
    r"^(beneath|underneath|alongside|nearby|adjacent|containing|including|barring|minus|upside|surrounded|facing|went|came)$|^[^a-z]|[^a-z-]|^non-|ly$|est$|most$|^(top|bottom|upper|lower|far|near|left|right|north|south|second|third)-"
)
_NO_SLIPS = {"sack"}  # no "snack"
_LONGEST = 4  # words after an article


def strange_nouns(instruction: str) -> list[str]:
    """What the instruction names by an article and a noun that no word of the planner's grammar is: "elephant", "remote control".

    :param instruction: in lower case.
    """
    tokens = _TOKEN.findall(instruction)
    phrases = [(i, _phrase(tokens[i + 1 :])) for i, token in enumerate(tokens) if token in ARTICLES]
    found = [" ".join(phrase) for i, phrase in phrases if phrase and _is_strange(tokens[:i], phrase)]
    found += [token for i, token in enumerate(tokens) if _singular(token) in aliens() and _is_asked_for(tokens, i)]
    return list(dict.fromkeys(found))


def _is_strange(before: list[str], phrase: list[str]) -> bool:
    """Whether a noun with its adjectives is of another world: of no word that is said of what is here, nor of turns of speech."""
    said_here = any(word in NO_THINGS or word.startswith(WASTE) or _is_kind(word) or _is_slip(word) for word in phrase)
    return not said_here and (not _is_known(phrase[-1]) or _is_wanted(before, phrase))


def _phrase(after: list[str]) -> list[str]:
    """The words after an article that may belong to its noun."""
    phrase: list[str] = []
    if after and after[0] in BEFORE_NOUNS:
        after = after[1:]
    for token in after[:_LONGEST]:
        if token in STOP_WORDS | ARTICLES or _ENDS.search(token):
            break
        phrase.append(token)
    rest = after[len(phrase) :]
    if rest and rest[0] in ("one", "ones") and not OTHER_COLOURS & set(phrase):  # "the odd one"
        return []
    if len(rest) > 1 and rest[0] == "of" and _is_kind(rest[1]):  # "a glass of water", "a row of blocks"
        return []
    while phrase and phrase[-1] in REGION_WORDS:  # "push the hedgehog left"
        phrase.pop()
    return phrase


def _is_known(word: str) -> bool:
    return bool({word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("'s")} & vocabulary())


@cache
def _is_kind(word: str) -> bool:
    return any({word, word.removesuffix("s")} & set(thing.kind.split()) for thing in catalogue().values())


@cache
def _is_slip(word: str) -> bool:
    """Whether it is a thing's name with a slip of the keyboard: a letter doubled or left out, two in the wrong order."""
    return word not in _NO_SLIPS and not _is_known(word) and bool({word, word.removesuffix("s")} & _all_slips())


@cache
def _all_slips() -> frozenset[str]:
    names = {part for thing in catalogue().values() for part in (*thing.kind.split(), *thing.classes) if len(part) > 3}
    return frozenset().union(*map(_slips, names))


def _slips(word: str) -> set[str]:
    inner = range(1, len(word))
    turned = {word[:k] + word[k + 1] + word[k] + word[k + 2 :] for k in inner if k + 1 < len(word)}
    dropped = {word[:k] + word[k + 1 :] for k in inner if len(word) > 4}
    return turned | dropped | {word[:k] + word[k] + word[k:] for k in inner}


def _is_wanted(before: list[str], phrase: list[str]) -> bool:
    """Whether a noun of which the grammar speaks in passing is one that is asked for, or a place to go to: "bring me the lemonade", "in a box"."""
    if before and before[-1] in ("me", "us"):
        before = before[:-1]
    last = before[-1] if before else ""
    to_use = "something" in before[-3:]  # "something to put my tea in"
    asked_for = last in FETCHING and len(phrase) == 1 and _singular(phrase[0]) in aliens() and not to_use
    return asked_for or (last in INTO and phrase[-1] in ELSEWHERE)


def _is_asked_for(tokens: list[str], i: int) -> bool:
    """Whether a noun without an article is asked for: "get me two forks", "cheese, please"."""
    before = [t for t in tokens[:i] if t not in ("me", "us", "one", "two", "three", "more")]
    alone = not before and (i + 1 == len(tokens) or tokens[i + 1] in (",", ".", "?", "!", "please", "now"))
    shade = tokens[i + 1 : i + 2] and tokens[i + 1] in colours()  # "tomato red"
    return alone or bool(before and before[-1] in FETCHING and tokens[i - 1] not in ARTICLES and not shade)


def _singular(word: str) -> str:
    return next((w for w in (word, word.removesuffix("s"), word.removesuffix("es")) if w in aliens()), word)


@cache
def aliens() -> frozenset[str]:
    """Single words for what is of another world."""
    refusals = [sections["refusals"] for sections in _grammar() if "refusals" in sections]
    named = {str(name).lower() for part in refusals for key in ("aliens", "appliances") for name in part.get(key, [])}
    return frozenset({word for word in named if " " not in word} - ALSO_SAID)


@cache
def vocabulary() -> frozenset[str]:
    """The words in which ``assets/planner/grammar/`` speaks of things, places and what to do with them."""
    told = (section for sections in _grammar() for name, section in sections.items() if name not in _TOLD_OF)
    texts = (text for section in told for text in _texts(section))
    return frozenset(word for text in texts for word in _WORD.findall(_MARKS.sub(" ", text.lower())))


@cache
def _grammar() -> tuple[dict[str, Any], ...]:
    """The sections of each of its files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    paths = sorted((ASSETS / "planner" / "grammar").rglob("*.yaml"))
    return tuple(yaml.load(path.read_text(encoding="utf-8"), Loader=loader) for path in paths)


def _texts(section: Any) -> Iterator[str]:
    """Every text in a section, at whatever depth, keys included."""
    if isinstance(section, str):
        yield section
    elif isinstance(section, dict):
        yield from (text for pair in section.items() for part in pair for text in _texts(part))
    elif isinstance(section, list):
        yield from (text for part in section for text in _texts(part))
