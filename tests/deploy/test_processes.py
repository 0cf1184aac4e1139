"""Processes that we start never outlive us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.processes import ProcessEnded, Processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
    "time.sleep(60)",
]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_leaving_ends_every_process(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        pids = [processes.start(name, SLEEP).pid for name in ("one", "two")]
        assert all(is_alive(pid) for pid in pids)
    assert not any(is_alive(pid) for pid in pids)


def test_one_that_ignores_the_request_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.processes.STOP_SECONDS", 0.3)
    with Processes(tmp_path) as processes:
        pid = processes.start("stubborn", STUBBORN).pid
        assert wait_for(lambda: "1" in (tmp_path / "stubborn.log").read_text())
    assert not is_alive(pid)


def test_a_process_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("brief", [sys.executable, "-c", "raise SystemExit('it broke')"])
        with pytest.raises(ProcessEnded, match="brief ended with 1:\nit broke"):
            processes.wait_until(lambda: False, "nothing", 10)


def test_children_end_when_we_are_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.processes import Processes\n"
        f"with Processes(Path({str(tmp_path)!r})) as processes:\n"
        f"    print(processes.start('child', {SLEEP!r}).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    assert is_alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert wait_for(lambda: not is_alive(child))
