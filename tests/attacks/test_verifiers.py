"""Verifiers that do not run what they sign; people who accuse or judge what they never looked at.

They lie to honest verifiers, providers and a market that are processes, and pay what the rules say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import pytest

from deploy.stack import ProviderPlan
from protocol.audit import commitment
from protocol.batch import Batch
from protocol.chain.calls import Call
from protocol.dispute import Verdict
from protocol.errors import InvalidInput
from protocol.pricing import audit_fee_wei, bond_wei
from protocol.result import Opening, Outcome
from protocol.sampling import Draw
from protocol.settlement.refusals import Refusal
from protocol.units import WEI_PER_CREDIT, Bytes32
from requester.handle import JobHandle
from tests.support.arena import ARENA, Arena, open_arena, price_of, require_mirrored
from tests.support.attack import BONDS_WEI, Attack, lies, right
from tests.support.grinding import grinding_inputs
from tests.support.liar import SALT, Liar
from tests.support.rogue import Delivered, honestly
from verifier.enrolment import held_seats

pytestmark = pytest.mark.timeout(300)
VERIFIERS = ("v1", "v2", "v3", "v4")
NONSENSE_VOTER, SILENT_VOTER = "lena", "rex"
FLAGGER, SPAMMER, WATCHER = "flagger", "spammer", "watcher"
# Committees of everybody who may judge.
PARAMS = replace(ARENA, committee_size=7, concede_seconds=10)
PRICE_WEI = price_of(0)
# By the price of a task: no lease is of more than TASKS.
BOND_WEI = bond_wei(PRICE_WEI, PRICE_WEI, PARAMS.dispute_bond_wei)
NONSENSE = Outcome(b"nobody's digest").digest
TASKS = 6
TRIES = 8
Providers = dict[bool, list[Attack]]
"""Those that lie, and those that do not."""


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    plans = [ProviderPlan("p1")]
    with open_arena(tmp_path_factory.mktemp("arena"), VERIFIERS, plans, PARAMS) as opened:
        yield opened


# ---------------------------------------------------------------------------------- accusers


@pytest.fixture(scope="module")
def accused(arena: Arena) -> dict[str, tuple[int, int]]:
    """False accusations of p1, judged by four honest members, one that votes nonsense and one that
    never reveals. What each liar owned before, and owns now.
    """
    steps: list[Callable[[], object]] = [
        partial(Liar(arena, NONSENSE_VOTER).sit_down, 1),
        partial(Liar(arena, SILENT_VOTER).sit_down, 1),
        partial(arena.person, FLAGGER, BONDS_WEI),
        partial(arena.person, SPAMMER, BONDS_WEI),
    ]
    with ThreadPoolExecutor(len(steps)) as pool:
        list(pool.map(lambda step: step(), steps))
    names = (NONSENSE_VOTER, SILENT_VOTER, FLAGGER, SPAMMER)
    before = {name: arena.wealth_wei([name]) for name in names}
    inputs = grinding_inputs(TASKS, 0.05, "accused")
    handle = arena.post(arena.requester_named("requester"), inputs)
    leases = leases_of(arena, handle)
    disputes = [accuse(arena, FLAGGER, *leases[0])]
    disputes += [accuse(arena, SPAMMER, *lease) for lease in leases[1:3]]
    arena.move_clock(PARAMS.concede_seconds + 1)
    for dispute_id in disputes:
        vote(arena, dispute_id)
    arena.until(lambda: all(is_voted(arena, dispute_id) for dispute_id in disputes), "the votes")
    arena.move_clock(PARAMS.commit_seconds + PARAMS.reveal_seconds + 1)
    assert {arena.verdict_of(number) for number in disputes} == {Verdict.CHALLENGER_LOST}
    arena.settle_all()
    return {name: (before[name], arena.wealth_wei([name])) for name in names}


def leases_of(arena: Arena, handle: JobHandle) -> list[tuple[Batch, int]]:
    """Three or more leases of a job, as they stand on chain: batch and line."""

    def found() -> list[tuple[Batch, int]]:
        batches: list[Batch] = [event.args["batch"] for event in arena.committed(handle)]
        lines = [(batch, line) for batch in batches for line in range(len(batch.lines))]
        return [(b, n) for b, n in lines if b.result(n).job_id == handle.job_id]

    arena.until(lambda: sum(b.result(n).count for b, n in found()) == TASKS, "all results")
    return found()


def accuse(arena: Arena, by: str, batch: Batch, line: int) -> int:
    """Contest the first task of a lease, whose result is right."""
    lease = batch.result(line)
    call = arena.contracts().open_dispute(batch, line, lease.first_task)
    arena.send(arena.key(by), call)
    return arena.await_dispute(lease.lease_id)


def vote(arena: Arena, dispute_id: int) -> None:
    """Both liars commit; one of them to nonsense, without having asked for the task's input."""
    arena.await_event("CommitteeDrawn", lambda e: e.args["dispute_id"] == dispute_id)
    members = arena.contracts().committee(dispute_id).members
    for name in (NONSENSE_VOTER, SILENT_VOTER):
        assert arena.address(name) in members
        bound = commitment(arena.address(name), NONSENSE, SALT)
        arena.send(arena.key(name), arena.contracts().commit_vote(dispute_id, bound))


