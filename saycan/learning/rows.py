"""Transcripts as rows of tokens, packed so that a model reads what several share once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import torch

from saycan.learning.transcripts import Transcript

_MOST_PAIRS = 4 * 384**2  # pairs of tokens in one pass: bounds memory


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
