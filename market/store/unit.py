"""Units of work: one transaction each, committed once, at the edge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

from sqlalchemy import Connection, Engine, text

from market.store.audits import Audits
from market.store.blobs import Blobs
from market.store.chain import Chain
from market.store.disputes import Disputes
from market.store.feed import Feed
from market.store.jobs import Jobs
from market.store.leases import Leases
from market.store.offers import Offers
from market.store.relays import Relays
from market.store.reports import Reports
from market.store.results import Results
from market.store.sessions import Sessions
from market.store.tasks import Tasks

FEED_LOCK = 0x46414C4C


class Unit:
    """The queries of one transaction, and what its commit means to those who wait.

    `is_work_new` is set by whoever makes tasks wait; the others follow from what was written.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_work_new = False
        self.has_events = False

    @property
    def has_relays(self) -> bool:
        """Whether something was put into the outbox."""
        return "relays" in self.__dict__ and self.relays.has_new

    @cached_property
    def sessions(self) -> Sessions:
        """Logins and sessions."""
        return Sessions(self.connection)

    @cached_property
    def blobs(self) -> Blobs:
        """Blobs and who may see them."""
        return Blobs(self.connection)

    @cached_property
    def jobs(self) -> Jobs:
        """Signed jobs."""
        return Jobs(self.connection)

    @cached_property
    def tasks(self) -> Tasks:
        """Tasks of jobs."""
        return Tasks(self.connection)

    @cached_property
    def offers(self) -> Offers:
        """Offers and devices."""
        return Offers(self.connection)

    @cached_property
    def leases(self) -> Leases:
        """Leases."""
        return Leases(self.connection)

    @cached_property
    def results(self) -> Results:
        """Results of leases."""
        return Results(self.connection)

    @cached_property
    def audits(self) -> Audits:
        """Audits and their grants."""
        return Audits(self.connection)

    @cached_property
    def relays(self) -> Relays:
        """The outbox."""
        return Relays(self.connection)

    @cached_property
    def feed(self) -> Feed:
        """The event log."""
        return Feed(self.connection)

    @cached_property
    def chain(self) -> Chain:
        """Projected chain facts: jobs, batches, leases."""
        return Chain(self.connection)

    @cached_property
    def disputes(self) -> Disputes:
        """Projected disputes."""
        return Disputes(self.connection)

    @cached_property
    def reports(self) -> Reports:
        """Sums and lists for people."""
        return Reports(self.connection)


class Store:
    """Opens units of work; `on_commit` hears of each one that was written."""

    def __init__(self, engine: Engine, on_commit: Callable[[Unit], None]) -> None:
        self.engine = engine
        self._on_commit = on_commit
        self._is_sqlite = engine.dialect.name == "sqlite"
        # SQLite has one writer: waiting for it here is fair and cheap, its own busy loop is not.
        self._writing: AbstractContextManager[object] = (
            threading.Lock() if self._is_sqlite else nullcontext()
        )

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A consistent look at the data; whatever it wrote is dropped."""
        with self.engine.connect() as connection:
            yield Unit(connection)

    @contextmanager
    def write(self, *, is_durable: bool = True) -> Iterator[Unit]:
        """One transaction: all of it is durable when this returns, or none of it happened.

        Without `is_durable` it outlives the process at once, and a loss of power only together
        with the next durable one; for what can be asked for again.
        """
        with self._writing, self.engine.connect() as connection:
            writer = connection.execution_options(is_writing=True, is_durable=is_durable)
            with writer.begin():
                if not is_durable and not self._is_sqlite:
                    writer.execute(text("SET LOCAL synchronous_commit TO off"))
                unit = Unit(writer)
                yield unit
                self._flush(unit)
        self._on_commit(unit)

    def _flush(self, unit: Unit) -> None:
        if not unit.feed.pending:
            return
        if not self._is_sqlite:
            # Event ids must become visible in their order, or a reader skips one.
            unit.connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": FEED_LOCK})
        unit.feed.flush()
        unit.has_events = True
