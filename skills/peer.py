"""The published way, for comparison: SAC with hindsight experience replay on panda-gym, for as long as our training took.

``python -m skills.peer seconds=360`` writes ``peer.curve.csv`` beside which ``python -m skills.figures`` draws ours.
"""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3 import SAC, HerReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback

from sim.cli import InputError, command, output_folder, print_json
from sim.quiet import quiet

TASK = "PandaPickAndPlace-v3"


class Clock(BaseCallback):
    """Writes the success rate of the last episodes and stops when the time is up."""

    def __init__(self, curve: Path, seconds: float):
        super().__init__()
        self._curve, self._seconds, self._recent = curve, seconds, deque[bool](maxlen=200)
        self._began = self._last = time.perf_counter()
        curve.write_text("control_steps,seconds,success\n")

    @property
    def rate(self) -> float:
        """Success rate of the last 200 episodes."""
        return float(np.mean(self._recent)) if self._recent else 0.0

    def _on_step(self) -> bool:
        ended = zip(self.locals["infos"], self.locals["dones"], strict=True)
        self._recent.extend(bool(info["is_success"]) for info, over in ended if over)
        now = time.perf_counter()
        if now - self._last > 2:
            self._last = now
            with self._curve.open("a") as file:
                file.write(f"{self.num_timesteps},{now - self._began:.1f},{self.rate:.4f}\n")
        return now - self._began < self._seconds


@command("peer")
def main(config: Any) -> int:
    """Train the peer for a while; the last line is JSON."""
    try:
        with quiet():
            import gymnasium
            import panda_gym  # noqa: F401 (registers its environments)

            world = gymnasium.make(TASK)
    except ImportError:
        raise InputError("panda-gym is the peer, and it is not installed: pip install panda-gym") from None
    torch.set_num_threads(1)
    out = output_folder(config, "peer")
    # Settings of rl-baselines3-zoo for panda-gym's tasks, SAC in place of TQC.
    model = SAC(
        "MultiInputPolicy",
        world,
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4, "goal_selection_strategy": "future"},
        buffer_size=300_000,
        batch_size=512,
        gamma=0.95,
        learning_rate=1e-3,
        tau=0.05,
        learning_starts=1000,
        policy_kwargs={"net_arch": [256, 256, 256], "n_critics": 2},
        seed=config.seed,
        device="cpu",
    )
    clock = Clock(out / "peer.curve.csv", config.seconds)
    model.learn(10**9, callback=clock, progress_bar=False)
    print_json(
        {
            "task": TASK,
            "method": "SAC+HER",
            "seconds": config.seconds,
            "control_steps": model.num_timesteps,
            "success": clock.rate,
            "curve": str(out / "peer.curve.csv"),
        }
    )
    return 0


if __name__ == "__main__":
    main()
