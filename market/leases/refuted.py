"""A job that devices have found not to be deterministic is stopped, before money depends on it."""

from __future__ import annotations

from market.accounts.stakes import Stakes
from market.store.records import JobRecord
from market.store.unit import Store
from protocol.errors import NotDeterministic
from protocol.spec import ContainerRuntime
from protocol.units import Address

PROVIDERS_NEEDED = 2


class Refutations:
    """Stops a job once enough providers had two results for one of its tasks.

    A device alone proves nothing: it may be broken, or lie. Wallets are free, so only those count
    that have a stake, which are also those whom such a job endangers. What is committed of the job
    stays; the rest of its escrow comes back when its requester cancels it, or after its deadline.
    """

    def __init__(self, store: Store, stakes: Stakes) -> None:
        self._store = store
        self._stakes = stakes

    def advance(self, now: int) -> None:
        """Stop what is to be stopped."""
        with self._store.read() as unit:
            found = unit.jobs.refuted(PROVIDERS_NEEDED, now)
            refuters = {job.job_id: unit.leases.refuters(job.job_id) for job in found}
        for job in found:
            # A wasm program cannot but be deterministic: whoever says otherwise is wrong.
            if isinstance(job.parsed_spec.runtime, ContainerRuntime):
                self._consider(job, refuters[job.job_id], now)

    def _consider(self, job: JobRecord, refuters: set[Address], now: int) -> None:
        counted = sorted(refuter for refuter in refuters if self._stakes.of(refuter).stake_wei > 0)
        if len(counted) < PROVIDERS_NEEDED:
            return
        with self._store.write() as unit:
            if unit.jobs.stop(job.job_id, _because(counted)):
                data = {"reason": NotDeterministic.code, "providers": counted}
                unit.feed.append("job_stopped", now, job.job_id, data)


def _because(providers: list[Address]) -> str:
    return (
        f"devices of {len(providers)} providers ({', '.join(providers)}) executed one of its tasks"
        " twice and had two results: the program is not deterministic, so no more of it is leased."
        " Cancel the job, and what is left of its escrow comes back"
    )
