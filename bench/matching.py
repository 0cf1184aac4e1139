"""Matching: finding the cheapest offers for a task, and granting leases, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from bench.crowd import Crowd, crowd
from bench.figures import Figure
from bench.peers import naive_book, sqlite_queue
from bench.peers.sqlite_queue import SqliteQueue
from bench.rounds import Say, median_rates


@dataclass(frozen=True)
class Size:
    """How much to measure. `leases` are granted in each round, `matches` made."""

    offers: tuple[int, ...] = (50, 1000)
    leases: int = 100
    matches: int = 30
    naive_matches: int = 300
    rounds: int = 3


def measure(folder: Path, say: Say, size: Size | None = None) -> list[Figure]:
    """Both speeds, with few and with many standing offers."""
    size, figures = size or Size(), []
    for offers in size.offers:
        say(f"filling a database with {offers} offers")
        # Enough tasks that every lease asked for can be granted, at two tasks a lease and more.
        tasks = 64 * size.leases * size.rounds
        with crowd(folder / str(offers), offers, tasks) as made:
            figures += [_matching(made, size, say), _granting(made, folder, size, say)]
    return figures


def _matching(made: Crowd, size: Size, say: Say) -> Figure:
    rates = median_rates(
        {
            "the market's book": _matches(made, size.matches),
            naive_book.NAME: _naive_matches(made, size.naive_matches),
        },
        size.rounds,
        say,
    )
    ours, theirs = rates.values()
    name = f"matching: the cheapest of {len(made.offers)} standing offers"
    return Figure(name, ours, "matches/s", True, naive_book.NAME, theirs)


def _matches(made: Crowd, count: int) -> Callable[[], int]:
    def match() -> int:
        now = int(time.time())
        for _ in range(count):
            with made.store.read() as unit:
                assert made.book.fitting(unit, made.spec, now)
        return count

    return match


def _naive_matches(made: Crowd, count: int) -> Callable[[], int]:
    def match() -> int:
        now = int(time.time())
        for _ in range(count):
            assert naive_book.cheapest(made.offers, made.spec, now) is not None
        return count

    return match


def _granting(made: Crowd, folder: Path, size: Size, say: Say) -> Figure:
    queue_file = folder / f"queue-{len(made.offers)}.db"
    queue = SqliteQueue(queue_file, size.leases * size.rounds)
    try:
        rates = median_rates(
            {
                "the market's leases": _grants(made, size.leases),
                sqlite_queue.NAME: _claims(queue, size.leases),
            },
            size.rounds,
            say,
        )
    finally:
        queue.close()
    ours, theirs = rates.values()
    name = f"matching: leases granted, {len(made.offers)} standing offers"
    return Figure(name, ours, "leases/s", True, sqlite_queue.NAME, theirs)


def _grants(made: Crowd, count: int) -> Callable[[], int]:
    askers = cycle(made.devices)

    def grant() -> int:
        granted = 0
        for _ in range(count):
            lease = made.leases.request(next(askers))
            granted += lease is not None
        assert granted == count, "a device was refused; the crowd is too small for so many leases"
        return granted

    return grant


def _claims(queue: SqliteQueue, count: int) -> Callable[[], int]:
    def claim() -> int:
        for taker in range(count):
            assert queue.claim(taker) is not None
        return count

    return claim
