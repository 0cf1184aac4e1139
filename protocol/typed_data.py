"""EIP-712: messages that people and contracts read the same way.

A message is a frozen dataclass with a `TYPE`: its Solidity struct, field by field. Its JSON form is
exactly what is signed: the struct's camelCase names, integers as decimal text, bytes as 0x hex.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from protocol.errors import BadSignature, InvalidInput
from protocol.units import (
    ZERO_ADDRESS,
    Address,
    Bytes32,
    parse_address,
    parse_bytes,
    parse_bytes32,
    parse_uint,
    to_hex,
)

DOMAIN_NAME = "Fallow Market"
DOMAIN_VERSION = "1"
SIGNATURE_BYTES = 65
_HALF_CURVE_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one Market contract on one chain."""

    chain_id: int
    market: Address

    def fields(self) -> dict[str, Any]:
        """The EIP-712 domain's values."""
        return {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": self.chain_id,
            "verifyingContract": self.market,
        }


# A struct hash does not depend on the domain; the encoder asks for one all the same.
_ANY_DOMAIN = Domain(0, ZERO_ADDRESS)


@dataclass(frozen=True)
class TypedMessage:
    """The base of every signed message. Values are checked against `TYPE` on construction."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __post_init__(self) -> None:
        for name, solidity_type in self.TYPE:
            field = snake_case(name)
            object.__setattr__(self, field, _parse(solidity_type, getattr(self, field), name))

    def message(self) -> dict[str, Any]:
        """The struct's values under their Solidity names."""
        return {name: getattr(self, snake_case(name)) for name, _ in self.TYPE}

    def values(self) -> tuple[Any, ...]:
        """The struct's values in their Solidity order, as contract calls take them."""
        return tuple(getattr(self, snake_case(name)) for name, _ in self.TYPE)

    def signable(self, domain: Domain) -> SignableMessage:
        """What a wallet signs."""
        types = {type(self).__name__: [{"name": n, "type": t} for n, t in self.TYPE]}
        return encode_typed_data(domain.fields(), types, self.message())

    def struct_hash(self) -> Bytes32:
        """EIP-712's hashStruct."""
        return Bytes32(bytes(self.signable(_ANY_DOMAIN).body))

    def digest(self, domain: Domain) -> Bytes32:
        """keccak(0x1901 || domain separator || struct hash): what is signed."""
        signable = self.signable(domain)
        return Bytes32(keccak(b"\x19\x01" + signable.header + signable.body))

    def sign(self, domain: Domain, account: LocalAccount) -> bytes:
        """The 65-byte signature r || s || v of `account`."""
        return bytes(account.sign_message(self.signable(domain)).signature)

    def signer(self, domain: Domain, signature: bytes) -> Address:
        """Who signed.

        Raises:
            BadSignature: not 65 bytes, a malleable (high s) form, or no valid point.
        """
        if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
            raise BadSignature("a signature is 65 bytes: r, s and v, v being 27 or 28")
        if int.from_bytes(signature[32:64], "big") > _HALF_CURVE_ORDER:
            raise BadSignature("the signature is malleable: its s is in the upper half")
        try:
            signer = Account.recover_message(self.signable(domain), signature=signature)
        except Exception as error:  # noqa: BLE001 - eth-keys raises several unrelated types
            raise BadSignature(f"the signature is no signature: {error}") from None
        return Address(signer)

    def require_signer(self, domain: Domain, signature: bytes, expected: Address) -> None:
        """Check that `expected` signed this message for this domain.

        Raises:
            BadSignature: somebody else did, or this is for another chain or contract.
        """
        if self.signer(domain, signature) != expected:
            raise BadSignature(f"{type(self).__name__} is not signed by {expected}")

    def to_json(self) -> dict[str, Any]:
        """The message as JSON values."""
        return {name: _to_json(value) for name, value in self.message().items()}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: a field is missing, unknown, or not of its type.
        """
        names = [name for name, _ in cls.TYPE]
        if not isinstance(value, Mapping) or set(value) != set(names):
            raise InvalidInput(f"{cls.__name__} has exactly the fields {', '.join(names)}")
        return cls(**{snake_case(name): value[name] for name in names})


@cache
def snake_case(name: str) -> str:
    """`maxPricePerTask` -> `max_price_per_task`; `from`, which Python keeps, -> `from_`."""
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def nonce_of(epoch: int, number: int) -> int:
    """A nonce that counts in `epoch` of its signer (0 at first): its first byte, then `number`.

    Raises:
        InvalidInput: the epoch does not fit into 8 bits, or the number not into 248.
    """
    return parse_uint(epoch, 8) << 248 | parse_uint(number, 248)


def epoch_of(nonce: int) -> int:
    """The epoch that a nonce counts in."""
    return nonce >> 248


def compact_signature(signature: bytes) -> tuple[bytes, bytes]:
    """The two words (r, vs) of an ECDSA signature (EIP-2098): v in the bit that a low s leaves.

    Raises:
        InvalidInput: not 65 bytes r || s || v with a low s, as `TypedMessage.sign` makes them.
    """
    if not _is_ecdsa(signature):
        raise InvalidInput("an ECDSA signature is 65 bytes: r, a low s, and v, which is 27 or 28")
    s, is_odd = int.from_bytes(signature[32:64], "big"), signature[64] - 27
    return signature[:32], (s | is_odd << 255).to_bytes(32, "big")


def parse_signature(value: object) -> bytes:
    """Return signature bytes from 0x hex or bytes; their form is checked by `signer`.

    Raises:
        InvalidInput: not hex.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and re.fullmatch(r"0x([0-9a-fA-F]{2})*", value):
        return bytes.fromhex(value[2:])
    raise InvalidInput("a signature is 0x-prefixed hex")


def _is_ecdsa(signature: bytes) -> bool:
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
        return False
    return int.from_bytes(signature[32:64], "big") <= _HALF_CURVE_ORDER


def _parse(solidity_type: str, value: object, name: str) -> object:
    try:
        if solidity_type == "address":
            return parse_address(value)
        if solidity_type == "bytes32":
            return parse_bytes32(value)
        if solidity_type == "bytes":
            return parse_bytes(value)
        return parse_uint(value, int(solidity_type.removeprefix("uint")))
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None


def _to_json(value: object) -> str:
    return to_hex(value) if isinstance(value, bytes) else str(value)
