"""Batches, leases and events as the chain would tell them, for tests without a chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocol.batch import Batch, JobRef, LeaseLine, Party
from protocol.dispute import Verdict
from protocol.lease import LeaseResult
from protocol.result import Opening, open_task, result_root
from protocol.units import Address, Bytes32
from tests.protocol.make_vectors import word

PRICE_WEI = 10**17
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
    stake_wei: int = PRICE_WEI * 4 // 5
    """With so much, every task is audited: 1.8 R / (S + R) is 1."""
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
    def batch(self) -> Batch:
        """A batch of this lease alone."""
        root = result_root(self.lease_id, self.first_task, self.all_digests, word("salt"))
        line = LeaseLine(
            lease_id=self.lease_id,
            result_root=root,
            job=0,
            provider=0,
            first_task=self.first_task,
            count=self.count,
            amount=PRICE_WEI * self.count,
        )
        jobs = (JobRef(word("job"), REQUESTER, 100),)
        return Batch(OPERATOR, jobs, (Party(self.provider, self.stake_wei),), (line,))

    @property
    def lease(self) -> LeaseResult:
        return self.batch.result(0)

    @property
    def batch_id(self) -> Bytes32:
        return self.batch.batch_id()

    def opening(self, task: int) -> Opening:
        return open_task(self.lease_id, self.first_task, self.all_digests, word("salt"), task)


def committed(work: Work, block_number: int = 10, timestamp: int = 1000) -> Told:
    args = {"batch_id": work.batch_id, "batch": work.batch}
    return Told("BatchCommitted", args, block_number, timestamp)


def seeded(work: Work, timestamp: int = 1001) -> Told:
    return Told("SeedFixed", {"batch_id": work.batch_id, "seed": word("seed")}, 12, timestamp)


def disputed(work: Work, challenger: Address, dispute_id: int = 1, timestamp: int = 1010) -> Told:
    args = {
        "dispute_id": dispute_id,
        "lease_id": work.lease_id,
        "challenger": challenger,
        "batch_id": work.batch_id,
        "task": work.first_task,
        "line": 0,
        "lease": work.lease,
        "requester": REQUESTER,
        "operator": OPERATOR,
    }
    return Told("DisputeOpened", args, 14, timestamp)


def resolved(verdict: Verdict, dispute_id: int = 1, timestamp: int = 1050) -> Told:
    return Told("DisputeResolved", {"dispute_id": dispute_id, "verdict": verdict}, 60, timestamp)


def paid(work: Work, task: int, audit_round: int, verifier: Address) -> Told:
    args = {
        "batch_id": work.batch_id,
        "lease_id": work.lease_id,
        "verifier": verifier,
        "job_id": word("job"),
        "task": task,
        "round": audit_round,
        "fee_wei": 1,
    }
    return Told("AuditAccepted", args, 16, 1020)
