"""rows.jsonl: the rows of a run as they come, so that a kill loses none, and the settings that they were made with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.cli import InputError
from sim.files import write_whole
from skills.settings import check_same

_ROWS, _SETTINGS = "rows.jsonl", "settings.json"


class Ledger:
    """The rows of a run, in a folder.

    :param settings: what the rows depend on.
    :param resume: whether to go on with the rows that are there.
    :raises InputError: if there are rows and ``resume`` is false, or they were made with other settings, or nobody knows with which.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], resume: bool):
        self._path, notes = folder / _ROWS, folder / _SETTINGS
        self.rows: list[dict[str, Any]] = []
        if self._path.exists() and not resume:
            raise InputError(f"{folder} holds results already; go on with resume=true, or choose another out=DIR")
        if resume and self._path.exists() and not notes.exists():
            raise InputError(
                f"{notes} is missing, so nobody knows how the rows there were made; choose another out=DIR"
            )
        if notes.exists() and resume:
            check_same(json.loads(notes.read_text(encoding="utf-8")), settings, folder)
            self.rows = list(_whole_rows(self._path))
        write_whole(notes, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        write_whole(self._path, "".join(map(_line, self.rows)))  # without a last line that a kill left half written

    def append(self, row: dict[str, Any]) -> None:
        """Keep a row. It is on its way to the disk as a whole line when this returns."""
        self.rows.append(row)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, _line(row).encode())
        finally:
            os.close(file)


def _whole_rows(path: Path) -> Iterator[dict[str, Any]]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and {"task", "seed", "success"} <= set(row):
            yield row


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=True) + "\n"
