"""Who takes part in the demo, by name, so that people can follow the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocol.units import Address

CHEATER = "mallory"
HONEST_PROVIDERS = ("ada", "blaise", "chien")
VERIFIERS = ("veera", "viggo", "vanja", "vito", "violet")
PROVIDERS = (*HONEST_PROVIDERS, CHEATER)


@dataclass
class Cast:
    """Names by address."""

    names: dict[Address, str] = field(default_factory=dict)

    def add(self, name: str, address: Address) -> None:
        """Introduce somebody."""
        self.names[address] = name

    def name(self, address: object) -> str:
        """The name, or a shortened address of a stranger."""
        text = str(address)
        return self.names.get(Address(text), f"{text[:8]}…")

    def addresses(self, wanted: tuple[str, ...]) -> Mapping[str, Address]:
        """The addresses of some names."""
        return {name: address for address, name in self.names.items() if name in wanted}
