"""Which audits are mine: the same draws as the contract's, made from the chain's facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.chain.view import OpenBatch
from protocol.sampling import Seat, draw_verifiers
from protocol.units import Address, Bytes32


@dataclass(frozen=True, slots=True)
class AuditKey:
    """One task of one committed lease. Nobody is drawn for both rounds of a task."""

    batch_id: Bytes32
    lease_id: Bytes32
    task: int


def my_audits(batch: OpenBatch, seats: Sequence[Seat], me: Address) -> dict[AuditKey, int]:
    """The audits of a seeded batch that `me` is drawn for, each with the attempt that drew it.

    `seats` are those that existed when the batch was committed, in order.
    """
    if batch.seed is None:
        return {}
    mine: dict[AuditKey, int] = {}
    for line in range(len(batch.batch.lines)):
        mine |= _of_line(batch, batch.seed, line, seats, me)
    return mine


def _of_line(
    batch: OpenBatch, seed: Bytes32, line: int, seats: Sequence[Seat], me: Address
) -> dict[AuditKey, int]:
    content = batch.batch
    result, rate_ppm = content.result(line), content.audit_rate_ppm(line)
    excluded = {result.provider, content.requester(line), content.operator}
    return {
        AuditKey(batch.batch_id, result.lease_id, task): draw.attempt
        for task in result.tasks
        for draw in draw_verifiers(
            seed, result.lease_id, task, rate_ppm, seats, batch.commit_block, excluded
        )
        if draw.holder == me
    }
