"""Which audits are mine: the same draws as the contract's, made from the chain's facts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol.sampling import Seat, audited_tasks, draw_verifier
from protocol.units import Address, Bytes32
from verifier.chain_view import Batch


@dataclass(frozen=True, slots=True)
class AuditKey:
    """One task of one committed lease."""

    batch_id: int
    lease_id: Bytes32
    task: int


def my_audits(
    batch: Batch, seats: Sequence[Seat], requesters: Mapping[Bytes32, Address], me: Address
) -> tuple[AuditKey, ...]:
    """The audits of a seeded batch that `me` is drawn for.

    `seats` are those that existed when the batch was committed, in order; `requesters` names the
    requester of every job in the batch.
    """
    if batch.seed is None:
        return ()
    mine = []
    for lease in batch.leases:
        result = lease.result
        excluded = {result.provider, requesters[result.job_id], batch.operator}
        drawn = audited_tasks(batch.seed, result.lease_id, result.tasks, lease.audit_rate_ppm)
        for task in drawn:
            draw = draw_verifier(
                batch.seed, result.lease_id, task, seats, batch.commit_block, excluded
            )
            if draw is not None and draw.holder == me:
                mine.append(AuditKey(batch.batch_id, result.lease_id, task))
    return tuple(mine)