def is_voted(arena: Arena, dispute_id: int) -> bool:
    """Whether all but the silent one have revealed; the other liar does so here."""
    contracts = arena.contracts()
    committee, liar = contracts.committee(dispute_id), arena.address(NONSENSE_VOTER)
    if committee.committed < len(committee.members):
        return False
    if not committee.has_revealed(liar):
        reveal = contracts.reveal_vote(dispute_id, NONSENSE, SALT)
        arena.send(arena.key(NONSENSE_VOTER), reveal)
    return committee.revealed == len(committee.members) - 1


@pytest.mark.parametrize(("name", "bonds"), [(FLAGGER, 1), (SPAMMER, 2)])
def test_whoever_contests_honest_work_loses_its_bonds(
    accused: dict[str, tuple[int, int]], name: str, bonds: int
) -> None:
    before_wei, after_wei = accused[name]
    assert after_wei == before_wei - bonds * BOND_WEI


@pytest.mark.parametrize("name", [NONSENSE_VOTER, SILENT_VOTER])
def test_a_judge_that_votes_nonsense_or_never_reveals_loses_its_seat_with_its_stake(
    arena: Arena, accused: dict[str, tuple[int, int]], name: str
) -> None:
    before_wei, after_wei = accused[name]
    assert after_wei == before_wei - PARAMS.seat_stake_wei
    assert not held_seats(arena.contracts(), arena.address(name))


def test_the_accused_is_paid_in_full_and_no_honest_judge_loses_its_seat(
    arena: Arena, accused: dict[str, tuple[int, int]]
) -> None:
    assert accused
    contracts = arena.contracts()
    paid = contracts.account(arena.address("p1"))
    assert paid.stake_wei + paid.balance_wei == 40 * WEI_PER_CREDIT + TASKS * PRICE_WEI
    assert paid.strikes == 0
    assert all(len(held_seats(contracts, arena.address(name))) == 1 for name in VERIFIERS)


# ---------------------------------------------------------------------------------- auditors


@pytest.fixture(scope="module")
def liar(arena: Arena, accused: dict[str, tuple[int, int]]) -> Liar:
    """A verifier with twice as many seats as all others, each of them good for one lie."""
    assert accused  # no committee is drawn any more that it could sit on
    made = Liar(arena, "liar")
    made.sit_down(12)
    return made


@dataclass(frozen=True)
class Drawn:
    """A task that the liar is drawn for, and nobody else if it is wrong."""

    attack: Attack
    work: Delivered
    task: int
    draw: Draw

    def acceptance(self, liar: Liar, digest: Bytes32, opening: Opening) -> Call:
        return liar.acceptance(self.work, self.task, self.draw, digest, opening)


@pytest.fixture(scope="module")
def providers(arena: Arena, liar: Liar) -> Providers:
    """Providers with so little stake that every task is audited: those that lie, and one other."""
    honest = Attack(arena, "audited")
    lying = [Attack(arena, f"lying-{number}") for number in range(TRIES)]
    with ThreadPoolExecutor(1 + TRIES) as pool:
        list(pool.map(lambda attack: attack.begin(tasks=2 * TASKS), (honest, *lying)))
    return {True: lying, False: [honest] * TRIES}


def drawn(liar: Liar, providers: list[Attack], *, is_wrong: bool) -> Drawn:
    """Leases of one provider after the other, until the liar is drawn for the first task of one.

    A lie that honest verifiers will find as well is conceded, and told again by another provider.
    """
    while providers:
        attack = providers.pop()
        work = attack.deliver_one_lie() if is_wrong else attack.deliver(right)
        draw = liar.drawn(work, work.first, is_alone=is_wrong)
        if draw is not None:
            return Drawn(attack, work, work.first, draw)
        if is_wrong:
            attack.concede(attack.found(work))
    raise AssertionError("was never drawn")


