"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.units import Address


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in account. A device's `wallet` is the one that delegated to it, else itself."""

    account: Address
    wallet: Address

    @property
    def names(self) -> frozenset[Address]:
        """Both addresses: what either may see, this session may see."""
        return frozenset((self.account, self.wallet))
