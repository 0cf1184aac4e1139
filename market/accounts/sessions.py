"""Signing in: an EIP-712 Login becomes a bearer token, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from market.ports import Clock
from market.principal import Principal
from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.client.wire import Session
from protocol.errors import NonceUsed, NotSignedIn
from protocol.session import Login
from protocol.units import ZERO_ADDRESS, Address, Bytes32

TOKEN_BYTES = 32
CACHE_SECONDS = 5
MAX_CACHED = 10_000


class SessionService:
    """Opens sessions and recognises them."""

    def __init__(self, store: Store, contracts: Contracts, clock: Clock) -> None:
        self._store = store
        self._contracts = contracts
        self._clock = clock
        self._cache: dict[Bytes32, tuple[Principal, float]] = {}

    def create(self, message: dict[str, Any], signature: bytes) -> Session:
        """Open a session.

        Raises:
            InvalidInput, BadSignature, MessageExpired: the login is not right.
            NonceUsed: it was used before.
            ChainUnavailable: the device's wallet cannot be looked up.
        """
        now = int(self._clock())
        login = Login.from_json(message)
        login.check(now)
        login.require_signer(self._contracts.domain, signature, login.account)
        who, until = self._principal_of(login.account, now)
        expires_at = min(login.expires_at, until)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._store.write() as unit:
            if not unit.sessions.use_login(login.account, login.nonce, login.expires_at):
                raise NonceUsed("this login was used before; sign a new one")
            unit.sessions.add(_hash(token), who, expires_at)
        return Session(token=token, account=who.account, wallet=who.wallet, expires_at=expires_at)

    def cached(self, token: str) -> Principal | None:
        """Who holds a token, if that was asked a moment ago; never waits."""
        known = self._cache.get(_hash(token))
        return known[0] if known is not None and known[1] > self._clock() else None

    def principal(self, token: str) -> Principal:
        """Who holds a token.

        Raises:
            NotSignedIn: nobody, or no longer.
        """
        now, token_hash = self._clock(), _hash(token)
        with self._store.read() as unit:
            found = unit.sessions.find(token_hash, int(now))
        if found is None:
            self._cache.pop(token_hash, None)
            raise NotSignedIn
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        self._cache[token_hash] = (found[0], min(now + CACHE_SECONDS, found[1]))
        return found[0]

    def _principal_of(self, account: Address, now: int) -> tuple[Principal, int]:
        wallet, not_after = self._contracts.device_of(account)
        if wallet == ZERO_ADDRESS or not_after <= now:
            return Principal(account, account), 1 << 62
        return Principal(account, wallet), not_after


def _hash(token: str) -> Bytes32:
    return Bytes32(hashlib.sha256(token.encode()).digest())
