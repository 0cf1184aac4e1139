"""The small values: each form that is taken, and each that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidInput
from protocol.units import (
    content_digest,
    content_id,
    credits_text,
    parse_address,
    parse_bytes32,
    parse_content_id,
    parse_credits,
    parse_uint,
    shown,
    to_hex,
)
from tests.protocol.strategies import addresses, bytes32s

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55's first example


def _kind(value: object) -> str:
    return type(value).__name__


DIGITS = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"


@pytest.mark.parametrize("text", [ADDRESS, "0x" + DIGITS, "0x" + DIGITS.upper()])
def test_an_address_is_checksummed(text: str) -> None:
    assert parse_address(text) == ADDRESS


@pytest.mark.parametrize(
    "value",
    [
        DIGITS,
        "0X" + DIGITS,
        ADDRESS[:-1],
        ADDRESS + "0",
        ADDRESS + "\n",
        ADDRESS.replace("A", "a", 1),
        "0x" + "g" * 40,
        "0x" + "\uff10" * 40,
        "",
        None,
        0,
        bytes(20),
        [ADDRESS],
    ],
)
def test_not_an_address(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_address(value)


@given(addresses)
def test_addresses_are_fixed_points(address: str) -> None:
    assert parse_address(address) == parse_address(address.lower()) == address


@given(bytes32s)
def test_bytes32_round_trip(value: bytes) -> None:
    assert parse_bytes32(to_hex(value)) == parse_bytes32(value) == value


@pytest.mark.parametrize(
    "value",
    [
        bytes(31),
        bytes(33),
        "0x" + "00" * 31,
        "0x" + "00" * 33,
        "00" * 32,
        "0x" + " 00" * 32,
        "0x" + "0g" * 32,
        "",
        None,
        0,
        [0] * 32,
        "\ud800",
    ],
)
def test_not_bytes32(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_bytes32(value)


@given(
    st.integers(1, 256).flatmap(lambda bits: st.tuples(st.just(bits), st.integers(0, 2**bits - 1)))
)
def test_uints_come_as_int_or_text(case: tuple[int, int]) -> None:
    bits, number = case
    assert parse_uint(number, bits) == parse_uint(str(number), bits) == number


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        1.0,
        -1,
        256,
        "256",
        "-1",
        "+1",
        "1.0",
        "0x1",
        " 1",
        "1\n",
        "1_0",
        "",
        "٣",
        "9" * 79,
        10**5000,
        None,
        [1],
        b"1",
    ],
    ids=_kind,
)
def test_not_a_uint8(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_uint(value, 8)


@given(st.binary())
def test_content_ids_round_trip(data: bytes) -> None:
    blob_id = content_id(data)
    assert parse_content_id(blob_id) == blob_id
    assert "sha256:" + content_digest(blob_id).hex() == blob_id


@pytest.mark.parametrize(
    "value",
    [
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "A" * 64,
        "sha512:" + "0" * 64,
        "0" * 64,
        "sha256:" + "0" * 63 + "\n",
        "SHA256:" + "0" * 64,
        None,
        7,
    ],
)
def test_not_a_content_id(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_content_id(value)


@pytest.mark.parametrize(
    "value", ["x" * 10**6, b"x" * 10**6, 10**6000, [1] * 10**6, None, 1.5], ids=_kind
)
def test_errors_stay_short_whatever_was_sent(value: object) -> None:
    assert len(shown(value)) < 100


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
def test_credits_both_ways(wei: int) -> None:
    assert parse_credits(credits_text(wei)) == wei


@pytest.mark.parametrize("text", ["", "x", "-1", "+1", "nan", "inf", "1e99", "1e-9999999"])
def test_what_is_no_number_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidInput, match="not an amount"):
        parse_credits(text)


@pytest.mark.parametrize(
    "text", ["1,5", "1.", ".5", " 1", "1\n", "\u0661", "1" * 11, "0." + "0" * 18 + "1"]
)
def test_what_is_no_exact_amount(text: str) -> None:
    with pytest.raises(InvalidInput, match="not an amount"):
        parse_credits(text)
