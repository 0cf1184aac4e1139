"""Fees, and how endpoints word refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.chain.fees import (
    LEAST_TIP_WEI,
    Fees,
    Refusal,
    bumped,
    gas_limit,
    market_fees,
    refusal,
)

FEE = st.integers(0, 10**15)


@given(FEE, FEE, FEE, FEE)
def test_a_bump_is_enough_for_every_pool(old_max: int, old_tip: int, base: int, more: int) -> None:
    old = Fees(max(old_max, old_tip), min(old_max, old_tip))
    new = bumped(old, market_fees(base, base + more))
    assert new.max_fee_wei * 100 > old.max_fee_wei * 112
    assert new.tip_wei * 100 > old.tip_wei * 112
    assert new.max_fee_wei >= 2 * base + more
    assert new.max_fee_wei >= new.tip_wei


def test_the_tip_is_what_the_price_has_above_the_base_fee() -> None:
    assert market_fees(10**9, 3 * 10**9) == Fees(4 * 10**9, 2 * 10**9)
    assert market_fees(10**9, 0) == Fees(2 * 10**9 + LEAST_TIP_WEI, LEAST_TIP_WEI)


def test_the_gas_limit_has_room_but_fits_a_block() -> None:
    assert gas_limit(100_000, 30_000_000) == 135_000
    assert gas_limit(29_000_000, 30_000_000) == 30_000_000


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("already known", Refusal.KNOWN),
        ("transaction already imported", Refusal.KNOWN),
        ("AlreadyKnown", Refusal.KNOWN),
        ("nonce too low: next nonce 5, tx nonce 3", Refusal.NONCE_USED),
        ("replacement transaction underpriced", Refusal.UNDERPRICED),
        ("max fee per gas less than block base fee", Refusal.UNDERPRICED),
        ("intrinsic gas too low", Refusal.HOPELESS),
        ("exceeds block gas limit", Refusal.HOPELESS),
        ("insufficient funds for gas * price + value", Refusal.LATER),
        ("nonce too high", Refusal.LATER),
        ("something new", Refusal.LATER),
    ],
)
def test_refusals_are_understood(message: str, meaning: Refusal) -> None:
    assert refusal(message) is meaning
