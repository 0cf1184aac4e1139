"""Keeps one account signed in: lazily, again before the session ends, again when it is refused."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from eth_account.signers.local import LocalAccount

from protocol.client.wire import Session, SessionRequest
from protocol.session import Login
from protocol.typed_data import Domain
from protocol.units import Address, Bytes32, to_hex

SESSION_SECONDS = 12 * 3600
RENEW_BEFORE_SECONDS = 60


class SignIn:
    """The session of `account`; `post` sends a request to the market."""

    def __init__(
        self,
        account: LocalAccount,
        domain: Callable[[], Domain],
        post: Callable[[SessionRequest], Session],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._domain = domain
        self._post = post
        self._now = now
        self._lock = threading.Lock()
        self._session: Session | None = None

    def session(self) -> Session:
        """A session that is valid for a while yet, signed in for if need be."""
        with self._lock:
            session = self._session
            if session is None or session.expires_at - RENEW_BEFORE_SECONDS <= self._now():
                session = self._session = self._post(self._request())
            return session

    def forget(self, session: Session) -> None:
        """Drop a session that the market refused, unless it was replaced meanwhile."""
        with self._lock:
            if self._session is session:
                self._session = None

    def _request(self) -> SessionRequest:
        issued_at = int(self._now())
        login = Login(
            account=Address(self._account.address),
            issued_at=issued_at,
            expires_at=issued_at + SESSION_SECONDS,
            nonce=Bytes32(secrets.token_bytes(32)),
        )
        signature = login.sign(self._domain(), self._account)
        return SessionRequest(login=login.to_json(), signature=to_hex(signature))
