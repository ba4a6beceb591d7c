"""Files that are written whole or not at all: whoever reads one never finds half of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_whole(path: Path, text: str) -> None:
    """Write a text file; an older one stays until the new one is complete.

    :raises OSError: if the disk does not take it; it names the file.
    """
    with in_place_of(path) as file:
        file.write(text.encode())


def keep_rows(path: Path, header: str, wanted: Callable[[float], bool]) -> None:
    """Begin a CSV file anew with those of its rows whose first column is a number that is wanted: work that a kill lost is logged once.

    :raises OSError: if the disk does not take it; it names the file.
    """
    rows = path.read_text().splitlines()[1:] if path.exists() else []
    numbers = [row.split(",")[0] for row in rows]
    kept = [row for row, n in zip(rows, numbers, strict=True) if n.replace(".", "", 1).isdigit() and wanted(float(n))]
    write_whole(path, "\n".join([header, *kept]) + "\n")


def install(path: Path, target: Path) -> None:
    """Copy a file to where it is used; an older one stays until the new one is complete.

    :raises OSError: if it cannot be read, or the disk does not take it; it names the file.
    """
    with path.open("rb") as source, in_place_of(target) as file:
        shutil.copyfileobj(source, file)


@contextmanager
def in_place_of(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of ``path`` at the end; nothing is left of it if that fails.

    :raises OSError: if the disk does not take it; it names the file.
    """
    scratch = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            scratch = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        scratch.replace(path)
    except BaseException as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
