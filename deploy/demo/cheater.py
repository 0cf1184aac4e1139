"""A provider that cheats: the real daemon, with a sandbox that now and then makes results up.

It is no part of the product. Its vectors are plausible (unit length, near the true ones) and wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocol.result import Outcome
from protocol.spec import Spec
from provider.executors.base import Executor, LeaseWork, OnTaskDone
from requester.recipes.embeddings.codec import HIDDEN


@dataclass
class CheatingExecutor:
    """Wraps an honest executor; every `every`-th task's result is made up."""

    honest: Executor
    every: int
    kind: str = "wasm"
    tasks_seen: int = 0

    def supports(self, spec: Spec) -> bool:
        """As the honest one."""
        return self.honest.supports(spec)

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        """Run honestly, then replace some outcomes."""
        return [self._maybe_forge(outcome) for outcome in self.honest.run(work, on_task_done)]

    def _maybe_forge(self, outcome: Outcome) -> Outcome:
        self.tasks_seen += 1
        is_honest = self.tasks_seen % self.every != 0
        return outcome if is_honest or outcome.failure else Outcome(forge(outcome.output))


def forge(output: bytes) -> bytes:
    """Vectors that look right: each turned a little, and of unit length again.

    `output` is float32[n, 384], little-endian; anything else comes back with a byte flipped.
    """
    if not output or len(output) % (4 * HIDDEN):
        return output[:-1] + bytes([output[-1] ^ 1]) if output else b"\x00"
    vectors = np.frombuffer(output, dtype="<f4").reshape(-1, HIDDEN)
    turned = vectors + 0.2 * np.roll(vectors, 1, axis=1)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    return turned.astype("<f4").tobytes()
