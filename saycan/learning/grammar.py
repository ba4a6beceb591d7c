"""Sentences from ``assets/planner/grammar/`` (what is said often; in ``seldom/`` the rest): choices, lists and slots, and how people vary what they say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sim.paths import ASSETS

_LIST = re.compile(r"<(\w+)>")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE = "!"  # marks what is a whole sentence, to which no "could you" can be added
_SAID_ON = {"tray": 0.7, "bowl": 0.08}
_TURNED = 0.25  # share of two or three requests
_SELDOM = 0.25  # share of what is said seldom, of each list of texts that has both
_ORDERS = {2: "turned", 3: "turned_three"}
_POLITE, _MOODY, _SLIPS, _SHOUTED, _TERSE = 0.4, 0.08, 0.07, 0.03, 0.07  # shares of instructions


@cache
def grammar() -> dict[str, Any]:
    """The grammar: what is said often, and what is said seldom, each list of both with the share that it should have."""
    often, seldom = (_sections(ASSETS / "planner" / "grammar" / part) for part in ("", "seldom"))
    merged: dict[str, Any] = _merge(often, seldom)
    return merged


def _sections(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        found |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _merge(often: Any, seldom: Any) -> Any:
    """Lists of texts have the often ones repeated until a pick is one of the others with ``_SELDOM``; entries for the same things are one."""
    if isinstance(often, dict):
        both = often.keys() & seldom.keys() - {"means"}
        return {k: _merge(often[k], seldom[k]) if k in both else v for k, v in (seldom | often).items()}
    if all(isinstance(x, str) for x in often):
        return often * max(round(len(seldom) / len(often) * (1 / _SELDOM - 1)), 1) + seldom
    if all("means" in x for x in often):
        alike = {tuple(x["means"]): x for x in seldom}
        known = {tuple(x["means"]) for x in often}
        return [_merge(x, alike.get(tuple(x["means"]), {})) for x in often] + [
            x for m, x in alike.items() if m not in known
        ]
    return often + seldom


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
    """Several requests as one; whole sentences are parted by full stops. Now and then their order is told in another way."""
    if (
        len(parts) in _ORDERS
        and not any(part.startswith(_SENTENCE) or set(".?!:") & set(part) for part in parts)
        and rng.random() < _TURNED
    ):
        return _SENTENCE + _turned(rng, parts)
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


def _turned(rng: np.random.Generator, parts: list[str]) -> str:
    """Requests in any order of words that tells what comes first: "after putting the cup away, close the drawer"."""
    slots = dict(zip("abc", parts, strict=False))
    for letter, part in zip("abc", parts, strict=False):
        verb, _, rest = part.partition(" ")
        if verb in grammar()["verbs"] and not re.search(r",| and | then ", rest):
            doing, done = grammar()["verbs"][verb]
            slots |= {f"{letter}_doing": f"{doing} {rest}", f"{letter}_done": f"{done} {rest}"}
    patterns = grammar()[_ORDERS[len(parts)]]
    fitting = [p for p in patterns if set(re.findall(r"\{(\w+)\}", p)) <= slots.keys()]
    return fill(rng, str(pick(rng, fitting)), **slots)


def spoken(rng: np.random.Generator, said: str) -> str:
    """A request as somebody might say or type it: politely or not, with a full stop or not, without articles, with slips."""
    manners = grammar()["politeness"]
    if not said.startswith(_SENTENCE) and rng.random() < _POLITE:
        said = str(pick(rng, manners["before"])) + said
    said = said.removeprefix(_SENTENCE)
    if rng.random() < _POLITE / 2 and not said.endswith("?"):
        said += str(pick(rng, manners["after"]))
    if rng.random() < _MOODY:
        said = fill(rng, str(pick(rng, manners["mood"]))) + " " + said
    if rng.random() < _TERSE:
        said = re.sub(r"\b(the|that|this) (?=\w)", "", said)
    if rng.random() < 0.5:
        said = said[0].upper() + said[1:]
    end = str(pick(rng, ["", "", "", ".", ".", "!"])) if said[-1].isalnum() else ""
    return typed(rng, said) + end


def typed(rng: np.random.Generator, said: str) -> str:
    """A sentence as it is typed: now and then with a slip, or in capitals."""
    if rng.random() < _SLIPS:
        said = _slip(rng, said)
    return said.upper() if rng.random() < _SHOUTED else said


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
