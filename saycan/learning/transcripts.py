"""An expert's ways as texts to learn from, in the form in which the planner will be asked: scene, instruction, numbered steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import torch

from saycan.candidates import DONE
from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask
from saycan.language.examples import REFUSAL
from saycan.language.prompt import Style, continuation, left_after, prompt
from saycan.language.unknown import could_be_inside
from saycan.learning.nouns import UnsuitableError
from saycan.learning.tasks import draw_tasks
from saycan.perception import view_of
from saycan.types import Episode, SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.relations import is_in, is_open
from sim.state import WorldState

STYLE = Style(examples=0, places=True)
"""What a trained planner reads. ``configs/planner/trained.yaml`` says the same."""

_FAILS, _STRAYS = 0.12, 0.04  # shares of steps at which a try fails, or something is done that was not asked for
_FALLS = (
    0.3  # share of failures to put something down after which it lies elsewhere: the text does not tell, "can" does
)
_HIDDEN = 0.6  # share of tasks about the inside of a closed drawer in which that is not seen
_OTHER_WAY = 0.1  # share of choices that are any right one: which, nothing in the text tells
_MOST_STEPS = 12
_PER_SCENE = 3
_MOST_PAIRS = 4 * 384**2  # pairs of tokens in one pass: bounds memory

Segment = tuple[str, bool]
"""A piece of text, and whether it is to be learned."""


@dataclass(frozen=True)
class Transcript:
    """One episode as text.

    :param scene: the line that tasks in the same scene share, if they do.
    :param segments: what follows it.
    """

    scene: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return self.scene + "".join(text for text, _ in self.segments)


def transcript(rng: np.random.Generator, task: SuiteTask, start: WorldState, style: Style = STYLE) -> Transcript:
    """The way of the expert through a task. Some tries fail: they are learned, that they failed is read. Steps astray, and now and then another right choice, are only read.

    :raises UnsuitableError: after a step astray there was no way any more.
    """
    expert = None if task.refuse else Expert(task.goal, start)
    hidden = frozenset[str]() if expert is None else _hidden(rng, task, start, expert)
    first = _without(view_of(start), hidden)
    asked = prompt(task.instruction, Episode(task.instruction), first, style)
    scene, instruction = asked.split("\n", 1)
    segments: list[Segment] = [(instruction, False)]
    if task.refuse:
        return Transcript(scene + "\n", (*segments, (continuation(REFUSAL), True)))
    assert expert is not None, "what is to be declined has no way"
    now, number = start, 1
    while best := expert.best(now):
        choice = best[0] if rng.random() > _OTHER_WAY else best[int(rng.integers(len(best)))]
        astray = expert.stray(rng, now) if number < _MOST_STEPS - 5 and rng.random() < _STRAYS else None
        if number > 2 * _MOST_STEPS:
            raise UnsuitableError  # in circles: what the goal needs has become impossible
        if astray is not None:
            segments += [(continuation(astray.text), False)]
            choice = astray
        elif choice != DONE and rng.random() < _FAILS:
            segments += [(f" {choice.text}", choice == best[0]), (f" (failed)\n{number + 1}.", False)]
            number += 1
            if now.held is not None and rng.random() < _FALLS:  # it has to be picked up again
                segments += [(continuation(f"pick up the {now.held}"), True), (f"{number + 1}.", False)]
                number += 1
            continue
        else:
            segments += [(continuation(choice.text), choice == best[0])]
        if choice == DONE:
            break
        after = expert.after(now, choice)
        assert after is not None, "the expert chooses what is possible"
        now, number = after, number + 1
        hidden = hidden if _shut(now) else frozenset()
        told = left_after(True, first, _without(view_of(now), hidden), task.instruction) if style.places else ""
        segments += [(f"{told}{number}.", False)]
    else:
        raise UnsuitableError
    return Transcript(scene + "\n", tuple(segments))


def _hidden(rng: np.random.Generator, task: SuiteTask, start: WorldState, expert: Expert) -> frozenset[str]:
    """What is in a drawer that has to be opened first is often not seen before, where the instruction speaks of the drawer."""
    opens = [choice.skill for choice in expert.best(start)[:1]] == ["open_drawer"]
    if not (opens and could_be_inside(task.instruction, start.drawer)) or rng.random() > _HIDDEN:
        return frozenset()
    return frozenset(
        n for n, box in start.boxes.items() if n not in (DRAWER, SHELL) and is_in(box, start.boxes[DRAWER])
    )


def _shut(state: WorldState) -> bool:
    return state.drawer is not None and not is_open(state.drawer)


def _without(view: SceneView, names: frozenset[str]) -> SceneView:
    """A view in which some things are not seen."""
    boxes = {name: box for name, box in view.boxes.items() if name not in names}
    relations = tuple(fact for fact in view.relations if not names & set(fact[1:]))
    return replace(view, boxes=boxes, relations=relations)


def draw_scene_of_transcripts(rng: np.random.Generator) -> list[Transcript]:
    """Transcripts of a few tasks in one scene."""
    found = []
    for task, start in draw_tasks(rng, _PER_SCENE):
        with suppress(UnsuitableError):
            found.append(transcript(rng, task, start))
    return found


@dataclass(frozen=True)
class Rows:
    """Transcripts as rows of tokens: those of one scene read its line once, and do not see each other.

    :param tokens: shape (R, T), padded with 0.
    :param positions: of each token in its own transcript, shape (R, T).
    :param mask: what each token may see, shape (R, 1, T, T), bool.
    :param learn: whether a token is to be predicted from the one that its transcript has before it, shape (R, T).
    :param before: index of that token in the row, shape (R, T).
    :param whose: number of the transcript that has it, counted through all groups, shape (R, T); -1 for what several share, and pads.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    learn: torch.Tensor
    before: torch.Tensor
    whose: torch.Tensor


