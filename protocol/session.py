"""How an account signs in to a market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.errors import MessageExpired
from protocol.typed_data import TypedMessage
from protocol.units import Address, Bytes32

MAX_LOGIN_SECONDS = 24 * 3600
CLOCK_SKEW_SECONDS = 120


@dataclass(frozen=True)
class Login(TypedMessage):
    """A one-time request for a session until `expires_at`."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("account", "address"),
        ("issuedAt", "uint40"),
        ("expiresAt", "uint40"),
        ("nonce", "bytes32"),
    )

    account: Address
    issued_at: int
    expires_at: int
    nonce: Bytes32

    def check(self, now_seconds: int) -> None:
        """Check the times.

        Raises:
            MessageExpired: issued in the future, expired, or meant to last over a day.
        """
        if not self.issued_at - CLOCK_SKEW_SECONDS <= now_seconds < self.expires_at:
            raise MessageExpired("the login is not valid now; check the clock and sign a new one")
        if self.expires_at - self.issued_at > MAX_LOGIN_SECONDS:
            raise MessageExpired("a login lasts a day at most")
