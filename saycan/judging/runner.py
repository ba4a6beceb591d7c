"""Trials in several processes: each reads the language model once; one that dies costs one trial, and none outlives the run."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import multiprocessing.resource_tracker
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Any

from saycan.judging.trial import Job, broken, identity, run_trial
from sim.cli import InputError

_CONTEXT = multiprocessing.get_context("spawn")
_FALSE_STARTS = 3  # workers in a row that die before they are ready, until the run is given up


def run_all(jobs: Sequence[Job], config: dict[str, Any], workers: int, folder: Path) -> Generator[dict[str, Any], None, None]:
    """Rows of all jobs, as they are finished. Closing the iterator ends all processes at once.

    :param config: of the benchmark, as plain data.
    :raises InputError: if the workers cannot load what the config asks for.
    """
    waiting, crew, false_starts = deque(jobs), list[_Worker](), 0
    try:
        while waiting or any(worker.job for worker in crew):
            while len(crew) < min(workers, len(waiting) + sum(worker.job is not None for worker in crew)):
                crew.append(_Worker(config, folder))
            for worker in _heard_from(crew):
                kind, data = worker.receive()
                if kind == "dead":
                    crew.remove(worker)
                    false_starts += not worker.ready
                    if worker.job:
                        yield _lost(worker.job, data)
                    elif false_starts == _FALSE_STARTS:
                        raise InputError(
                            f"workers die while they start ({data}); is there memory for {workers} of them?"
                        )
                elif kind == "unusable":
                    raise InputError(data)
                else:
                    false_starts = 0
                    if kind == "row":
                        yield data
                    worker.give(waiting.popleft() if waiting else None)
    finally:
        for worker in crew:
            worker.stop()


def _heard_from(crew: list[_Worker]) -> list[_Worker]:
    """Workers that have something to say, or are dead."""
    ready = connection.wait([worker.pipe for worker in crew])
    return [worker for worker in crew if worker.pipe in ready]


def _lost(job: Job, why: str) -> dict[str, Any]:
    return {**identity(job), **broken(f"the worker died: {why}")}


class _Worker:
    """One process, seen from the parent."""

    def __init__(self, config: dict[str, Any], folder: Path):
        self.pipe, theirs = _CONTEXT.Pipe()
        self.job: Job | None = None
        self.ready = False
        self._process = _CONTEXT.Process(target=_work, args=(theirs, config, folder), daemon=True)
        with _ctrl_c_waits():
            self._process.start()
        theirs.close()

    def receive(self) -> tuple[str, Any]:
        """What it says: "ready", "row" with a row, "unusable" with a reason; or "dead" with a reason."""
        try:
            kind, data = self.pipe.recv()
        except (EOFError, OSError):
            self.stop()
            return "dead", f"exit code {self._process.exitcode}"
        self.ready, self.job = True, None
        return kind, data

    def give(self, job: Job | None) -> None:
        """Let it do a job; None: it has nothing to do any more."""
        self.job = job
        if job is not None:
            with contextlib.suppress(OSError):  # it has just died: receive() will tell
                self.pipe.send(job)

    def stop(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


@contextlib.contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Hold Ctrl-C back, and keep it for good from processes started meanwhile: only the parent is to hear it."""
    multiprocessing.resource_tracker.ensure_running()  # the first start of a process would do this, and let Ctrl-C through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: connection.Connection, config: dict[str, Any], folder: Path) -> None:
    """A worker's life: load, then do one job after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch
    from omegaconf import OmegaConf

    from saycan.build import load_scorer

    settings = OmegaConf.create(config)
    torch.set_num_threads(settings.threads)
    try:
        scorer = load_scorer(settings.llm)
    except InputError as error:
        pipe.send(("unusable", str(error)))
        return
    pipe.send(("ready", None))
    for count in itertools.count(1):
        row = run_trial(settings, pipe.recv(), scorer, folder)
        pipe.send(("row", {**row, "worker": os.getpid(), "nth": count, "memory_mb": round(memory_mb(), 1)}))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def memory_mb() -> float:
    """Main memory that this process holds, in megabytes; where /proc is missing, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
