"""Facts as a world model is told of them: read, of a view and of a skill, roughly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.judging.suite import start_state
from saycan.perception import view_of
from saycan.world_model import facts as words
from saycan.world_model.facts import HAND, TABLE, Facts, choices, facts_of, main_change
from sim.scenes import SceneSpec

THINGS = ("blue bowl", "green block", "red block")


@given(
    st.dictionaries(st.sampled_from(THINGS), st.sampled_from(["left", HAND, "in the blue bowl", "on the red block"]))
)
def test_facts_are_read_as_they_are_told(places: dict[str, str]) -> None:
    facts = Facts.of(places.items())
    assert words.read(facts.words) == facts
    assert facts.changed(facts.difference(facts)) == facts


@pytest.mark.parametrize("text", ["a block", "red block (left", "red block left)", "red block (left), and", ""])
def test_what_is_no_facts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no facts"):
        words.read(text)


def test_the_facts_of_a_view_and_of_a_skill() -> None:
    scene = SceneSpec("kitchen", ["apple", "lemon", "tray"], seed=2, inside={"apple": "drawer"})
    facts = facts_of(view_of(start_state(scene)))
    assert dict(facts.places)["apple"] == "in the drawer" and dict(facts.places)["drawer"] == "closed"
    after = facts.changed([("apple", HAND), ("lemon", "left")])
    assert main_change(facts, "pick up the apple", after) == ("apple", HAND)
    assert main_change(facts, "close the drawer", after) is None
    assert set(after.difference(facts)) <= {*choices(after, "put it on the lemon")}
    assert after.held == "apple" and ("apple", HAND) not in choices(after, "put it in the tray")


def test_rough_facts_say_nothing_of_the_parts_of_the_table() -> None:
    facts = Facts.of([("blue bowl", "top left"), ("drawer", "open"), ("green bowl", "left"), ("red block", HAND)])
    rough = facts.roughly
    assert rough.words == "blue bowl (on the table), drawer (open), green bowl (on the table), red block (in the hand)"
    assert rough.roughly == rough == words.read(rough.words) and rough.is_rough and not facts.is_rough
    options = choices(rough, "put it in the blue bowl")
    assert ("red block", TABLE) in options and ("red block", "left") not in options
    assert ("red block", "left") in choices(facts, "put it in the blue bowl")
    assert len(options) < len(choices(facts, "put it in the blue bowl"))
