"""Semantic search over embedded texts. The question itself is embedded here: it is but one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from requester.recipes.embeddings.reference import Weights, embed, load_weights
from requester.recipes.embeddings.tokenizer import load_tokenizer, model_files, tokenize


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that answers a question, with the cosine of the two."""

    index: int
    text: str
    cosine: float


class SemanticIndex:
    """Texts and their unit vectors, float32[len(texts), 384]."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        if len(texts) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors for {len(texts)} texts")
        self._texts = texts
        self._vectors = vectors

    def search(self, question: str, count: int = 3) -> list[Hit]:
        """The `count` texts nearest to `question`, the nearest first.

        Raises FileNotFoundError if the model's package is not installed.
        """
        return self.nearest(self._embed(question), count)

    def nearest(self, vector: NDArray[np.float32], count: int = 3) -> list[Hit]:
        """The `count` texts nearest to a unit vector, float32[384]."""
        cosines = self._vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:count]
        return [Hit(int(i), self._texts[i], float(cosines[i])) for i in best]

    def _embed(self, text: str) -> NDArray[np.float32]:
        tokens = tokenize(load_tokenizer(model_files().tokenizer), [text])
        return np.asarray(embed(tokens, self._weights)[0])

    @cached_property
    def _weights(self) -> Weights:
        return load_weights(model_files().weights)
