"""A record is kept as long as its result can be contested, and goes when the chain has paid it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from protocol.batch import Batch, JobRef, LeaseLine, Party
from protocol.chain.events import ChainEvent, Cursor, EventReader, Page
from protocol.lease import Lease
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import ZERO_ADDRESS, Bytes32, content_id
from provider.chain_watch import ChainWatch
from provider.ledger import Ledger, Record
from tests.protocol.make_vectors import word

SPEC = Spec(
    runtime=WasmRuntime(content_id(b"module")),
    resources=Resources(1000, 1 << 24, 0),
    limits=Limits(30, 10**9, 1 << 20),
    task_list=content_id(b"[]"),
)


class Script:
    """A reader that tells one event a page."""

    def __init__(self, *events: ChainEvent) -> None:
        self.events = list(events)

    def poll(self, _: Cursor | None) -> Page:
        return Page(None, (self.events.pop(0),), Cursor(()), is_caught_up=not self.events)


def record(number: int) -> Record:
    lease = Lease(word("job"), ZERO_ADDRESS, ZERO_ADDRESS, number, 1, 9, 1)
    return Record(lease, SPEC, (content_id(b"input"),), word("salt"), (word("digest"),))


OURS = [record(number) for number in range(3)]
IDS = [OURS[0].lease_id, word("a stranger's"), OURS[1].lease_id, OURS[2].lease_id]


def event(kind: str, **args: Any) -> ChainEvent:
    return ChainEvent(kind, args, 5, word("block"), 0, word("transaction"), 0)


def committed(batch_id: Bytes32) -> ChainEvent:
    lines = tuple(LeaseLine(lease_id, word("root"), 0, 0, 0, 1, 9) for lease_id in IDS)
    jobs, parties = (JobRef(word("job"), ZERO_ADDRESS, 9),), (Party(ZERO_ADDRESS, 0),)
    return event(
        "BatchCommitted", batch_id=batch_id, batch=Batch(ZERO_ADDRESS, jobs, parties, lines)
    )


def settled(batch_id: Bytes32, settled_bits: int) -> ChainEvent:
    return event("BatchSettled", batch_id=batch_id, settled_bits=settled_bits, released_bits=0)


def released(lease_id: Bytes32) -> ChainEvent:
    return event("LeaseReleased", batch_id=word("batch"), lease_id=lease_id, job_id=word("job"))


def disputed(lease_id: Bytes32) -> ChainEvent:
    return event("DisputeOpened", dispute_id=7, lease_id=lease_id, task=0)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([committed(word("batch"))], [0, 1, 2]),
        ([committed(word("batch")), settled(word("batch"), 0b0111)], [2]),
        # In parts: what was in dispute is paid later.
        ([committed(word("batch")), *(settled(word("batch"), b) for b in (0b0001, 0b1000))], [1]),
        ([committed(word("batch")), settled(word("another"), 0b1111)], [0, 1, 2]),
        ([committed(word("batch")), released(OURS[2].lease_id)], [0, 1]),
    ],
)
def test_what_is_paid_or_lost_is_forgotten(
    tmp_path: Path, told: list[ChainEvent], left: list[int]
) -> None:
    ledger = Ledger(tmp_path)
    for each in OURS:
        ledger.add(each)
    reader = cast(EventReader, Script(*told))
    watch = ChainWatch(reader, ledger, 1.0, lambda *_: pytest.fail("nothing is disputed"))
    while not watch.poll():
        pass
    assert [n for n, each in enumerate(OURS) if ledger.has(each.lease_id)] == left


def test_only_disputes_of_our_results_are_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(OURS[0])
    reader = cast(EventReader, Script(*(disputed(lease_id) for lease_id in IDS)))
    told: list[Bytes32] = []
    watch = ChainWatch(reader, ledger, 1.0, lambda _, lease_id, __: told.append(lease_id))
    while not watch.poll():
        pass
    assert told == [OURS[0].lease_id]
