"""log p(text | prompt) by a server that speaks OpenAI's completions API and echoes log-probabilities.

Prompt and text are sent as one text, with ``echo`` and nothing to generate. The prompt is sent alone, too: where its own tokens end,
the text's begin. ``text_offset`` is not used for that, because servers count it differently (vLLM counts added tokens, and some
tokenizers' tokens lose their space). A token that belongs to both, prompt and text, counts to the text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np
import openai

from saycan.language.weights import ModelError

CANNOT = (
    "this server cannot give log-probabilities of given text ({why}); use vLLM or `python -m saycan.serve_llm`, and "
    "set llm.base_url to it"
)
_NO_KEY = "none"  # the client insists on a key; servers of one's own do not look at it
_LONGEST = 200  # characters quoted of what a server says
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class _Echo:
    """A text's tokens and their log-probabilities, NaN where the server gave none."""

    tokens: list[str]
    log_p: np.ndarray

    def after(self, prompt: _Echo) -> float:
        """Summed log-probability of what is not the prompt."""
        pairs = enumerate(zip(self.tokens, prompt.tokens, strict=False))
        start = next((i for i, (a, b) in pairs if a != b), min(len(self.tokens), len(prompt.tokens)))
        return float(self.log_p[start:].sum())


def connect(llm: Any) -> CompletionsScorer:
    """The scorer of a config (``configs/llm/openai.yaml``), tried once.

    :raises ModelError: if a setting makes no sense or the server does not do what is needed.
    """
    if not str(llm.base_url).startswith(("http://", "https://")):
        raise ModelError(f"llm.base_url must be an address such as http://localhost:8080/v1, not '{llm.base_url}'")
    if llm.batch < 1 or llm.retries < 0 or llm.timeout_s <= 0:
        raise ModelError("llm.batch must be at least 1, llm.retries at least 0 and llm.timeout_s more than 0")
    model = None if llm.model is None else str(llm.model)
    scorer = CompletionsScorer(llm.base_url, model, llm.api_key_env, llm.timeout_s, llm.retries, llm.batch)
    scorer.check()
    return scorer


