"""Weights on disk: safetensors with a JSON record, written all at once or not at all. Loading one runs no code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from sim.cli import InputError
from sim.files import in_place_of

_HERE = Path(__file__).resolve()


class CheckpointError(InputError):
    """A checkpoint that is missing, damaged or of another kind; the message says what to do."""


def write(path: Path, tensors: dict[str, torch.Tensor], record: dict[str, Any]) -> None:
    """Write weights and their record; an older file stays until the new one is complete.

    :raises CheckpointError: if the disk does not take it.
    """
    data = save({k: v.detach().contiguous() for k, v in tensors.items()}, metadata={"saycan": json.dumps(record)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_place_of(path) as file:
            file.write(data)
    except OSError as error:
        raise CheckpointError(
            f"{path} could not be written ({error.strerror}); what was there before is untouched"
        ) from None


def read(path: Path, remedy: str = "") -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Weights and their record.

    :param remedy: the command that makes such a file; by default the training of the skill that the file is called after.
    :raises CheckpointError: if the file is missing, damaged, or not a checkpoint of this project.
    """
    remedy = remedy or f"python -m skills.train skill={path.stem}"
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}; train one with `{remedy}`")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        return tensors, json.loads(metadata["saycan"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(
            f"the checkpoint {path} is damaged or not one of ours ({type(error).__name__}); restore it or train again with `{remedy}`"
        ) from None


def provenance(module: str = "skills.train") -> dict[str, str]:
    """How a file came to be: the command, but for where it wrote to, and the commit ("unknown" outside our repository)."""
    overrides = list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else sys.argv[1:]
    return {
        "command": " ".join([f"python -m {module}", *(o for o in overrides if not o.startswith("out="))]),
        "commit": (_git("rev-parse", "--short", "HEAD") if _git("ls-files", "--", _HERE.name) else "") or "unknown",
    }


def _git(*arguments: str) -> str:
    """What git says in this folder; nothing if there is no git, or no repository. (Not every repository around us holds us: a .venv.)"""
    try:
        done = subprocess.run(["git", *arguments], cwd=_HERE.parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
