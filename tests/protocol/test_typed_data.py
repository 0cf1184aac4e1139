"""Signed messages: what is signed is exactly what is read, here and nowhere else."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import BadSignature, InvalidInput
from protocol.job import Cancellation
from protocol.typed_data import (
    Domain,
    TypedMessage,
    compact_signature,
    nonce_of,
    parse_signature,
    snake_case,
)
from protocol.units import Address, to_hex
from tests.protocol.strategies import MESSAGE_TYPES, accounts, addresses, field, messages, uints

HERE = Domain(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def _other(value: Any, solidity_type: str, data: st.DataObject) -> Any:
    return data.draw(field(solidity_type).filter(lambda other: other != value))


@given(messages)
def test_json_round_trip(message: TypedMessage) -> None:
    assert type(message).from_json(message.to_json()) == message


@given(messages, st.data())
def test_every_field_is_signed(message: TypedMessage, data: st.DataObject) -> None:
    name, solidity_type = data.draw(st.sampled_from(message.TYPE))
    values = {snake_case(n): v for n, v in message.message().items()}
    values[snake_case(name)] = _other(values[snake_case(name)], solidity_type, data)
    changed = type(message)(**values)
    assert changed.struct_hash() != message.struct_hash()
    assert changed.digest(HERE) != message.digest(HERE)


@given(messages, uints(64), addresses)
def test_the_domain_is_signed(message: TypedMessage, chain_id: int, market: Address) -> None:
    there = Domain(chain_id, market)
    assert (message.digest(there) == message.digest(HERE)) == (there == HERE)


def test_messages_of_the_same_shape_differ_by_their_name() -> None:
    hashes = {
        kind(*(_zero(type_) for _, type_ in kind.TYPE)).struct_hash() for kind in MESSAGE_TYPES
    }
    assert len(hashes) == len(MESSAGE_TYPES)


def _zero(solidity_type: str) -> Any:
    zeros = {"address": "0x" + "00" * 20, "bytes32": bytes(32), "bytes": b""}
    return zeros.get(solidity_type, 0)


@given(messages, accounts)
def test_a_signature_recovers_its_signer(message: TypedMessage, account: LocalAccount) -> None:
    signature = message.sign(HERE, account)
    assert message.signer(HERE, signature) == Address(account.address)
    message.require_signer(HERE, signature, Address(account.address))


@given(messages, accounts, st.integers(0, 65 * 8 - 1))
def test_a_changed_signature_is_somebody_elses(
    message: TypedMessage, account: LocalAccount, bit: int
) -> None:
    signature = bytearray(message.sign(HERE, account))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        message.require_signer(HERE, bytes(signature), Address(account.address))


@given(messages, accounts)
def test_signatures_for_other_chains_and_contracts_do_not_count(
    message: TypedMessage, account: LocalAccount
) -> None:
    signature = message.sign(HERE, account)
    for elsewhere in (Domain(1, HERE.market), Domain(HERE.chain_id, Address("0x" + "11" * 20))):
        with pytest.raises(BadSignature):
            message.require_signer(elsewhere, signature, Address(account.address))


@given(messages, accounts)
def test_the_malleable_twin_is_refused(message: TypedMessage, account: LocalAccount) -> None:
    signature = message.sign(HERE, account)
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(BadSignature, match="malleable"):
        message.signer(HERE, twin)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(65),
        bytes(66),
        bytes(64) + b"\x1b",
        b"\xff" * 64 + b"\x1b",
        b"\xff" * 32 + bytes(31) + b"\x01\x1b",
        bytes(31) + b"\x05" + bytes(31) + b"\x01\x1b",
        bytes(31) + b"\x01" + bytes(31) + b"\x01\x00",
    ],
    ids=len,
)
def test_what_is_no_signature(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        Cancellation(b"\x01" * 32).signer(HERE, signature)  # type: ignore[arg-type]


@given(messages, accounts)
def test_a_compact_signature_keeps_all_of_it(message: TypedMessage, account: LocalAccount) -> None:
    signature = message.sign(HERE, account)
    r, vs = compact_signature(signature)
    word = int.from_bytes(vs, "big")
    s, v = word & ((1 << 255) - 1), 27 + (word >> 255)
    assert r + s.to_bytes(32, "big") + bytes([v]) == signature


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(66),
        bytes(65),
        bytes(64) + b"\x1d",
        bytes(32) + b"\x80" + bytes(31) + b"\x1b",
        b"\xff" * 64 + b"\x1c",
    ],
    ids=len,
)
def test_what_has_no_compact_form(signature: bytes) -> None:
    with pytest.raises(InvalidInput):
        compact_signature(signature)


@given(uints(8), uints(248))
def test_a_nonce_starts_with_its_epoch(epoch: int, number: int) -> None:
    nonce = nonce_of(epoch, number)
    assert nonce >> 248 == epoch
    assert nonce % 2**248 == number


@pytest.mark.parametrize(("epoch", "number"), [(256, 0), (-1, 0), (0, 2**248), (0, -1)])
def test_a_nonce_that_does_not_fit_is_refused(epoch: int, number: int) -> None:
    with pytest.raises(InvalidInput):
        nonce_of(epoch, number)


def test_a_name_that_python_keeps_gets_a_line() -> None:
    assert snake_case("from") == "from_"
    assert snake_case("fromBlock") == "from_block"


@given(st.binary(max_size=80))
def test_signatures_travel_as_hex(signature: bytes) -> None:
    assert parse_signature(to_hex(signature)) == parse_signature(signature) == signature


@pytest.mark.parametrize("value", [None, 1, "", "00", "0x0", "0xzz", "0x 00", "0x00\n", ["0x"]])
def test_what_is_no_hex(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_signature(value)


@pytest.mark.parametrize("kind", MESSAGE_TYPES, ids=lambda kind: kind.__name__)
def test_every_malformed_field_is_named(kind: type[TypedMessage]) -> None:
    values = kind(*(_zero(type_) for _, type_ in kind.TYPE)).to_json()
    kind.from_json(values)
    for name, type_ in kind.TYPE:
        wrongs: list[Any] = [None, True, -1, 1.5, "", "x", [], {}, "0x0", 2**256, "9" * 100]
        wrongs += [] if type_ == "bytes" else ["0x", "0x00"]
        for wrong in wrongs:
            with pytest.raises(InvalidInput, match=name):
                kind.from_json({**values, name: wrong})
        with pytest.raises(InvalidInput, match=name):
            kind.from_json({n: v for n, v in values.items() if n != name})
    wholes: list[Any] = [{**values, "extra": 1}, {}, None, [], "text"]
    for wrong_whole in wholes:
        with pytest.raises(InvalidInput, match=kind.__name__):
            kind.from_json(wrong_whole)


@pytest.mark.parametrize("kind", MESSAGE_TYPES, ids=lambda kind: kind.__name__)
def test_the_type_and_the_dataclass_agree(kind: type[TypedMessage]) -> None:
    assert [snake_case(name) for name, _ in kind.TYPE] == [field.name for field in fields(kind)]
