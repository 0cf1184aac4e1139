"""Set-up: what a newcomer waits for between cloning and the first command."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from bench.figures import Figure
from bench.rounds import Say
from deploy.processes import ProcessEnded, Processes

ROOT = Path(__file__).parents[1]
SETUP_SECONDS = 900.0


def measure(folder: Path, say: Say) -> list[Figure]:
    """Seconds of `make setup` in a fresh clone of the last commit."""
    clone = folder / "clone"
    say("cloning")
    quiet = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)]
    subprocess.run(quiet, check=True)
    say("make setup in a fresh clone: Python environment, web app")
    begin = time.monotonic()
    with Processes(folder / "logs") as processes:
        setup = processes.start("setup", ["make", "-C", str(clone), "setup"])
        while setup.poll() is None and time.monotonic() - begin < SETUP_SECONDS:
            time.sleep(0.1)
        seconds = time.monotonic() - begin
        if setup.returncode != 0:
            processes.check()
            raise ProcessEnded(f"make setup did not end within {SETUP_SECONDS:.0f} s")
    return [Figure("setup: make setup in a fresh clone", seconds, "s", False)]
