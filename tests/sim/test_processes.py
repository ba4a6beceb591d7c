"""Workers end with their parent, and Ctrl-C is not lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from commands import survivors

from sim.processes import CtrlC

_PARENT = """
import multiprocessing, sys, time
from sim.processes import end_with_parent

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1, end_with_parent) as pool:
        print(*pool.map(abs, [-1]), flush=True)
        pool.apply(time.sleep, (60,))
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (script := tmp_path / "parent.py").write_text(_PARENT)
    assert not survivors(script, "1", workers=1)


class _Swallows:
    """Python drops what comes up in here."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_is_not_lost_in_a_destructor() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), CtrlC() as interrupt:
        interrupt.check()
        thing = _Swallows()
        del thing
        interrupt.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_stops_at_once_as_always() -> None:
    with pytest.raises(KeyboardInterrupt), CtrlC():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        raise AssertionError


def test_other_threads_have_no_signals() -> None:
    failed = []

    def use() -> None:
        try:
            with CtrlC() as interrupt:
                interrupt.check()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert not failed
