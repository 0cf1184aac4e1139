"""Keeps the tables in step with the chain: each event once, also across reorganisations."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from market.projection import codec, effects, facts
from market.store.unit import Store, Unit
from protocol.chain.contracts import Contracts
from protocol.chain.events import Cursor, EventReader, Page
from protocol.errors import ChainUnavailable

MAX_PAGES = 200
_log = logging.getLogger(__name__)


class Projector:
    """`advance` reads all that is new. The cursor is saved with what was done: nothing twice."""

    def __init__(
        self,
        store: Store,
        reader: EventReader,
        contracts: Contracts,
        on_rollback: Callable[[], None],
    ) -> None:
        self._store = store
        self._reader = reader
        self._contracts = contracts
        self._on_rollback = on_rollback
        self._lock = threading.Lock()

    def advance(self) -> None:
        """Read what is new.

        Raises:
            ChainUnavailable: the chain does not answer; nothing is lost.
        """
        with self._lock:
            for _ in range(MAX_PAGES):
                if self._advance_page():
                    return

    def _advance_page(self) -> bool:
        with self._store.read() as unit:
            saved = unit.chain.cursor()
        cursor = None if saved is None else Cursor.from_json(saved)
        page = self._reader.poll(cursor)
        is_new = page.rollback_to is not None or page.events or page.cursor != cursor
        if is_new:
            head_at = self._contracts.block_timestamp()
            try:
                with self._store.write() as unit:
                    if unit.chain.cursor() != saved:
                        return False  # another process was quicker
                    self._project(unit, page, head_at)
            except IntegrityError:
                _log.info("another process projected the same events")
        if page.rollback_to is not None:
            self._on_rollback()
        if not page.is_caught_up and not is_new:
            raise ChainUnavailable("the chain moves while it is read; it is read again")
        return page.is_caught_up

    def _project(self, unit: Unit, page: Page, head_at: int) -> None:
        if page.rollback_to is not None:
            self._roll_back(unit, page.rollback_to)
        if page.events:
            unit.chain.log([codec.to_row(event) for event in page.events])
        for event in page.events:
            facts.apply(unit, event)
            effects.follow(unit, event)
        unit.chain.move_cursor(page.cursor.to_json(), head_at)

    def _roll_back(self, unit: Unit, block_number: int) -> None:
        _log.warning("the chain was reorganised after block %d", block_number)
        unit.chain.forget_after(block_number)
        for row in unit.chain.logged():
            facts.apply(unit, codec.from_row(row))
