"""A receipt held against the chain: the market's word is not needed for who was paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from protocol.batch import Batch
from protocol.chain.events import ChainEvent, Cursor, EventReader
from protocol.client.wire import Receipt
from protocol.errors import ChainUnavailable, Conflict
from protocol.units import Address, to_hex

MAX_PAGES = 100_000

Line = tuple[object, ...]


def read_events(reader: EventReader) -> Iterator[ChainEvent]:
    """Every event of the market so far.

    Raises:
        ChainUnavailable: the endpoint does not answer, or reorganises while it is read.
    """
    cursor: Cursor | None = None
    for _ in range(MAX_PAGES):
        page = reader.poll(cursor)
        if page.rollback_to is not None:
            raise ChainUnavailable("the chain was reorganised while it was read; try again")
        yield from page.events
        cursor = page.cursor
        if page.is_caught_up:
            return
    raise ChainUnavailable("the chain is too long to be read at once")


def verify_receipt(receipt: Receipt, events: Iterable[ChainEvent]) -> None:
    """Check that the receipt has every payment of its job that the chain has, and no other.

    A fee that came back to the requester, since the audited lease was lost, counts as refunded.

    Raises:
        Conflict: it names a payment that the chain does not know, or leaves one out.
    """
    told = list(_of_job(events, receipt.job_id))
    of_job = [event for event, _ in told]
    _compare("payment", _receipt_payments(receipt), {line for _, paid in told for line in paid})
    _compare("audit fee", _receipt_audits(receipt), _chain_audits(of_job))
    if any(event.kind == "JobClosed" for event in of_job):
        _compare("refund", {(receipt.refunded_wei,)}, {(_refunded_wei(of_job),)})


def _of_job(
    events: Iterable[ChainEvent], job_id: bytes
) -> Iterator[tuple[ChainEvent, tuple[Line, ...]]]:
    """What is about the job, each with the payments that it makes: a settlement names leases only
    by their place in the batch that was committed before."""
    batches: dict[bytes, Batch] = {}
    for event in events:
        args = event.args
        if event.kind == "BatchCommitted":
            if any(ref.job_id == job_id for ref in args["batch"].jobs):
                batches[args["batch_id"]] = args["batch"]
        elif event.kind == "BatchSettled" and args["batch_id"] in batches:
            yield event, tuple(_payments(event, batches[args["batch_id"]], job_id))
        elif args.get("job_id") == job_id:
            yield event, ()


def _payments(event: ChainEvent, batch: Batch, job_id: bytes) -> Iterator[Line]:
    for number in range(len(batch.lines)):
        result = batch.result(number)
        if event.args["settled_bits"] >> number & 1 and result.job_id == job_id:
            yield event.transaction_hash, result.lease_id, result.provider, result.amount


def _receipt_payments(receipt: Receipt) -> set[Line]:
    return {(p.transaction, p.lease_id, p.provider, p.amount_wei) for p in receipt.payments}


def _receipt_audits(receipt: Receipt) -> set[Line]:
    return {(a.transaction, a.lease_id, a.task, a.verifier, a.fee_wei) for a in receipt.audits}


def _chain_audits(events: list[ChainEvent]) -> set[Line]:
    requester = _requester(events)
    return {
        (
            e.transaction_hash,
            e.args["lease_id"],
            e.args["task"],
            e.args["payee"],
            e.args["fee_wei"],
        )
        for e in events
        if e.kind == "AuditPaid" and e.args["payee"] != requester
    }


def _refunded_wei(events: list[ChainEvent]) -> int:
    requester = _requester(events)
    returned = [e for e in events if e.kind == "AuditPaid" and e.args["payee"] == requester]
    closed = [e for e in events if e.kind == "JobClosed"]
    fees_wei = sum(int(e.args["fee_wei"]) for e in returned)
    return fees_wei + sum(int(e.args["refund_wei"]) for e in closed)


def _requester(events: list[ChainEvent]) -> Address | None:
    """Whose job it is: nobody audits its own."""
    opened = [e.args["job"].requester for e in events if e.kind == "JobOpened"]
    return opened[0] if opened else None


def _compare(what: str, claimed: Set[Line], actual: Set[Line]) -> None:
    for line in claimed - actual:
        raise Conflict(f"the receipt names a {what} that is not on the chain: {_text(line)}")
    for line in actual - claimed:
        raise Conflict(f"the receipt leaves out a {what}: {_text(line)}")


def _text(line: Line) -> str:
    return ", ".join(to_hex(part) if isinstance(part, bytes) else str(part) for part in line)
