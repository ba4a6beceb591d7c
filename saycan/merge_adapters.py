"""Add up what several trainings have changed: ``python -m saycan.merge_adapters base=planner adapters=[A,B] weights=[0.67,1.0]``."""

from __future__ import annotations

import math
from typing import Any

from saycan.language.adapter import INSTALLED, add_up
from sim.cli import InputError, command, output_folder, print_json
from sim.files import install
from skills import checkpoint


@command("merge_adapters")
def main(config: Any) -> int:
    """Read, add up, write; the last line is JSON."""
    adapters, weights = [str(a) for a in config.adapters], list(config.weights)
    if not adapters or len(adapters) != len(weights):
        raise InputError(
            f"as many weights as adapters, and at least one, as in adapters=[FILE,FILE] weights=[0.5,0.5]; got {len(adapters)} "
            f"adapters and {len(weights)} weights"
        )
    if len(set(adapters)) < len(adapters):
        raise InputError("an adapter is named twice: name it once, with the sum of its weights")
    if not all(isinstance(weight, (int, float)) and math.isfinite(weight) for weight in weights):
        raise InputError(f"weights must be numbers, like [0.5,0.5]; got {weights}")
    tensors, record = add_up(str(config.base), dict(zip(adapters, map(float, weights), strict=True)))
    folder = output_folder(config, "merged")
    path = folder / INSTALLED.name
    checkpoint.write(path, tensors, {**record, **checkpoint.provenance("saycan.merge_adapters")})
    if config.install:
        install(path, INSTALLED)
    print_json({**record, "out": str(folder)})
    return 0


if __name__ == "__main__":
    main()
