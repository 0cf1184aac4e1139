"""How a wallet lets a device's hot key sign offers and results, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.typed_data import TypedMessage
from protocol.units import Address


@dataclass(frozen=True)
class Delegation(TypedMessage):
    """Signed by the wallet, registered on chain by anyone. Mirrors types/Delegation.sol."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("wallet", "address"),
        ("device", "address"),
        ("notAfter", "uint40"),
        ("nonce", "uint256"),
    )

    wallet: Address
    device: Address
    not_after: int
    nonce: int
