"""What there is to know of a market, of the contracts and of their mirror, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from protocol.chain.facts import (
    AcceptedAudit,
    AccountFacts,
    AuditRef,
    BatchFacts,
    CommitteeFacts,
    DisputeFacts,
    JobFlag,
    JobState,
    Params,
)
from protocol.dispute import DisputeStatus, DisputeTerms, Verdict
from protocol.lifecycle import job_status
from protocol.settlement import Settlement, facts
from protocol.units import ZERO_BYTES32, Bytes32

if TYPE_CHECKING:
    from tests.chain.twins import Twins

Facts = dict[object, object]
_NO_JOB = JobState(0, 0, 0, 0, 0, 0, 0)
_NO_BATCH = BatchFacts(0, 0, 0, 0, 0, 0)
_SHOWN_STEPS = 25
_SHOWN_TASKS = 12


class Difference(AssertionError):
    """The contracts and their mirror disagree."""


def evm_facts(twins: Twins) -> Facts:
    """As the contracts' views tell it."""
    contracts, mirror = twins.contracts, twins.mirror
    found: Facts = {
        "burnt": contracts.burnt_wei(),
        "held": contracts.token_balance(contracts.deployment.market),
        "pause": contracts.intake_pause(),
        "proposal": contracts.proposal(),
        "terms": _dispute_terms(contracts.params()),
        "seats": contracts.seat_count(),
        "disputes": contracts.ask("Market", "disputeCount"),
    }
    found |= {("account", who): contracts.account(who) for who in twins.everybody}
    for number, seat in enumerate(contracts.seats()):
        found["seat", number] = (seat, contracts.seat_release(number))
    for job_id, job in twins.jobs.items():
        found["job", job_id] = contracts.job(job_id)
        found["status", job_id] = contracts.job_status(job)
        for task in range(min(job.task_count, _SHOWN_TASKS)):
            found["task", job_id, task] = contracts.is_task_committed(job_id, task)
    found |= {("batch", batch_id): contracts.batch(batch_id) for batch_id in twins.batches}
    for key in mirror.accepted_audits:
        found["audit", key] = contracts.accepted_audit(key[0], AuditRef(*key[1:]))
    for batch_id in twins.kept_seeds():
        found["seed", batch_id] = contracts.seed_of(batch_id)
    for number in range(1, mirror.dispute_count + 1):
        found["dispute", number] = contracts.dispute(number)
        found["moot", number] = contracts.ask("Market", "isMoot", number)
        found["committee", number] = contracts.committee(number)
    return found


def mirror_facts(twins: Twins) -> Facts:
    """As the mirror knows it, in the contracts' words."""
    mirror, now = twins.mirror, twins.at.seconds
    found: Facts = {
        "burnt": mirror.burnt_wei,
        "held": mirror.held_wei,
        "pause": (mirror.intake_paused_until, mirror.next_pause_at),
        "proposal": mirror.proposal,
        "terms": mirror.dispute_terms,
        "seats": len(mirror.seats()),
        "disputes": mirror.dispute_count,
    }
    for who in twins.everybody:
        found["account", who] = AccountFacts(*astuple(mirror.account(who)))
    for number, seat in enumerate(mirror.seats()):
        found["seat", number] = (seat, astuple(mirror.seat_stake(number)))
    for job_id, job in twins.jobs.items():
        state = mirror.job(job_id) if mirror.has_job(job_id) else None
        found["job", job_id] = _job(state) if state else _NO_JOB
        found["status", job_id] = job_status(state.facts, now) if state else None
        for task in range(min(job.task_count, _SHOWN_TASKS)):
            found["task", job_id, task] = mirror.is_task_committed(job_id, task)
    for batch_id in twins.batches:
        found["batch", batch_id] = _batch(mirror, batch_id)
    found |= {("audit", key): _audit(done) for key, done in mirror.accepted_audits.items()}
    found |= {("seed", key): mirror.batch(key).seed for key in twins.kept_seeds()}
    for number in range(1, mirror.dispute_count + 1):
        found["dispute", number] = _dispute(mirror, number)
        found["moot", number] = mirror.is_moot(number)
        found["committee", number] = _committee(mirror, number)
    return found


def require_same(contracts: Facts, mirror: Facts, log: Sequence[str]) -> None:
    """Raise what differs, and what was done before."""
    differing = [
        f"{key}: the contracts have {contracts.get(key)!r}, the mirror {mirror.get(key)!r}"
        for key in contracts | mirror
        if contracts.get(key) != mirror.get(key)
    ]
    if differing:
        raise Difference("\n".join((*differing, "after:", *log[-_SHOWN_STEPS:])))