Encode = Callable[[str], Sequence[int]]


def rows(groups: Sequence[Sequence[Transcript]], encode: Encode, longest: int = 384) -> list[Rows]:
    """Pack transcripts, each group with its scenes' lines read once where they are the same, into rows of about equal length.

    :param longest: tokens of a row; a group that has more is taken apart, a single transcript may have more.
    :return: portions, each small enough to go through a model at once.
    """
    branches: list[list[_Piece]] = []
    numbers = count()
    for group in groups:
        numbered = [(next(numbers), transcript) for transcript in group]
        whole = _branches(numbered, encode)
        fits = _size(whole) <= longest
        branches += [whole] if fits else [_branches([one], encode) for one in numbered]
    packed: list[list[_Piece]] = []
    for pieces in sorted((pieces for pieces in branches if pieces), key=_size, reverse=True):
        room = (row for row in packed if _size(row) + _size(pieces) <= longest)
        row = next(room, None)
        if row is None:
            packed.append(row := [])
        shift = len(row)
        row += [x.moved(shift) for x in pieces]
    return [_as_rows(portion) for portion in _portions(packed)]


def _portions(packed: Sequence[list[_Piece]]) -> Iterator[list[list[_Piece]]]:
    """Rows of about the same length, as many as fit: what attention keeps grows with the square of it."""
    portion: list[list[_Piece]] = []
    for row in sorted(packed, key=_size, reverse=True):
        if portion and (len(portion) + 1) * _size(portion[0]) ** 2 > _MOST_PAIRS:
            yield portion
            portion = []
        portion.append(row)
    if portion:
        yield portion


@dataclass(frozen=True)
class _Piece:
    """Tokens that follow another piece of the row, or nothing (-1); whose they are, if not several transcripts' (-1)."""

    tokens: list[int]
    learn: list[bool]
    parent: int
    whose: int

    def moved(self, by: int) -> _Piece:
        return replace(self, parent=self.parent + by if self.parent >= 0 else -1)


def _size(pieces: Sequence[_Piece]) -> int:
    return sum(len(piece.tokens) for piece in pieces)


def _branches(group: Sequence[tuple[int, Transcript]], encode: Encode) -> list[_Piece]:
    pieces: list[_Piece] = []
    for scene in dict.fromkeys(t.scene for _, t in group):
        root = len(pieces)
        tokens = list(encode(scene))
        pieces.append(_Piece(tokens, [False] * len(tokens), -1, -1))
        for number, t in group:
            if t.scene == scene:
                coded = [(list(encode(text)), learn) for text, learn in t.segments]
                flags = [learn for ids, learn in coded for _ in ids]
                pieces.append(_Piece([i for ids, _ in coded for i in ids], flags, root, number))
    return pieces


def _as_rows(packed: Sequence[Sequence[_Piece]]) -> Rows:
    size = max(map(_size, packed))
    tokens, positions, before = (np.zeros((len(packed), size), dtype=np.int64) for _ in range(3))
    learn, whose = np.zeros((len(packed), size), dtype=bool), np.full((len(packed), size), -1)
    mask = np.tile(np.eye(size, dtype=bool), (len(packed), 1, 1))  # a pad sees itself: softmax needs something
    for r, row in enumerate(packed):
        spans: list[slice] = []
        at = 0
        for piece in row:
            span = slice(at, at + len(piece.tokens))
            above = spans[piece.parent] if piece.parent >= 0 else slice(at, at)
            depth = above.stop - above.start
            tokens[r, span], learn[r, span], whose[r, span] = piece.tokens, piece.learn, piece.whose
            positions[r, span] = np.arange(depth, depth + len(piece.tokens))
            before[r, span] = np.arange(at - 1, span.stop - 1)
            before[r, at] = max(above.stop - 1, 0)
            mask[r, span, span] = np.tri(len(piece.tokens), dtype=bool)
            mask[r, span, above] = True
            spans.append(span)
            at = span.stop
    parts = (tokens, positions, mask[:, None], learn, before, whose)
    return Rows(*(torch.from_numpy(part) for part in parts))
