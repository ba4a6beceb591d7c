"""Where the drawer of a cabinet is, by what is seen of it, by where it was, and by how drawers move."""

from __future__ import annotations

from collections.abc import Sequence

from saycan.perception.boxes import may_be_there, unlike
from saycan.perception.rig import Shot
from sim import cabinet
from sim.geometry import Box
from sim.objects import catalogue

_OFF = 0.05  # metres (see ``unlike``) from where a drawer of that cabinet could be


def drawer_of(shell: Box, seen: Box | None, before: Box | None, shots: Sequence[Shot]) -> Box:
    """The drawer of a cabinet: where it is seen, if it can be there; where it was, if no camera sees that the place is empty; or else closed.

    :param shell: the cabinet; ``seen`` what is now called the drawer, if anything is, and ``before``, where it was believed to be.
    """
    if seen is not None and unlike(seen, _pulled_out(shell, cabinet.opening(shell, seen))) < _OFF:
        return seen
    if before is not None and may_be_there(before, shots):
        return before
    return _pulled_out(shell, 0.0)


def _pulled_out(shell: Box, share: float) -> Box:
    return cabinet.drawer_box(shell.position, shell.yaw, share * cabinet.TRAVEL, catalogue()[cabinet.NAME].size)
