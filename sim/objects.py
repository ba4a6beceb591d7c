"""What can stand on the table: the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import yaml

from sim.paths import ASSETS

_SYMMETRY = {
    "sphere": "sphere",
    "cylinder": "cylinder",
    "bottle": "cylinder",
    "cup": "cylinder",
    "bowl": "cylinder",
}


@dataclass(frozen=True)
class Thing:
    """A catalogue entry: a thing's name, geometry and mass, before it has a place in the world.

    :param size: half extents along the thing's own x, y, z in metres (a round thing's first two are its outer radius).
    :param colour: red, green, blue in [0, 1].
    :param classes: words that goals may use for a group of things, such as ``block`` or ``bowl``.
    :param friction: Coulomb friction coefficient of its surface.
    """

    name: str
    kind: str
    shape: str
    size: tuple[float, float, float]
    mass: float
    colour: tuple[float, float, float]
    classes: frozenset[str]
    friction: float = 0.9

    @property
    def is_receptacle(self) -> bool:
        """Whether other things can be put in it."""
        return "receptacle" in self.classes

    @property
    def is_fixture(self) -> bool:
        """Whether it is built in and cannot be picked up or pushed about."""
        return "fixture" in self.classes

    @property
    def symmetry(self) -> str:
        """ "box", "cylinder" (round about its own z axis) or "sphere"."""
        return _SYMMETRY.get(self.shape, "box")

    def scaled(self, factor: float) -> Thing:
        """The same thing, ``factor`` times as large in every direction (mass unchanged)."""
        x, y, z = (factor * s for s in self.size)
        return replace(self, size=(x, y, z))

    def varied(self, rng: np.random.Generator, spread: float = 0.2) -> Thing:
        """The same thing with another size (at most ``spread`` larger or smaller), mass (half to double) and friction."""
        return replace(
            self.scaled(float(rng.uniform(1 - spread, 1 + spread))),
            mass=self.mass * float(2 ** rng.uniform(-1, 1)),
            friction=float(rng.uniform(0.7, 1.1)),
        )


@cache
def catalogue() -> dict[str, Thing]:
    """Every thing that a scene may name, by name."""
    data = yaml.safe_load((ASSETS / "objects.yaml").read_text())
    things = [thing for kind, spec in data["kinds"].items() for thing in _things_of(kind, spec, data["colours"])]
    return {thing.name: thing for thing in things}


def _things_of(kind: str, spec: dict[str, Any], colours: dict[str, list[float]]) -> list[Thing]:
    names = {f"{c} {kind}": rgb for c, rgb in colours.items()} if spec["colours"] == "all" else {kind: spec["colours"]}
    return [
        Thing(
            name=name,
            kind=kind,
            shape=spec["shape"],
            size=tuple(spec["size"]),
            mass=spec["mass"],
            colour=tuple(rgb),
            classes=frozenset({kind, *spec["classes"]}),
        )
        for name, rgb in names.items()
    ]


@cache
def palette() -> dict[str, tuple[float, float, float]]:
    """The colours that coloured kinds come in: red, green, blue in [0, 1]."""
    data = yaml.safe_load((ASSETS / "objects.yaml").read_text())
    return {name: tuple(rgb) for name, rgb in data["colours"].items()}


def colours() -> tuple[str, ...]:
    """The names of the colours that coloured kinds come in."""
    return tuple(palette())


def find(name: str) -> Thing:
    """The catalogue's thing of that name.

    :raises ValueError: if there is none; the message lists the kinds that exist.
    """
    known = catalogue()
    if name not in known:
        coloured = sorted({t.kind for t in known.values() if t.name != t.kind})
        single = sorted(t.name for t in known.values() if t.name == t.kind)
        raise ValueError(
            f"there is no '{name}' in the object catalogue; it has {' and '.join(f'{kind}s' for kind in coloured)} in the colours "
            f"{', '.join(colours())}, and {', '.join(single)}"
        )
    return known[name]
