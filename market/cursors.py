"""Opaque page cursors: where the last page ended."""

from __future__ import annotations

from protocol.errors import InvalidInput
from protocol.units import Bytes32, parse_bytes32, parse_uint


def encode_cursor(number: int, name: Bytes32) -> str:
    """A cursor after the row with that number and name."""
    return f"{number}-{name.hex()}"


def decode_cursor(text: str | None) -> tuple[int, Bytes32] | None:
    """Where a page continues; None for the first.

    Raises:
        InvalidInput: not one of our cursors.
    """
    if text is None:
        return None
    number, _, name = text.partition("-")
    try:
        return parse_uint(number, 63), parse_bytes32("0x" + name)
    except InvalidInput:
        raise InvalidInput("unknown cursor; start again from the first page") from None
