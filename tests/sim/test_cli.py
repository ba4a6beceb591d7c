"""What all commands share: what is wrong with the input or the disk is one sentence."""

from __future__ import annotations

import errno
import sys
from typing import Any

import pytest
from omegaconf import OmegaConf

from sim.cli import InputError, at_least, command, output_folder


def end(monkeypatch: pytest.MonkeyPatch, raised: Exception | None, *arguments: str) -> Any:
    """Exit code of a command that fails in a certain way."""

    def job(config: Any) -> int:
        if raised:
            raise raised
        return 0

    monkeypatch.setattr(sys, "argv", ["test", *arguments])
    with pytest.raises(SystemExit) as ended:
        command("trials")(job)()
    return ended.value.code


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert end(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "/far/a.json")) == 2
    said = capsys.readouterr().err
    assert "/far/a.json" in said and "No space left on device" in said and said.count("\n") == 1


def test_mistakes_of_ours_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(monkeypatch, FileNotFoundError(errno.ENOENT, "No such file", "a.json")) == 1


@pytest.mark.parametrize("seed", ["seed", "first_seed"])
def test_no_command_takes_a_negative_seed(
    seed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(monkeypatch, None, f"{seed}=-1") == 2
    assert f"{seed} must be 0 or more, not -1" in capsys.readouterr().err
    assert end(monkeypatch, None, "-m", f"{seed}=0,-2") == 2
    assert end(monkeypatch, None, f"{seed}=0") == 0


def test_numbers_have_a_least() -> None:
    config = OmegaConf.create({"episodes": 1, "pictures": 0})
    at_least(config, episodes=1, pictures=0)
    with pytest.raises(InputError, match="episodes must be 2 or more, not 1"):
        at_least(config, pictures=0, episodes=2)


def test_a_folder_that_takes_no_files_is_refused() -> None:
    with pytest.raises(InputError, match="/proc cannot be written to"):
        output_folder(OmegaConf.create({"out": "/proc"}), "run")
