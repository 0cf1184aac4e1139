"""Gas: from the snapshot that the contracts' tests write and hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bench.figures import Figure
from bench.rounds import Say

SNAPSHOT = Path(__file__).parents[1] / "contracts" / "snapshots" / "gas.json"
# Where these two come from: docs/benchmarks.md.
BATCHED_PAYMENT, BATCHED_PAYMENT_GAS = "published batched payment, 1,000 at a time", 641.0
ONE_JOB, ONE_JOB_GAS = "iExec, one classic task (estimate)", 1_300_000.0
OPEN_JOB = "openJob"
_BATCH = re.compile(r"(\d+) leases? x (\d+) tasks?, per task$")


def measure(folder: Path, say: Say) -> list[Figure]:  # noqa: ARG001
    """Gas a task in batches, and a job alone."""
    say("reading the gas snapshot")
    return figures_of({name: int(gas) for name, gas in json.loads(SNAPSHOT.read_text()).items()})


def figures_of(snapshot: dict[str, int]) -> list[Figure]:
    """The figures of a snapshot; its contract sizes are no gas and stay out."""
    figures = []
    for name, gas in snapshot.items():
        batch = _BATCH.search(name)
        if batch is not None and int(batch[1]) * int(batch[2]) > 1:
            figures.append(_figure(name, gas, BATCHED_PAYMENT, BATCHED_PAYMENT_GAS))
        elif batch is not None:
            whole = gas + snapshot[OPEN_JOB]
            figures.append(
                _figure("a job of one task, open to settled", whole, ONE_JOB, ONE_JOB_GAS)
            )
        elif not name.startswith("size of "):
            figures.append(_figure(name, gas))
    return figures


def _figure(name: str, gas: int, peer: str | None = None, peer_gas: float | None = None) -> Figure:
    return Figure(f"gas: {name}", float(gas), "gas", False, peer, peer_gas)
