"""Jobs with a comparator: who may read a provider's output, when, and what is signed for it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from market.store.records import DisputeCommitment
from protocol.audit import AuditCommitment, ToleranceCommitment, commitment
from protocol.dispute import OUT_OF_TOLERANCE, Verdict
from protocol.errors import (
    BadSignature,
    BlobIncomplete,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
)
from protocol.lifecycle import JobStatus
from protocol.result import Outcome
from protocol.units import Address, Bytes32, ContentId, content_id
from protocol.verification import Close, Custom
from tests.market.stage import Audit, Commitment, Device, Stage
from tests.market.test_whole_job import batches_of, contest, drawn

TASKS, TASK = 8, 0
CLOSE = Close("float32", "0", "1e-6")
NEAR = Outcome(b"mine, a little off")


@dataclasses.dataclass
class Tolerant:
    """A committed job with a comparator, which a provider without much stake has worked on."""

    stage: Stage
    requester: LocalAccount
    device: Device
    verifiers: list[LocalAccount]
    job_id: Bytes32
    audits: list[Audit]
    folder: Path

    def fetch(self, who: LocalAccount, output: ContentId) -> bytes:
        """Download an output as somebody, afresh."""
        path = self.folder / "output"
        path.unlink(missing_ok=True)
        return self.stage.client(who).fetch_blob(output, path).read_bytes()

    def output(self, task: int) -> ContentId:
        """A task's output, as only its provider should know it."""
        with self.stage.market.store.read() as unit:
            holder = unit.tasks.get(self.job_id, task)
            assert holder is not None
            assert holder.lease_id is not None
            results = unit.results.of_lease(holder.lease_id)
        found = next(result.output_blob for result in results if result.task == task)
        assert found is not None
        return found

    def member_audit(self, member: LocalAccount) -> Audit:
        """What a member of the committee about `TASK` signs with."""
        contested = self.stage.contracts.dispute(1)
        return Audit(self.stage, member, contested.batch_id, contested.lease_id, TASK)

    def bind(self, audit: Audit, digest: Bytes32, kind: type[Commitment]) -> ContentId | None:
        """A member's commitment in dispute 1; the output that it is shown."""
        client = self.stage.client(audit.verifier)
        view = client.commit_dispute(1, audit.bound(digest, kind))
        return None if view.output is None else ContentId(view.output)


def tolerant(
    stage: Stage, folder: Path, verifiers: int = 3, stake: int = 0, *, is_exact: bool = False
) -> Tolerant:
    watching = [stage.verifier() for _ in range(verifiers)]
    requester, device = stage.person(100), stage.provider(stake)
    comparator = None if is_exact else CLOSE
    job_id = stage.job(
        requester, TASKS, respec=lambda spec: dataclasses.replace(spec, comparator=comparator)
    )
    while (grant := device.client.lease()) is not None:
        device.finish(grant)
    stage.keep()
    stage.mine(2)
    stage.keep()
    audits = drawn(stage, job_id, watching)
    return Tolerant(stage, requester, device, watching, job_id, audits, folder)


def disputed(found: Tolerant) -> list[LocalAccount]:
    """Contest the task, and have a committee drawn: its members."""
    stage = found.stage
    contest(stage, found.job_id, TASK, found.requester)
    stage.keep()
    stage.pass_time(stage.params.concede_seconds + 1)
    stage.keep(2)
    stage.mine(2)
    stage.keep(2)
    members = stage.contracts.committee(1).members
    assert len(members) >= 2
    return [v for v in found.verifiers if Address(v.address) in members]


def vote(found: Tolerant, votes: list[tuple[LocalAccount, Bytes32]]) -> None:
    """Members commit and reveal, and the keeper concludes."""
    stage, salt = found.stage, Bytes32(b"\x05" * 32)
    for member, digest in votes:
        made = commitment(Address(member.address), digest, salt)
        stage.send(member, stage.contracts.commit_vote(1, made))
    for member, digest in votes:
        stage.send(member, stage.contracts.reveal_vote(1, digest, salt))
    stage.keep(4)


