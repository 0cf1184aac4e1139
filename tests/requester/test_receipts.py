"""Receipts against the chain's events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.chain.events import ChainEvent
from protocol.client.wire import AuditPayment, Payment, Receipt
from protocol.errors import Conflict
from protocol.lifecycle import JobStatus
from protocol.units import Address, Bytes32
from requester.receipts import verify_receipt

JOB, LEASE, TRANSACTION = (Bytes32(bytes([n]) * 32) for n in (1, 2, 3))
PROVIDER = Address("0x" + "00" * 19 + "01")
VERIFIER = Address("0x" + "00" * 19 + "02")

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
            batch_id=0,
            result_root=JOB,
            transaction=TRANSACTION,
        )
    ],
    audits=[
        AuditPayment(lease_id=LEASE, task=1, verifier=VERIFIER, fee_wei=10, transaction=TRANSACTION)
    ],
    slashes=[],
)


def event(kind: str, **args: Any) -> ChainEvent:
    return ChainEvent(kind, {"job_id": JOB} | args, 5, JOB, 0, TRANSACTION, 0)


SETTLED = event("LeaseSettled", lease_id=LEASE, provider=PROVIDER, amount_wei=60)
AUDITED = event("AuditPaid", lease_id=LEASE, task=1, verifier=VERIFIER, fee_wei=10)
CLOSED = event("JobClosed", refund_wei=30)
OTHER = event("LeaseSettled", job_id=LEASE, lease_id=JOB, provider=PROVIDER, amount_wei=9)


def test_a_true_receipt() -> None:
    verify_receipt(RECEIPT, [OTHER, SETTLED, AUDITED, CLOSED])


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([AUDITED, CLOSED], "payment that is not on the chain: 0x0303"),
        ([SETTLED, CLOSED], "audit fee that is not on the chain"),
        ([SETTLED, AUDITED, event("JobClosed", refund_wei=31)], "refund"),
        (
            [SETTLED, AUDITED, replace(SETTLED, args=SETTLED.args | {"lease_id": JOB})],
            "leaves out a payment",
        ),
        ([replace(SETTLED, transaction_hash=JOB), AUDITED], "payment that is not on the chain"),
        ([replace(SETTLED, args=SETTLED.args | {"amount_wei": 61}), AUDITED], "payment"),
    ],
)
def test_a_false_receipt(events: list[ChainEvent], says: str) -> None:
    with pytest.raises(Conflict, match=says):
        verify_receipt(RECEIPT, events)
