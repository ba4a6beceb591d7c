"""Trials in several processes: each reads the language model once; one that dies costs one trial, and none outlives the run."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Sequence
from multiprocessing.connection import Pipe, wait
from pathlib import Path
from typing import Any

from saycan.judging.trial import Job, broken, identity
from sim.cli import InputError

_FALSE_STARTS = 3  # workers in a row that die before they are ready, until the run is given up


def run_all(
    jobs: Sequence[Job], config: dict[str, Any], workers: int, folder: Path
) -> Generator[dict[str, Any], None, None]:
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
            worker.kill()
        for worker in crew:
            worker.stop()


def _heard_from(crew: list[_Worker]) -> list[_Worker]:
    """Workers that have something to say, or are dead."""
    ready = wait([worker.pipe for worker in crew])
    return [worker for worker in crew if worker.pipe in ready]


def _lost(job: Job, why: str) -> dict[str, Any]:
    return {**identity(job), **broken(f"the worker died: {why}")}


class _Worker:
    """One process, seen from the parent."""

    def __init__(self, config: dict[str, Any], folder: Path):
        self.pipe, theirs = Pipe()
        self.job: Job | None = None
        self.ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "saycan.judging.worker", str(theirs.fileno())],
            stdin=subprocess.PIPE,  # ends when we do, and the worker with it
            stdout=2,  # what it prints is not our result
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for us alone
        )
        theirs.close()
        self.pipe.send((config, folder))

    def receive(self) -> tuple[str, Any]:
        """What it says: "ready", "row" with a row, "unusable" with a reason; or "dead" with a reason."""
        try:
            kind, data = self.pipe.recv()
        except (EOFError, OSError):
            code = self._process.wait()
            self.stop()
            return "dead", f"exit code {code}"
        self.ready, self.job = True, None
        return kind, data

    def give(self, job: Job | None) -> None:
        """Let it do a job; None: it has nothing to do any more."""
        self.job = job
        if job is not None:
            with contextlib.suppress(OSError):  # it has just died: receive() will tell
                self.pipe.send(job)

    def kill(self) -> None:
        """End it, whatever it does, without waiting until it is gone."""
        self._process.kill()

    def stop(self) -> None:
        """End it now, and tidy up."""
        self.kill()
        self._process.communicate()
        self.pipe.close()
