"""A call to Market that anyone may send for its signer, so that nobody ever needs gas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.typed_data import TypedMessage
from protocol.units import Address


@dataclass(frozen=True)
class Request(TypedMessage):
    """Signed by who acts, sent by anyone for a fee within its cap. Mirrors types/Request.sol.

    `data` is the call as `protocol.chain.calls` builds it. The nonce starts with its signer's
    epoch, see `protocol.typed_data.nonce_of`.
    """

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("from", "address"),
        ("data", "bytes"),
        ("maxFeeWei", "uint96"),
        ("notAfter", "uint40"),
        ("nonce", "uint256"),
    )

    from_: Address
    data: bytes
    max_fee_wei: int
    not_after: int
    nonce: int
