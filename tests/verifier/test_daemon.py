"""Verifiers on a real chain, against a market that may lie: agree, dispute, vote, survive."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from protocol.audit import AuditResult
from protocol.chain.calls import Call
from protocol.chain.events import ChainEvent
from protocol.chain.facts import AuditClaim
from protocol.dispute import UNAVAILABLE, DisputeTerms, Verdict
from protocol.errors import ChainRejected
from protocol.pricing import REPORTER_PERCENT, bond_wei
from protocol.sampling import Draw
from protocol.units import Address, content_id, credits_text
from tests.protocol.make_vectors import word
from tests.verifier.conftest import VERIFIERS, Team
from tests.verifier.lying_market import LyingMarket
from tests.verifier.world import PRICE_WEI, PROVIDER, QUICK, REQUESTER, Committed, World
from verifier.draws import AuditKey
from verifier.enrolment import held_seats
from verifier.journal import Step

PROVIDER_LOST, CHALLENGER_LOST = 1, 2
A, B, C, D = VERIFIERS


def _commit(world: World, wrong_task: int | None = None, tasks: int = 3) -> Committed:
    digests = [world.honest_digest(task) for task in range(tasks)]
    if wrong_task is not None:
        digests[wrong_task] = word("wrong")
    return world.commit(world.open_job(), 0, digests)


def test_honest_work_is_audited_blind_and_revealed(market: LyingMarket, team: Team) -> None:
    team.enroll(A, B)
    team.start(A, B)
    made = _commit(market.world)
    drawn = {(d.holder, task) for task, draws in market.world.draws(made).items() for d in draws}
    assert {task for _, task in drawn} == {0, 1, 2}
    market.world.wait_until(lambda: len(market.results) >= len(drawn), what="all results")
    assert Counter((who, result.task) for who, result in market.results) == Counter(drawn)
    assert all(result.task_digest == made.digests[result.task] for _, result in market.results)
    assert not market.world.events("DisputeOpened")


def test_a_cheater_is_disputed_judged_and_slashed(market: LyingMarket, team: Team) -> None:
    world = market.world
    team.enroll(A, B, C, D)
    team.start(A, B, C, D)
    before_wei = world.balance(REQUESTER.address)
    made = _commit(world, wrong_task=1)
    opened = world.await_event("DisputeOpened")
    assert (opened.args["batch_id"], opened.args["task"]) == (made.batch_id, 1)
    resolved = world.await_event("DisputeResolved")
    assert resolved.args["verdict"] == PROVIDER_LOST
    drawn = world.await_event("CommitteeDrawn")
    assert len(drawn.args["members"]) == 3
    assert opened.args["challenger"] not in drawn.args["members"]
    assert {e.args["task_digest"] for e in world.events("VoteRevealed")} == {world.honest_digest(1)}
    assert len(world.events("VoteRevealed")) == 3
    assert not world.events("SeatSlashed")
    slashed = world.await_event("Slashed")
    assert slashed.args["provider"] == PROVIDER.address
    assert slashed.args["amount_wei"] == PRICE_WEI // 2  # all the stake that it had
    assert world.balance(REQUESTER.address) > before_wei
    assert len(world.events("DisputeOpened")) == 1


def test_a_bond_that_is_missing_is_asked_for_and_then_put_down(
    market: LyingMarket, team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    world = market.world
    team.enroll(A)
    bond = bond_wei(PRICE_WEI, PRICE_WEI, QUICK.dispute_bond_wei)
    spare_wei = world.contracts.account(Address(A.address)).balance_wei - bond + 1
    world.send(A, world.contracts.withdraw(spare_wei, Address(A.address)))
    team.start(A)
    _commit(world, wrong_task=0, tasks=1)
    told = f"the bond is {credits_text(bond)} credits, {A.address} has {credits_text(bond - 1)}"
    world.wait_until(lambda: told in caplog.text, what="the warning")
    assert not world.events("DisputeOpened")
    world.fund(A, 1)
    opened = world.await_event("DisputeOpened")
    assert opened.args["challenger"] == A.address


def test_a_bond_that_a_governor_has_changed_is_noticed(
    market: LyingMarket, team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    world = market.world
    team.enroll(A)
    team.start(A)
    _commit(world)
    world.wait_until(lambda: bool(_audits(team)), what="an audit, by the terms of before")
    bond = 4 * QUICK.dispute_bond_wei
    world.govern(DisputeTerms(bond, 90, 70, 5))
    _commit(world, wrong_task=0, tasks=1)
    told = f"the bond is {credits_text(bond)} credits, {A.address} has"
    world.wait_until(lambda: told in caplog.text, what="the warning")
    world.fund(A, bond)
    opened = world.await_event("DisputeOpened")
    assert world.contracts.dispute(opened.args["dispute_id"]).bond_wei == bond


def test_an_opening_that_was_never_signed_is_disputed(market: LyingMarket, team: Team) -> None:
    """The market shows what the verifier found, instead of what the provider committed to."""
    world = market.world
    market.change_opening = lambda opening: replace(opening, digest=world.honest_digest(0))
    team.enroll(A)
    team.start(A)
    _commit(world, wrong_task=0, tasks=1)
    opened = world.await_event("DisputeOpened")
    assert opened.args["challenger"] == A.address


def test_a_withheld_opening_is_disputed_before_the_window_ends(
    market: LyingMarket, team: Team
) -> None:
    market.refuses_openings = True
    team.enroll(A)
    team.start(A)
    made = _commit(market.world, wrong_task=0, tasks=1)
    opened = market.world.await_event("DisputeOpened")
    committed_at = market.world.contracts.batch(made.batch_id).committed_at
    window_ends_at = committed_at + QUICK.dispute_window_seconds
    assert window_ends_at - QUICK.dispute_window_seconds // 2 <= opened.timestamp <= window_ends_at
    assert len({message.commitment for message in market.commitments}) == 1


def test_who_withholds_inputs_from_all_leaves_its_friend_unpaid(
    market: LyingMarket, team: Team
) -> None:
    """Nobody can say that the result is wrong, and nobody has to: it is not paid, or worse."""
    world = market.world
    market.hides_inputs_from = {account.address for account in VERIFIERS}
    team.enroll(A, B, C, D)
    team.start(A, B, C, D)
    stake_wei = world.contracts.account(Address(PROVIDER.address)).stake_wei
    made = _commit(world, wrong_task=0, tasks=1)
    opened = world.await_event("DisputeOpened")
    challenger = opened.args["challenger"]
    resolved = world.await_event("DisputeResolved")
    assert resolved.args["verdict"] == Verdict.UNAVAILABLE
    votes = [event.args["task_digest"] for event in world.events("VoteRevealed")]
    assert votes == [UNAVAILABLE] * 3
    assert world.await_event("LeaseReleased").args["lease_id"] == made.lease_id
    assert world.contracts.account(Address(PROVIDER.address)).stake_wei == stake_wei
    assert not world.events("SeatVacated")
    bond = bond_wei(PRICE_WEI, PRICE_WEI, QUICK.dispute_bond_wei)
    assert world.balance(challenger) >= bond


def test_who_is_kept_from_inputs_that_others_get_keeps_its_stake(
    market: LyingMarket, team: Team
) -> None:
    world = market.world
    market.hides_inputs_from = {B.address}
    team.enroll(A, B, C)
    team.start(A, B, C)
    _contest(world, _commit(world, wrong_task=0, tasks=1))
    assert world.await_event("DisputeResolved").args["verdict"] == PROVIDER_LOST
    votes = {e.args["member"]: e.args["task_digest"] for e in world.events("VoteRevealed")}
    right = world.honest_digest(0)
    assert votes == {A.address: right, B.address: UNAVAILABLE, C.address: right}
    assert not world.events("SeatSlashed")


def test_another_spec_or_input_than_was_signed_is_not_judged(
    market: LyingMarket, team: Team
) -> None:
    """A market could make honest work look wrong: it would cost the verifier its bond."""
    world = market.world
    market.spec = replace(world.spec, label="another").to_json()
    team.enroll(A)
    team.start(A)
    _commit(world, tasks=1)
    world.wait_until(lambda: market.asked >= 2, what="the second try")
    market.spec, market.task_input = None, content_id(world.task_input(1))
    before = market.asked
    world.wait_until(lambda: market.asked >= before + 2, what="two more tries")
    assert _audits(team) == {Step.DRAWN: 1}
    assert not market.commitments
    assert not world.events("DisputeOpened")


def test_a_verifier_killed_after_committing_reveals_the_same(
    market: LyingMarket, team: Team
) -> None:
    market.hold = threading.Event()
    team.enroll(A)
    process = team.start_process(A)
    _commit(market.world, tasks=1)
    assert market.hold.wait(30)
    process.kill()
    process.wait()
    market.hold = None
    team.start_process(A)
    market.world.wait_until(lambda: bool(market.results), what="the result")
    assert len({message.commitment for message in market.commitments}) == 1
    assert len(market.commitments) >= 2


def test_who_is_killed_after_its_vote_reveals_it_and_who_stays_away_loses_a_seat(
    market: LyingMarket, team: Team
) -> None:
    """C holds a seat and sleeps, so that the commit phase lasts; A comes back, B does not."""
    world = market.world
    team.enroll(A, B, C)
    processes = {Address(account.address): team.start_process(account) for account in (A, B)}
    made = _commit(world, wrong_task=0, tasks=1)
    _contest(world, made)
    for member, process in processes.items():
        world.await_event("VoteCommitted", _by(member))
        process.kill()
        process.wait()
    team.start_process(A)
    resolved = world.await_event("DisputeResolved")
    assert resolved.args["verdict"] == PROVIDER_LOST
    assert [event.args["member"] for event in world.events("VoteRevealed")] == [A.address]
    losers = {event.args["holder"] for event in world.events("SeatVacated")}
    assert losers == {B.address, C.address}
    assert held_seats(world.contracts, Address(A.address))
    assert not held_seats(world.contracts, Address(B.address))


def test_one_bond_contests_a_whole_lease(market: LyingMarket, team: Team) -> None:
    world = market.world
    team.enroll(A)
    team.start(A)
    digests = [word(f"wrong {task}") for task in range(3)]
    world.commit(world.open_job(), 0, digests)
    world.wait_until(lambda: _audits(team) == {Step.CONTESTED: 3}, what="three contested results")
    world.await_event("DisputeResolved")  # nobody else has a seat: it is void
    assert world.events("DisputeResolved")[0].args["verdict"] == 0
    assert len(world.events("DisputeOpened")) <= 2


def test_a_challenger_that_is_wrong_loses_its_bond(market: LyingMarket, team: Team) -> None:
    """Honest work, contested by hand: the committee finds it right."""
    world = market.world
    team.enroll(A, B, C)
    team.start(A, B, C)
    _contest(world, _commit(world, tasks=1))
    assert world.await_event("DisputeResolved").args["verdict"] == CHALLENGER_LOST
    assert world.balance(D.address) == 0
    assert not world.events("SeatSlashed")


def test_who_was_paid_for_agreeing_with_a_cheater_loses_its_seat(
    market: LyingMarket, team: Team
) -> None:
    """B, its accomplice, is drawn for the other round of the task that A contests."""
    world, contracts = market.world, market.world.contracts
    team.enroll(A, B)
    for account in (C, D):
        world.fund(account, QUICK.seat_stake_wei)
    world.send(PROVIDER, contracts.request_unstake(PRICE_WEI // 2))  # most are audited twice
    made = world.commit(world.open_job(), 0, [word(f"wrong {task}") for task in range(8)])
    draws = world.draws(made)
    task = next(task for task, drawn in draws.items() if len(drawn) == 2)
    (accomplice,) = [draw for draw in draws[task] if draw.holder == Address(B.address)]
    claim = _claim_of(world, made, task, accomplice)
    seats = contracts.batch(made.batch_id).seat_count
    world.send(B, contracts.accept_audits(made.batch, seats, [claim]))
    for account in (C, D):
        world.send(account, contracts.take_seats(1))
    _leave_out_all_but(team, made, task)
    before_wei = world.balance(A.address)
    team.start(A, C, D)
    assert world.await_event("SeatSlashed").args["holder"] == B.address
    earned_wei = world.await_event("Slashed").args["to_challenger_wei"]
    earned_wei += QUICK.seat_stake_wei * REPORTER_PERCENT // 100
    assert world.balance(A.address) == before_wei + earned_wei
    assert held_seats(contracts, Address(A.address))


def _claim_of(world: World, made: Committed, task: int, draw: Draw) -> AuditClaim:
    """What B is paid for: a signature under the digest that the provider had committed to."""
    opening = made.opening(task)
    result = AuditResult(made.batch_id, made.lease_id, task, opening.digest, word("its salt"))
    return AuditClaim(
        line=0,
        task=task,
        attempt=draw.attempt,
        verifier=draw.holder,
        task_digest=opening.digest,
        salt=result.salt,
        signature=result.sign(world.contracts.domain, B),
        leaf_salt=opening.salt,
        proof=opening.proof,
    )


def _leave_out_all_but(team: Team, made: Committed, task: int) -> None:
    """A has done its other audits, so that it contests this task."""
    with team.service(A) as service:
        for other, draws in team.market.world.draws(made).items():
            key = AuditKey(made.batch_id, made.lease_id, other)
            for draw in draws:
                if draw.holder == Address(A.address) and other != task:
                    service.journal.add_audit(key, draw.attempt)
                    service.journal.set_step(key, Step.REVEALED)


def _contest(world: World, made: Committed) -> None:
    """D, who holds no seat, disputes task 0 and has the committee drawn."""
    world.fund(D, bond_wei(PRICE_WEI, PRICE_WEI, QUICK.dispute_bond_wei))
    world.send(D, world.contracts.open_dispute(made.batch, 0, 0))
    opened = world.await_event("DisputeOpened")
    due_at = opened.timestamp + QUICK.concede_seconds + 1
    world.wait_until(lambda: world.contracts.block_timestamp() > due_at)
    draw = world.contracts.draw_committee(opened.args["dispute_id"])
    _send_unless_done(world, draw)
    called = world.await_event("CommitteeCalled")
    world.wait_until(lambda: world.contracts.block_number() > called.args["seed_block"])
    _send_unless_done(world, draw)
    world.await_event("CommitteeDrawn")


def _send_unless_done(world: World, call: Call) -> None:
    """An errand that a verifier may have run before D."""
    with suppress(ChainRejected):
        world.send(D, call)


def _by(member: Address) -> Callable[[ChainEvent], bool]:
    return lambda event: bool(event.args["member"] == member)


def _audits(team: Team) -> dict[Step, int]:
    with team.service(A) as service:
        return dict(service.journal.audits_by_step())
