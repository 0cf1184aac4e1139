"""The small values that everything is made of, each parsed once, at the edge.

Addresses are EIP-55 checksummed strings, digests are 32 raw bytes, money is an `int` of wei
(10**18 wei = 1 credit), time is whole Unix seconds.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

from eth_utils import to_checksum_address

from protocol.errors import InvalidInput

Address = NewType("Address", str)
Bytes32 = NewType("Bytes32", bytes)
ContentId = NewType("ContentId", str)

WEI_PER_CREDIT = 10**18
PPM = 1_000_000
ZERO_ADDRESS = Address("0x0000000000000000000000000000000000000000")
ZERO_BYTES32 = Bytes32(bytes(32))
_CONTENT_PREFIX = "sha256:"
_HEX20 = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX32 = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_CREDITS = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,18}))?")
_SHOWN = 80


def parse_address(value: object) -> Address:
    """Return `value` as a checksummed address.

    Raises:
        InvalidInput: not 20 bytes of 0x hex, or a mixed-case text whose EIP-55 checksum is wrong.
    """
    if not isinstance(value, str) or not _HEX20.fullmatch(value):
        raise InvalidInput(f"not an address: {shown(value)}")
    address = to_checksum_address(value)
    digits = value[2:]
    if value != address and digits not in (digits.lower(), digits.upper()):
        raise InvalidInput(f"the address {value} has a wrong checksum: a digit is mistyped")
    return Address(address)


def parse_bytes32(value: object) -> Bytes32:
    """Return 32 raw bytes from bytes or from `0x` hex.

    Raises:
        InvalidInput: any other length or form.
    """
    if isinstance(value, str) and _HEX32.fullmatch(value):
        return Bytes32(bytes.fromhex(value[2:]))
    if isinstance(value, bytes) and len(value) == 32:
        return Bytes32(bytes(value))
    raise InvalidInput(f"expected 32 bytes, as 0x-prefixed hex, got {shown(value)}")


def parse_bytes(value: object) -> bytes:
    """Return bytes, of any length, from bytes or from `0x` hex.

    Raises:
        InvalidInput: any other form.
    """
    if isinstance(value, str) and _HEX_BYTES.fullmatch(value):
        return bytes.fromhex(value[2:])
    if isinstance(value, bytes):
        return bytes(value)
    raise InvalidInput(f"expected bytes, as 0x-prefixed hex, got {shown(value)}")


def parse_uint(value: object, bits: int) -> int:
    """Return an integer in [0, 2**bits) from an int or its decimal text.

    Raises:
        InvalidInput: a bool, a float, a negative number, or one that does not fit.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise InvalidInput(f"expected an unsigned {bits}-bit integer, got {shown(value)}")
    return value


def parse_content_id(value: object) -> ContentId:
    """Return `sha256:` and 64 lower-case hex digits, checked.

    Raises:
        InvalidInput: any other form.
    """
    if isinstance(value, str) and value.startswith(_CONTENT_PREFIX):
        digits = value.removeprefix(_CONTENT_PREFIX)
        if len(digits) == 64 and all(c in "0123456789abcdef" for c in digits):
            return ContentId(value)
    raise InvalidInput(f"not a content id (sha256:<64 hex digits>): {shown(value)}")


def content_id(data: bytes) -> ContentId:
    """The name of a blob: the SHA-256 of its bytes."""
    return ContentId(_CONTENT_PREFIX + hashlib.sha256(data).hexdigest())


def content_digest(blob_id: ContentId) -> Bytes32:
    """The 32 bytes inside a content id."""
    return Bytes32(bytes.fromhex(blob_id.removeprefix(_CONTENT_PREFIX)))


def parse_credits(text: str) -> int:
    """Wei from decimal credits as people write them, exactly: "1.5" -> 1500000000000000000.

    Raises:
        InvalidInput: not a number, negative, huge, or finer than one wei.
    """
    found = _CREDITS.fullmatch(text)
    if found is None:
        raise InvalidInput(f"not an amount of credits: {shown(text)} (write for example 2.5)")
    whole, fraction = found[1], found[2] or ""
    return int(whole) * WEI_PER_CREDIT + int(fraction.ljust(18, "0"))


def credits_text(wei: int) -> str:
    """Exact decimal credits, without needless zeros: 1500000000000000000 -> "1.5"."""
    sign = "-" if wei < 0 else ""
    whole, rest = divmod(abs(wei), WEI_PER_CREDIT)
    return f"{sign}{whole}.{rest:018d}".rstrip("0").rstrip(".")


def to_hex(value: bytes) -> str:
    """`0x` and lower-case hex."""
    return "0x" + value.hex()


def shown(value: object) -> str:
    """`value` for an error's sentence: short, whatever a stranger sent."""
    if isinstance(value, str | bytes):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."
    if isinstance(value, int) and value.bit_length() > 512:
        return "a huge integer"
    return repr(value) if isinstance(value, int | float | None) else f"a {type(value).__name__}"
