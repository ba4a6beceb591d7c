"""Files are there whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sim.files import install, keep_rows, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("é\n", "shorter"):
        write_whole(path, text)
        assert path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o777 == 0o644
    install(path, tmp_path / "b.json")
    assert (tmp_path / "b.json").read_text() == "shorter"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (lambda: write_whole(path, "new"), lambda: install(path, tmp_path / "b.json")):
        with pytest.raises(OSError, match="No space left") as failed:
            write()
        assert Path(failed.value.filename).parent == tmp_path and not Path(failed.value.filename).name.startswith(".")
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"] and path.read_text() == "old"


def test_what_is_no_text_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a.json", "\ud800")
    with pytest.raises(FileNotFoundError):
        install(tmp_path / "missing", tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_rows_of_lost_work_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    keep_rows(path, "step,loss", lambda step: step < 2)
    assert path.read_text() == "step,loss\n"
    path.write_text("step,loss\n0.0,3\n1,2\nnan,0\n2,1\n,\n3")
    keep_rows(path, "step,loss", lambda step: step < 2)
    assert path.read_text() == "step,loss\n0.0,3\n1,2\n"
    path.write_text("")  # as a full disk may leave it
    keep_rows(path, "step,loss", lambda step: True)
    assert path.read_text() == "step,loss\n"
