"""Attacks that the rules refuse outright: forged, repeated, late or inflated moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from eth_account import Account

from protocol.lease import Lease, LeaseResult
from protocol.settlement.facts import AuditClaim, AuditRef, JobTerms, LeaseEntry
from protocol.settlement.refusals import Refusal, Refused
from protocol.typed_data import Domain
from protocol.units import ZERO_BYTES32, Address, Bytes32
from verifier.simulation.stage import RIGHT, Stage

HERE = Domain(1, Address("0x" + "11" * 20))
ELSEWHERE = (Domain(2, HERE.market), Domain(1, Address("0x" + "22" * 20)))


@dataclass(frozen=True, slots=True)
class Attack:
    """A move and the refusal that it must meet."""

    name: str
    expected: Refusal
    move: Callable[[Stage], None]

    def refusal(self, stage: Stage) -> Refusal | None:
        """What the move met; None if it went through."""
        try:
            self.move(stage)
        except Refused as refused:
            return refused.reason
        return None


def _work(stage: Stage) -> tuple[Bytes32, LeaseEntry]:
    """An honest lease, committed and seeded."""
    entry = stage.lease(stage.honest("provider", 0), 4)
    batch_id = stage.commit([entry])
    stage.seed(batch_id)
    return batch_id, entry


def _signed_elsewhere(domain: Domain) -> Callable[[Stage], None]:
    """A device's real signature, made for another chain or contract."""

    def move(stage: Stage) -> None:
        key = Account.from_key(stage.fresh_id())
        provider = Address(key.address)
        lease = Lease(stage.job_id, provider, provider, 0, 1, stage.setting.price_wei, 1)
        price_wei = stage.setting.price_wei
        result = LeaseResult(lease.lease_id, stage.job_id, provider, 0, 1, price_wei, ZERO_BYTES32)
        signer = result.signer(HERE, result.sign(domain, key))
        entries = [LeaseEntry.of(result)]
        stage.market.commit_batch(
            stage.batch_id(), stage.operator, entries, stage.at, signers=[signer]
        )

    return move


def _invent_lease(stage: Stage) -> None:
    entry = stage.lease(stage.honest("provider", 60), 4)
    signers = [stage.operator]
    stage.market.commit_batch(stage.batch_id(), stage.operator, [entry], stage.at, signers)


def _foreign_operator(stage: Stage) -> None:
    entry = stage.lease(stage.honest("provider", 60), 4)
    stage.commit([entry], operator=stage.name("operator"))


def _replay_lease(stage: Stage) -> None:
    stage.commit([_work(stage)[1]])


def _late_result(stage: Stage) -> None:
    _, entry = _work(stage)
    late = replace(entry, lease_id=stage.fresh_id(), provider=stage.honest("late", 60))
    stage.commit([late])


def _over_claim(stage: Stage) -> None:
    entry = stage.lease(stage.honest("provider", 60), 4)
    stage.commit([replace(entry, amount_wei=entry.amount_wei + 1)])


def _settle_twice(stage: Stage) -> None:
    batch_id, _ = _work(stage)
    stage.close_window(batch_id)
    stage.market.settle_batch(batch_id, stage.at)


def _settle_early(stage: Stage) -> None:
    stage.market.settle_batch(_work(stage)[0], stage.at)


def _fix_seed_again(stage: Stage) -> None:
    stage.market.fix_seed(_work(stage)[0], stage.fresh_id(), stage.at)


def _claim(stage: Stage) -> tuple[Bytes32, AuditClaim]:
    """A newcomer's tasks are all audited: the first one's claim."""
    batch_id, entry = _work(stage)
    draw = stage.market.audit_draws(batch_id, 0, entry.first_task)[0]
    return batch_id, AuditClaim(0, entry.first_task, draw.holder, draw.attempt, RIGHT, RIGHT)


def _audit_twice(stage: Stage) -> None:
    batch_id, claim = _claim(stage)
    stage.market.accept_audits(batch_id, [claim], stage.at)
    stage.market.accept_audits(batch_id, [claim], stage.at)


def _steal_audit(stage: Stage) -> None:
    batch_id, claim = _claim(stage)
    stolen = replace(claim, verifier=stage.name("stranger"))
    stage.market.accept_audits(batch_id, [stolen], stage.at)


def _skip_attempts(stage: Stage) -> None:
    batch_id, claim = _claim(stage)
    later = replace(claim, attempt=claim.attempt + 1)
    stage.market.accept_audits(batch_id, [later], stage.at)


def _pay_early(stage: Stage) -> None:
    batch_id, claim = _claim(stage)
    stage.market.accept_audits(batch_id, [claim], stage.at)
    stage.market.pay_audits(batch_id, [AuditRef(0, claim.task, 0)])


