"""A trie of token sequences, flattened for one forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Trie:
    """Distinct beginnings of some token sequences, each beginning once, parents before children.

    :param tokens: token of each node.
    :param parents: index of each node's parent; -1: it follows the prompt directly.
    :param paths: for each sequence, the indices of its nodes in order.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    paths: list[list[int]] = field(default_factory=list)

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]]) -> Trie:
        """Build the trie of some token sequences."""
        trie = cls()
        children: dict[tuple[int, int], int] = {}
        for sequence in sequences:
            node, path = -1, []
            for token in sequence:
                key = (node, token)
                if key not in children:
                    children[key] = len(trie.tokens)
                    trie.tokens.append(token)
                    trie.parents.append(node)
                node = children[key]
                path.append(node)
            trie.paths.append(path)
        return trie

    def __len__(self) -> int:
        return len(self.tokens)

    def inner(self) -> np.ndarray:
        """Indices of the nodes that have children, in order, shape (M,)."""
        parents = np.unique(np.array(self.parents, dtype=np.int64))
        return parents[parents >= 0]

    def depths(self) -> np.ndarray:
        """How many tokens stand before each node after the prompt, shape (N,)."""
        depths = np.zeros(len(self), dtype=np.int64)
        for node, parent in enumerate(self.parents):
            depths[node] = 0 if parent < 0 else depths[parent] + 1
        return depths

    def sees(self) -> np.ndarray:
        """Whether row's node may attend to column's node: itself and its ancestors, bool, shape (N, N)."""
        sees = np.eye(len(self), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] |= sees[parent]
        return sees


def in_chunks(sequences: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Indices of the sequences in groups whose tries have at most ``most`` nodes (a longer sequence gets a group of its own).

    Neighbours in sorted order share the most, so groups are cut from that order.
    """
    groups: list[list[int]] = []
    size, last = most + 1, []  # type: int, Sequence[int]
    for index in sorted(range(len(sequences)), key=lambda i: list(sequences[i])):
        sequence = sequences[index]
        shared = next(
            (k for k, (a, b) in enumerate(zip(sequence, last, strict=False)) if a != b), min(len(sequence), len(last))
        )
        if size + len(sequence) - shared > most:
            groups.append([])
            size, shared = 0, 0
        groups[-1].append(index)
        size += len(sequence) - shared
        last = sequence
    return groups
