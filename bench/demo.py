"""The demo's own times: of the last run, or of one that is made now."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.rounds import Say
from deploy.processes import ProcessEnded, Processes

SUMMARY = Path(__file__).parents[1] / "build" / "demo" / "summary.json"
RUN_SECONDS = 600.0


def measure(folder: Path, say: Say) -> list[Figure]:
    """Seconds of the whole demo and of each of its stages."""
    if not SUMMARY.is_file():
        say("running the demo, for there is no summary of an earlier run")
        _run_demo(folder)
    return figures_of(json.loads(SUMMARY.read_text()))


def figures_of(summary: dict[str, Any]) -> list[Figure]:
    """The figures of a summary."""
    stages: dict[str, float] = summary["seconds_by_stage"]
    whole = Figure("demo: whole", summary["wall_seconds"], "s", False)
    return [whole, *(Figure(f"demo: {name}", s, "s", False) for name, s in stages.items())]


def _run_demo(folder: Path) -> None:
    """Run it as `make demo` does, and end it with us whatever happens."""
    with Processes(folder / "logs") as processes:
        demo = processes.start("demo", [sys.executable, "-m", "deploy.demo"])
        give_up_at = time.monotonic() + RUN_SECONDS
        while demo.poll() is None and time.monotonic() < give_up_at:
            time.sleep(0.5)
        if demo.returncode != 0:
            processes.check()
            raise ProcessEnded(f"the demo did not end within {RUN_SECONDS:.0f} s")
