"""A job from its posting to the last wei, on both databases."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from market.store.projected import chain_batches, chain_jobs
from market.store.records import ChainLeaseRecord
from protocol.audit import commitment
from protocol.batch import Batch
from protocol.client.wire import JobView
from protocol.lifecycle import JobStatus
from protocol.sampling import draw_verifiers
from protocol.units import Address, Bytes32
from tests.market.stage import PRICE_WEI, Audit, Device, Stage


def test_a_job_is_done_paid_and_closed(any_stage: Stage, tmp_path: Path) -> None:
    stage = any_stage
    requester = stage.person(100)
    devices = [stage.provider(50), stage.provider(50)]
    job_id = stage.job(requester, 12)
    before_wei = stage.contracts.account(Address(requester.address)).balance_wei
    stage.run_all(devices)
    view = stage.client(requester).job(job_id)
    assert view.tasks_by_state == {"committed": 12}
    assert view.status == JobStatus.RUNNING
    assert unvested_wei(stage, devices) == 12 * PRICE_WEI
    stage.settle()
    assert unvested_wei(stage, devices) == 0
    view = stage.client(requester).job(job_id)
    assert view.status == JobStatus.SETTLED
    assert view.tasks_by_state == {"paid": 12}
    assert view.paid_wei == 12 * PRICE_WEI
    assert view.paid_wei + view.audit_fees_wei + view.refunded_wei == view.escrow_wei
    after_wei = stage.contracts.account(Address(requester.address)).balance_wei
    assert after_wei == before_wei + view.refunded_wei
    receipt = stage.client(requester).receipt(job_id)
    assert sum(p.amount_wei for p in receipt.payments) == view.paid_wei
    assert sum(p.count for p in receipt.payments) == 12
    require_as_on_chain(stage)
    archive = stage.client(requester).fetch_results(job_id, tmp_path / "results.zip")
    with zipfile.ZipFile(BytesIO(archive.read_bytes())) as names:
        assert sorted(names.namelist()) == [f"task-{i:06}.bin" for i in range(12)]
        assert names.testzip() is None


def test_a_drawn_verifier_audits_blindly_and_is_paid(any_stage: Stage) -> None:
    stage = any_stage
    verifiers = [stage.verifier(), stage.verifier()]
    requester, device = stage.person(100), stage.provider()
    job_id = stage.job(requester, 4)
    stage.run_all([device])
    stage.mine(2)
    stage.keep()
    audits = drawn(stage, job_id, verifiers)
    tasks = {audit.task for audit in audits}
    assert len(tasks) >= 2  # no stake: every task of the first lease is audited, many twice
    for audit in audits:
        outcome = audit.ask()
        opening = audit.commit(outcome.digest)
        assert opening.digest == outcome.digest
        assert audit.reveal(outcome.digest).agrees
    stage.keep(2)
    view = stage.client(requester).job(job_id)
    assert view.tasks_by_state["audited"] == len(tasks)
    assert all(audit.accepted for audit in audits)
    assert view.audit_fees_wei == 0  # the lease may still be lost
    stage.settle()
    stage.keep(2)
    view = stage.client(requester).job(job_id)
    assert view.status == JobStatus.SETTLED
    assert view.finished_at
    assert view.audit_fees_wei == len(audits) * PRICE_WEI * 12 // 10
    assert view.paid_wei + view.audit_fees_wei + view.refunded_wei == view.escrow_wei
    receipt = stage.client(requester).receipt(job_id)
    paid = sorted((a.task, a.verifier) for a in receipt.audits)
    assert paid == sorted((a.task, a.verifier.address) for a in audits)
    earned_wei = [stage.client(v).account(Address(v.address)).earned_wei for v in verifiers]
    assert sum(earned_wei) == view.audit_fees_wei


def test_a_job_is_not_finished_before_its_audit_fees_are_paid(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifiers = [stage.verifier(), stage.verifier()]
    requester = stage.person(100)
    job_id = stage.job(requester, 2)
    stage.run_all([stage.provider()])
    stage.mine(2)
    stage.keep()
    for audit in drawn(stage, job_id, verifiers):
        digest = audit.ask().digest
        audit.commit(digest)
        audit.reveal(digest)
    stage.keep(2)
    with monkeypatch.context() as patched:
        patched.setattr(stage.market.keeper._parts.fees, "pay", lambda _now: None)
        stage.settle()
        stage.keep(2)
        view = stage.client(requester).job(job_id)
        assert view.status == JobStatus.SETTLED
        assert view.finished_at is None
    stage.keep(2)
    view = stage.client(requester).job(job_id)
    assert view.finished_at
    assert view.paid_wei + view.audit_fees_wei + view.refunded_wei == view.escrow_wei


def test_a_cheater_is_slashed_and_its_tasks_are_leased_again(stage: Stage) -> None:
    wrong = 0
    verifiers = [stage.verifier() for _ in range(4)]
    requester, cheater = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 4)
    grant = cheater.client.lease()
    assert grant is not None
    cheater.finish(grant, wrong=[wrong])
    stage.keep()
    stage.mine(2)
    stage.keep()
    dispute(stage, job_id, wrong, verifiers)
    view = stage.client(requester).job(job_id)
    assert view.tasks_by_state == {"slashed": int(grant.lease["count"]), "waiting": 2}
    slashes = stage.client(requester).receipt(job_id).slashes
    assert [(s.provider, s.task) for s in slashes] == [(cheater.wallet.address, wrong)]
    assert slashes[0].amount_wei == 60 * PRICE_WEI
    honest = stage.provider(50)
    stage.run_all([cheater, honest])
    stage.settle()
    finished = stage.client(requester).job(job_id)
    assert finished.status == JobStatus.SETTLED
    assert holders_of(stage, finished)[wrong] == honest.wallet.address
    require_as_on_chain(stage)


def test_who_concedes_once_loses_that_lease_and_no_other(any_stage: Stage) -> None:
    stage = any_stage
    challenger, requester, provider = stage.person(100), stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 8)
    grants = []
    for wrong in ([0], []):
        grant = provider.client.lease()
        assert grant is not None
        provider.finish(grant, wrong=wrong)
        grants.append(grant)
    stage.keep()
    contest(stage, job_id, 0, challenger)
    stage.send(provider.wallet, stage.contracts.concede(1))
    stage.keep(2)
    (slash,) = stage.client(requester).receipt(job_id).slashes
    assert slash.amount_wei == 50 * PRICE_WEI
    lost, kept = (int(grant.lease["count"]) for grant in grants)
    assert stage.client(requester).job(job_id).tasks_by_state["slashed"] == lost
    assert unvested_wei(stage, [provider]) == kept * PRICE_WEI
    require_as_on_chain(stage)
    stage.run_all([provider, stage.provider(50)])  # it is trusted with other work all the same
    stage.settle()
    finished = stage.client(requester).job(job_id)
    assert finished.status == JobStatus.SETTLED
    first_kept = int(grants[1].lease["firstTask"])
    assert holders_of(stage, finished)[first_kept] == provider.wallet.address
    require_as_on_chain(stage)


def test_a_slashed_provider_forfeits_what_was_unvested(stage: Stage) -> None:
    verifiers = [stage.verifier() for _ in range(4)]
    requester, cheater = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 8)
    leases = []
    for wrong in ([0], []):
        grant = cheater.client.lease()
        assert grant is not None
        cheater.finish(grant, wrong=wrong)
        leases.append(grant)
    stage.keep()
    stage.mine(2)
    stage.keep()
    dispute(stage, job_id, 0, verifiers)
    stage.pass_time(stage.params.dispute_window_seconds + 1)
    stage.keep(2)
    lost = sum(int(grant.lease["count"]) for grant in leases)
    view = stage.client(requester).job(job_id)
    assert view.tasks_by_state.get("slashed") == lost
    assert view.tasks_by_state.get("waiting", 0) == 8 - lost
    assert unvested_wei(stage, [cheater]) == 0
    honest = stage.provider(50)
    stage.run_all([cheater, honest])
    stage.settle()
    finished = stage.client(requester).job(job_id)
    assert finished.status == JobStatus.SETTLED
    assert set(holders_of(stage, finished).values()) == {honest.wallet.address}
    require_as_on_chain(stage)


def drawn(stage: Stage, job_id: Bytes32, verifiers: list[LocalAccount]) -> list[Audit]:
    """The audits that the seed draws among a job's committed tasks, both rounds of them."""
    found = []
    by_address = {Address(v.address): v for v in verifiers}
    for batch_id, batch in batches_of(stage, job_id):
        facts, seed = stage.contracts.batch(batch_id), stage.contracts.seed_of(batch_id)
        seats = stage.contracts.seats()[: facts.seat_count]
        for line, lease in enumerate(batch.leases):
            result = lease.result
            excluded = {result.provider, batch.requester(line), batch.operator}
            for task in result.tasks:
                place = (seed, result.lease_id, task, lease.audit_rate_ppm)
                for draw in draw_verifiers(*place, seats, facts.commit_block, excluded):
                    verifier = by_address[draw.holder]
                    found.append(Audit(stage, verifier, batch_id, result.lease_id, task))
    return found


