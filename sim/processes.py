"""What processes of a run owe each other: a worker does not outlive its parent, and Ctrl-C is never lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from types import FrameType, TracebackType
from typing import Any


def end_with_parent() -> None:
    """Let this process of ``multiprocessing`` end at once when its parent is gone, however that died. For ``initializer=``."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


class CtrlC:
    """Meanwhile Ctrl-C raises ``KeyboardInterrupt`` as always, and is remembered.

    Python drops an exception that comes up in a destructor or a callback of the garbage collector; ``check`` raises it again. In another
    thread than the main one, where there are no signals, or where Ctrl-C is ignored, it does nothing.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._before: Any = None

    def __enter__(self) -> CtrlC:
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Stop here if Ctrl-C was pressed."""
        if self.pressed:
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        raise KeyboardInterrupt
