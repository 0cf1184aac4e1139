"""Records of signed results survive, open what they claim, and go when they are settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.lease import Lease
from protocol.result import Outcome, result_root
from protocol.units import ZERO_ADDRESS, Bytes32, content_id
from provider.executors.base import LeaseWork
from provider.ledger import Ledger, Record, write_durably

MakeWork = Callable[..., LeaseWork]


@pytest.fixture
def record(make_work: MakeWork) -> Record:
    lease = Lease(
        job_id=Bytes32(b"\x07" * 32),
        provider=ZERO_ADDRESS,
        device=ZERO_ADDRESS,
        first_task=5,
        count=3,
        price_per_task=9,
        fence=1,
    )
    digests = tuple(Outcome(bytes([n])).digest for n in range(3))
    inputs = tuple(content_id(bytes([n])) for n in range(3))
    return Record(lease, make_work(b"module").spec, inputs, Bytes32(b"\x09" * 32), digests)


def test_a_record_survives_and_opens_its_claim(tmp_path: Path, record: Record) -> None:
    Ledger(tmp_path / "ledger").add(record)
    found = Ledger(tmp_path / "ledger").get(record.lease_id)
    assert found == record
    root = result_root(record.lease_id, 5, record.digests, record.lease_salt)
    for task in record.lease.tasks:
        assert record.opening(task).matches(record.lease_id, 5, 3, task, root)
        assert record.digest_of(task) == record.opening(task).digest


def test_a_record_names_its_outputs_where_they_are_compared(tmp_path: Path, record: Record) -> None:
    assert record.output_of(6) is None
    outputs = (content_id(b"a"), None, content_id(b"c"))
    tolerant = replace(record, outputs=outputs)
    Ledger(tmp_path / "ledger").add(tolerant)
    found = Ledger(tmp_path / "ledger").get(record.lease_id)
    assert found == tolerant
    assert [found.output_of(task) for task in record.lease.tasks] == list(outputs)


def test_a_record_of_before_there_were_comparators_is_read(record: Record) -> None:
    older = record.to_json()
    del older["outputs"]
    assert Record.from_json(older) == record


def test_a_settled_record_goes(tmp_path: Path, record: Record) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.is_empty()
    ledger.add(record)
    assert not ledger.is_empty()
    ledger.prune(0)
    assert ledger.get(record.lease_id) is not None
    ledger.prune(2e10)
    assert ledger.is_empty()
    ledger.remove(record.lease_id)
    assert ledger.get(record.lease_id) is None


def test_a_damaged_record_is_none(tmp_path: Path, record: Record) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.add(record)
    (file,) = (tmp_path / "ledger" / "results").iterdir()
    file.write_text(file.read_text()[:100])
    assert ledger.get(record.lease_id) is None


def test_held_leases_are_remembered(tmp_path: Path, record: Record) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.hold(record.lease_id)
    assert Ledger(tmp_path / "ledger").held() == [record.lease_id]
    ledger.let_go(record.lease_id)
    assert ledger.held() == []


def test_a_durable_write_leaves_one_whole_file(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write_durably(tmp_path / "file", text)
        assert [f.read_text() for f in tmp_path.iterdir()] == [text]
