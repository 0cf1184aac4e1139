"""Credits as people write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from protocol.errors import InvalidInput
from protocol.units import WEI_PER_CREDIT


def credits_text(wei: int) -> str:
    """Exact decimal credits, without needless zeros: 1500000000000000000 -> "1.5"."""
    sign = "-" if wei < 0 else ""
    whole, rest = divmod(abs(wei), WEI_PER_CREDIT)
    return f"{sign}{whole}.{rest:018d}".rstrip("0").rstrip(".")


def parse_credits(text: str) -> int:
    """Wei from decimal credits.

    Raises:
        InvalidInput: not a number, negative, or finer than one wei.
    """
    try:
        wei = Decimal(text) * WEI_PER_CREDIT
        is_whole = wei.is_finite() and wei == wei.to_integral_value()
    except InvalidOperation:
        is_whole, wei = False, Decimal(0)
    if not is_whole or not 0 <= wei < 2**96:
        raise InvalidInput(f"not an amount of credits: {text!r} (write for example 2.5)")
    return int(wei)