def require_conserved(found: Facts, log: Sequence[str]) -> None:
    """What the market holds is what it owes to somebody, or has burnt."""
    owed = 0
    for fact in found.values():
        if isinstance(fact, AccountFacts):
            owed += fact.balance_wei + fact.stake_wei + fact.unstaking_wei
        elif isinstance(fact, JobState):
            owed += fact.escrow_wei + fact.audit_escrow_wei
        elif isinstance(fact, AcceptedAudit):
            owed += fact.fee_wei
        elif isinstance(fact, DisputeFacts) and fact.is_open:
            owed += fact.bond_wei
    seats = [fact[1] for key, fact in found.items() if isinstance(fact, tuple) and _is_seat(key)]
    owed += sum(stake_wei for stake_wei, *_ in seats)
    burnt_wei = found["burnt"]
    assert isinstance(burnt_wei, int)
    require_same({"owed": owed + burnt_wei}, {"owed": found["held"]}, log)


def _is_seat(key: object) -> bool:
    return isinstance(key, tuple) and key[0] == "seat"


def _job(state: facts.JobState) -> JobState:
    flags = JobFlag(0)
    for flag, is_true in (
        (JobFlag.OPENED, state.is_opened),
        (JobFlag.CANCELLED, state.cancelled_at),
        (JobFlag.CLOSED, state.closed_at),
        (JobFlag.RELEASED, state.is_released),
    ):
        flags |= flag if is_true else JobFlag(0)
    return JobState(
        state.escrow_wei,
        state.audit_escrow_wei,
        state.frontier,
        state.committed_tasks,
        state.settled_tasks,
        flags,
        state.cancelled_at,
    )


def _dispute_terms(params: Params) -> DisputeTerms:
    return DisputeTerms(
        params.dispute_bond_wei,
        params.slash_multiple,
        params.concede_multiple,
        params.committee_size,
    )


def _batch(mirror: Settlement, batch_id: Bytes32) -> BatchFacts:
    if not mirror.has_batch(batch_id) or mirror.batch(batch_id).is_over:
        return _NO_BATCH
    state = mirror.batch(batch_id)
    return BatchFacts(
        state.commit_block,
        state.committed_at,
        len(state.entries),
        state.finished_bitmap,
        state.disputed_bitmap,
        state.seat_count,
    )


def _audit(done: facts.AcceptedAudit) -> AcceptedAudit:
    return AcceptedAudit(done.seat_id, done.accepted_block, done.fee_wei, done.is_refuted)


def _dispute(mirror: Settlement, number: int) -> DisputeFacts:
    known = mirror.dispute(number)
    entry = known.entry
    terms = mirror.job(entry.job_id).terms
    return DisputeFacts(
        batch_id=known.batch_id,
        job_id=entry.job_id,
        lease_id=entry.lease_id,
        result_root=entry.result_root,
        ruled_digest=known.digest or ZERO_BYTES32,
        challenger=known.challenger,
        opened_at=known.opened_at,
        opened_block=known.opened_block,
        provider=entry.provider,
        first_task=entry.first_task,
        count=entry.count,
        task=known.task,
        requester=terms.requester,
        seat_count=known.seat_count,
        operator=terms.operator,
        amount_wei=entry.amount_wei,
        bond_wei=known.bond_wei,
        slash_multiple=known.terms.slash_multiple,
        concede_multiple=known.terms.concede_multiple,
        committee_size=known.terms.committee_size,
        line=known.index,
        status=DisputeStatus(known.status),
        verdict=Verdict(known.verdict),
    )


def _committee(mirror: Settlement, number: int) -> CommitteeFacts:
    drawn, seed_block = mirror.committee(number), mirror.committee_seed_block(number)
    if drawn is None:
        none = (False, False, ZERO_BYTES32, (), (), (), (), 0)
        return CommitteeFacts(seed_block, 0, 0, 0, 0, 0, *none)
    ballots = drawn.ballots
    return CommitteeFacts(
        seed_block=seed_block,
        commit_by=drawn.commit_by,
        reveal_by=drawn.reveal_by,
        open_by=drawn.open_by,
        committed=drawn.committed,
        revealed=drawn.revealed,
        is_drawn=True,
        is_claim_opened=drawn.claimed_digest is not None,
        claimed_digest=drawn.claimed_digest or ZERO_BYTES32,
        members=tuple(ballot.member for ballot in ballots),
        seat_ids=mirror.dispute(number).seat_ids or (),
        commitments=tuple(ballot.commitment or ZERO_BYTES32 for ballot in ballots),
        digests=tuple(ballot.digest or ZERO_BYTES32 for ballot in ballots),
        revealed_bitmap=sum(1 << i for i, b in enumerate(ballots) if b.digest is not None),
    )
