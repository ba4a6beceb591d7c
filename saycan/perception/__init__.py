"""Look at the world: from what can be sensed to a ``SceneView``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saycan.perception.base import Perception
from saycan.perception.oracle import Oracle, view_of
from sim.cli import InputError

if TYPE_CHECKING:
    from saycan.perception.clip import Matcher
    from saycan.perception.votes import VoteNet

__all__ = ["Oracle", "Perception", "open_eyes", "view_of"]


def open_eyes(config: Any) -> Perception:
    """A camera perception as ``configs/perception/camera.yaml`` describes it; its networks are loaded once in a process.

    :raises InputError: if a network cannot be had, or a setting makes no sense.
    """
    from saycan.perception import camera, rig

    if not config.cameras:
        raise InputError("perception.cameras is empty: give at least one camera")
    if config.every < 1:
        raise InputError(f"perception.every must be 1 or more, not {config.every}")
    if isinstance(config.phrases, str):
        raise InputError("perception.phrases is a list of names, as in perception.phrases=[red cube,green dish]")
    phrases = tuple(config.phrases) if config.phrases else None
    network, matcher = _networks(config.votes, config.model, config.pretrained, phrases)
    return camera.CameraPerception(network, matcher, rig.from_config(config.cameras), config.every, config.least)


@cache
def _networks(
    votes: str | None, model: str, pretrained: str | None, phrases: tuple[str, ...] | None
) -> tuple[VoteNet, Matcher]:
    from saycan.perception import clip
    from saycan.perception.votes import load

    network = load(Path(str(votes)) if votes else clip.VOTES)
    return network, clip.load(model, pretrained, clip.phrases_of(phrases))
