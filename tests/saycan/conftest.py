"""Fixtures: tiny language models, a world, a scene as it is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from saycan.judging.suite import start_state
from saycan.language.weights import load
from saycan.perception import view_of
from saycan.types import SceneView
from sim.scenes import SceneSpec
from sim.tabletop import Tabletop
from skills.library import Skill, load_all


@pytest.fixture(scope="session")
def view() -> SceneView:
    """Three blocks and two bowls."""
    places = {
        "red block": [0.40, 0.25],
        "blue block": [0.45, 0.05],
        "green block": [0.60, -0.10],
        "red bowl": [0.60, 0.12],
        "green bowl": [0.40, -0.25],
    }
    return view_of(start_state(SceneSpec("tabletop", list(places), 1, place=places)))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """What is tiny is quickest on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def toy(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, with an output layer that can be sure of something although it is not trained."""
    model, tokenizer = load(str(tiny_model), fast=False)
    model.lm_head.weight.data *= 30
    folder = tmp_path_factory.mktemp("toy")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def lively(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy with larger weights: as it comes, one word more or less in what it reads is lost on it."""
    model, tokenizer = load(str(toy), fast=False)
    for name, weight in model.model.layers.named_parameters():
        weight.data *= 1 if "norm" in name else 8
    folder = tmp_path_factory.mktemp("lively")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def pick() -> Mapping[str, Skill]:
    """The one skill that the toys of learning have."""
    return {"pick": load_all()["pick"]}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random language model: it chooses nonsense, quickly, and always the same."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    words = ["pick up the red block", "put it in the blue bowl", "push the red block left", "Human Robot Scene done"]
    tokenizer.train_from_iterator(words * 5, trainers.BpeTrainer(vocab_size=350, initial_alphabet=alphabet))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    count = tokenizer.get_vocab_size()
    config = LlamaConfig(vocab_size=count, num_key_value_heads=2, max_position_embeddings=8192, **sizes)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def table() -> Iterator[Tabletop]:
    world = Tabletop()
    yield world
    world.close()
