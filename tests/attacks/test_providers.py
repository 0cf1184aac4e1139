"""Providers that lie, in a market of processes, before verifiers that find it out by themselves.

All plays go on side by side, each with people and jobs of its own. Where honest verifiers are to
find a lie, its provider's stake is so small that every task is audited; where the price of being
caught is the point, somebody who knows contests. In the end every window is over, and what the
attacker and its friends own has changed by exactly what the rules say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from protocol.chain.mirrored import rules_of
from protocol.dispute import Verdict
from protocol.job import Job
from protocol.lease import Lease
from protocol.pricing import (
    Split,
    audit_rate_ppm,
    concession_wei,
    slash_wei,
    split_concession,
    split_slash,
)
from protocol.result import Outcome
from protocol.settlement.refusals import Refusal
from protocol.units import PPM, Address, Bytes32
from tests.support.arena import Arena, open_arena, require_mirrored
from tests.support.attack import BONDS_WEI, Attack, lies, right
from tests.support.grinding import grinding_inputs
from tests.support.rogue import Delivered, Lie, honestly

pytestmark = pytest.mark.timeout(300)
VERIFIERS = ("v1", "v2", "v3", "v4")
WATCHER = "watcher"
PLAY_SECONDS = 240
Play = Callable[[Attack], None]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with open_arena(tmp_path_factory.mktemp("arena"), VERIFIERS) as opened:
        opened.person(WATCHER, 10 * BONDS_WEI)
        opened.requester_named("requester")
        yield opened


@pytest.fixture(scope="module")
def played(arena: Arena) -> dict[str, Future[Attack]]:
    """Every play, and then every window over and everything settled that can be."""

    def run(name: str, play: Play) -> Attack:
        attack = Attack(arena, name)
        play(attack)
        return attack

    with ThreadPoolExecutor(len(PLAYS)) as pool:
        futures = {name: pool.submit(run, name, play) for name, play in PLAYS.items()}
    arena.settle_all()
    return futures


# ---------------------------------------------------------------------------------- lies


def stale(_: int, __: bytes) -> Outcome:
    """What an older task has given."""
    return honestly(grinding_inputs(1, 0, "an older task")[0])


def skipped(_: int, data: bytes) -> Outcome:
    """The right program on the right input, for three fifths of its rounds."""
    rounds = int.from_bytes(data[:4], "little") * 3 // 5
    return honestly(rounds.to_bytes(4, "little") + data[4:])


# ---------------------------------------------------------------------------------- plays


def conceded(attack: Attack) -> Split:
    """What a first concession takes of the attacker."""
    taken_wei = concession_wei(attack.price_wei, attack.stake_wei)
    return split_concession(taken_wei, attack.price_wei)


def slashed(attack: Attack, stake_wei: int | None = None) -> Split:
    """What a lost dispute takes of it."""
    left_wei = attack.stake_wei if stake_wei is None else stake_wei
    return split_slash(slash_wei(attack.price_wei, left_wei), attack.price_wei)


def found_and_conceded(
    attack: Attack, lie: Lie, stake_prices: int | None = None, owner: str = "requester"
) -> None:
    """Deliver one lease; concede to the verifier that was drawn and found it wrong."""
    attack.stake_prices, attack.owner = stake_prices, owner
    attack.begin(tasks=3)
    work = attack.deliver(lie)
    rate_ppm = work.batch.audit_rate_ppm(work.line)
    assert rate_ppm == audit_rate_ppm(attack.price_wei, attack.stake_wei) >= PPM
    dispute_id = attack.found(work)
    attack.concede(dispute_id)
    attack.loses(dispute_id, conceded(attack))


def one_in_twenty(attack: Attack) -> None:
    """One lie among right results: it costs its lease and the stake, the others are paid."""
    attack.begin(tasks=6)
    good = attack.deliver(right)
    dispute_id = attack.found(attack.deliver_one_lie())
    attack.concede(dispute_id)
    attack.loses(dispute_id, conceded(attack))
    attack.expected_wei += attack.price_wei * good.result.count


def dust(attack: Attack) -> None:
    """A task of sixty wei: what is to be shared divides by nothing."""
    attack.ask_wei = 1
    found_and_conceded(attack, lies)


def in_own_job(attack: Attack, stake_prices: int | None) -> None:
    """Requester and provider are one: it loses what does not come back as the requester's part."""
    found_and_conceded(attack, lies, stake_prices, f"{attack.name}-owner")
    attack.expected_wei += conceded(attack).requester_wei - attack.relayer_fee_wei


