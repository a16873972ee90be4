"""Choosing among candidates by agreement alone: scores that need no expected value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def dual_agreement(passed: ArrayLike) -> NDArray[np.float64]:
    """A score a solution from `passed`, shape (solutions, tests): whether it passes a test that nobody vouches for.

    CodeT (Chen et al. 2022): solutions that pass the very same tests form a set, whose score is
    sqrt(number of solutions) times the number of tests they pass. Raises ValueError unless there are two dimensions.
    """
    table = np.asarray(passed, dtype=bool)
    if table.ndim != 2:
        raise ValueError(f"expected solutions x tests, found {table.ndim} dimensions")
    if not table.size:
        return np.zeros(len(table))
    _, which, sizes = np.unique(table, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(np.sqrt(sizes[which.reshape(-1)]) * table.sum(axis=1), dtype=float)


def output_agreement(signatures: Sequence[str]) -> NDArray[np.float64]:
    """A score a solution: the share of the other solutions with the same outputs on the same inputs.

    Clustering by outputs as AlphaCode does (Li et al. 2022), which is minimum Bayes risk with exact match (MBR-exec,
    Shi et al. 2022). A solution without outputs (an empty signature) agrees with nobody.
    """
    counts = {name: signatures.count(name) - 1 for name in set(signatures) if name}
    others = max(1, len(signatures) - 1)
    return np.array([counts.get(name, 0) / others for name in signatures], dtype=float)
