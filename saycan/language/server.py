"""An HTTP server for the one-pass scorer: as much of OpenAI's completions API as scoring given texts needs.

Texts of one request are scored as one trie after their common beginning, which stays in the cache for the next request. A text is
tokenized as a whole: where a prompt and its continuation would join in one token, that token is in the answer.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from saycan.language.scorer import TrieScorer

MOST_PROMPTS = 2000
MOST_CHARACTERS = 1_000_000  # of a request's prompts together: 64 candidates share a prompt of several thousand
MOST_TOKENS = 8192  # of one prompt: bounds the attention mask
MOST_BYTES = 8 * MOST_CHARACTERS


class CompletionRequest(BaseModel):
    """What may be asked for; what else a client sends is ignored."""

    prompt: str | list[str]
    model: str | None = None
    max_tokens: int | None = None
    echo: bool | None = False
    logprobs: int | None = None
    temperature: float | None = None
    n: int | None = None
    best_of: int | None = None
    stream: bool | None = None
    suffix: str | None = None

    @property
    def prompts(self) -> list[str]:
        """The prompts as a list."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class RefusedError(Exception):
    """A request that is not served; the message says why."""

    def __init__(self, message: str, status: int = 400, code: str | None = None):
        super().__init__(message)
        self.status, self.code = status, code


class Completions:
    """Answers requests with a model.

    :param name: what the model is called in answers and in ``GET /v1/models``.
    """

    def __init__(self, scorer: TrieScorer, name: str):
        self.scorer, self.name = scorer, name
        longest = getattr(scorer.model.config, "max_position_embeddings", None) or MOST_TOKENS
        self.most_tokens = min(longest, MOST_TOKENS)

    def answer(self, body: bytes) -> dict[str, Any]:
        """The answer to a request's body, as OpenAI's API has it.

        :raises RefusedError: if it asks for what is not served.
        """
        request = _parse(body)
        if request.model is not None and request.model != self.name:
            raise RefusedError(
                f"the model '{request.model}' does not exist; '{self.name}' does", 404, "model_not_found"
            )
        _check(request)
        encoded = self.scorer.tokenizer(request.prompts, add_special_tokens=False, return_offsets_mapping=True)
        tokens, offsets = encoded["input_ids"], encoded["offset_mapping"]
        self._check_lengths(tokens, request.max_tokens or 0)
        wanted = bool(request.echo) and request.logprobs is not None
        log_p = self.scorer.token_log_probs(tokens) if wanted else [np.zeros(0) for _ in tokens]
        parts = zip(request.prompts, tokens, offsets, log_p, strict=True)
        choices = [self._choice(i, request, *part) for i, part in enumerate(parts)]
        read, made = sum(map(len, tokens)), len(tokens) * (request.max_tokens or 0)
        return {
            "id": f"cmpl-{uuid.uuid4().hex}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": self.name,
            "choices": choices,
            "usage": {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made},
        }

    def _check_lengths(self, tokens: list[list[int]], generated: int) -> None:
        longest = max(map(len, tokens)) + generated
        if not min(map(len, tokens)):
            raise RefusedError("a prompt has no token in it")
        if longest > self.most_tokens:
            raise RefusedError(f"a prompt has {longest:,} tokens; {self.most_tokens:,} is the most", code="too_long")

    def _choice(
        self, index: int, request: CompletionRequest, prompt: str, tokens: list[int], offsets: Any, log_p: np.ndarray
    ) -> dict[str, Any]:
        """One prompt's part of an answer; the first token has no log-probability."""
        ends = np.maximum.accumulate([end for _, end in offsets])  # some tokenizers leave spaces out of a token's range
        starts = [0, *ends[:-1].tolist()] if request.echo else []
        texts = [prompt[a:b] for a, b in zip(starts, [*starts[1:], len(prompt)], strict=True)] if starts else []
        values = [None if np.isnan(value) else float(value) for value in log_p]
        if request.max_tokens:
            token, value = self.scorer.likeliest_next(tokens)
            starts, values = [*starts, len(prompt)], [*values, value]
            texts = [*texts, self.scorer.tokenizer.decode([token])]
        logprobs = {"tokens": texts, "token_logprobs": values, "text_offset": starts, "top_logprobs": None}
        return {
            "index": index,
            "text": "".join(texts),
            "logprobs": None if request.logprobs is None else logprobs,
            "finish_reason": "length",
        }


def _parse(body: bytes) -> CompletionRequest:
    try:
        return CompletionRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:1]) or "the body"
        raise RefusedError(f"{where}: {first['msg']}") from None


def _check(request: CompletionRequest) -> None:
    """Refuse what this server does not do, in words."""
    prompts = request.prompts
    characters = sum(map(len, prompts))
    problems = {
        "max_tokens must be 0 or 1: this server scores text, it does not write it": request.max_tokens not in (0, 1),
        "temperature must be 0: this server does not sample": bool(request.temperature),
        "n and best_of must be 1": any(number not in (None, 1) for number in (request.n, request.best_of)),
        "stream is not served": bool(request.stream),
        "suffix is not served": bool(request.suffix),
        "logprobs must be null, 0 or 1: only the tokens' own are given": request.logprobs not in (None, 0, 1),
        "prompt must not be empty": not prompts or not all(prompts),
        f"there are {len(prompts):,} prompts; {MOST_PROMPTS:,} is the most": len(prompts) > MOST_PROMPTS,
        f"the prompts have {characters:,} characters; {MOST_CHARACTERS:,} is the most": characters > MOST_CHARACTERS,
    }
    for message, present in problems.items():
        if present:
            raise RefusedError(message)


def make_app(scorer: TrieScorer, name: str) -> FastAPI:
    """The server's application.

    Requests are answered one at a time, in one thread: they share the model's cache, and a pass uses all cores anyway.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    service, worker = Completions(scorer, name), ThreadPoolExecutor(1)

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok", "model": name})

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model", "owned_by": "saycan"}]})

    @app.post("/v1/completions")
    async def completions(request: Request) -> JSONResponse:
        body = await _body(request)
        return JSONResponse(await asyncio.get_running_loop().run_in_executor(worker, service.answer, body))

    @app.exception_handler(RefusedError)
    async def refuse(request: Request, error: RefusedError) -> JSONResponse:
        return _error(str(error), error.status, error.code)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> JSONResponse:
        return _error(f"{request.method} {request.url.path}: {error.detail}", error.status_code)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        return _error(f"the model failed: {error}", 500)

    return app


async def _body(request: Request) -> bytes:
    """The request's body, read no further than allowed."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise RefusedError(f"the request has more than {MOST_BYTES:,} bytes")
    return body


def _error(message: str, status: int, code: str | None = None) -> JSONResponse:
    """An error in OpenAI's shape."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