def _pay_twice(stage: Stage) -> None:
    batch_id, claim = _claim(stage)
    stage.market.accept_audits(batch_id, [claim], stage.at)
    stage.close_window(batch_id)
    for _ in range(2):
        stage.market.pay_audits(batch_id, [AuditRef(0, claim.task, 0)])


def _contest_late(stage: Stage) -> None:
    batch_id, entry = _work(stage)
    stage.wait(stage.setting.terms.dispute_window_seconds + 1)
    challenger = stage.honest("challenger")
    stage.market.open_dispute(challenger, batch_id, 0, entry.first_task, stage.at)


def _contest_twice(stage: Stage) -> None:
    batch_id, entry = _work(stage)
    challenger = stage.honest("challenger")
    stage.market.open_dispute(challenger, batch_id, 0, entry.first_task, stage.at)
    stage.market.open_dispute(challenger, batch_id, 0, entry.first_task, stage.at)


def _job_terms(stage: Stage, requester: Address, nonce: int) -> JobTerms:
    price_wei = stage.setting.price_wei
    deadline = stage.at.seconds + 3600
    return JobTerms(requester, stage.operator, 10, price_wei, 0, deadline, nonce=nonce)


def _job_without_funds(stage: Stage) -> None:
    broke = stage.name("requester")
    terms = _job_terms(stage, broke, 1)
    stage.market.open_job(stage.fresh_id(), terms, stage.at, signer=broke, relayer=broke)


def _replay_job(stage: Stage) -> None:
    requester = stage.honest("requester")
    job_id, terms = stage.fresh_id(), _job_terms(stage, requester, 1)
    for _ in range(2):
        stage.market.open_job(job_id, terms, stage.at, signer=requester, relayer=requester)


def _unstake_at_once(stage: Stage) -> None:
    provider = stage.honest("provider", 60)
    stage.market.request_unstake(provider, 1, stage.at)
    stage.market.unstake(provider, stage.at)


def _unstake_in_dispute(stage: Stage) -> None:
    provider = stage.honest("provider", 60)
    entry = stage.lease(provider, 4)
    batch_id = stage.commit([entry])
    stage.market.open_dispute(stage.honest("challenger"), batch_id, 0, entry.first_task, stage.at)
    stage.market.request_unstake(provider, 1, stage.at)
    stage.wait(stage.setting.terms.unstake_delay_seconds)
    stage.market.unstake(provider, stage.at)


def _release_held_seat(stage: Stage) -> None:
    stage.market.release_seats(Address("verifier 0"), [0], stage.at)


ATTACKS = (
    Attack("signature for another chain", Refusal.BAD_SIGNATURE, _signed_elsewhere(ELSEWHERE[0])),
    Attack(
        "signature for another contract", Refusal.BAD_SIGNATURE, _signed_elsewhere(ELSEWHERE[1])
    ),
    Attack("operator invents a lease", Refusal.BAD_SIGNATURE, _invent_lease),
    Attack("another operator commits", Refusal.WRONG_OPERATOR, _foreign_operator),
    Attack("lease result replayed", Refusal.TASK_ALREADY_COMMITTED, _replay_lease),
    Attack("late result after re-lease", Refusal.TASK_ALREADY_COMMITTED, _late_result),
    Attack("over-claimed amount", Refusal.AMOUNT_OUT_OF_RANGE, _over_claim),
    Attack("settled twice", Refusal.UNKNOWN_BATCH, _settle_twice),
    Attack("settled before the window ends", Refusal.WINDOW_OPEN, _settle_early),
    Attack("seed fixed again", Refusal.SEED_ALREADY_FIXED, _fix_seed_again),
    Attack("audit accepted twice", Refusal.AUDIT_ALREADY_ACCEPTED, _audit_twice),
    Attack("fee paid before its lease is", Refusal.LEASE_NOT_FINISHED, _pay_early),
    Attack("fee paid twice", Refusal.NO_FEE_LEFT, _pay_twice),
    Attack("audit claimed by another", Refusal.VERIFIER_NOT_DRAWN, _steal_audit),
    Attack("a later attempt claimed", Refusal.VERIFIER_NOT_DRAWN, _skip_attempts),
    Attack("contested after the window", Refusal.WINDOW_OVER, _contest_late),
    Attack("one task contested twice", Refusal.TASK_ALREADY_DISPUTED, _contest_twice),
    Attack("job without funds", Refusal.INSUFFICIENT_BALANCE, _job_without_funds),
    Attack("job replayed", Refusal.JOB_NOT_NEW, _replay_job),
    Attack("unstaking without delay", Refusal.STAKE_LOCKED, _unstake_at_once),
    Attack("unstaking during a dispute", Refusal.STAKE_IN_DISPUTE, _unstake_in_dispute),
    Attack("seat's stake taken while it is held", Refusal.SEAT_NOT_VACATED, _release_held_seat),
)
