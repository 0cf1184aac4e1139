"""What the embeddings are good for: finding the paragraph that answers a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUESTIONS = (
    "How do I make a file that disappears when I am done with it?",
    "How can I compare two texts and show the differences?",
    "How do I pick random numbers that nobody can guess?",
)
BEST = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A paragraph and the cosine between it and the question."""

    text: str
    cosine: float


def nearest(
    question: NDArray[np.float32],
    embeddings: NDArray[np.float32],
    texts: Sequence[str],
    count: int = BEST,
) -> list[Hit]:
    """The `count` texts whose unit vectors (float32[n, 384]) lie nearest to float32[384]."""
    cosines = embeddings @ question
    return [Hit(texts[i], float(cosines[i])) for i in np.argsort(-cosines)[:count]]