def test_who_is_bound_compares_and_is_paid_for_the_providers_digest(
    any_stage: Stage, tmp_path: Path
) -> None:
    found = tolerant(any_stage, tmp_path, verifiers=1)
    audit, output = found.audits[0], found.output(found.audits[0].task)
    right = audit.ask()
    with pytest.raises(NotFound):
        found.fetch(audit.verifier, output)  # not bound yet
    shown = audit.commit(NEAR.digest, ToleranceCommitment)
    assert shown.output == output
    assert found.fetch(audit.verifier, output) == right.output
    assert Outcome(right.output).digest == shown.digest
    assert audit.commit(NEAR.digest, ToleranceCommitment) == shown  # the same again
    with pytest.raises(Conflict):
        audit.commit(right.digest, ToleranceCommitment)
    with pytest.raises(InvalidInput):  # neither what it agrees with nor what it is bound to
        audit.reveal(Outcome(b"a third").digest)
    assert audit.reveal(Bytes32(shown.digest)).agrees
    any_stage.keep(2)
    assert audit.accepted
    with any_stage.market.store.read() as unit:
        assert not unit.audits.accepted_elsewhere(10, 0)  # nothing to hold against it
    any_stage.settle()
    assert any_stage.client(found.requester).job(found.job_id).status == JobStatus.SETTLED
    with pytest.raises(NotFound):
        found.fetch(audit.verifier, output)  # after the end


def test_a_module_of_the_requesters_own_is_asked_for_and_served(
    stage: Stage, tmp_path: Path
) -> None:
    module = b"\x00asm a comparator that nobody runs here"
    comparator = Custom(content_id(module))
    requester, device = stage.person(100), stage.provider()
    draft = stage.draft(
        requester, respec=lambda spec: dataclasses.replace(spec, comparator=comparator)
    )
    with pytest.raises(BlobIncomplete, match=comparator.module):
        draft.post()
    stage.client(requester).put_blob(module)
    draft.post()
    stage.keep_until(lambda: stage.client(requester).job(draft.job_id).is_on_chain)
    with pytest.raises(NotFound):
        device.client.fetch_blob(comparator.module, tmp_path / "module")
    assert device.client.lease() is not None
    fetched = device.client.fetch_blob(comparator.module, tmp_path / "module")
    assert fetched.read_bytes() == module


def test_a_verifier_that_disagrees_says_so_with_its_own_digest(
    stage: Stage, tmp_path: Path
) -> None:
    audit = tolerant(stage, tmp_path, verifiers=1).audits[0]
    audit.commit(NEAR.digest, ToleranceCommitment)
    assert not audit.reveal(NEAR.digest).agrees
    stage.keep(2)
    assert not audit.accepted


def test_each_class_of_job_takes_its_own_commitment_only(stage: Stage, tmp_path: Path) -> None:
    """An AuditCommitment would prove an equivocation where a result names another digest."""
    audit = tolerant(stage, tmp_path, verifiers=1).audits[0]
    with pytest.raises(BadSignature, match="ToleranceCommitment"):
        audit.commit(NEAR.digest, AuditCommitment)
    audit.commit(NEAR.digest, ToleranceCommitment)


def test_an_exact_job_shows_no_output(stage: Stage, tmp_path: Path) -> None:
    found = tolerant(stage, tmp_path, is_exact=True)
    audit = found.audits[0]
    with pytest.raises(BadSignature, match="AuditCommitment"):
        audit.commit(NEAR.digest, ToleranceCommitment)
    assert audit.commit(NEAR.digest).output is None
    with pytest.raises(NotFound):
        found.fetch(audit.verifier, found.output(audit.task))
    with pytest.raises(InvalidInput):  # shown the right digest, it cannot say that
        audit.reveal(audit.ask().digest)
    for member in disputed(found):
        with pytest.raises(Conflict, match="exact"):
            found.bind(found.member_audit(member), NEAR.digest, ToleranceCommitment)


def test_another_verifier_reads_nothing(stage: Stage, tmp_path: Path) -> None:
    """Neither who is not drawn, nor who is drawn for the task too, nor for another task."""
    found = tolerant(stage, tmp_path)
    audit = found.audits[0]
    output = found.output(audit.task)
    audit.commit(NEAR.digest, ToleranceCommitment)
    others = [each for each in found.verifiers if each.address != audit.verifier.address]
    for other in [*others, stage.person(), stage.verifier()]:
        with pytest.raises(NotFound):
            found.fetch(other, output)
    mine = {each.task for each in found.audits if each.verifier == audit.verifier}
    for each in found.audits:
        if each.verifier != audit.verifier:
            each.ask()
            with pytest.raises(NotFound):
                found.fetch(each.verifier, output)
        if each.task != audit.task and each.task in mine:
            with pytest.raises(NotFound):
                found.fetch(audit.verifier, found.output(each.task))
    stranger = dataclasses.replace(audit, verifier=stage.verifier())
    with pytest.raises(Forbidden):
        stranger.commit(NEAR.digest, ToleranceCommitment)


def test_who_calls_a_verifier_its_device_reads_nothing(stage: Stage, tmp_path: Path) -> None:
    found = tolerant(stage, tmp_path, verifiers=1)
    audit, stranger = found.audits[0], stage.person()
    stage.delegate(stranger, Address(audit.verifier.address))
    stage.clients.pop(audit.verifier.address, None)
    shown = audit.commit(NEAR.digest, ToleranceCommitment)
    assert shown.output is not None
    assert found.fetch(audit.verifier, ContentId(shown.output))
    with pytest.raises(NotFound):
        found.fetch(stranger, ContentId(shown.output))


