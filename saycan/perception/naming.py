"""Names for proposals: what looks like what, how large things of that name are, and which proposals are things at all."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from saycan.perception.clip import Matcher
from saycan.perception.crops import crop
from saycan.perception.proposals import Proposal
from saycan.perception.rig import Shot
from saycan.perception.sizes import is_solid, log_fit
from sim import cabinet
from sim.objects import catalogue

# Of what may be a part of another thing: least probability of its name, most of that one's if that is hollow, and if it is solid.
_SURE, _UNLIKE, _ALIEN = 0.5, 1.5e-2, 1e-3
_HIDDEN = 0.25  # weight of how large it is, of what the fingers hide in part
_STEP = 0.005  # metres by which one thing's top is above another's that it stands on
_NEW = -3.0  # log-odds of a thing that was never seen before against one that was
_FLOOR = -30.0  # log-probability below which names are all the same

Named = dict[str, tuple[Proposal, float]]
"""From a name to what it was given to, and how surely, 0 to 1."""


def looks(matcher: Matcher, proposals: Sequence[Proposal], shots: Sequence[Shot]) -> np.ndarray:
    """log p(phrase | what is seen), shape (K, phrases): the pictures' votes weighed by how much of the thing each shows."""
    crops, of, weights = [], [], []
    for number, proposal in enumerate(proposals):
        for mask, shot in zip(proposal.masks, shots, strict=True):
            if mask.any():
                crops.append(crop(shot.picture.rgb, mask))
                of.append(number)
                weights.append(mask.sum() / proposal.pixels)
    each = matcher.logits(crops)
    logits = np.zeros((len(proposals), len(matcher.phrases)))
    np.add.at(logits, of, np.array(weights)[:, None] * each)
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def name(
    proposals: Sequence[Proposal],
    log_p: np.ndarray,
    phrases: Sequence[str],
    least: float,
    known: Collection[str] = (),
) -> Named:
    """The names that fit best, each given once; what fits none well enough is left out.

    :param log_p: how each proposal looks, shape (K, phrases).
    :param least: score from which on a name is given.
    :param known: what was there before, if there was a before: that something else appears is unlikely.
    """
    if known:
        log_p = log_p + np.where([phrase in known for phrase in phrases], 0.0, _NEW)
        log_p = log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True)
    fit = log_fit([p.box for p in proposals], phrases, [not _stands_on_any(p, proposals) for p in proposals])
    things = _things(proposals, log_p, fit, phrases)
    if not things:
        return {}
    kept = [proposals[i] for i in things]
    log_p = (log_p + np.where([[p.held] for p in proposals], _HIDDEN * fit, fit))[things]
    pairs = zip(*linear_sum_assignment(-np.maximum(log_p, _FLOOR)), strict=True)
    scores = {phrases[column]: (kept[row], math.exp(log_p[row, column])) for row, column in pairs}
    return {phrase: (proposal, score) for phrase, (proposal, score) in scores.items() if score >= least}


def _things(proposals: Sequence[Proposal], log_p: np.ndarray, fit: np.ndarray, phrases: Sequence[str]) -> list[int]:
    """Which proposals are things of their own: what may be a part of another thing has to look unlike that.

    In what is hollow it may also be of another size; but nothing is seen inside something solid.
    """
    best, surely = log_p.argmax(1), log_p.max(1) > math.log(_SURE)
    solid = [is_solid(phrases[b]) for b in best]
    kept: list[int] = []
    for i, p in enumerate(proposals):
        hosts = [h for h in p.hosts if h in kept]
        unlike = [
            log_p[i, best[h]] < math.log(_ALIEN) if solid[h] else (log_p + fit)[i, best[h]] < math.log(_UNLIKE)
            for h in hosts
        ]
        if not hosts or (surely[i] and all(unlike)):
            kept.append(i)
    return kept


def _stands_on_any(proposal: Proposal, others: Sequence[Proposal]) -> bool:
    """Whether there is something under a thing: how far down the thing reaches is then hardly seen."""
    box = proposal.box
    below = (other.box for other in others if other is not proposal and other.box.top < box.top - _STEP)
    return any(other.covers(box.position) and box.covers(other.position) for other in below)


def classes_of(name: str) -> frozenset[str]:
    """Words for a thing: the catalogue's; or what all things there have in common that the last word of its name is said of."""
    if name == cabinet.SHELL:
        return cabinet.shell().classes
    if thing := catalogue().get(name):
        return thing.classes
    word = name.split()[-1]
    alike = [t.classes for t in catalogue().values() if word in t.classes and not t.is_fixture]
    return frozenset.intersection(*alike) if alike else frozenset({word})


def is_movable(name: str) -> bool:
    """Whether a thing of that name is no fixture."""
    return "fixture" not in classes_of(name)


def holds(name: str) -> bool:
    """Whether things may lie in a thing of that name."""
    return name == cabinet.NAME or "receptacle" in classes_of(name)
