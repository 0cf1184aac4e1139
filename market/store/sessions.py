"""Queries of logins and sessions."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from market.principal import Principal
from market.store.tables import logins, sessions
from protocol.units import Address, Bytes32


class Sessions:
    """Logins are remembered until they expire, so that none opens a session twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use_login(self, account: Address, nonce: Bytes32, expires_at: int) -> bool:
        """Remember a login; False when it was used before."""
        row = {"account": account, "nonce": nonce, "expires_at": expires_at}
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(logins), row)
        except IntegrityError:
            return False
        return True

    def add(self, token_hash: Bytes32, who: Principal, expires_at: int) -> None:
        """Store a session by its token's hash."""
        row = {
            "token_hash": token_hash,
            "account": who.account,
            "wallet": who.wallet,
            "expires_at": expires_at,
        }
        self._connection.execute(insert(sessions), row)

    def find(self, token_hash: Bytes32, now: int) -> tuple[Principal, int] | None:
        """Whose session it is and until when, if it still holds."""
        row = self._connection.execute(
            select(sessions.c.account, sessions.c.wallet, sessions.c.expires_at).where(
                sessions.c.token_hash == token_hash, sessions.c.expires_at > now
            )
        ).one_or_none()
        return None if row is None else (Principal(row.account, row.wallet), row.expires_at)

    def end_all(self, account: Address) -> None:
        """End every session of an account: its delegation changed."""
        self._connection.execute(delete(sessions).where(sessions.c.account == account))

    def forget_expired(self, now: int) -> None:
        """Drop what no longer counts."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
        self._connection.execute(delete(logins).where(logins.c.expires_at <= now))