def test_a_member_reads_the_output_once_it_is_bound_and_until_the_end(
    any_stage: Stage, tmp_path: Path
) -> None:
    stage = any_stage
    found = tolerant(stage, tmp_path, verifiers=4, stake=50)
    members, output = disputed(found), found.output(TASK)
    first, *rest = members
    audit = found.member_audit(first)
    audit.ask(dispute_id=1)
    with pytest.raises(NotFound):
        found.fetch(first, output)  # granted the inputs, and not bound
    with pytest.raises(BadSignature):
        found.bind(audit, NEAR.digest, AuditCommitment)
    with pytest.raises(NotFound):
        found.fetch(first, output)
    assert found.bind(audit, NEAR.digest, ToleranceCommitment) == output
    assert found.bind(audit, NEAR.digest, ToleranceCommitment) == output  # the same again
    assert found.fetch(first, output)
    with pytest.raises(Conflict):
        found.bind(audit, Outcome(b"changed its mind").digest, ToleranceCommitment)
    for other in rest:
        with pytest.raises(NotFound):
            found.fetch(other, output)
    right = audit.ask(dispute_id=1).digest
    vote(found, [(member, right) for member in members])
    assert stage.contracts.dispute(1).verdict == Verdict.CHALLENGER_LOST
    with pytest.raises(NotFound):
        found.fetch(first, output)
    for member in members:
        with pytest.raises(Conflict):
            found.bind(found.member_audit(member), NEAR.digest, ToleranceCommitment)


def test_a_commitment_about_another_task_or_by_a_stranger(stage: Stage, tmp_path: Path) -> None:
    found = tolerant(stage, tmp_path, verifiers=4)
    members = disputed(found)
    audit = found.member_audit(members[0])
    for wrong in (
        dataclasses.replace(audit, task=TASK + 1),
        dataclasses.replace(audit, batch_id=Bytes32(b"\x01" * 32)),
        dataclasses.replace(audit, lease_id=Bytes32(b"\x01" * 32)),
    ):
        with pytest.raises(NotFound, match="another task"):
            found.bind(wrong, NEAR.digest, ToleranceCommitment)
    for stranger in (found.requester, found.device.wallet, stage.verifier()):
        with pytest.raises(Forbidden):
            found.bind(found.member_audit(stranger), NEAR.digest, ToleranceCommitment)
    forged = audit.bound(NEAR.digest, ToleranceCommitment)
    with pytest.raises(BadSignature):
        stage.client(members[1]).commit_dispute(1, forged)


def test_a_disputes_number_may_be_anothers_after_a_reorganisation(
    any_stage: Stage, tmp_path: Path
) -> None:
    found = tolerant(any_stage, tmp_path)
    audit = found.audits[0]
    member = Address(audit.verifier.address)
    first = DisputeCommitment(1, member, audit.lease_id, audit.task, NEAR.digest, b"", 0)
    other = dataclasses.replace(first, task=audit.task + 1, commitment=audit.ask().digest)
    with any_stage.market.store.write() as unit:
        for bound in (first, other):
            assert unit.disputes.commitment(bound) is None
            unit.disputes.bind(bound)
        for bound in (first, other):
            assert unit.disputes.commitment(bound) == bound.commitment


def test_a_result_out_of_tolerance_costs_a_concession_and_no_more(
    any_stage: Stage, tmp_path: Path
) -> None:
    stage = any_stage
    found = tolerant(stage, tmp_path, verifiers=4, stake=50)
    provider = Address(found.device.wallet.address)
    batches = [batch for _, batch in batches_of(stage, found.job_id)]
    all_leases = {line.lease_id for batch in batches for line in batch.lines}
    members = disputed(found)
    lease = stage.contracts.dispute(1)
    price_wei = lease.amount_wei // lease.count
    before_wei = stage.contracts.account(provider).stake_wei
    vote(found, [(member, OUT_OF_TOLERANCE) for member in members])
    assert stage.contracts.dispute(1).verdict == Verdict.OUT_OF_TOLERANCE
    after = stage.contracts.account(provider)
    assert before_wei - after.stake_wei == lease.concede_multiple * price_wei
    assert after.strikes == 0
    # Its other leases are paid all the same.
    stage.settle()
    receipt = stage.client(found.requester).receipt(found.job_id)
    paid = {payment.lease_id for payment in receipt.payments}
    assert paid == all_leases - {lease.lease_id}
    assert paid
