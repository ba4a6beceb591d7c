"""How fast language is, beside one plain pass of the same model for each candidate in the same run."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from saycan.candidates import DONE
from saycan.language.planner import Planner
from saycan.language.prompt import continuation, prompt
from saycan.language.scorer import TrieScorer
from saycan.language.trie import Trie
from saycan.types import Candidate, Episode, SceneView, Step
from sim.geometry import Box
from sim.objects import Thing, catalogue, colours
from sim.state import Hand
from skills.execute import Outcome
from skills.library import tasks

INSTRUCTIONS = (
    "put the red block in the blue bowl",
    "bring me something to drink",
    "stack two blocks",
    "clear the table",
    "push something to the left",
    "I spilled my coke, can you help?",
)
_START = """\
import json, sys
from types import SimpleNamespace
from saycan.build import load_scorer
scorer = load_scorer(SimpleNamespace(**json.loads(sys.argv[1])))
print("ready", flush=True)
"""


@dataclass(frozen=True)
class Case:
    """A scene and what could be done in it.

    :param candidates: shape (K,), their texts distinct.
    """

    view: SceneView
    candidates: tuple[Candidate, ...]

    @property
    def texts(self) -> list[str]:
        """What the model scores, shape (K,)."""
        return [continuation(candidate.text) for candidate in self.candidates]

    def episode(self, instruction: str, steps: int) -> Episode:
        """An episode in which some candidates were already done, one after the other."""
        none, outcome = np.zeros(0), Outcome(True, 10, "success")
        chosen = (5 * k % len(self.candidates) for k in range(steps))
        done = [Step(self.view, self.candidates, none, none, none, i, outcome) for i in chosen]
        return Episode(instruction, done)


def case(count: int, seed: int) -> Case:
    """The smallest scene of things in random order that has so many candidates; if it has more, some at random.

    The catalogue's things come first. They make fewer than 200 phrases; then its other kinds come in colours, too.
    """
    rng, things = np.random.default_rng(seed), list(catalogue().values())
    ordered = [(things[i].name, things[i]) for i in rng.permutation(len(things))]
    plain = [thing for thing in things if thing.name == thing.kind and not thing.is_fixture]
    ordered += [(f"{colour} {thing.name}", thing) for colour, thing in product(colours(), plain)]
    size = next((n for n in range(1, len(ordered)) if len(_offered(dict(ordered[:n]))) >= count), len(ordered))
    seen = dict(ordered[:size])
    offered = _offered(seen)
    kept = sorted(rng.permutation(len(offered))[:count])
    box, zero = Box(np.zeros(3), 0.0, np.full(3, 0.02)), np.zeros(3)
    hand = Hand(zero, 0.0, 0.08, False, np.zeros(4), False, False)
    view = SceneView(dict.fromkeys(seen, box), {n: t.classes for n, t in seen.items()}, (), None, hand)
    return Case(view, tuple(offered[i] for i in kept))


def _offered(things: dict[str, Thing]) -> list[Candidate]:
    """Every task with every thing, as the agent proposes them, each text once."""
    classes = {name: thing.classes for name, thing in things.items()}
    every = [task() for task in tasks().values()]
    found = [Candidate(task.name, task.say(target), target) for task in every for target in task.offers(classes)]
    return list({candidate.text: candidate for candidate in [*found, DONE]}.values())


def measure(
    scorer: TrieScorer, counts: Sequence[int], peer_sample: int, rounds: int, seed: int
) -> list[dict[str, Any]]:
    """One pass for all candidates beside one plain pass for each, for each number of candidates."""
    return [_measure(scorer, case(count, seed), peer_sample, rounds) for count in counts]


def _measure(scorer: TrieScorer, case: Case, peer_sample: int, rounds: int) -> dict[str, Any]:
    """Ours, the peer and the floor by turns; in every round one step has been added to the history."""
    texts, sample = case.texts, min(peer_sample, len(case.texts))
    turns = np.array_split(np.linspace(0, len(texts) - 1, sample).astype(int), rounds)
    mine, floor, peer, off = [], [], [], 0.0
    fresh = TrieScorer(scorer.model, scorer.tokenizer)
    begin = prompt(INSTRUCTIONS[0], case.episode(INSTRUCTIONS[0], 0), case.view)
    # layers are packed on first use: that memory is the model's, not a decision's
    plain_score(scorer, texts[0], texts[0])
    grown = _peak_growth(lambda: fresh.log_probs(begin, texts))
    nodes = Trie.of([scorer.encode(text) for text in texts])
    for k, turn in enumerate(turns):
        before = prompt(INSTRUCTIONS[0], case.episode(INSTRUCTIONS[0], k + 1), case.view)
        seconds, scores = _timed(fresh.log_probs, before, texts)
        mine.append(seconds)
        tokens = [*scorer.encode(before), *nodes.tokens]
        floor.append(_timed(plain_pass, scorer.model, tokens, len(nodes))[0])
        for i in turn:
            seconds, score = _timed(plain_score, scorer, before, texts[i])
            peer.append(seconds)
            off = max(off, abs(score - scores[i]))
    ours, theirs, least = float(np.median(mine)), float(np.median(peer)) * len(texts), float(np.median(floor))
    return {
        "candidates": len(texts),
        "prompt_tokens": len(scorer.encode(before)),
        "trie_tokens": len(nodes),
        "seconds": round(ours, 4),
        "peer_seconds": round(theirs, 3),
        "peer_timed_on": sample,
        "ratio_to_peer": round(theirs / ours, 1),
        "floor_seconds": round(least, 4),
        "ratio_to_floor": round(ours / least, 3),
        "peak_memory_growth_mb": grown,
        "largest_difference": float(off),
        **_decisions(scorer, case, rounds),
    }


def _decisions(scorer: TrieScorer, case: Case, rounds: int) -> dict[str, float]:
    """Seconds of a whole decision of the planner (two prompts): nothing read before, and with one more step of history."""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(rounds):
        planner = Planner(TrieScorer(scorer.model, scorer.tokenizer))
        for steps, times in enumerate((cold, warm)):
            episode = case.episode(INSTRUCTIONS[0], steps)
            times.append(_timed(planner.log_probs, episode, case.view, case.candidates)[0])
    return {
        "cold_decision_seconds": round(float(np.median(cold)), 4),
        "warm_decision_seconds": round(float(np.median(warm)), 4),
    }


@torch.inference_mode()
def plain_pass(model: Any, tokens: Sequence[int], last: int) -> torch.Tensor:
    """Logits after the last tokens of a sequence, float32, shape (last, V): what anyone would write, nothing kept."""
    return model(input_ids=torch.tensor([list(tokens)]), logits_to_keep=last, use_cache=False).logits[0].float()


def plain_score(scorer: TrieScorer, before: str, text: str) -> float:
    """log p(text | prompt) by a pass over both."""
    tokens = scorer.encode(text)
    logits = plain_pass(scorer.model, [*scorer.encode(before), *tokens], len(tokens) + 1)[:-1]
    return float(logits.log_softmax(-1)[range(len(tokens)), tokens].double().sum())


def agreement(exact: TrieScorer, other: TrieScorer, case: Case) -> dict[str, float]:
    """Whether another precision ranks the same, over several instructions, and how fast it is, by turns."""
    from scipy.stats import kendalltau, spearmanr

    planners = [Planner(exact), Planner(other)]
    found: list[tuple[float, ...]] = []
    for text in INSTRUCTIONS:
        (a, x), (b, y) = (_timed(p.log_probs, Episode(text), case.view, case.candidates) for p in planners)
        same = float(np.argmax(x) == np.argmax(y))
        found.append((spearmanr(x, y).statistic, kendalltau(x, y).statistic, same, a / b))
    spearman, kendall, same, _ = np.mean(found, axis=0)
    return {
        "candidates": len(case.candidates),
        "instructions": len(INSTRUCTIONS),
        "spearman": round(float(spearman), 4),
        "kendall": round(float(kendall), 4),
        "same_choice": round(float(same), 3),
        "times_faster": round(float(np.median([row[-1] for row in found])), 2),
    }


def seconds_to_ready(llm: dict[str, Any], starts: int) -> list[float]:
    """Seconds from the start of a fresh Python process until it can score with the language model of a config."""
    found = []
    for _ in range(starts):
        began = time.perf_counter()
        command = [sys.executable, "-c", _START, json.dumps(llm)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            found.append(round(time.perf_counter() - began, 2))
        if said.strip() != "ready":
            raise RuntimeError(f"a fresh process could not load the language model '{llm['model']}'")
    return found


def show(rows: Sequence[dict[str, Any]]) -> None:
    """The figures for people, on stderr."""
    table = Table(title="Language: one pass with a trie, beside one plain pass for each candidate")
    names = [name for name in rows[0] if name != "candidates"]
    table.add_column("candidates")
    for row in rows:
        table.add_column(str(row["candidates"]), justify="right")
    for name in names:
        table.add_row(name.replace("_", " "), *(f"{row[name]:.4g}" if row[name] is not None else "-" for row in rows))
    Console(stderr=True).print(table)


def _timed(work: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work(*given)
    return time.perf_counter() - began, result


def _peak_growth(work: Callable[[], Any]) -> float | None:
    """By how much the process's memory grows at most meanwhile, MB; None where the system does not tell (Linux does)."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before must not hide what is needed now
        reset.write_text("5")  # the peak starts anew
        before = _kilobytes(status, "VmRSS")
    except (OSError, AttributeError):
        work()
        return None
    work()
    return round(max(_kilobytes(status, "VmHWM") - before, 0) / 1024, 1)


def _kilobytes(status: Path, field: str) -> int:
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(field))
