"""What the operator relays for accounts, so that they need no gas: deposits and delegations."""

from __future__ import annotations

import hashlib
from typing import Any

from market.accounts.intake import Intake
from market.ports import Clock
from market.store.unit import Store
from protocol.chain.calls import Call
from protocol.chain.contracts import Contracts
from protocol.client.wire import Relayed
from protocol.delegation import Delegation
from protocol.errors import DeadlinePassed, MarketUnavailable, MessageExpired
from protocol.units import Address

# Of each kind. Anybody may ask for these, at no cost: what has a deadline must not wait for them.
MAX_WAITING = 32


class RelayService:
    """Writes to the outbox what the chain would accept now; the keeper sends it."""

    def __init__(
        self,
        store: Store,
        contracts: Contracts,
        intake: Intake,
        operator: Address,
        clock: Clock,
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._intake = intake
        self._operator = operator
        self._clock = clock

    def deposit(self, owner: Address, amount_wei: int, deadline: int, signature: bytes) -> Relayed:
        """Relay a permit.

        Raises:
            DeadlinePassed: the permit's deadline is over.
            IntakePaused: the chain takes no new money now.
            MarketUnavailable: too many wait already.
            ChainRejected: the token would refuse it: signature, nonce or balance.
        """
        if deadline <= self._clock():
            raise DeadlinePassed("the permit's deadline has passed; sign a new one")
        self._intake.require_open()
        call = self._contracts.deposit_with_permit(owner, amount_wei, deadline, signature)
        return self._relay("deposit", call)

    def delegation(self, message: dict[str, Any], signature: bytes) -> Relayed:
        """Relay a delegation.

        Raises:
            BadSignature: not signed by the wallet.
            MessageExpired: it is over already.
            ChainRejected: the contract would refuse it.
        """
        delegation = Delegation.from_json(message)
        delegation.require_signer(self._contracts.domain, signature, delegation.wallet)
        if delegation.not_after <= self._clock():
            raise MessageExpired("the delegation is over already; sign a new one")
        return self._relay("delegate", self._contracts.delegate(delegation, signature))

    def _relay(self, kind: str, call: Call) -> Relayed:
        key = f"{kind}:{hashlib.sha256(call.data).hexdigest()}"
        with self._store.read() as unit:
            known = unit.relays.get(key)
            waiting = unit.relays.count_pending(kind)
        if known is None:
            if waiting >= MAX_WAITING:
                raise MarketUnavailable("many wait to be relayed already; try again in a moment")
            self._contracts.check(call, self._operator)
            with self._store.write() as unit:
                unit.relays.add(key, call, int(self._clock()))
        return Relayed(key=key)
