"""Whether this market can do its work."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.errors import FallowError


class Health:
    """Asks each part."""

    def __init__(self, store: Store, contracts: Contracts) -> None:
        self._store = store
        self._contracts = contracts

    def checks(self) -> dict[str, bool]:
        """Each part by its name, and whether it answers."""
        return {"database": self._has_database(), "chain": self._has_chain()}

    def _has_database(self) -> bool:
        try:
            with self._store.read() as unit:
                unit.connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def _has_chain(self) -> bool:
        try:
            self._contracts.block_number()
        except FallowError:
            return False
        return True
