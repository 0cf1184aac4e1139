"""A revert's bytes as the sentence a person can act on: `InsufficientBalance(100, 20)`."""

from __future__ import annotations

from functools import cache

from eth_abi.exceptions import DecodingError

from protocol.chain.codec import Entry, artifact, decode_values, selector
from protocol.units import to_hex

CONTRACTS = (
    *("Market", "Annex", "CreditToken", "BlockhashBeacon", "Terms"),
    *("CommitteeArbiter", "BisectionArbiter"),
)
_BUILT_IN: tuple[Entry, ...] = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


def decode_revert(data: bytes) -> str:
    """The error's name and arguments, by the ABI of any of our contracts."""
    if not data:
        return "the call reverted without a reason"
    entry = _errors().get(data[:4])
    if entry is None:
        return f"unknown error {to_hex(data)}"
    try:
        values = decode_values(entry["inputs"], data[4:])
    except DecodingError:
        return f"{entry['name']}(malformed {to_hex(data[4:])})"
    return f"{entry['name']}({', '.join(_shown(value) for value in values)})"


@cache
def _errors() -> dict[bytes, Entry]:
    ours = (e for name in CONTRACTS for e in artifact(name).abi if e["type"] == "error")
    return {selector(entry): entry for entry in (*_BUILT_IN, *ours)}


def _shown(value: object) -> str:
    return to_hex(value) if isinstance(value, bytes) else str(value)
