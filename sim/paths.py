"""Where configs and assets are, in a checkout and in an installed copy alike, and where people keep skills of their own."""

import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _find(folder: str) -> Path:
    for base in (_HERE.parent, _HERE / "_data"):  # a checkout; a wheel
        if (base / folder).is_dir():
            return base / folder
    raise FileNotFoundError(f"the folder {folder}/ is missing: reinstall saycan, or run it from a checkout")


CONFIGS = _find("configs")
ASSETS = _find("assets")


def plugin_folders() -> list[Path]:
    """Folders with skills that live outside, from the environment variable ``SAYCAN_SKILLS``, separated by colons."""
    names = os.environ.get("SAYCAN_SKILLS", "").split(os.pathsep)
    return [Path(name).expanduser().resolve() for name in names if name]
