"""A provider's expiring duty to run some tasks of one job, and the result it signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.typed_data import TypedMessage
from protocol.units import Address, Bytes32


@dataclass(frozen=True)
class Lease(TypedMessage):
    """What a market grants. A new `fence`, above all before of its job, makes a new id."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("jobId", "bytes32"),
        ("provider", "address"),
        ("device", "address"),
        ("firstTask", "uint32"),
        ("count", "uint32"),
        ("pricePerTask", "uint96"),
        ("fence", "uint64"),
    )

    job_id: Bytes32
    provider: Address
    device: Address
    first_task: int
    count: int
    price_per_task: int
    fence: int

    @property
    def lease_id(self) -> Bytes32:
        """The lease's identity: its fence, and 24 bytes of its struct hash.

        So a job's later leases have higher ids: a batch takes its leases by rising id, and tasks
        that are committed in their order cost the least.
        """
        return Bytes32(self.fence.to_bytes(8, "big") + self.struct_hash()[8:])

    @property
    def tasks(self) -> range:
        """The indices of the leased tasks."""
        return range(self.first_task, self.first_task + self.count)

    def result(self, result_root: Bytes32) -> LeaseResult:
        """What its device signs when all is done."""
        return LeaseResult(
            lease_id=self.lease_id,
            job_id=self.job_id,
            provider=self.provider,
            first_task=self.first_task,
            count=self.count,
            amount=self.count * self.price_per_task,
            result_root=result_root,
        )


@dataclass(frozen=True)
class LeaseResult(TypedMessage):
    """What a device signs when its lease is done. Mirrors types/LeaseResult.sol."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("leaseId", "bytes32"),
        ("jobId", "bytes32"),
        ("provider", "address"),
        ("firstTask", "uint32"),
        ("count", "uint32"),
        ("amount", "uint96"),
        ("resultRoot", "bytes32"),
    )

    lease_id: Bytes32
    job_id: Bytes32
    provider: Address
    first_task: int
    count: int
    amount: int
    result_root: Bytes32

    @property
    def tasks(self) -> range:
        """The indices of the tasks."""
        return range(self.first_task, self.first_task + self.count)


@dataclass(frozen=True, slots=True)
class CommittedLease:
    """A lease result in a batch, and the audit rate that its commitment fixed for it."""

    result: LeaseResult
    audit_rate_ppm: int
