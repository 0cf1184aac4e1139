"""Batches, leases and events as the chain would tell them, for tests without a chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocol.lease import CommittedLease, LeaseResult
from protocol.result import Opening, open_task, result_root
from protocol.units import Address, Bytes32
from tests.protocol.make_vectors import word

HOLDERS = [Address("0x" + f"{i:02x}" * 20) for i in range(0x21, 0x27)]
OPERATOR, REQUESTER, PROVIDER = (Address("0x" + f"{i:02x}" * 20) for i in (0x31, 0x32, 0x33))


@dataclass(frozen=True)
class Told:
    """An event of a chain that is not there."""

    kind: str
    args: dict[str, Any]
    block_number: int = 10
    timestamp: int = 1000


@dataclass(frozen=True)
class Work:
    """A lease's result with all that opens it."""

    first_task: int = 8
    count: int = 4
    rate_ppm: int = 1_000_000
    name: str = "lease"
    provider: Address = PROVIDER
    digests: tuple[Bytes32, ...] = field(default=())

    @property
    def lease_id(self) -> Bytes32:
        return word(self.name)

    @property
    def all_digests(self) -> tuple[Bytes32, ...]:
        return self.digests or tuple(word(f"{self.name} {i}") for i in range(self.count))

    @property
    def lease(self) -> CommittedLease:
        root = result_root(self.lease_id, self.first_task, self.all_digests, word("salt"))
        result = LeaseResult(
            lease_id=self.lease_id,
            job_id=word("job"),
            provider=self.provider,
            first_task=self.first_task,
            count=self.count,
            amount=10**17 * self.count,
            result_root=root,
        )
        return CommittedLease(result, self.rate_ppm)

    def opening(self, task: int) -> Opening:
        return open_task(self.lease_id, self.first_task, self.all_digests, word("salt"), task)


def committed(work: Work, batch_id: int = 1, block_number: int = 10) -> Told:
    args = {
        "batch_id": batch_id,
        "operator": OPERATOR,
        "root": word("batch root"),
        "leases": (work.lease,),
    }
    return Told("BatchCommitted", args, block_number)


def seeded(batch_id: int = 1, timestamp: int = 1001) -> Told:
    return Told("SeedFixed", {"batch_id": batch_id, "seed": word("seed")}, 12, timestamp)


def disputed(work: Work, challenger: Address, dispute_id: int = 1, timestamp: int = 1010) -> Told:
    args = {
        "dispute_id": dispute_id,
        "lease_id": work.lease_id,
        "challenger": challenger,
        "batch_id": 1,
        "task": work.first_task,
        "provider": work.provider,
        "lease": work.lease,
        "index": 0,
    }
    return Told("DisputeOpened", args, 14, timestamp)
