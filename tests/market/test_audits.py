"""Audits: only the drawn verifier, commitment before opening, and only what was committed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from eth_account import Account
from sqlalchemy import update

from market.store.tables import audits
from protocol.client.client import MarketClient
from protocol.errors import Conflict, FallowError, Forbidden, InvalidInput, NotFound
from protocol.lifecycle import JobStatus
from protocol.result import Outcome
from protocol.units import Address, Bytes32
from tests.market.stage import Audit, Stage
from tests.market.test_whole_job import drawn


def committed(stage: Stage) -> tuple[Stage, list[Audit], list]:  # type: ignore[type-arg]
    verifiers = [stage.verifier(), stage.verifier()]
    requester, device = stage.person(100), stage.provider()
    job_id = stage.job(requester, 4)
    stage.run_all([device])
    stage.mine(2)
    stage.keep()
    return stage, drawn(stage, job_id, verifiers), [requester, device, *verifiers]


def test_only_the_drawn_verifier_gets_the_task(stage: Stage) -> None:
    stage, audits, people = committed(stage)
    audit = audits[0]
    others = [people[0], people[1].wallet, stage.person()]
    others += [v for v in people[2:] if v.address != audit.verifier.address]
    for other in others:
        with pytest.raises(Forbidden):
            dataclasses.replace(audit, verifier=other).ask()
    with pytest.raises(NotFound):
        dataclasses.replace(audit, task=99).ask()
    with pytest.raises(NotFound):
        dataclasses.replace(audit, lease_id=Bytes32(bytes(32))).ask()


def test_a_drawn_verifier_that_somebody_calls_their_device_still_audits(stage: Stage) -> None:
    stage, audits, _ = committed(stage)
    audit = audits[0]
    victim, stranger = Address(audit.verifier.address), stage.person()
    stage.delegate(stranger, victim)
    with MarketClient(stage.url, audit.verifier) as client:
        assert client.session().wallet == stranger.address
    stage.clients.pop(victim, None)
    digest = audit.ask().digest
    audit.commit(digest)
    assert audit.reveal(digest).agrees
    stage.keep(2)
    assert stage.contracts.account(victim).balance_wei > 50 * 10**18


def test_an_audit_gives_access_to_its_inputs_and_no_more(stage: Stage, tmp_path: Path) -> None:
    stage, audits, _ = committed(stage)
    audit = audits[0]
    client = stage.client(audit.verifier)
    with stage.market.store.read() as unit:
        results = unit.results.of_lease(audit.lease_id)
        job = unit.jobs.get(unit.chain.lease(audit.lease_id).job_id)  # type: ignore[union-attr]
        task = unit.tasks.get(job.job_id, audit.task)  # type: ignore[union-attr]
    assert job is not None
    assert task is not None
    module = job.parsed_spec.blobs[0]
    with pytest.raises(NotFound):
        client.fetch_blob(module, tmp_path / "module")
    audit.ask()
    client.fetch_blob(module, tmp_path / "module")
    client.fetch_blob(task.input_blob, tmp_path / "input")
    for result in results:
        assert result.output_blob is not None
        with pytest.raises(NotFound):
            client.fetch_blob(result.output_blob, tmp_path / "output")


def test_a_commitment_binds(stage: Stage) -> None:
    stage, audits, _ = committed(stage)
    audit = audits[0]
    digest = audit.ask().digest
    with pytest.raises(NotFound):
        audit.reveal(digest)  # nothing was committed
    opening = audit.commit(digest)
    assert audit.commit(digest) == opening  # the same again
    with pytest.raises(Conflict):
        audit.commit(Outcome(b"another").digest)
    with pytest.raises(InvalidInput):
        audit.reveal(Outcome(b"another").digest)
    assert audit.reveal(digest).agrees
    assert audit.reveal(digest).agrees  # the same again
    stage.keep(2)
    assert stage.contracts.account(Address(audit.verifier.address)).balance_wei > 50 * 10**18


def test_a_disagreeing_audit_is_not_paid(stage: Stage) -> None:
    stage, audits, _ = committed(stage)
    audit = audits[0]
    audit.ask()
    wrong = Outcome(b"a bit flipped").digest
    assert audit.commit(wrong).digest != wrong
    assert not audit.reveal(wrong).agrees
    stage.keep(2)
    assert stage.contracts.account(Address(audit.verifier.address)).balance_wei == 50 * 10**18


def test_nobody_is_drawn_before_the_seed(stage: Stage) -> None:
    verifier, requester, device = stage.verifier(), stage.person(100), stage.provider()
    stage.job(requester, 2)
    grant = device.client.lease()
    assert grant is not None
    device.finish(grant)
    stage.keep()
    with stage.market.store.read() as unit:
        lease = unit.chain.lease(Bytes32(grant.lease_id))
    assert lease is not None
    audit = Audit(stage, verifier, lease.batch_id, lease.lease_id, lease.first_task)
    with pytest.raises(FallowError):
        audit.ask()


def test_a_dispute_that_is_not_there(stage: Stage) -> None:
    stage, audits, _ = committed(stage)
    with pytest.raises(FallowError):
        audits[0].ask(dispute_id=7)
    with pytest.raises(FallowError):
        stage.client(Account.create()).dispute_opening(7)


def test_an_audit_of_a_batch_that_is_gone_holds_nothing_up(stage: Stage) -> None:
    """A reorganisation may have put the lease into another batch, with other draws."""
    stage, found, people = committed(stage)
    audit, digest = found[0], found[0].ask().digest
    audit.commit(digest)
    audit.reveal(digest)
    moved = update(audits).where(audits.c.lease_id == audit.lease_id).values(batch_id=bytes(32))
    with stage.market.store.write() as unit:
        unit.connection.execute(moved)
    stage.settle()
    (job,) = stage.client(people[0]).jobs().jobs
    assert job.status == JobStatus.SETTLED


def test_fees_that_fail_hold_no_payout_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, _, people = committed(stage)

    def fail(_now: int) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(stage.market.keeper._parts.fees, "advance", fail)
    stage.settle()
    (job,) = stage.client(people[0]).jobs().jobs
    assert job.status == JobStatus.SETTLED
