"""What a person sees while trials run: a progress bar in a terminal, otherwise a line for each trial."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Watcher:
    """Shows rows as they come, on standard error.

    :param total: trials altogether; ``done`` of them were there before.
    :param shown: false: say nothing.
    """

    def __init__(self, total: int, done: int, shown: bool):
        self._console = Console(stderr=True)
        self._lines = shown and not sys.stderr.isatty()
        self._total, self._done, self._successes, self._new = total, done, 0, 0
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console, disable=self._lines or not shown)
        self._task = self._bar.add_task("reading the language model", total=total, completed=done)

    def __enter__(self) -> Watcher:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, row: Mapping[str, Any]) -> None:
        """A trial is finished."""
        self._done, self._new, self._successes = self._done + 1, self._new + 1, self._successes + row["success"]
        self._bar.update(self._task, advance=1, description=f"success {self._successes} of {self._new}")
        if self._lines:
            how = "ok  " if row["success"] else f"FAIL ({row['cause']})"
            plan = ", ".join(row["plan"]) or row["outcome"] or row["error"]
            line = f"{self._done}/{self._total} {how} {row['instruction']}: {plan}"
            print(line, file=sys.stderr, flush=True)