def two_identities(attack: Attack) -> None:
    """The second one begins where the first one left: each pays with its own stake."""
    found_and_conceded(attack, lies)
    again = Attack(attack.arena, f"{attack.name}-again")
    found_and_conceded(again, lies)
    attack.coalition += again.coalition
    attack.before_wei += again.before_wei
    attack.expected_wei += again.expected_wei


def veteran(attack: Attack) -> None:
    """Good work first. What of it waits for its window is lost with the lie that is fought for."""
    attack.begin(tasks=6)
    attack.deliver(right)
    dispute_id = attack.found(attack.deliver_one_lie())
    assert attack.arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    attack.loses(dispute_id, slashed(attack))
    assert attack.arena.contracts().account(attack.rogue.address).forfeit_block


def unstaking(attack: Attack) -> None:
    """It asks for its stake back as soon as the lie is committed, and has it nevertheless taken."""
    attack.begin(tasks=3)
    work = attack.deliver(lies)
    arena, contracts = attack.arena, attack.arena.contracts()
    arena.send(attack.rogue.account, contracts.request_unstake(attack.stake_wei))
    me = attack.rogue.address
    arena.require_refused(contracts.unstake(me), me, Refusal.STAKE_LOCKED)
    dispute_id = attack.found(work)
    attack.concede(dispute_id)
    attack.loses(dispute_id, conceded(attack))
    assert contracts.account(me).unstaking_wei == 0


def persistent(attack: Attack) -> None:
    """Its first concession costs 50 prices, its second as much as losing."""
    attack.stake_prices = 105
    attack.begin(tasks=6)
    for taken in (conceded(attack), slashed(attack, 55 * attack.price_wei)):
        work = attack.deliver_one_lie()
        dispute_id = attack.contest(WATCHER, work, work.first)
        attack.concede(dispute_id)
        attack.loses(dispute_id, taken)
    account = attack.arena.contracts().account(attack.rogue.address)
    assert (account.stake_wei, account.strikes) == (0, 2)


def fight(attack: Attack) -> None:
    """It never concedes: a committee of honest verifiers finds what is right."""
    attack.begin(tasks=3)
    dispute_id = attack.found(attack.deliver_one_lie())
    assert attack.arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    attack.loses(dispute_id, slashed(attack))


def friend(attack: Attack) -> None:
    """A tenth of what conceding takes comes back."""
    attack.stake_prices = 60
    attack.begin(tasks=3)
    name = attack.friend()
    work = attack.deliver_one_lie()
    dispute_id = attack.contest(name, work, work.first)
    attack.concede(dispute_id)
    attack.loses(dispute_id, conceded(attack), challenger_is_friend=True)


def friend_and_fight(attack: Attack) -> None:
    """Fifteen hundredths of what losing takes come back."""
    attack.stake_prices = 60
    attack.begin(tasks=3)
    name = attack.friend()
    work = attack.deliver_one_lie()
    dispute_id = attack.contest(name, work, work.first)
    assert attack.arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    attack.loses(dispute_id, slashed(attack), challenger_is_friend=True)


def friend_in_bulk(attack: Attack) -> None:
    """Two wrong leases in a window: one is conceded to a friend, the other fought for."""
    attack.stake_prices = 60
    attack.begin(tasks=6)
    name = attack.friend()
    works = [attack.deliver_one_lie(), attack.deliver_one_lie()]
    first, second = (attack.contest(name, work, work.first) for work in works)
    attack.concede(first)
    attack.loses(first, conceded(attack), challenger_is_friend=True)
    assert attack.arena.verdict_of(second) == Verdict.PROVIDER_LOST
    left_wei = 10 * attack.price_wei
    attack.loses(second, slashed(attack, left_wei), challenger_is_friend=True)


def own_committee(attack: Attack) -> None:
    """While it can concede nobody is drawn; it concedes, not knowing who would have judged."""
    attack.stake_prices = 60
    attack.begin(tasks=3)
    name = attack.friend()
    work = attack.deliver_one_lie()
    dispute_id = attack.contest(name, work, work.first)
    arena, contracts = attack.arena, attack.arena.contracts()
    draw = contracts.draw_committee(dispute_id)
    arena.require_refused(draw, attack.rogue.address, Refusal.CONCEDE_PHASE_RUNNING)
    assert not contracts.committee(dispute_id).seed_block
    attack.concede(dispute_id)
    attack.loses(dispute_id, conceded(attack), challenger_is_friend=True)


