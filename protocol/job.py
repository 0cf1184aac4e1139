"""A job: a signed spec with a price cap, a deadline and N tasks. Mirrors types/Job.sol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.errors import DeadlinePassed, InvalidInput, WrongMarket
from protocol.typed_data import Domain, TypedMessage
from protocol.units import Address, Bytes32

MAX_TASKS = 1_000_000
MAX_ESCROW_WEI = (1 << 88) - 1
"""The most that the chain counts for a job's tasks, and the most for its audits."""


@dataclass(frozen=True)
class Job(TypedMessage):
    """What a requester signs. `operator` is the only account that may commit batches for it."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("requester", "address"),
        ("operator", "address"),
        ("token", "address"),
        ("specHash", "bytes32"),
        ("taskCount", "uint32"),
        ("maxPricePerTask", "uint96"),
        ("auditBudget", "uint96"),
        ("relayerFee", "uint96"),
        ("notBefore", "uint40"),
        ("deadline", "uint40"),
        ("nonce", "uint256"),
    )

    requester: Address
    operator: Address
    token: Address
    spec_hash: Bytes32
    task_count: int
    max_price_per_task: int
    audit_budget: int
    relayer_fee: int
    not_before: int
    deadline: int
    nonce: int

    @property
    def escrow_wei(self) -> int:
        """What `openJob` locks: every task at its highest price, and the audits."""
        return self.task_count * self.max_price_per_task + self.audit_budget

    @property
    def total_wei(self) -> int:
        """The most that the job can cost."""
        return self.escrow_wei + self.relayer_fee

    def job_id(self, domain: Domain) -> Bytes32:
        """The job's identity: the digest that its requester signed."""
        return self.digest(domain)

    def check(self, operator: Address, token: Address, now_seconds: int) -> None:
        """Check the rules that need no chain.

        Raises:
            InvalidInput: zero or too many tasks, a zero price, more money than the chain counts,
                an empty time window.
            WrongMarket: another operator or token.
            DeadlinePassed: the deadline is not in the future.
        """
        if not 1 <= self.task_count <= MAX_TASKS:
            raise InvalidInput(f"a job has 1 to {MAX_TASKS} tasks, not {self.task_count}")
        if self.max_price_per_task == 0:
            raise InvalidInput("maxPricePerTask must be above zero: nobody works for nothing")
        if max(self.task_count * self.max_price_per_task, self.audit_budget) > MAX_ESCROW_WEI:
            raise InvalidInput(
                f"a job locks at most {MAX_ESCROW_WEI} wei for its tasks, and as much for its"
                " audits: split it"
            )
        if self.operator != operator or self.token != token:
            raise WrongMarket(f"this market is operated by {operator} and pays in {token}")
        if self.deadline <= now_seconds:
            raise DeadlinePassed(f"the deadline {self.deadline} has passed (now {now_seconds})")
        if self.not_before >= self.deadline:
            raise InvalidInput("notBefore must come before the deadline")


@dataclass(frozen=True)
class Cancellation(TypedMessage):
    """A requester's wish that no further task of a job is leased."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (("jobId", "bytes32"),)

    job_id: Bytes32
