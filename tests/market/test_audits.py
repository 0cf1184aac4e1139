"""Audits: only the drawn verifiers, commitment before opening, and only what was committed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import update

from market.store.tables import audits
from protocol.chain.calls import Call
from protocol.client.client import MarketClient
from protocol.errors import Conflict, FallowError, Forbidden, InvalidInput, NotFound
from protocol.lifecycle import JobStatus
from protocol.pricing import REPORTER_PERCENT
from protocol.request import Request
from protocol.result import Outcome
from protocol.units import Address, Bytes32, to_hex
from tests.market.stage import PRICE_WEI, Audit, Device, Stage
from tests.market.test_whole_job import batches_of, contest, dispute, drawn

TASKS = 8


@dataclasses.dataclass
class Committed:
    """A job of eight tasks, committed by a provider without stake: all are audited, most twice."""

    requester: LocalAccount
    device: Device
    verifiers: list[LocalAccount]
    job_id: Bytes32
    audits: list[Audit]

    def drawn_for(self, task: int) -> list[Audit]:
        """The audits of a task, in the order of their rounds."""
        return [audit for audit in self.audits if audit.task == task]

    def pair(self) -> tuple[Audit, Audit]:
        """Both audits of one task; that none of eight has two happens once in 400,000 times."""
        found = (self.drawn_for(task) for task in range(TASKS))
        first, second = next(pair for pair in found if len(pair) == 2)
        return first, second


def committed(stage: Stage, verifiers: int = 2, wrong: Sequence[int] = ()) -> Committed:
    watching = [stage.verifier() for _ in range(verifiers)]
    requester, device = stage.person(100), stage.provider()
    job_id = stage.job(requester, TASKS)
    while (grant := device.client.lease()) is not None:
        device.finish(grant, wrong)
    stage.keep()
    stage.mine(2)
    stage.keep()
    return Committed(requester, device, watching, job_id, drawn(stage, job_id, watching))


def test_only_the_drawn_verifiers_get_the_task(stage: Stage) -> None:
    found = committed(stage, verifiers=3)
    audit = found.audits[0]
    mine = {each.verifier.address for each in found.drawn_for(audit.task)}
    others = [found.requester, found.device.wallet, stage.person()]
    others += [v for v in found.verifiers if v.address not in mine]
    assert len(others) > 3
    for other in others:
        with pytest.raises(Forbidden):
            dataclasses.replace(audit, verifier=other).ask()
    for each in found.drawn_for(audit.task):
        assert each.ask()
    with pytest.raises(NotFound):
        dataclasses.replace(audit, task=99).ask()
    with pytest.raises(NotFound):
        dataclasses.replace(audit, lease_id=Bytes32(bytes(32))).ask()


def test_a_drawn_verifier_that_somebody_calls_their_device_still_audits(stage: Stage) -> None:
    audit = committed(stage, verifiers=1).audits[0]
    victim, stranger = Address(audit.verifier.address), stage.person()
    stage.delegate(stranger, victim)
    with MarketClient(stage.url, audit.verifier) as client:
        assert client.session().wallet == stranger.address
    stage.clients.pop(victim, None)
    digest = audit.ask().digest
    audit.commit(digest)
    assert audit.reveal(digest).agrees
    stage.keep(2)
    assert audit.accepted


def test_a_second_verifier_is_not_shut_out_by_the_first_that_calls_it_a_device(
    stage: Stage,
) -> None:
    """Both names of the session were drawn for the task: its own counts."""
    first, second = committed(stage).pair()
    stage.delegate(first.verifier, Address(second.verifier.address))
    stage.clients.pop(second.verifier.address, None)
    digest = second.ask().digest
    second.commit(digest)
    assert second.reveal(digest).agrees
    first.commit(digest)
    assert first.reveal(digest).agrees
    stage.keep(2)
    for audit in (first, second):
        assert audit.accepted


def test_an_audit_gives_access_to_its_inputs_and_no_more(stage: Stage, tmp_path: Path) -> None:
    audit = committed(stage).audits[0]
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
    audit = committed(stage, verifiers=1).audits[0]
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
    assert audit.accepted


def test_a_disagreeing_audit_is_not_paid(stage: Stage) -> None:
    audit = committed(stage, verifiers=1).audits[0]
    audit.ask()
    wrong = Outcome(b"a bit flipped").digest
    assert audit.commit(wrong).digest != wrong
    assert not audit.reveal(wrong).agrees
    stage.keep(2)
    assert not audit.accepted


def test_the_second_verifier_learns_nothing_by_the_firsts_pay(any_stage: Stage) -> None:
    """Paying shows the whole chain the digest: so the other one must be bound before."""
    stage = any_stage
    first, second = committed(stage).pair()
    digest = first.ask().digest
    first.commit(digest)
    assert first.reveal(digest).agrees
    stage.keep(2)
    assert not first.accepted
    second.ask()
    second.commit(digest)
    stage.keep(2)
    assert first.accepted
    assert not second.accepted
    second.reveal(digest)
    stage.keep(2)
    assert second.accepted


def test_a_second_verifier_that_never_comes_costs_the_first_nothing(any_stage: Stage) -> None:
    """Its window over, the audit is paid; and only then the batch is settled."""
    stage = any_stage
    found = committed(stage)
    first, second = found.pair()
    digest = first.ask().digest
    first.commit(digest)
    first.reveal(digest)
    stage.settle()
    assert first.accepted
    assert stage.client(found.requester).job(found.job_id).status == JobStatus.SETTLED
    with pytest.raises(Conflict):  # the digest is public now, and nothing can be contested
        second.commit(digest)


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
    with pytest.raises(Conflict, match="no seed yet"):
        audit.ask()
    stage.mine(2)
    assert audit.ask()


def test_a_dispute_that_is_not_there(stage: Stage) -> None:
    audit = committed(stage).audits[0]
    with pytest.raises(FallowError):
        audit.ask(dispute_id=7)
    with pytest.raises(FallowError):
        stage.client(Account.create()).dispute_opening(7)


def test_an_audit_of_a_batch_that_is_gone_holds_nothing_up(stage: Stage) -> None:
    """A reorganisation may have put the lease into another batch, with other draws."""
    found = committed(stage)
    audit, digest = found.audits[0], found.audits[0].ask().digest
    audit.commit(digest)
    audit.reveal(digest)
    moved = update(audits).where(audits.c.lease_id == audit.lease_id).values(batch_id=bytes(32))
    with stage.market.store.write() as unit:
        unit.connection.execute(moved)
    stage.settle()
    assert stage.client(found.requester).job(found.job_id).status == JobStatus.SETTLED


def test_fees_that_fail_hold_payouts_up_for_a_while_only(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settling ends a batch's audits: so it waits for their pay, for half a window."""
    found = committed(stage, verifiers=1)
    for audit in found.audits:  # of every batch there is
        digest = audit.ask().digest
        audit.commit(digest)
        audit.reveal(digest)

    def fail(_now: int) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(stage.market.keeper._parts.fees, "claim", fail)
    client = stage.client(found.requester)
    stage.settle()
    assert client.job(found.job_id).status == JobStatus.RUNNING
    stage.pass_time(stage.params.dispute_window_seconds // 2 + 1)
    stage.keep(3)
    assert client.job(found.job_id).status == JobStatus.SETTLED


def test_a_seed_that_the_chain_would_forget_is_kept_for_who_is_bound(stage: Stage) -> None:
    found = committed(stage, verifiers=1)
    audit, digest = found.audits[0], found.audits[0].ask().digest
    audit.commit(digest)
    stage.mine(140)
    stage.keep(2)
    with stage.market.store.read() as unit:
        kept = unit.chain.batch(audit.batch_id)
        others = [unit.chain.batch(batch_id) for batch_id, _ in batches_of(stage, found.job_id)]
    assert kept is not None
    assert kept.seed == stage.contracts.seed_of(audit.batch_id)
    assert [batch.batch_id for batch in others if batch and batch.seed] == [audit.batch_id]


@pytest.mark.parametrize("is_late", [False, True])
def test_contested_and_lost_work_pays_no_audits(any_stage: Stage, *, is_late: bool) -> None:
    """Its digest would tell the committee what to say; and nobody can contest a lost lease's."""
    stage = any_stage
    wrong, right = 0, 1
    found = committed(stage, verifiers=5, wrong=(wrong,))
    friends, honest = found.drawn_for(wrong), found.drawn_for(right)
    assert {audit.lease_id for audit in friends} == {audit.lease_id for audit in honest}
    digest, lie = honest[0].ask().digest, Outcome(b"lies").digest
    for audit, claimed in [*((a, lie) for a in friends), *((a, digest) for a in honest)]:
        audit.commit(claimed)
    contest(stage, found.job_id, wrong, found.requester)
    stage.keep()
    for friend in friends:
        assert friend.reveal(lie).agrees
    concession = stage.contracts.concede(1)
    if is_late:
        stage.send(found.device.wallet, concession)
        stage.keep(2)
    for audit in honest:
        audit.reveal(digest)
    stage.keep(2)
    if not is_late:
        stage.send(found.device.wallet, concession)
        stage.keep(2)
    with stage.market.store.read() as unit:
        paid = unit.reports.audited_tasks(found.job_id)
        assert not unit.audits.to_accept(limit=9, published_before=2**62)
    assert paid == ({} if is_late else {honest[0].lease_id: {right}})


def test_fees_of_a_lost_lease_go_back_to_the_requester(any_stage: Stage) -> None:
    """A provider without stake and its friends could else empty any job's audit budget."""
    stage = any_stage
    wrong = 0
    found = committed(stage, verifiers=5, wrong=range(TASKS))
    friends = [audit for audit in found.audits if audit.task != wrong]
    for friend in friends:
        friend.commit(Outcome(b"lies").digest)
        assert friend.reveal(Outcome(b"lies").digest).agrees
    stage.keep(2)
    assert all(friend.accepted for friend in friends)
    first = found.drawn_for(wrong)[0].lease_id
    lost = [friend for friend in friends if friend.lease_id == first]
    owner = Address(found.requester.address)
    contest(stage, found.job_id, wrong, found.requester)
    before_wei = stage.contracts.account(owner).balance_wei
    stage.send(found.device.wallet, stage.contracts.concede(1))
    bond_wei = stage.contracts.account(owner).balance_wei - before_wei
    stage.keep(3)
    view = stage.client(found.requester).job(found.job_id)
    assert lost
    assert view.audit_fees_wei == 0
    assert view.refunded_wei == len(lost) * PRICE_WEI * 12 // 10
    after_wei = stage.contracts.account(owner).balance_wei
    assert after_wei == before_wei + bond_wei + view.refunded_wei
    assert not stage.client(found.requester).receipt(found.job_id).audits


def test_a_verifier_that_was_paid_for_a_wrong_digest_loses_its_seat(any_stage: Stage) -> None:
    stage = any_stage
    wrong = 0
    found = committed(stage, verifiers=5, wrong=(wrong,))
    for friend in found.drawn_for(wrong):  # they do not run the task, and know what to find
        friend.commit(Outcome(b"lies").digest)
        assert friend.reveal(Outcome(b"lies").digest).agrees
    stage.keep(2)
    before_wei = stage.contracts.account(stage.operator).balance_wei
    dispute(stage, found.job_id, wrong, found.verifiers)
    stage.keep(2)
    friends = {Address(friend.verifier.address) for friend in found.drawn_for(wrong)}
    assert seated(stage) == {Address(v.address) for v in found.verifiers} - friends
    earned_wei = stage.contracts.account(stage.operator).balance_wei - before_wei
    assert earned_wei == len(friends) * stage.params.seat_stake_wei * REPORTER_PERCENT // 100


def seated(stage: Stage) -> set[str]:
    return {seat.holder for seat in stage.contracts.seats() if seat.vacated_block == 0}


@pytest.mark.parametrize("is_relayed", [False, True])
def test_a_verifier_paid_for_another_word_than_it_gave_loses_its_seat(
    stage: Stage, is_relayed: bool
) -> None:
    """It commits to nonsense, is shown what is right, and has that paid past this market."""
    found = committed(stage)
    liar, honest = found.pair()
    shown = liar.commit(Outcome(b"nonsense").digest)
    right = honest.commit(honest.ask().digest)
    with pytest.raises(InvalidInput):
        liar.reveal(Bytes32(shown.digest))
    before_wei = stage.contracts.account(stage.operator).balance_wei
    call = liar.claim(shown)
    if is_relayed:
        call = _relayed(stage, found.requester, call)
    stage.send(found.device.wallet, call)
    stage.send(found.device.wallet, honest.claim(right))
    stage.keep(3)
    assert seated(stage) == {honest.verifier.address}
    earned_wei = stage.contracts.account(stage.operator).balance_wei - before_wei
    assert earned_wei == stage.params.seat_stake_wei * REPORTER_PERCENT // 100
    stage.keep(2)
    with stage.market.store.read() as unit:
        assert not unit.audits.accepted_elsewhere(10, 0)
        assert unit.relays.newest(f"equivocation:{to_hex(liar.lease_id)}:{liar.task}:0")


def _relayed(stage: Stage, signer: LocalAccount, call: Call) -> Call:
    """What somebody asks to be sent in its name."""
    not_after = stage.contracts.block_timestamp() + 1000
    request = Request(Address(signer.address), call.data, 0, not_after, 5)
    return stage.contracts.relay(request, 0, request.sign(stage.contracts.domain, signer))


def test_what_this_market_has_paid_needs_no_second_look(stage: Stage) -> None:
    audit = committed(stage, verifiers=1).audits[0]
    digest = audit.ask().digest
    audit.commit(digest)
    audit.reveal(digest)
    stage.keep(2)
    assert audit.accepted
    with stage.market.store.read() as unit:
        assert not unit.audits.accepted_elsewhere(10, 0)