def batches_of(stage: Stage, job_id: Bytes32) -> list[tuple[Bytes32, Batch]]:
    """The committed batches with leases of a job that count."""
    with stage.market.store.read() as unit:
        leases = [unit.chain.lease(lease_id) for lease_id in unit.reports.lease_states(job_id)]
        ids = dict.fromkeys(lease.batch_id for lease in leases if lease is not None)
        return [(batch_id, unit.chain.content(batch_id)) for batch_id in ids]


def contest(stage: Stage, job_id: Bytes32, task: int, challenger: LocalAccount) -> ChainLeaseRecord:
    """A challenger opens a dispute about a committed task."""
    with stage.market.store.read() as unit:
        found = unit.tasks.get(job_id, task)
        assert found is not None
        assert found.lease_id is not None
        lease = unit.chain.lease(found.lease_id)
        assert lease is not None
        batch = unit.chain.content(lease.batch_id)
    stage.send(challenger, stage.contracts.open_dispute(batch, lease.line, task))
    return lease


def dispute(stage: Stage, job_id: Bytes32, task: int, verifiers: list[LocalAccount]) -> None:
    """A challenger disputes a task and the drawn committee votes for the truth."""
    lease = contest(stage, job_id, task, verifiers[0])
    stage.keep()
    stage.pass_time(stage.params.concede_seconds + 1)
    stage.keep(2)
    assert stage.contracts.committee(1).seed_block
    assert not stage.contracts.committee(1).is_drawn
    stage.mine(2)
    stage.keep(2)
    members = stage.contracts.committee(1).members
    assert members
    votes = []
    for verifier in (v for v in verifiers if Address(v.address) in members):
        audit = Audit(stage, verifier, lease.batch_id, lease.lease_id, task)
        digest = audit.ask(dispute_id=1).digest
        made = commitment(Address(verifier.address), digest, audit.salt)
        stage.send(verifier, stage.contracts.commit_vote(1, made))
        votes.append((verifier, digest, audit.salt))
    for verifier, digest, salt in votes:
        stage.send(verifier, stage.contracts.reveal_vote(1, digest, salt))
    stage.keep(4)


def holders_of(stage: Stage, view: JobView) -> dict[int, str | None]:
    client = stage.clients[view.requester]
    return {t.task: t.provider for t in client.tasks(view.job_id).tasks}


def unvested_wei(stage: Stage, devices: list[Device]) -> int:
    """What the market tells of the providers' pay that is still at stake."""
    client = stage.client(devices[0].wallet)
    return sum(client.account(Address(d.wallet.address)).unvested_wei for d in devices)


def require_as_on_chain(stage: Stage) -> None:
    """What is projected of batches and jobs is what the chain says of them."""
    with stage.market.store.read() as unit:
        batches = unit.connection.execute(select(chain_batches)).all()
        jobs = unit.connection.execute(select(chain_jobs)).all()
    for batch in batches:
        assert stage.contracts.batch(batch.batch_id).exists == (batch.finished_at is None)
    for job in jobs:
        state = stage.contracts.job(job.job_id)
        assert (state.committed_tasks, state.settled_tasks, state.frontier) == (
            *(job.committed_tasks, job.settled_tasks, job.frontier),
        )
        assert (state.is_closed, state.cancelled_at) == (bool(job.closed_at), job.cancelled_at)
