"""One process of a benchmark: reads the language model once, then does one trial after the other. Started by ``runner``."""

from __future__ import annotations

import itertools
import os
import resource
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from omegaconf import OmegaConf

from sim.cli import InputError


def work(pipe: Connection) -> None:
    """Take the config and the folder, say "ready" (or "unusable" and why), then answer each job by its row, until the pipe ends."""
    import torch

    from saycan.build import asks_model, build_perception, load_scorer
    from saycan.judging.trial import run_trial

    config, folder = pipe.recv()
    settings = OmegaConf.create(config)
    torch.set_num_threads(settings.threads)
    try:
        build_perception(settings.perception)  # its networks stay loaded
        scorer = load_scorer(settings.llm) if asks_model(settings.agent) else None
    except InputError as error:
        pipe.send(("unusable", str(error)))
        return
    pipe.send(("ready", None))
    for count in itertools.count(1):
        row = run_trial(settings, pipe.recv(), scorer, folder)
        pipe.send(("row", {**row, "worker": os.getpid(), "nth": count, "memory_mb": round(memory_mb(), 1)}))


def memory_mb() -> float:
    """Main memory that this process holds, in megabytes; where there is no /proc, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _end_with_parent() -> None:
    """Standard input is a pipe that the parent holds open as long as it lives, however it dies."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work(Connection(int(sys.argv[1])))
