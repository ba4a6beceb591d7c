"""Roll a policy out and keep states with what came of them: several processes, and nothing lost when one dies."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track

from sim.processes import end_with_parent
from skills import checkpoint
from skills.envs import SkillEnv
from skills.networks import Policy
from skills.tasks import Task

_CHUNK = 250  # episodes that are rolled out and stored together
_LATER = 4  # states kept of each episode besides its first


@dataclass(frozen=True)
class Rollouts:
    """States of some episodes and what came of them.

    :param observations: float32, shape (S, N).
    :param success: whether the episode of each state ended in success, shape (S,).
    :param episode: number of the episode of each state, shape (S,).
    :param first: whether the state is its episode's first, shape (S,).
    :param ready: whether the episode could begin at all (``Task.ready``), shape (S,).
    :param control_steps: of all the episodes together.
    """

    observations: np.ndarray
    success: np.ndarray
    episode: np.ndarray
    first: np.ndarray
    ready: np.ndarray
    control_steps: int

    def where(self, mask: np.ndarray) -> Rollouts:
        """Those states only."""
        return Rollouts(
            self.observations[mask],
            self.success[mask],
            self.episode[mask],
            self.first[mask],
            self.ready[mask],
            self.control_steps,
        )

    @property
    def starts(self) -> Rollouts:
        """The episodes' first states only: what the agent asks about."""
        return self.where(self.first)


def roll_out(env: SkillEnv, policy: Policy, episodes: int, seed: int) -> Rollouts:
    """Run a policy and keep each episode's first state and a few later ones; of a disturbed episode only some after the disturbance.

    What leads up to a disturbance says nothing of it: its failure is not that state's.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[np.ndarray, bool, int, bool, bool]] = []
    control_steps = 0
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        seen, over, since, ready = [observation], False, 0, info["ready"]
        while not over:
            observation, _, over, _, info = env.step(policy.act(observation))
            seen.append(observation)
            control_steps += 1
            since = len(seen) - 1 if info["disturbed"] else since
        between = np.arange(max(since, 1), len(seen) - 1)
        later = rng.choice(between, size=min(_LATER, len(between)), replace=False)
        kept = [0, *later] if since == 0 else later
        rows += [(seen[i], info["is_success"], episode, i == 0, ready) for i in kept]
    observations, success, numbers, first, could = (np.array(column) for column in zip(*rows, strict=True))
    return Rollouts(observations, success.astype(float), numbers, first, could, control_steps)


def collect(
    task: Task,
    policy: Policy,
    episodes: int,
    seed: int,
    folder: Path | None = None,
    workers: int = 1,
    title: str = "",
    **settings: Any,
) -> Rollouts:
    """Many rollouts, in chunks that are seeded one by one: the same whatever the number of workers.

    :param folder: where chunks are stored as they are done, and taken from if the same was stored there before; None: nowhere.
    :param title: shown beside a progress bar; empty: none.
    :param settings: of the environment, see ``SkillEnv``.
    """
    counts = [min(_CHUNK, episodes - begun) for begun in range(0, episodes, _CHUNK)]
    jobs = [(task, policy, n, (seed, k), folder, settings) for k, n in enumerate(counts)]
    pool = (
        ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), end_with_parent)
        if workers > 1
        else nullcontext()
    )
    with pool as executor:
        chunks: Iterator[Rollouts] = executor.map(_chunk, jobs) if executor else map(_chunk, jobs)
        return _join(list(track(chunks, title, len(jobs)) if title else chunks))


def _chunk(job: tuple[Task, Policy, int, tuple[int, int], Path | None, dict[str, Any]]) -> Rollouts:
    task, policy, episodes, seed, folder, settings = job
    torch.set_num_threads(1)
    path = folder / f"{seed[0]}-{seed[1]:03d}.safetensors" if folder else None
    made = {"skill": task.name, "policy": policy.fingerprint, "seed": [*seed], "episodes": episodes, **settings}
    if path and (stored := _read(path, made)):
        return stored
    env = SkillEnv(task, **settings)
    rollouts = roll_out(env, policy, episodes, int(np.random.SeedSequence(seed).generate_state(1)[0]))
    env.close()
    if path:
        _write(path, rollouts, made)
    return rollouts


def _write(path: Path, rollouts: Rollouts, made: dict[str, Any]) -> None:
    names = ("observations", "success", "episode", "first", "ready")
    tensors = {name: torch.from_numpy(getattr(rollouts, name)) for name in names}
    checkpoint.write(path, tensors, {"control_steps": rollouts.control_steps, "made": made})


def _read(path: Path, made: dict[str, Any]) -> Rollouts | None:
    """A stored chunk; None if there is none, or if it was made by another policy, of other episodes or with other settings."""
    if not path.exists():
        return None
    tensors, record = checkpoint.read(path)
    if record.get("made") != made:
        return None
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    return Rollouts(**arrays, control_steps=int(record["control_steps"]))


def _join(chunks: list[Rollouts]) -> Rollouts:
    begun = np.cumsum([0, *(int(c.episode.max()) + 1 for c in chunks)])
    return Rollouts(
        np.concatenate([c.observations for c in chunks]),
        np.concatenate([c.success for c in chunks]),
        np.concatenate([c.episode + b for c, b in zip(chunks, begun, strict=False)]),
        np.concatenate([c.first for c in chunks]),
        np.concatenate([c.ready for c in chunks]),
        sum(c.control_steps for c in chunks),
    )
