"""What to offer for being mined (EIP-1559), and how endpoints word their refusals. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

LEAST_TIP_WEI = 10**6
# Pools take a replacement only for at least 10 % more of both fees.
_BUMP_PERCENT = 25


@dataclass(frozen=True, slots=True)
class Fees:
    """The most to pay for a unit of gas, and the tip within it."""

    max_fee_wei: int
    tip_wei: int


def market_fees(base_fee_wei: int, price_wei: int) -> Fees:
    """Enough for the base fee to double before the transaction is mined.

    `price_wei` is what the endpoint suggests in all; what exceeds the base fee is the tip.
    """
    tip_wei = max(price_wei - base_fee_wei, LEAST_TIP_WEI)
    return Fees(2 * base_fee_wei + tip_wei, tip_wei)


def bumped(old: Fees, market: Fees) -> Fees:
    """Fees with which a transaction offering `old` can be replaced."""
    tip = max(_bump(old.tip_wei), market.tip_wei)
    return Fees(max(_bump(old.max_fee_wei), market.max_fee_wei, tip), tip)


def gas_limit(estimate: int, block_gas_limit: int) -> int:
    """The estimate with room for other transactions to come first."""
    return min(estimate + estimate // 4 + 10_000, block_gas_limit)


class Refusal(Enum):
    """What an endpoint means by refusing a signed transaction."""

    KNOWN = auto()
    NONCE_USED = auto()
    UNDERPRICED = auto()
    HOPELESS = auto()
    LATER = auto()


# In order: "replacement transaction underpriced" must not match anything before it.
_WORDS = (
    ("already known", Refusal.KNOWN),
    ("already imported", Refusal.KNOWN),
    ("known transaction", Refusal.KNOWN),
    ("alreadyknown", Refusal.KNOWN),
    ("nonce too low", Refusal.NONCE_USED),
    ("nonce is too low", Refusal.NONCE_USED),
    ("underpriced", Refusal.UNDERPRICED),
    ("fee too low", Refusal.UNDERPRICED),
    ("less than block base fee", Refusal.UNDERPRICED),
    ("exceeds block gas limit", Refusal.HOPELESS),
    ("intrinsic gas", Refusal.HOPELESS),
    ("oversized", Refusal.HOPELESS),
    ("gas limit too high", Refusal.HOPELESS),
)


def refusal(message: str) -> Refusal:
    """The meaning of an endpoint's error message; clients word them differently."""
    lowered = message.lower()
    return next((meaning for words, meaning in _WORDS if words in lowered), Refusal.LATER)


def _bump(fee_wei: int) -> int:
    return fee_wei + fee_wei * _BUMP_PERCENT // 100 + 1
