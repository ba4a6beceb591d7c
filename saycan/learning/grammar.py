"""Sentences from ``assets/planner/grammar/``: choices, lists and slots, and how people vary what they say."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import yaml

from sim.paths import ASSETS

_LIST = re.compile(r"<(\w+)>")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE = "!"  # marks what is a whole sentence, to which no "could you" can be added
_SAID_ON = {"tray": 0.7, "bowl": 0.08}
_TURNED = 0.15  # share of two requests
_POLITE, _MOODY, _SLIPS, _SHOUTED = 0.4, 0.08, 0.07, 0.03  # shares of instructions


@cache
def grammar() -> dict[str, Any]:
    """The grammar as its files hold it, each of them its own sections."""
    found: dict[str, Any] = {}
    for path in sorted((ASSETS / "planner" / "grammar").glob("*.yaml")):
        found |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def pick(rng: np.random.Generator, options: Any) -> Any:
    """One of some options."""
    return options[int(rng.integers(len(options)))]


def fill(rng: np.random.Generator, template: str, **slots: str) -> str:
    """A sentence of a template; it still begins with "!" if that did."""
    lists = grammar()["lists"] | {name: grammar()["sets"][name] for name in ("colour", "colours")}
    while _LIST.search(template):
        template = _LIST.sub(lambda found: str(pick(rng, lists[found[1]])), template)
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda found: str(pick(rng, found[1].split("|"))), template)
    return re.sub(r"\s+([,.?!;:])", r"\1", " ".join(template.format(**slots).split()))


def laid(rng: np.random.Generator, template: str, kind: str) -> str:
    """A template of putting in, for that kind of receptacle: things are put "on" a tray, and some say so of a bowl."""
    if rng.random() >= _SAID_ON.get(kind, 0.0):
        return template
    return re.sub(r"<into>|\[in\|in(to|side)\]", "[on|on|onto|on top of]", template)


def join(rng: np.random.Generator, parts: list[str]) -> str:
    """Several requests as one; whole sentences are parted by full stops. Now and then the second of two is said first."""
    if (
        len(parts) == 2
        and not any(part.startswith(_SENTENCE) or "." in part for part in parts)
        and rng.random() < _TURNED
    ):
        return _SENTENCE + str(pick(rng, grammar()["turned"])).format(a=parts[0], b=parts[1])
    said = (
        parts[0] if parts[0].startswith(_SENTENCE) or rng.random() < 0.8 else pick(rng, grammar()["first"]) + parts[0]
    )
    for part in parts[1:]:
        ended = said[-1] in "?." or (said.startswith(_SENTENCE) and rng.random() < 0.5)
        if part.startswith(_SENTENCE) or ended:
            said += (" " if said[-1] in "?." else ". ") + part.removeprefix(_SENTENCE)
        else:
            said += str(pick(rng, grammar()["then"])) + part
    return said


def spoken(rng: np.random.Generator, said: str) -> str:
    """A request as somebody might say or type it: politely or not, with a full stop or not, with slips."""
    manners = grammar()["politeness"]
    if not said.startswith(_SENTENCE) and rng.random() < _POLITE:
        said = str(pick(rng, manners["before"])) + said
    said = said.removeprefix(_SENTENCE)
    if rng.random() < _POLITE / 2 and not said.endswith("?"):
        said += str(pick(rng, manners["after"]))
    if rng.random() < _MOODY:
        said = fill(rng, str(pick(rng, manners["mood"]))) + " " + said
    if rng.random() < _SLIPS:
        said = _slip(rng, said)
    if rng.random() < 0.5:
        said = said[0].upper() + said[1:]
    end = str(pick(rng, ["", "", "", ".", ".", "!"])) if said[-1].isalnum() else ""
    return (said.upper() if rng.random() < _SHOUTED else said) + end


def _slip(rng: np.random.Generator, said: str) -> str:
    """One letter of a longer word doubled, left out, or changed for its neighbour."""
    words = said.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return said
    i = int(pick(rng, long))
    k = int(rng.integers(1, len(words[i]) - 1))
    a, b, c = words[i][:k], words[i][k], words[i][k + 1 :]
    words[i] = str(pick(rng, [a + b + b + c, a + c, a + c[0] + b + c[1:]]))
    return " ".join(words)


def normalised(text: str) -> str:
    """A text without what does not matter for being the same instruction: capitals, punctuation, articles, "please"."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return " ".join(word for word in words if word not in ("the", "a", "an", "please"))
