"""Our server of a language model, in a process of its own, and our client at it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from saycan.language.openai_client import CompletionsScorer
from saycan.language.scorer import TrieScorer
from saycan.serve_llm import _announce, _bind
from sim.cli import InputError

PROMPTS = [
    "Human: put the block in the bowl.\nRobot: 1.",
    "Human: put the block away 😀é.\nRobot: 1. done\n 2.",
    "Human:",
]
TEXTS = [
    " pick up the red block\n",
    " pick up the red block tower\n",
    " put it in the bowl\n",
    " done\n",
    " é😀 日本\n",
    " pick",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Llama with a byte-level tokenizer, saved."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)  # as GPT-2's: ranges without their spaces
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [*PROMPTS, *TEXTS] * 5, trainers.BpeTrainer(vocab_size=350, initial_alphabet=alphabet)
    )
    path = tmp_path_factory.mktemp("models") / "tiny"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(path)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    words = tokenizer.get_vocab_size()
    config = LlamaConfig(vocab_size=words, num_key_value_heads=2, max_position_embeddings=400, **sizes)
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[TrieScorer]:
    """The same model, without a server. One thread: for so small a model more only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield TrieScorer(AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Address of our server, in a process of its own."""
    command = [sys.executable, "-m", "saycan.serve_llm", "llm=transformers", f"llm.model={folder}", "port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            line = server.stdout.readline()
            address = next(word for word in line.split() if word.startswith("http://"))
            _wait_for(address.removesuffix("/v1") + "/health")
            yield address
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing at {address}")


def post(url: str, body: Any) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/completions", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def plain(local: TrieScorer, text: str) -> np.ndarray:
    """Log p of each token, by one plain pass; NaN first."""
    tokens = torch.tensor([local.encode(text)])
    with torch.inference_mode():
        log_p = local.model(tokens).logits[0].log_softmax(-1)
    after = log_p[range(tokens.shape[1] - 1), tokens[0, 1:]].numpy()
    return np.array([np.nan, *after])


def test_log_probs_of_each_token(local: TrieScorer) -> None:
    texts = [*(PROMPTS[0] + text for text in TEXTS), *PROMPTS, PROMPTS[0], "R", "Robot"]
    for chosen in (texts[:3], texts, texts[-1:], texts[::-1], texts[:1]):
        scores = local.token_log_probs([local.encode(text) for text in chosen])
        for text, log_p in zip(chosen, scores, strict=True):
            assert np.allclose(log_p, plain(local, text), atol=1e-4, equal_nan=True), text
        local.log_probs(PROMPTS[1], TEXTS)  # the same cache is used for both
    token, log_p = local.likeliest_next(local.encode(PROMPTS[0]))
    with torch.inference_mode():
        logits = local.model(torch.tensor([local.encode(PROMPTS[0])])).logits[0, -1].log_softmax(-1)
    assert token == int(logits.argmax()) and log_p == pytest.approx(float(logits.max()), abs=1e-4)
    with pytest.raises(ValueError, match="empty"):
        local.token_log_probs([[]])


def test_server_and_client_equal_the_scorer(url: str, local: TrieScorer) -> None:
    client = CompletionsScorer(url, batch=4)
    client.check()
    assert client.model == "tiny"
    for prompt in PROMPTS:
        scores = client.log_probs(prompt, TEXTS)
        assert np.allclose(scores, local.log_probs(prompt, TEXTS), atol=1e-3), prompt
        assert np.allclose(client.log_probs(prompt, TEXTS[::-1])[::-1], scores, atol=1e-3)
        assert np.allclose(client.log_probs(prompt, TEXTS[1:2]), scores[1:2], atol=1e-3)
    client._max_tokens = 1  # as with a server that insists on generating
    assert np.allclose(client.log_probs(PROMPTS[0], TEXTS), local.log_probs(PROMPTS[0], TEXTS), atol=1e-3)


def test_answers_have_openais_shape(url: str, local: TrieScorer) -> None:
    text = PROMPTS[1] + TEXTS[4]
    code, answer = post(url, {"prompt": text, "echo": True, "logprobs": 1, "max_tokens": 0})
    part = answer["choices"][0]["logprobs"]
    assert code == 200 and answer["choices"][0]["text"] == text == "".join(part["tokens"])
    assert part["token_logprobs"][0] is None and np.allclose(
        part["token_logprobs"][1:], plain(local, text)[1:], atol=1e-3
    )
    starts = np.cumsum([0, *map(len, part["tokens"])])[:-1]
    assert part["text_offset"] == starts.tolist() and len(part["tokens"]) == answer["usage"]["prompt_tokens"]
    _, answer = post(url, {"prompt": [text, "Robot"], "logprobs": 1, "max_tokens": 1})
    assert [len(choice["logprobs"]["tokens"]) for choice in answer["choices"]] == [1, 1]
    assert answer["choices"][0]["logprobs"]["text_offset"] == [len(text)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_tokens": 5}, "max_tokens must be 0 or 1"),
        ({"max_tokens": None}, "max_tokens must be 0 or 1"),
        ({"temperature": 0.7}, "temperature must be 0"),
        ({"stream": True}, "stream"),
        ({"logprobs": 5}, "logprobs"),
        ({"prompt": []}, "must not be empty"),
        ({"prompt": ["a", ""]}, "must not be empty"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": ["a"] * 2001}, "2,001 prompts"),
        ({"prompt": "a " * 600_000}, "1,200,000 characters"),
        ({"prompt": "x z" * 500}, "400 is the most"),
        ({"model": "gpt-9"}, "'gpt-9' does not exist"),
    ],
)
def test_what_is_not_served_is_refused_in_words(url: str, change: dict[str, Any], words: str) -> None:
    code, answer = post(url, {"prompt": "a", "echo": True, "logprobs": 1, "max_tokens": 0, **change})
    assert code == (404 if "model" in change else 400) and words in answer["error"]["message"]


def test_nonsense_is_refused_and_the_server_lives(url: str) -> None:
    for body in (b"{", b"[]", b"\xff\xfe", b"{}"):
        code, answer = post(url, body)
        assert code == 400 and answer["error"]["type"] == "invalid_request_error"
    assert post(url + "/nowhere", {})[0] == 404
    _wait_for(url.removesuffix("/v1") + "/health")


@pytest.mark.parametrize("host", ["..", "a" * 70, "nowhere.invalid"])
def test_a_host_that_cannot_be_is_said(host: str) -> None:
    with pytest.raises(InputError, match="there is no address"):
        _bind(host, 0)


def test_an_address_of_ipv6_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    _announce("tiny", "fd00::1", 8080)
    assert "tiny at http://[fd00::1]:8080/v1 (" in capsys.readouterr().out


def test_a_port_in_use_is_said(url: str) -> None:
    port = url.removesuffix("/v1").rsplit(":", 1)[1]
    failed = run("saycan.serve_llm", f"port={port}")
    assert failed.returncode == 2 and "in use" in failed.stderr and failed.stderr.count("\n") == 1
