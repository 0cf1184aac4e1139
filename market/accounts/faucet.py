"""Credits and gas for everybody, on a development market only."""

from __future__ import annotations

from market.ports import Clock
from market.store.unit import Store
from protocol.chain.calls import Call
from protocol.chain.contracts import Contracts
from protocol.client.wire import Relayed
from protocol.errors import NotFound
from protocol.units import WEI_PER_CREDIT, Address

DRIP_WEI = 10_000 * WEI_PER_CREDIT
GAS_WEI = 10**18
EVERY_SECONDS = 10


class Faucet:
    """Mints through the outbox, at most one drip an address every few seconds."""

    def __init__(self, store: Store, contracts: Contracts, clock: Clock, *, is_open: bool) -> None:
        self._store = store
        self._contracts = contracts
        self._clock = clock
        self._is_open = is_open

    def drip(self, address: Address) -> Relayed:
        """Send credits and gas.

        Raises:
            NotFound: this market is no development market.
        """
        if not self._is_open:
            raise NotFound("this market has no faucet")
        now = int(self._clock())
        key = f"faucet:{address}:{now // EVERY_SECONDS}"
        with self._store.write() as unit:
            unit.relays.add(f"{key}:gas", Call(address, b"", GAS_WEI), now)
            mint = self._contracts.token_mint(address, DRIP_WEI)
            unit.relays.add(key, mint, now)
        return Relayed(key=key)
