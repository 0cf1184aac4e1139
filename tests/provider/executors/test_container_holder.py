"""The holder is a real program: it sleeps and exits."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from protocol.errors import ExecutorUnavailable
from provider.executors.container_holder import write_holder


def test_it_sleeps_for_its_time_and_exits_with_zero(tmp_path: Path) -> None:
    started = time.monotonic()
    finished = subprocess.run([write_holder(tmp_path, 1, "amd64")], check=False, timeout=10)
    assert finished.returncode == 0
    assert 0.9 < time.monotonic() - started < 3


def test_an_unknown_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutorUnavailable, match="riscv64"):
        write_holder(tmp_path, 1, "riscv64")
