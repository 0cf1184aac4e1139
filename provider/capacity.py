"""What a device can offer, with enough left for its owner."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

KEPT_MEMORY_BYTES = 512 << 20
MEMORY_SHARE = 2
DISK_SHARE = 4


@dataclass(frozen=True, slots=True)
class Capacity:
    """Resources, as an offer names them."""

    cpu_millis: int
    memory_bytes: int
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What the machine has now."""

    cores: int
    available_memory_bytes: int
    free_disk_bytes: int


def measure(directory: Path) -> Measured:
    """Ask the operating system; the disk is the one of `directory`."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = psutil.cpu_count() or 1
    memory = psutil.virtual_memory().available
    return Measured(cores, memory, psutil.disk_usage(str(directory)).free)


def offered(measured: Measured, executions: int) -> Capacity:
    """What to offer: a core for each execution, half of the spare memory, a quarter of the disk.

    A container's disk is a tmpfs, so it is bounded by memory as well.
    """
    spare_bytes = max(0, measured.available_memory_bytes - KEPT_MEMORY_BYTES)
    return Capacity(
        cpu_millis=1000 * min(executions, measured.cores),
        memory_bytes=spare_bytes // MEMORY_SHARE,
        disk_bytes=min(measured.free_disk_bytes, spare_bytes) // DISK_SHARE,
    )
