"""Credits as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidInput
from requester.amounts import credits_text, parse_credits


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0"),
        (1, "0.000000000000000001"),
        (15 * 10**17, "1.5"),
        (10**20, "100"),
        (-5, "-0." + "0" * 17 + "5"),
    ],
)
def test_credits_text(wei: int, text: str) -> None:
    assert credits_text(wei) == text


@given(st.integers(min_value=0, max_value=2**90))
def test_both_ways(wei: int) -> None:
    assert parse_credits(credits_text(wei)) == wei


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "nan", "inf", "0.0000000000000000001", "1e99", "1,5"]
)
def test_no_amount(text: str) -> None:
    with pytest.raises(InvalidInput, match="not an amount"):
        parse_credits(text)
