"""Nouns from another world are named; what the planner's grammar speaks of never is."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.language.places import told
from saycan.language.strange import strange_nouns
from saycan.learning.grammar import fill, grammar
from saycan.learning.scenes import draw_scene
from saycan.perception import view_of


@pytest.mark.parametrize(
    ("said", "nouns"),
    [
        ("put the elephant in the bowl", ["elephant"]),
        ("bring me my remote-controlled drone, please, and an umbrella", ["remote-controlled drone", "umbrella"]),
        ("push the hedgehog left", ["hedgehog"]),
        ("put the block in the bowl", []),
        ("the red one goes on the block closest to you", []),
        ("the hedgehog's", []),
        ("the quickly", []),
        ("the", []),
        ("", []),
    ],
)
def test_what_is_strange(said: str, nouns: list[str]) -> None:
    assert strange_nouns(said) == nouns


def test_no_name_of_a_thing_is_strange() -> None:
    rng = np.random.default_rng(0)
    for entry in grammar()["things"]:
        for name in set(entry["one"]) | set(entry.get("many", [])):
            said = fill(rng, name).lower()
            assert not strange_nouns(f"put the {said} away"), said


def test_most_things_of_another_world_are_strange() -> None:
    aliens = sorted(set(grammar()["refusals"]["aliens"]))
    strange = [a for a in aliens if strange_nouns(f"take the {a.lower()} and go")]
    assert len(strange) > 0.8 * len(aliens)


@given(st.text(max_size=80), st.text("abcdefghijklmnopqrstuvwxyz -'", max_size=40))
def test_whatever_is_said_only_words_of_it_are_named(before: str, noun: str) -> None:
    said = f"{before} the {noun}".lower()
    for found in strange_nouns(said):
        assert 1 <= len(found.split()) <= 4
        assert all(word in re.findall(r"[a-z][a-z'-]*", said) for word in found.split())


def test_the_prompt_says_what_is_not_here() -> None:
    _, start = draw_scene(np.random.default_rng(3))
    lines = told(view_of(start), "put the elephant and the white block in the bowl").splitlines()
    assert "Not here: white block, bowl, elephant." in lines
