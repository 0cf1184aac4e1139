"""`python -m bench`: what it writes, what it keeps, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )


def test_asked_for_one_it_keeps_the_others(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    old = {"unit": "s", "higher_is_better": False, "peer": None, "peer_value": None, "ratio": None}
    rows = [{"name": name, "value": 1.0, **old} for name in ("loop: a", "gas: old", "gone: b")]
    output.write_text(json.dumps(rows))
    done = bench("gas", "--output", str(output))
    assert done.returncode == 0, done.stderr
    names = [row["name"] for row in json.loads(output.read_text())]
    assert names[0] == "loop: a"
    assert "gas: openJob" in names
    assert not {"gas: old", "gone: b"} & set(names)
    assert "openJob" in done.stdout


def test_an_unknown_name_is_refused() -> None:
    done = bench("nonsense")
    assert done.returncode == 2
    assert "no measurement nonsense" in done.stderr


def test_stopped_in_the_middle_it_leaves_nothing_running(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "loop", "--output", str(output)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        children: set[psutil.Process] = set()
        deadline = time.monotonic() + 60
        while len(children) < 2 and time.monotonic() < deadline:
            children |= set(psutil.Process(process.pid).children(recursive=True))
            time.sleep(0.1)
        assert len(children) >= 2
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert "nothing was written" in process.stderr.read()
    assert not any(child.is_running() for child in children)
    assert not output.exists()
