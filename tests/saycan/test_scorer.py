"""The one-pass scorer against one plain pass for each text, on a tiny random model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from saycan.language import scorer as scorer_module
from saycan.language.scorer import TrieScorer
from saycan.language.trie import Trie, in_chunks

TEXTS = ["pick up the red block", "pick up the red block tower", "put it in the blue bowl", "done", "done!", "pick up"]


class Letters:
    """A tokenizer with a token for each character."""

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) % 64 for c in text]}


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=64, num_key_value_heads=2, **sizes)).eval()


def plain(model: LlamaForCausalLM, prompt: str, texts: list[str]) -> np.ndarray:
    encode = Letters()
    scores = []
    for text in texts:
        before, tokens = encode(prompt)["input_ids"], encode(text)["input_ids"]
        with torch.inference_mode():
            logits = model(torch.tensor([before + tokens])).logits[0, len(before) - 1 : -1].log_softmax(-1)
        scores.append(float(logits[range(len(tokens)), tokens].sum()))
    return np.array(scores)


def test_equal_to_one_pass_per_text(model: LlamaForCausalLM) -> None:
    scorer = TrieScorer(model, Letters())
    for prompt in (
        "Human: do it. Robot:",
        "Human: do it. Robot: 1. done 2.",
        "Human: do",
        "Something else altogether",
        "S",
    ):
        assert np.allclose(scorer.log_probs(prompt, TEXTS), plain(model, prompt, TEXTS), atol=1e-4), prompt


def test_prompts_by_turns_stay_exact(model: LlamaForCausalLM) -> None:
    """As the planner asks: two prompts that part before the history, each growing, then another episode, then more than are kept."""
    scorer = TrieScorer(model, Letters())
    for episode in ("red block", "blue bowl", "tray"):
        history = "Robot:\n1."
        for step in range(3):
            for said in ("do it", "do what you like", *(f"do {i}" for i in range(step * 2))):
                prompt = f"Examples. Scene: {episode}. Human: {said}.\n{history}"
                assert np.allclose(scorer.log_probs(prompt, TEXTS), plain(model, prompt, TEXTS), atol=1e-4), prompt
            history += f" pick up\n{step + 2}."
    assert len(scorer._readings) == scorer_module._MOST_READINGS


def test_a_failed_pass_leaves_nothing_half_read(model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = TrieScorer(model, Letters())
    scorer.log_probs("Human: do it. Robot:", TEXTS)
    with monkeypatch.context() as patch:
        patch.setattr(scorer, "_token_log_probs", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            scorer.log_probs("Human: do it. Robot: 1. done 2.", TEXTS)
    for prompt in ("Human: do it. Robot: 1. done 2.", "Human: do it. Robot:"):
        assert np.allclose(scorer.log_probs(prompt, TEXTS), plain(model, prompt, TEXTS), atol=1e-4), prompt


def test_chunks_change_nothing(model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TrieScorer(model, Letters()).log_probs("Robot:", TEXTS)
    monkeypatch.setattr(scorer_module, "MOST_NODES", 7)
    monkeypatch.setattr(scorer_module, "_VOCABULARY_ROWS", 3)
    assert np.allclose(TrieScorer(model, Letters()).log_probs("Robot:", TEXTS), whole, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_order_and_company_do_not_matter(model: LlamaForCausalLM, texts: list[str], seed: int) -> None:
    scorer = TrieScorer(model, Letters())
    scores = scorer.log_probs("Robot:", texts)
    order = np.random.default_rng(seed).permutation(len(texts))
    assert np.allclose(scorer.log_probs("Robot:", [texts[i] for i in order]), scores[order], atol=1e-4)
    assert np.allclose(scorer.log_probs("Robot:", texts[:1]), scores[:1], atol=1e-4)
    assert np.all(scores < 0)


def test_empty_texts_are_refused(model: LlamaForCausalLM) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        TrieScorer(model, Letters()).log_probs("Robot:", ["done", ""])


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=20), st.integers(1, 12))
def test_tries_hold_every_sequence(sequences: list[list[int]], most: int) -> None:
    trie = Trie.of(sequences)
    sees, depths = trie.sees(), trie.depths()
    for sequence, path in zip(sequences, trie.paths, strict=True):
        assert [trie.tokens[node] for node in path] == sequence
        assert set(np.flatnonzero(sees[path[-1]])) == set(path)
        assert list(depths[path]) == list(range(len(sequence)))
    groups = in_chunks(sequences, most)
    assert sorted(i for group in groups for i in group) == list(range(len(sequences)))
    for group in groups:
        assert len(group) == 1 or len(Trie.of([sequences[i] for i in group])) <= most


def test_what_was_asked_before_leaves_no_trace_after_forgetting(model: LlamaForCausalLM) -> None:
    """To the last bit, with a kept beginning and without; and what is scored is right."""
    for beginning in ("", "Human: do it"):
        fresh, used = TrieScorer(model, Letters()), TrieScorer(model, Letters())
        for prompt in ("Something else", "Human: do that. Robot: 1.", "Human: do it. Robot: 2."):
            used.log_probs(prompt, TEXTS)
            used.forget(beginning)
        fresh.forget(beginning)
        first, second = ([s.log_probs(p, TEXTS) for p in ("Human: do it. Robot:", "Hu")] for s in (fresh, used))
        assert np.array_equal(first, second)
        assert np.allclose(first[0], plain(model, "Human: do it. Robot:", TEXTS), atol=1e-4)
