"""This machine's processors: the classes that they belong to, and which ones a container gets."""

from __future__ import annotations

import os
import platform
import random
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from protocol.errors import ExecutorUnavailable
from protocol.spec import Spec

CPUINFO = Path("/proc/cpuinfo")
# The psABI's microarchitecture levels in Linux's words; each holds those before it.
_LEVELS = (
    ("x86-64-v2", ("cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3")),
    ("x86-64-v3", ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave")),
    ("x86-64-v4", ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")),
)


def classes_of(architecture: str, flags: Collection[str]) -> tuple[str, ...]:
    """The CPU classes (`protocol.spec.CPU_CLASSES`) of a processor with those flags."""
    if architecture in {"aarch64", "arm64"}:
        return ("arm64",)
    found: list[str] = []
    if architecture in {"x86_64", "amd64", "AMD64"}:
        for name, needed in _LEVELS:
            if not set(needed) <= set(flags):
                break
            found.append(name)
    return tuple(found)


def flags_of(cpu_class: str) -> tuple[str, ...]:
    """The flags that a processor of an x86-64 class has at least, above those that all have."""
    names = [name for name, _ in _LEVELS]
    levels = _LEVELS[: names.index(cpu_class) + 1]
    return tuple(flag for _, flags in levels for flag in flags)


@cache
def cpu_classes() -> tuple[str, ...]:
    """The classes of this machine: what all of its processors can do."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        lines = []
    flags = [set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")]
    return classes_of(platform.machine(), set.intersection(*flags) if flags else set())


def require_cpu_class(spec: Spec, available: Collection[str] | None = None) -> None:
    """Check that this machine has the class that a spec demands.

    Raises:
        ExecutorUnavailable: it has not; whatever it computed could be another result.
    """
    wanted = spec.resources.cpu_class
    have = cpu_classes() if available is None else available
    if wanted is not None and wanted not in have:
        shown = ", ".join(have) or "none that is known"
        raise ExecutorUnavailable(
            f"the spec demands the CPU class {wanted}, this machine has {shown}:"
            " leave the task to another machine"
        )


def cpu_count(cpu_millis: int) -> int:
    """How many processors a container sees: enough for its share, and no more anywhere."""
    return -(-cpu_millis // 1000)


class CpuPins:
    """Which processors this process's containers are on: the least used ones come next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[int] = Counter()

    @contextmanager
    def pinned(self, count: int) -> Iterator[tuple[int, ...]]:
        """`count` processors for as long as the block lasts.

        Raises:
            ExecutorUnavailable: the machine has fewer.
        """
        with self._lock:
            chosen = self._choose(count)
            self._users.update(chosen)
        try:
            yield chosen
        finally:
            with self._lock:
                self._users.subtract(chosen)

    def _choose(self, count: int) -> tuple[int, ...]:
        allowed = _allowed()
        if count > len(allowed):
            raise ExecutorUnavailable(
                f"the spec demands {count} processors, this machine lends {len(allowed)}"
            )
        # Chance among equals: several daemons on one machine must not all take the first.
        random.shuffle(allowed)
        return tuple(sorted(sorted(allowed, key=lambda cpu: self._users[cpu])[:count]))


def _allowed() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return list(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
