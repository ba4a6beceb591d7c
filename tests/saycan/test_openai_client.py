"""The client of servers: such as fail in every way, and settings without sense."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from omegaconf import OmegaConf

from saycan.build import load_scorer
from saycan.language.openai_client import CompletionsScorer
from saycan.language.weights import ModelError
from sim.cli import InputError
from sim.paths import CONFIGS

KEY = "SAYCAN_TEST_KEY"


def letters(body: dict[str, Any], **change: Any) -> dict[str, Any]:
    """An answer with a token for each letter after an added first one, whose offsets are shifted by it as vLLM's are."""
    choices = []
    for i, prompt in enumerate(body["prompt"]):
        tokens = ["<s>", *prompt, *"!" * body["max_tokens"]]
        offsets = np.cumsum([0, *map(len, tokens)])[:-1].tolist()
        part = {"tokens": tokens, "token_logprobs": [None, *[-0.5] * (len(tokens) - 1)], "text_offset": offsets}
        choices.append(
            {"index": i, "text": prompt + "!" * body["max_tokens"], "logprobs": part, "finish_reason": "length"}
        )
        choices[-1].update(change)
    return {"id": "1", "object": "text_completion", "created": 1, "model": "m", "choices": choices[::-1]}


Reply = Callable[[int, dict[str, Any]], tuple[int, Any]]


@contextmanager
def fake(reply: Reply) -> Iterator[str]:
    """A server that answers request number i as told."""
    count = 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal count
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            count += 1
            code, answer = reply(count, {**body, "key": self.headers["Authorization"]})
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_errors_of_the_server_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    keys = []

    def reply(count: int, body: dict[str, Any]) -> tuple[int, Any]:
        keys.append(body["key"])
        return (500, {"error": {"message": "busy"}}) if count <= 2 else (200, letters(body))

    with fake(reply) as url:
        scores = CompletionsScorer(url, "m", KEY).log_probs("ab", [" one", " seven"])
    assert scores.tolist() == [-2.0, -3.0] and keys == ["Bearer secret"] * 3


def test_a_server_that_insists_on_a_token() -> None:
    asked = []

    def reply(count: int, body: dict[str, Any]) -> tuple[int, Any]:
        asked.append(body["max_tokens"])
        return (200, letters(body)) if body["max_tokens"] else (400, {"error": {"message": "max_tokens must be > 0"}})

    with fake(reply) as url:
        scorer = CompletionsScorer(url, "m", batch=2)
        assert scorer.log_probs("ab", [" one", " seven", "!"]).tolist() == [-2.0, -3.0, -0.5]
    assert asked == [0, 1, 1]


FAILURES: dict[str, tuple[Reply, str]] = {
    "hangs": (lambda i, body: (time.sleep(3), (200, {}))[1], "did not answer within 0.5 s"),
    "fails": (
        lambda i, body: (500, {"error": {"message": "out of memory\nat line 3"}}),
        "500: out of memory at line 3",
    ),
    "no key": (lambda i, body: (401, {"error": {"message": "no"}}), KEY),
    "no model": (lambda i, body: (404, {"error": {"message": "there is no m"}}), "there is no m"),
    "no echo": (lambda i, body: (400, {"error": {"message": "Only no echo is supported"}}), "use vLLM or"),
    "no logprobs": (lambda i, body: (200, letters(body, logprobs=None)), "use vLLM or"),
    "others' text": (lambda i, body: (200, letters(body, text="!")), "does not echo"),
    "garbage": (lambda i, body: (200, b"<html>"), "none of the completions API's"),
    "another API": (lambda i, body: (200, {"reply": 3}), "none of the completions API's"),
    "a list": (lambda i, body: (200, [1, 2]), "none of the completions API's"),
    "too few": (lambda i, body: (200, letters({**body, "prompt": ["ab"]})), "none of the completions API's"),
    "wrong types": (
        lambda i, body: (200, letters(body, logprobs={"tokens": ["a"], "token_logprobs": ["x"]})),
        "none of the completions API's",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_is_one_sentence(name: str) -> None:
    reply, words = FAILURES[name]
    with fake(reply) as url, pytest.raises(ModelError) as raised:
        CompletionsScorer(url, "m", KEY, timeout_s=0.5 if name == "hangs" else 10, retries=0).check()
    assert words in str(raised.value) and "\n" not in str(raised.value)


def test_the_main_job_without_its_server(tmp_path: Path) -> None:
    arguments = [
        "llm=openai",
        "planner=base",
        "llm.base_url=http://127.0.0.1:1/v1",
        "llm.retries=1",
        f"out={tmp_path / 'new'}",
    ]
    failed = run("saycan.run", "put it away", *arguments)
    assert failed.returncode == 2 and "cannot be reached" in failed.stderr
    assert failed.stderr.count("\n") == 1 and not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("openai", {"base_url": "localhost"}, "http://localhost:8080/v1"),
        ("openai", {"base_url": "http://localhost:8080v1"}, "Invalid port"),
        ("openai", {"batch": 0}, "at least 1"),
        ("transformers", {}, "Set llm.model"),
        ("transformers", {"kind": "magic"}, "transformers or openai"),
    ],
)
def test_settings_without_sense(name: str, change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_scorer(OmegaConf.merge(OmegaConf.load(CONFIGS / "llm" / f"{name}.yaml"), change))
