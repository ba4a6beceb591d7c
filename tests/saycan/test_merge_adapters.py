"""Adapters are added up, as a user does it; what does not fit is one sentence."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import torch
from commands import run

from skills import checkpoint

SHAPES = {"layer.A": (2, 5), "layer.B": (4, 2)}


def adapter(path: Path, seed: int, scale: float = 2.0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    tensors = {name: torch.randn(shape, generator=generator).half() for name, shape in SHAPES.items()}
    checkpoint.write(path, tensors, {"model": "tiny", "scale": scale, "rank": 2})
    return tensors


def merge(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("saycan.merge_adapters", *arguments)


def test_what_each_training_changed_is_added_to_the_start(tmp_path: Path) -> None:
    base, one, two = (
        adapter(tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate(["base", "one", "two"])
    )
    files = f"adapters=[{tmp_path / 'one.safetensors'},{tmp_path / 'two.safetensors'}]"
    start, out = f"base={tmp_path / 'base.safetensors'}", tmp_path / "out"
    done = merge(start, files, "weights=[0.67,1]", f"out={out}")
    assert done.returncode == 0, done.stderr
    tensors, record = checkpoint.read(out / "planner.safetensors", "-")
    for name, tensor in tensors.items():
        wanted = base[name].float() + 0.67 * (one[name].float() - base[name].float())
        assert torch.allclose(tensor.float(), wanted + two[name].float() - base[name].float(), atol=5e-3), name
    assert record["scale"] == 2.0 and list(record["weights"].values()) == [0.67, 1.0]
    assert json.loads(done.stdout)["out"] == str(out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["adapters=[ONE]", "weights=[1,2]"], "as many weights"),
        ([], "as many weights"),
        (["adapters=[ONE]", "weights=[much]"], "must be numbers"),
        (["adapters=[ONE]", "weights=[nan]"], "must be numbers"),
        (["adapters=[ONE,ONE]", "weights=[1,2]"], "named twice"),
        (["adapters=[OTHER]", "weights=[1]"], "did not go on from"),
        (["adapters=[NONE]", "weights=[1]"], "there is no checkpoint"),
    ],
)
def test_what_does_not_fit_is_one_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    for seed, name in enumerate(["BASE", "ONE"]):
        adapter(tmp_path / f"{name}.safetensors", seed)
    adapter(tmp_path / "OTHER.safetensors", 3, scale=1.0)
    for name in ("ONE", "OTHER", "NONE"):
        arguments = [re.sub(rf"\b{name}\b", f"{tmp_path / name}.safetensors", a) for a in arguments]
    failed = merge(f"base={tmp_path / 'BASE'}.safetensors", *arguments, f"out={tmp_path / 'out'}")
    assert failed.returncode == 2 and words in failed.stderr and failed.stderr.count("\n") == 1, failed.stderr
    assert not (tmp_path / "out" / "planner.safetensors").exists()
