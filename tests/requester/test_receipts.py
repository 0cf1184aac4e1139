"""Receipts against the chain's events."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from protocol.batch import Batch, JobRef, LeaseLine, Party
from protocol.chain.events import ChainEvent
from protocol.client.wire import AuditPayment, Payment, Receipt
from protocol.errors import Conflict
from protocol.lifecycle import JobStatus
from protocol.units import Address, Bytes32
from requester.receipts import verify_receipt

JOB, LEASE, TRANSACTION = (Bytes32(bytes([n]) * 32) for n in (1, 2, 3))
PROVIDER = Address("0x" + "00" * 19 + "01")
VERIFIER = Address("0x" + "00" * 19 + "02")
REQUESTER = Address("0x" + "00" * 19 + "03")
OTHER_LEASE = Bytes32(bytes(32))

RECEIPT = Receipt(
    job_id=JOB,
    status=JobStatus.SETTLED,
    escrow_wei=100,
    refunded_wei=30,
    payments=[
        Payment(
            lease_id=LEASE,
            provider=PROVIDER,
            first_task=0,
            count=2,
            amount_wei=60,
            batch_id=JOB,
            result_root=JOB,
            transaction=TRANSACTION,
        )
    ],
    audits=[
        AuditPayment(lease_id=LEASE, task=1, verifier=VERIFIER, fee_wei=10, transaction=TRANSACTION)
    ],
    slashes=[],
)


def batch(job_id: Bytes32, lease_id: Bytes32, amount_wei: int) -> Batch:
    """Of two leases; the other one is not paid yet."""
    jobs = (JobRef(job_id, VERIFIER, 9),)
    lines = tuple(
        LeaseLine(each, JOB, job=0, provider=0, first_task=first, count=2, amount=amount_wei)
        for first, each in enumerate((TRANSACTION, lease_id))
    )
    return Batch(VERIFIER, jobs, (Party(PROVIDER, 0),), lines)


def settlement(number: int, of: Batch) -> list[ChainEvent]:
    """The batch's commitment, and the payment of its second lease."""
    batch_id = Bytes32(bytes([number]) * 32)
    return [
        event("BatchCommitted", batch_id=batch_id, batch=of),
        event("BatchSettled", batch_id=batch_id, settled_bits=0b10, released_bits=0),
    ]


def event(kind: str, **args: Any) -> ChainEvent:
    return ChainEvent(kind, args, 5, JOB, 0, TRANSACTION, 0)


SETTLED = settlement(8, batch(JOB, LEASE, 60))
AUDITED = event("AuditPaid", job_id=JOB, lease_id=LEASE, task=1, payee=VERIFIER, fee_wei=10)
OPENED = event("JobOpened", job_id=JOB, job=SimpleNamespace(requester=REQUESTER))
RETURNED = event("AuditPaid", job_id=JOB, lease_id=OTHER_LEASE, task=2, payee=REQUESTER, fee_wei=7)
CLOSED = event("JobClosed", job_id=JOB, refund_wei=30)
OTHER = settlement(9, batch(LEASE, JOB, 9))


def test_a_true_receipt() -> None:
    verify_receipt(RECEIPT, [OPENED, *OTHER, *SETTLED, AUDITED, CLOSED])


def test_the_fee_of_a_lost_leases_audit_is_refunded() -> None:
    events = [OPENED, *SETTLED, AUDITED, RETURNED, CLOSED]
    verify_receipt(RECEIPT.model_copy(update={"refunded_wei": 37}), events)
    with pytest.raises(Conflict, match="refund"):
        verify_receipt(RECEIPT, events)


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([AUDITED, CLOSED], "payment that is not on the chain: 0x0303"),
        ([SETTLED[0], AUDITED, CLOSED], "payment that is not on the chain: 0x0303"),
        ([*SETTLED, CLOSED], "audit fee that is not on the chain"),
        ([*SETTLED, AUDITED, replace(CLOSED, args=CLOSED.args | {"refund_wei": 31})], "refund"),
        ([*SETTLED, *settlement(7, batch(JOB, JOB, 60)), AUDITED], "leaves out a payment"),
        (
            [SETTLED[0], replace(SETTLED[1], transaction_hash=JOB), AUDITED],
            "payment that is not on the chain",
        ),
        ([*settlement(8, batch(JOB, LEASE, 61)), AUDITED], "payment"),
    ],
)
def test_a_false_receipt(events: list[ChainEvent], says: str) -> None:
    with pytest.raises(Conflict, match=says):
        verify_receipt(RECEIPT, events)
