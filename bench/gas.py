"""Gas: from the snapshot that the contracts' tests write and hold."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figures import Figure
from bench.rounds import Say

SNAPSHOT = Path(__file__).parents[1] / "contracts" / "snapshots" / "gas.json"
# Where these two come from: docs/benchmarks.md.
BATCHED_PAYMENT, BATCHED_PAYMENT_GAS = "published batched payment, 1,000 at a time", 641.0
ONE_JOB, ONE_JOB_GAS = "iExec, one classic task (estimate)", 1_300_000.0
# Measured beside ours: contracts/test/NaiveEscrow.sol.
NAIVE = "an escrow for each task"
_NAIVE_KEY, _ONE_TASK_KEY = "naive_escrow_per_task", "single_task_job_total"
_A_TASK = {
    "job_1000_tasks_20_leases_per_task": "a task of 1,000 in 20 leases, open to settled",
    "job_10000_tasks_per_task": "a task of 10,000 in 40 leases, open to settled",
}
_WHOLE = {
    "single_task_job_gasless_total": "a job of one task that the operator opens, open to settled",
    "dispute_total": "a dispute that the provider loses, all its transactions",
}


def measure(folder: Path, say: Say) -> list[Figure]:  # noqa: ARG001
    """Gas a task in jobs of many, a job alone, and what else is sent."""
    say("reading the gas snapshot")
    return figures_of({name: int(gas) for name, gas in json.loads(SNAPSHOT.read_text()).items()})


def figures_of(snapshot: dict[str, int]) -> list[Figure]:
    """The figures of a snapshot; its contract sizes are no gas and stay out."""
    figures = []
    for name, gas in snapshot.items():
        if name in _A_TASK:
            figures.append(_figure(_A_TASK[name], gas, BATCHED_PAYMENT, BATCHED_PAYMENT_GAS))
        elif name == _ONE_TASK_KEY:
            figures.append(_figure("a job of one task, open to settled", gas, ONE_JOB, ONE_JOB_GAS))
            naive_gas = float(snapshot[_NAIVE_KEY])
            figures.append(_figure("the same, beside a naive escrow", gas, NAIVE, naive_gas))
        elif name != _NAIVE_KEY and not name.startswith("size of "):
            figures.append(_figure(_WHOLE.get(name, name), gas))
    return figures


def _figure(name: str, gas: int, peer: str | None = None, peer_gas: float | None = None) -> Figure:
    return Figure(f"gas: {name}", float(gas), "gas", False, peer, peer_gas)
