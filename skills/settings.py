"""Runs that go on after a kill: with the settings that they were begun with, and never with what another one left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.cli import InputError


def begin_anew(files: Sequence[Path], setting: str = "", given: Path | None = None) -> None:
    """Delete what an earlier training left: after a kill it would be taken for what this one had come to.

    :param given: what this training goes on from, and ``setting``, which names it.
    :raises InputError: if that is one of these files.
    """
    if given is not None and given.resolve() in [file.resolve() for file in files]:
        raise InputError(f"{setting}={given} is where the result is written to; choose another folder with out=DIR")
    for file in files:
        file.unlink(missing_ok=True)


def check_same(before: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """Compare the settings of a run with those that it was begun with, which were stored as JSON.

    :param path: of what was begun, for the message.
    :raises InputError: if they differ; it names the first that does.
    """
    old, new = dict(_flat(before)), dict(_flat(json.loads(json.dumps(now))))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key):
            raise InputError(
                f"{path} was begun with {key}={old.get(key)}, not {new.get(key)}; give the same again, or choose another out=DIR"
            )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
