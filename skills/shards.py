"""Worlds side by side in a few processes, several in each: SB3's SubprocVecEnv has one process a world, which small machines do not like."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from sim.processes import end_with_parent


class Shards(VecEnv):
    """The worlds of several ``DummyVecEnv``, each in a process of its own.

    What comes of a seed does not depend on the number of processes.

    :param make: makes one world.
    :param worlds: how many there are altogether; ``processes``: in how many processes, if there are worlds enough for them.
    """

    def __init__(self, make: Callable[[], gym.Env], worlds: int, processes: int):
        processes = min(processes, worlds)
        context = multiprocessing.get_context("fork")
        counts = [len(part) for part in np.array_split(np.arange(worlds), processes)]
        self._ends = [0, *np.cumsum(counts).tolist()]
        self._pipes, self._workers = [], []
        for count in counts:
            mine, theirs = context.Pipe()
            worker = context.Process(target=_serve, args=(theirs, make, count), daemon=True)
            worker.start()
            theirs.close()
            self._pipes.append(mine)
            self._workers.append(worker)
        spaces = self._ask("spaces", [None] * processes)[0]
        super().__init__(worlds, *spaces)

    def reset(self) -> Any:
        seeds, self._seeds = self._split(self._seeds), [None] * self.num_envs
        observations, infos = zip(*self._ask("reset", seeds), strict=True)
        self.reset_infos = [info for part in infos for info in part]
        return np.concatenate(observations)

    def step_async(self, actions: np.ndarray) -> None:
        for pipe, part in zip(self._pipes, self._split(actions), strict=True):
            pipe.send(("step", part))

    def step_wait(self) -> Any:
        observations, rewards, dones, infos = zip(*(pipe.recv() for pipe in self._pipes), strict=True)
        return (
            np.concatenate(observations),
            np.concatenate(rewards),
            np.concatenate(dones),
            [info for part in infos for info in part],
        )

    def close(self) -> None:
        for pipe, worker in zip(self._pipes, self._workers, strict=True):
            pipe.send(("close", None))
            worker.join()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        values = [value for part in self._ask("get", [attr_name] * len(self._pipes)) for value in part]
        return [values[i] for i in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        self._ask("set", [(attr_name, value, mine) for mine in self._share(indices)])

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        asked = [(method_name, args, mine, kwargs) for mine in self._share(indices)]
        return [value for part in self._ask("call", asked) for value in part]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        asked = [(wrapper_class, mine) for mine in self._share(indices)]
        return [value for part in self._ask("wrapped", asked) for value in part]

    def _share(self, indices: Any) -> list[list[int]]:
        """The worlds of these numbers, for each process by the numbers that they have there."""
        chosen = sorted(self._get_indices(indices))
        return [[i - a for i in chosen if a <= i < b] for a, b in itertools.pairwise(self._ends)]

    def _split(self, rows: Any) -> list[Any]:
        return [rows[a:b] for a, b in itertools.pairwise(self._ends)]

    def _ask(self, what: str, parts: Sequence[Any]) -> list[Any]:
        for pipe, part in zip(self._pipes, parts, strict=True):
            pipe.send((what, part))
        return [pipe.recv() for pipe in self._pipes]


def _serve(pipe: Any, make: Callable[[], gym.Env], count: int) -> None:
    end_with_parent()
    torch.set_num_threads(1)
    worlds = DummyVecEnv([make] * count)
    while True:
        try:
            what, part = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        if what == "step":
            pipe.send(worlds.step(part))
        elif what == "reset":
            worlds._seeds = part
            pipe.send((worlds.reset(), worlds.reset_infos))
        elif what == "spaces":
            pipe.send((worlds.observation_space, worlds.action_space))
        elif what == "get":
            pipe.send(worlds.get_attr(part))
        elif what == "set":
            worlds.set_attr(*part)
            pipe.send(None)
        elif what == "call":
            name, arguments, mine, named = part
            pipe.send(worlds.env_method(name, *arguments, indices=mine, **named))
        elif what == "wrapped":
            pipe.send(worlds.env_is_wrapped(*part))
        else:
            worlds.close()
            return
