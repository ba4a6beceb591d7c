"""PyBullet's C code prints when it is imported and when it connects; ours is for people and JSON."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what C code prints to nowhere."""
    c = ctypes.CDLL(None)
    sys.stdout.flush()
    c.fflush(None)
    kept, nowhere = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        c.fflush(None)  # what C holds back would otherwise come out at the end
        for stream, old in zip((1, 2), kept, strict=True):
            os.dup2(old, stream)
            os.close(old)
        os.close(nowhere)
