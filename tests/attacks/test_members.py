"""Members that say of honest work that they could not run it, or that it is out of tolerance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from protocol.batch import Batch
from protocol.chain.params import development
from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, Verdict
from protocol.pricing import bond_wei
from protocol.units import Address, Bytes32
from tests.chain.conftest import Market
from tests.chain.stage import (
    GOOD,
    HONEST,
    LEASE_TASKS,
    OPERATOR,
    PRICE_WEI,
    REQUESTER,
    STAKE_WEI,
    VERIFIERS,
    address,
    commit,
    dispute,
    do_lease,
    enrol,
    fresh_market,
    judge,
    later,
    open_job,
    require_every_wei,
    require_replayed,
)

CHALLENGER = 14
PARAMS = development()
BOND_WEI = bond_wei(PRICE_WEI, LEASE_TASKS * PRICE_WEI, PARAMS.dispute_bond_wei)
Opinion = Callable[[Sequence[int], int], Bytes32]


@pytest.fixture
def market() -> Iterator[Market]:
    with fresh_market("anvil") as made:
        enrol(made, HONEST)
        made.fund(CHALLENGER, BOND_WEI)
        yield made


def judged(market: Market, opinion: Opinion) -> tuple[int, Batch]:
    """An honest provider's lease, contested by the requester's friend; whom it harms is paid."""
    job = open_job(market)
    lease = do_lease(job.job_id(market.contracts.domain), HONEST, 0, GOOD)
    batch = commit(market, [job], (HONEST, lease))
    dispute_id = dispute(market, batch, 0, 0, CHALLENGER)
    judge(market, dispute_id, GOOD, opinion)
    return dispute_id, batch


def finish(market: Market, batch: Batch) -> None:
    later(market, PARAMS.dispute_window_seconds + 1)
    market.send(market.contracts.settle_batch(batch), OPERATOR)
    require_every_wei(market)
    require_replayed(market)


def held(market: Market, holder: Address) -> list[tuple[int, bool]]:
    """The stake of each of somebody's seats, and whether it was given back."""
    seats = enumerate(market.contracts.seats())
    mine = [(i, seat) for i, seat in seats if seat.holder == holder]
    return [(market.contracts.seat_stake(i), seat.vacated_block > 0) for i, seat in mine]


def test_a_captured_committee_that_finds_nothing_to_run_takes_a_leases_pay(market: Market) -> None:
    """The bond comes back, and the requester has the results for nothing; no stake is lost."""
    dispute_id, batch = judged(market, lambda _members, _who: UNAVAILABLE)
    contracts = market.contracts
    assert contracts.dispute(dispute_id).verdict == Verdict.UNAVAILABLE
    assert contracts.account(address(CHALLENGER)).balance_wei == BOND_WEI
    account = contracts.account(address(HONEST))
    assert (account.stake_wei, account.balance_wei, account.strikes) == (STAKE_WEI, 0, 0)
    assert contracts.burnt_wei() == 0
    finish(market, batch)
    assert contracts.account(address(HONEST)).stake_wei == STAKE_WEI


def test_a_captured_committee_that_is_dissatisfied_takes_what_a_concession_takes(
    market: Market,
) -> None:
    dispute_id, batch = judged(market, lambda _members, _who: OUT_OF_TOLERANCE)
    contracts = market.contracts
    assert contracts.dispute(dispute_id).verdict == Verdict.OUT_OF_TOLERANCE
    taken_wei = PARAMS.concede_multiple * PRICE_WEI
    account = contracts.account(address(HONEST))
    assert (account.stake_wei, account.strikes) == (STAKE_WEI - taken_wei, 0)
    assert contracts.account(address(CHALLENGER)).balance_wei == BOND_WEI + taken_wei // 10
    assert contracts.account(address(REQUESTER)).balance_wei == PRICE_WEI
    finish(market, batch)


@pytest.mark.parametrize("lie", [UNAVAILABLE, OUT_OF_TOLERANCE])
def test_a_member_that_runs_nothing_is_paid_nothing_and_loses_its_seat_but_no_stake(
    market: Market, lie: Bytes32
) -> None:
    """The others have run it, and the challenger of honest work has lost its bond to them."""
    liars: list[int] = []

    def opinion(members: Sequence[int], who: int) -> Bytes32:
        liars[:] = members[:1]
        return lie if who in liars else GOOD

    before = {i: market.contracts.account(address(i)).balance_wei for i in VERIFIERS}
    dispute_id, batch = judged(market, opinion)
    contracts = market.contracts
    assert contracts.dispute(dispute_id).verdict == Verdict.CHALLENGER_LOST
    assert contracts.account(address(CHALLENGER)).balance_wei == 0
    (liar,) = (address(i) for i in liars)
    for i in VERIFIERS:
        is_liar, is_member = i in liars, address(i) in contracts.committee(dispute_id).members
        earned_wei = contracts.account(address(i)).balance_wei - before[i]
        assert earned_wei == (BOND_WEI // 2 // 2 if is_member and not is_liar else 0)
        assert held(market, address(i)) == [(PARAMS.seat_stake_wei, is_liar)]
    finish(market, batch)
    later(market, PARAMS.unstake_delay_seconds)
    (seat_id,) = (i for i, seat in enumerate(contracts.seats()) if seat.holder == liar)
    market.send(contracts.release_seats([seat_id]), liars[0])
    assert contracts.account(liar).balance_wei == before[liars[0]] + PARAMS.seat_stake_wei