def late_concession(attack: Attack) -> None:
    """It sees who judges, has a friend contest the lease's other task, and cannot concede that."""
    attack.stake_prices = 60
    attack.begin(tasks=3)
    name = attack.friend()
    work = attack.deliver_one_lie()
    first, second = work.result.tasks
    dispute_id = attack.contest(name, work, first)
    arena = attack.arena
    arena.await_event("CommitteeDrawn", lambda e: e.args["dispute_id"] == dispute_id)
    other_id = attack.contest(name, work, second)
    for number in (dispute_id, other_id):
        concession = arena.contracts().concede(number)
        arena.require_refused(concession, attack.rogue.address, Refusal.CONCEDE_PERIOD_OVER)
    assert attack.arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    attack.loses(dispute_id, slashed(attack), challenger_is_friend=True)
    assert attack.arena.verdict_of(other_id) == Verdict.NONE


def own_job_shield(attack: Attack, stake_prices: int) -> None:
    """Before anybody looks it loses its whole stake to itself, as its own market's operator."""
    attack.stake_prices = stake_prices
    attack.begin(tasks=3)
    friend_name = attack.friend()
    victim = attack.deliver_one_lie()
    price_wei = -(-attack.stake_wei // 50)
    own = wash(attack, price_wei)
    own_id = attack.contest(friend_name, own, 0)
    attack.concede(own_id)
    taken = split_concession(attack.stake_wei, price_wei)
    attack.loses(own_id, taken, challenger_is_friend=True)
    attack.expected_wei += taken.requester_wei
    # Nothing is left for who contests the lie; what came back is less than a lie could bring.
    dispute_id = attack.contest(WATCHER, victim, victim.first)
    attack.concede(dispute_id)
    attack.loses(dispute_id, split_slash(0, attack.price_wei))


def wash(attack: Attack, price_wei: int) -> Delivered:
    """A wrong result for a job of its own, that no market has seen, committed by its requester."""
    arena, contracts, rogue = attack.arena, attack.arena.contracts(), attack.rogue
    owner = arena.person(f"{attack.name}-owner", BONDS_WEI)
    attack.coalition.append(f"{attack.name}-owner")
    attack.before_wei += arena.wealth_wei([f"{attack.name}-owner"])
    job = own_job(arena, Address(owner.address), price_wei)
    job_id = job.job_id(contracts.domain)
    attack.own_jobs.append(job_id)
    arena.send(owner, contracts.open_job(job, job.sign(contracts.domain, owner)))
    lease = Lease(job_id, rogue.address, rogue.address, 0, 1, price_wei, 1)
    digests = [lies(0, b"").digest]
    result = rogue.signed_for(lease, digests)
    signature = result.sign(contracts.domain, rogue.account)
    arena.send(owner, contracts.commit_batch({job_id: job}, [result], [signature]))
    return rogue.committed(result, digests)


def own_job(arena: Arena, owner: Address, price_wei: int) -> Job:
    now = arena.contracts().block_timestamp()
    return Job(
        requester=owner,
        operator=owner,
        token=arena.deployment().token,
        spec_hash=Bytes32(b"\x05" * 32),
        task_count=1,
        max_price_per_task=price_wei,
        audit_budget=0,
        relayer_fee=0,
        not_before=0,
        deadline=now + 100_000,
        nonce=1,
    )


PLAYS: dict[str, Play] = {
    "wrong-always": partial(found_and_conceded, lie=lies),
    "skipped-layers": partial(found_and_conceded, lie=skipped),
    "stale-result": partial(found_and_conceded, lie=stale),
    "newcomer": partial(found_and_conceded, lie=lies, stake_prices=0),
    "wrong-one-in-twenty": one_in_twenty,
    "dust-prices": dust,
    "sybil": two_identities,
    "veteran-that-turns": veteran,
    "unstake-between": unstaking,
    "persistent": persistent,
    "fight": fight,
    "friend": friend,
    "friend-and-fight": friend_and_fight,
    "friend-in-bulk": friend_in_bulk,
    "own-committee": own_committee,
    "late-concession": late_concession,
    "own-job-shield": partial(own_job_shield, stake_prices=60),
    "wash-job": partial(in_own_job, stake_prices=None),
    "wasted-audits": partial(in_own_job, stake_prices=0),
}


# ---------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("name", PLAYS)
def test_it_costs_the_attacker_what_the_rules_say(
    played: dict[str, Future[Attack]], name: str
) -> None:
    attack = played[name].result(0)
    assert attack.gain_wei() == attack.expected_wei


def test_by_the_simulators_rules_everybody_owns_the_same(
    arena: Arena, played: dict[str, Future[Attack]]
) -> None:
    """Every transaction of the chain, done again to the mirror; by another rule it would differ."""
    assert played
    assert require_mirrored(arena) > 100
    rules = rules_of(arena.params)
    generous = replace(rules.slash, challenger_percent=rules.slash.challenger_percent + 1)
    with pytest.raises(AssertionError):
        require_mirrored(arena, replace(rules, slash=generous))
