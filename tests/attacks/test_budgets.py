"""A stranger's audit budget, and friends who would share it: on a real chain, move by move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.chain.params import development
from protocol.pricing import audit_fee_wei
from tests.chain.conftest import Market
from tests.chain.stage import (
    CHEAT,
    OPERATOR,
    PRICE_WEI,
    REQUESTER,
    VERIFIERS,
    WRONG,
    accept,
    accepted_audits,
    address,
    audit,
    commit,
    dispute,
    do_lease,
    enrol,
    fresh_market,
    later,
    open_job,
    ref,
    require_every_wei,
    require_replayed,
)


@pytest.fixture
def market() -> Iterator[Market]:
    with fresh_market("anvil") as made:
        enrol(made)
        yield made


def test_fees_for_agreeing_with_nonsense_go_back_to_the_requester(market: Market) -> None:
    """Nobody risks anything: the identity has no stake, and a concession contradicts nobody."""
    contracts, (honest, *friends) = market.contracts, VERIFIERS
    job = open_job(market)
    job_id = job.job_id(contracts.domain)
    batch = commit(market, [job], (CHEAT, do_lease(job_id, CHEAT, 0, WRONG)))
    claims = [c for c in audit(market, batch, 0, WRONG) if c.verifier != address(honest)]
    assert len(claims) > 1
    market.send(accept(market, batch, claims), friends[0])
    fees_wei = len(claims) * audit_fee_wei(PRICE_WEI)
    assert sum(audit.fee_wei for audit in accepted_audits(market)) == fees_wei
    market.send(contracts.concede(dispute(market, batch, 0, claims[0].task, honest)), CHEAT)

    before = {i: contracts.account(address(i)).balance_wei for i in (REQUESTER, *friends)}
    market.send(contracts.pay_audits(batch, [ref(claim) for claim in claims]), OPERATOR)
    after = {i: contracts.account(address(i)).balance_wei for i in before}
    assert after == before | {REQUESTER: before[REQUESTER] + fees_wei}
    later(market, development().dispute_window_seconds + 1)
    market.send(contracts.settle_batch(batch), OPERATOR)
    require_every_wei(market)
    require_replayed(market)