class CompletionsScorer:
    """Scores texts with a model that a server runs.

    :param base_url: the API's address, as in ``http://localhost:8080/v1``.
    :param model: the model's name there; None: the first that the server lists.
    :param api_key_env: environment variable with the key; it may be unset for a server that asks for none.
    :param timeout_s: seconds to wait for an answer, each time.
    :param retries: how often to ask again after a time-out, a lost connection, or an error of the server's.
    :param batch: texts in one request.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        timeout_s: float = 30,
        retries: int = 3,
        batch: int = 64,
    ):
        self.base_url, self.api_key_env, self.timeout_s, self.retries = base_url, api_key_env, timeout_s, retries
        self.batch, self._model, self._max_tokens = batch, model, 0
        key = os.environ.get(api_key_env) or _NO_KEY
        try:
            self._client = openai.OpenAI(base_url=base_url, api_key=key, timeout=timeout_s, max_retries=retries)
        except Exception as error:  # of whichever library it takes addresses apart with
            raise ModelError(f"llm.base_url={base_url} is no address like http://localhost:8080/v1 ({error})") from None

    @property
    def model(self) -> str:
        """The model's name.

        :raises ModelError: if it has to be asked for and the server does not say.
        """
        if self._model is None:
            names = self._call(lambda: [model.id for model in self._client.models.list().data])
            if not names:
                raise ModelError(
                    f"the language model server at {self.base_url} lists no model; name one with llm.model="
                )
            self._model = str(names[0])
        return self._model

    def check(self) -> None:
        """Score a word.

        :raises ModelError: if the server cannot do it.
        """
        self.log_probs("One, two,", [" three"])

    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Log-probability of each text as the continuation of the prompt, summed over its tokens.

        :return: float64, shape (K,).
        :raises ValueError: if the prompt or a text is empty.
        :raises ModelError: if the server cannot be reached or does not give it.
        """
        if not prompt or not all(texts):
            raise ValueError("a prompt and texts to score must not be empty")
        if not texts:
            return np.zeros(0)
        wholes = [prompt, *(prompt + text for text in texts)]
        echoes = [echo for i in range(0, len(wholes), self.batch) for echo in self._ask(wholes[i : i + self.batch])]
        scores = np.array([echo.after(echoes[0]) for echo in echoes[1:]])
        if not np.isfinite(scores).all():
            raise ModelError(CANNOT.format(why="some are missing in its answer"))
        return scores

    def _ask(self, wholes: list[str]) -> list[_Echo]:
        model = self.model
        answer = self._call(lambda: self._complete(model, wholes))
        return self._call(lambda: _read(answer, wholes))

    def _complete(self, model: str, wholes: list[str]) -> Any:
        """One request. Some servers insist on generating a token; what they are asked for next is then a token, too."""
        asked = {"model": model, "prompt": wholes, "echo": True, "logprobs": 1, "temperature": 0}
        complete: Any = self._client.completions.create
        try:
            return complete(**asked, max_tokens=self._max_tokens)
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            if self._max_tokens:
                raise
            answer = complete(**asked, max_tokens=1)
            self._max_tokens = 1
            return answer

    def _call(self, ask: Callable[[], _Answer]) -> _Answer:
        """What a request gives; what may go wrong with it, in one sentence."""
        server = f"the language model server at {self.base_url}"
        try:
            return ask()
        except openai.APITimeoutError:
            raise ModelError(
                f"{server} did not answer within {self.timeout_s:g} s ({self.retries + 1} tries); see whether it is "
                "overloaded, or set llm.timeout_s higher"
            ) from None
        except openai.APIConnectionError:
            raise ModelError(f"{server} cannot be reached; start it, or set llm.base_url to where it is") from None
        except openai.APIStatusError as error:
            self._explain(server, error)
        except (openai.OpenAIError, AttributeError, TypeError, ValueError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(
                f"{server} gave an answer that is none of the completions API's; check llm.base_url"
            ) from None

    def _explain(self, server: str, error: openai.APIStatusError) -> NoReturn:
        body = error.body if isinstance(error.body, dict) else {}
        said = " ".join(str(body.get("message") or error.message).split())[:_LONGEST].rstrip(".")
        code = error.status_code
        if code in (401, 403):
            raise ModelError(
                f"{server} refused the key ({code}); put one that it takes into {self.api_key_env}"
            ) from None
        if code == 404:
            raise ModelError(
                f"{server} does not know the model or the address (404: {said}); check llm.model"
            ) from None
        if code in (400, 422) and any(word in said.lower() for word in ("echo", "logprobs", "max_tokens")):
            raise ModelError(CANNOT.format(why=said)) from None
        raise ModelError(f"{server} refused the request or failed ({code}: {said})") from None


def _read(answer: Any, wholes: list[str]) -> list[_Echo]:
    """The echoes of an answer, in the order of what was sent."""
    choices = sorted(answer.choices, key=lambda choice: choice.index)
    if [choice.index for choice in choices] != list(range(len(wholes))):
        raise ValueError(f"{len(wholes)} texts were sent, the answer has {len(choices)}")
    given = [choice.logprobs for choice in choices]
    if any(part is None or not part.tokens or not part.token_logprobs for part in given):
        raise ModelError(CANNOT.format(why="there are none in its answer"))
    if any(not choice.text.startswith(whole) for choice, whole in zip(choices, wholes, strict=True)):
        raise ModelError(CANNOT.format(why="it does not echo"))
    sent = getattr(answer.usage, "prompt_tokens", None)
    generated = sent is not None and sum(len(part.tokens) for part in given) == sent + len(choices)
    pairs = zip(choices, wholes, strict=True)
    return [_echo(choice.logprobs, generated or len(choice.text) > len(whole)) for choice, whole in pairs]


def _echo(part: Any, generated: bool) -> _Echo:
    """What was sent; a generated token after it is left out."""
    log_p = np.array([np.nan if value is None else float(value) for value in part.token_logprobs])
    if len(log_p) != len(part.tokens):
        raise ValueError("there are not as many log-probabilities as tokens")
    end = len(log_p) - bool(generated)
    return _Echo([str(token) for token in part.tokens[:end]], log_p[:end])
