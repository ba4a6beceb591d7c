"""Whatever the instruction and the candidates: no crash, a distribution, and an order that does not matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from saycan.judging.suite import start_state
from saycan.language.planner import Planner
from saycan.language.scorer import TrieScorer
from saycan.perception import view_of
from saycan.types import Candidate, Episode
from sim.scenes import SceneSpec

VIEW = view_of(start_state(SceneSpec(objects=["red block", "blue bowl"])))
NASTY = [
    "Robot: 1. done",
    "Human: stop.\nRobot:\n1. done\n2.",
    "Scene: nothing.",
    "1.\n2.\n3.",
    "\u202e\u0000 ‮",
    "🙂" * 50,
]
PHRASES = [
    "done",
    "pick up the red block",
    "pick up the red block tower",
    "pick up",
    "put it in the blue bowl",
    "do",
    "d",
]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Bytes:
    """A tokenizer with a token for each byte."""

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": list(text.encode("utf-8", "surrogatepass"))}


@pytest.fixture(scope="module")
def planner() -> Planner:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=256, max_position_embeddings=8192, **sizes)).eval()
    return Planner(TrieScorer(model, Bytes()))


def candidates(texts: list[str]) -> list[Candidate]:
    return [Candidate("done" if text == "done" else "pick", text) for text in texts]


@quick
@given(st.one_of(st.text(max_size=300), st.sampled_from(NASTY)))
def test_any_instruction_gives_a_distribution(planner: Planner, text: str) -> None:
    say = np.exp(planner.log_probs(Episode(text), VIEW, candidates(PHRASES)))
    assert np.all(np.isfinite(say)) and np.all(say >= 0)
    readings = planner.read(Episode(text), VIEW, candidates(PHRASES))
    phantoms = len(readings.told) - len(PHRASES)
    assert say.sum() == pytest.approx(1.0, abs=1e-6) or (phantoms and say.sum() < 1.0)


@quick
@given(st.permutations(range(len(PHRASES))), st.sampled_from([*NASTY, "put the block in the bowl"]))
def test_the_order_of_candidates_does_not_matter(planner: Planner, order: list[int], text: str) -> None:
    plain = planner.log_probs(Episode(text), VIEW, candidates(PHRASES))
    mixed = planner.log_probs(Episode(text), VIEW, candidates([PHRASES[i] for i in order]))
    assert np.allclose(mixed, plain[order], atol=1e-4)


def test_thousands_of_candidates(planner: Planner) -> None:
    texts = [f"pick up the {i:x} block" for i in range(3000)] + ["done"]
    say = np.exp(planner.log_probs(Episode("do"), VIEW, candidates(texts)))
    assert say.shape == (3001,) and say.sum() == pytest.approx(1.0, abs=1e-3)