def test_who_signs_what_the_opening_shows_is_reported_by_the_market(
    arena: Arena, liar: Liar, providers: Providers
) -> None:
    """It commits to nonsense, is shown what is right, and has that accepted past the market."""
    found = drawn(liar, providers[False], is_wrong=False)
    before_wei = arena.wealth_wei([liar.name])
    shown = liar.commit(found.work, found.task, NONSENSE)
    with pytest.raises(InvalidInput):
        liar.reveal(found.work, found.task, shown.digest)
    arena.send(liar.account, found.acceptance(liar, shown.digest, shown))
    require_unseated(arena, liar, found, before_wei)


def test_who_signs_a_strangers_lie_instead_of_contesting_it_is_reported_too(
    arena: Arena, liar: Liar, providers: Providers
) -> None:
    """It sees that nobody else is drawn, runs the task, and signs what pays."""
    found = drawn(liar, providers[True], is_wrong=True)
    before_wei = arena.wealth_wei([liar.name])
    shown = liar.commit(found.work, found.task, honestly(found.attack.inputs[found.task]).digest)
    assert shown.digest == lies(found.task, b"").digest
    arena.send(liar.account, found.acceptance(liar, shown.digest, shown))
    require_unseated(arena, liar, found, before_wei)


def test_nonsense_is_not_paid(arena: Arena, liar: Liar, providers: Providers) -> None:
    found = drawn(liar, providers[False], is_wrong=False)
    before_wei = arena.wealth_wei([liar.name])
    shown = liar.commit(found.work, found.task, NONSENSE)
    assert not liar.reveal(found.work, found.task, NONSENSE).agrees
    claim = found.acceptance(liar, NONSENSE, shown)
    arena.require_refused(claim, liar.address, Refusal.AUDIT_DISAGREES)
    assert arena.wealth_wei([liar.name]) == before_wei


def test_a_right_digest_that_a_friend_has_told_is_paid(
    arena: Arena, liar: Liar, providers: Providers
) -> None:
    """A known limit: nobody can see that the audit was not run."""
    found = drawn(liar, providers[False], is_wrong=False)
    before_wei = arena.wealth_wei([liar.name])
    told = found.work.opening(found.task)
    assert liar.commit(found.work, found.task, told.digest) == told
    arena.send(liar.account, found.acceptance(liar, told.digest, told))
    assert arena.wealth_wei([liar.name]) == before_wei
    arena.settle_all()
    fee_wei = audit_fee_wei(found.attack.price_wei)
    assert arena.wealth_wei([liar.name]) == before_wei + fee_wei


def test_who_agrees_with_a_friends_lie_is_contradicted_by_the_committee(
    arena: Arena, liar: Liar, providers: Providers
) -> None:
    """Bound to a wrong digest, with a fee set aside for it, until somebody else looks."""
    found = drawn(liar, providers[True], is_wrong=True)
    before_wei = arena.wealth_wei([liar.name])
    told = found.work.opening(found.task)
    assert liar.commit(found.work, found.task, told.digest) == told
    arena.send(liar.account, found.acceptance(liar, told.digest, told))
    liar.stand_up()  # lest it had to judge its own lie
    arena.person(WATCHER, BONDS_WEI)
    dispute_id = found.attack.contest(WATCHER, found.work, found.task)
    arena.move_clock(PARAMS.concede_seconds + 1)
    assert arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    require_unseated(arena, liar, found, before_wei)


def require_unseated(arena: Arena, liar: Liar, found: Drawn, before_wei: int) -> None:
    """Wait until the drawn seat is taken; no fee is left of the lie."""
    seat_id = liar.seat_of(found.work, found.task, found.draw)
    arena.await_event("SeatSlashed", lambda event: event.args["seat_id"] == seat_id)
    assert arena.contracts().seat_stake(seat_id) == 0
    assert arena.wealth_wei([liar.name]) == before_wei - PARAMS.seat_stake_wei


def test_by_the_simulators_rules_everybody_owns_the_same(
    arena: Arena, accused: dict[str, tuple[int, int]]
) -> None:
    """Every transaction of the chain, done again to the mirror."""
    assert accused
    arena.settle_all()
    assert require_mirrored(arena) > 100
