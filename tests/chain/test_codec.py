"""Calls, answers, events and errors, without a chain."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from protocol.chain.codec import codec, decode_values, encode_values, signature, type_of
from protocol.chain.events import Cursor, Mark, as_struct
from protocol.chain.reverts import decode_revert
from protocol.errors import ChainRejected, InvalidInput
from protocol.units import Bytes32
from tests.protocol.make_vectors import batches

COMMITTED = keccak(
    text="BatchCommitted(bytes32,(address,(bytes32,uint256)[],uint256[],"
    "(bytes32,bytes32,uint256)[]))"
)
OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_a_call_starts_with_the_selector() -> None:
    data = codec("CreditToken").encode_call("transfer", OWNER, 5)
    assert data[:4] == keccak(text="transfer(address,uint256)")[:4]
    assert data[4:] == encode(["address", "uint256"], [OWNER, 5])


@pytest.mark.parametrize("arguments", [(OWNER,), (OWNER, -1), ("no address", 1), (OWNER, 1 << 256)])
def test_arguments_that_do_not_fit_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(InvalidInput):
        codec("CreditToken").encode_call("transfer", *arguments)


def test_an_answer_from_nowhere_says_so() -> None:
    with pytest.raises(ChainRejected, match="no contract answers balanceOf"):
        codec("CreditToken").decode_answer("balanceOf", b"")


def test_tuples_are_written_out() -> None:
    inner = [{"type": "address"}, {"type": "tuple[2]", "components": [{"type": "uint8"}]}]
    entry = {"name": "f", "inputs": [{"type": "tuple[]", "components": inner}]}
    assert signature(entry) == "f((address,(uint8)[2])[])"
    assert type_of({"type": "bytes32[]"}) == "bytes32[]"


def test_a_custom_error_reads_like_solidity() -> None:
    words = encode(["address", "uint256", "uint256"], [OWNER, 100, 20])
    data = keccak(text="InsufficientBalance(address,uint256,uint256)")[:4] + words
    assert decode_revert(data) == f"InsufficientBalance({OWNER}, 100, 20)"


def test_built_in_and_foreign_errors_are_told() -> None:
    reason = keccak(text="Error(string)")[:4] + encode(["string"], ["no luck"])
    panic = keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [0x11])
    assert decode_revert(reason) == "Error(no luck)"
    assert decode_revert(panic) == "Panic(17)"
    assert decode_revert(b"") == "the call reverted without a reason"
    assert decode_revert(b"\x01\x02\x03\x04\x05") == "unknown error 0x0102030405"
    assert decode_revert(reason[:10]).startswith("Error(malformed 0x")


def test_unknown_structs_stay_tuples() -> None:
    assert as_struct({"internalType": "struct Unknown"}, (1, 2)) == (1, 2)
    assert as_struct({"internalType": "address[]"}, (OWNER,)) == (OWNER,)


def test_a_batch_is_read_as_one() -> None:
    for batch in batches():
        (entry,) = [i for i in codec("Market").events[COMMITTED].inputs if i["name"] == "batch"]
        (decoded,) = decode_values([entry], encode_values([entry], [batch.values()], "batch"))
        assert as_struct(entry, decoded) == batch


def test_a_cursor_travels_as_json() -> None:
    cursor = Cursor((Mark(3, Bytes32(b"\x01" * 32)), Mark(9, Bytes32(b"\x02" * 32))))
    assert Cursor.from_json(cursor.to_json()) == cursor


@pytest.mark.parametrize("broken", [None, {}, [[1]], [[1, "0x"]], [["x", "0x" + "00" * 32]], [3]])
def test_a_broken_cursor_is_refused(broken: object) -> None:
    with pytest.raises(InvalidInput):
        Cursor.from_json(broken)


def test_a_cursor_forgets_old_marks_but_reaches_far_back() -> None:
    cursor = Cursor(())
    for number in range(10_000):
        cursor = cursor.after(Mark(number, Bytes32(number.to_bytes(32, "big"))))
    numbers = [mark.block_number for mark in cursor.marks]
    assert len(numbers) <= 65
    assert numbers == sorted(numbers)
    assert numbers[-20:] == list(range(9980, 10_000))
    assert numbers[0] < 1000
