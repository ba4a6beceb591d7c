"""The measurement of language's speed, on a tiny random model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from saycan.language import speed
from saycan.language.packed import PackedLinear, can_pack, pack
from saycan.language.scorer import TrieScorer

FIELDS = {"seconds", "peer_seconds", "peer_timed_on", "floor_seconds", "ratio_to_floor", "peak_memory_growth_mb"}


class Letters:
    """A tokenizer with a token for each character."""

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) % 64 for c in text]}


def tiny() -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=64, num_key_value_heads=2, max_position_embeddings=8192, **sizes)
    return LlamaForCausalLM(config).eval()


def test_one_pass_is_exact_and_faster() -> None:
    row = speed.measure(TrieScorer(tiny(), Letters()), [50], peer_sample=6, rounds=2, seed=0)[0]
    assert set(row) >= FIELDS | {"cold_decision_seconds", "warm_decision_seconds"}
    assert row["candidates"] == 50 and row["peer_timed_on"] == 6
    assert row["largest_difference"] < 1e-3
    assert row["ratio_to_peer"] > 1


@pytest.mark.parametrize("count", [20, 500])
def test_cases_have_as_many_candidates_as_asked_for(count: int) -> None:
    assert len(set(speed.case(count, 0).texts)) == count


def test_a_model_agrees_with_itself() -> None:
    scorer = TrieScorer(tiny(), Letters())
    found = speed.agreement(scorer, scorer, speed.case(20, 0))
    assert (found["spearman"], found["kendall"], found["same_choice"]) == (1.0, 1.0, 1.0)


@pytest.mark.skipif(not can_pack(torch.float32), reason="no oneDNN here")
def test_packed_models_are_the_same() -> None:
    tokens = torch.arange(20)[None]
    with torch.inference_mode():
        plain, model = tiny()(tokens).logits, pack(tiny())
        packed = [model(tokens).logits, model(tokens).logits]
    assert any(isinstance(module, PackedLinear) for module in model.modules())
    assert not any(type(module) is nn.Linear for module in model.modules())
    for logits in packed:
        assert np.allclose(logits, plain, atol=1e-5)
