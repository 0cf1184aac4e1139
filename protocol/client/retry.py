"""How often and how long apart a call is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

MAX_ASKED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential backoff with jitter; `random` gives numbers in [0, 1)."""

    attempts: int = 4
    base_seconds: float = 0.2
    cap_seconds: float = 5.0
    random: Callable[[], float] = random.random

    def delay_seconds(self, failures: int, asked_seconds: float = 0.0) -> float:
        """How long to wait after the `failures`-th failure in a row (1 is the first).

        `asked_seconds` is the other side's Retry-After: never less than that, up to half a minute.
        """
        ceiling_seconds = min(self.cap_seconds, self.base_seconds * 2.0 ** min(failures - 1, 16))
        jittered_seconds = ceiling_seconds * (0.5 + 0.5 * self.random())
        return max(jittered_seconds, min(asked_seconds, MAX_ASKED_SECONDS))


NO_RETRY = Retry(attempts=1)
