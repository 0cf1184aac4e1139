"""A reorganisation takes batches back; what is read afterwards counts, also after a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from protocol.chain.contracts import Contracts
from protocol.chain.events import ChainEvent, Cursor, Mark, Page
from protocol.chain.params import development
from protocol.chain.sender import Sender
from protocol.sampling import Seat
from tests.protocol.make_vectors import word
from tests.verifier.strangers import HOLDERS, REQUESTER, Work, committed, seeded
from verifier.daemon import Verifier
from verifier.journal import Journal

ME = HOLDERS[0]


class Script:
    """What a reader, the views and a sender would say: pages in turn, and one seat of mine."""

    address = ME

    def __init__(self, *pages: Page) -> None:
        self.pages = list(pages)
        self.asked: list[Cursor | None] = []

    def poll(self, cursor: Cursor | None) -> Page:
        self.asked.append(cursor)
        return self.pages.pop(0) if self.pages else Page(None, (), cursor or Cursor(()))

    def step(self) -> None:
        pass

    def params(self) -> Any:
        return development()

    def block_timestamp(self) -> int:
        return 1002

    def block_number(self) -> int:
        return 20

    def seats(self) -> tuple[Seat, ...]:
        return (Seat(ME, 1),)

    def batch(self, _: int) -> Any:
        return type("Facts", (), {"seat_count": 1})

    def job(self, _: bytes) -> Any:
        return type("Facts", (), {"requester": REQUESTER})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def _verifier(script: Script, journal: Journal) -> Verifier:
    views, sender, reader = cast(Contracts, script), cast(Sender, script), cast(Any, script)
    idle: Any = None
    return Verifier(views, reader, sender, journal, idle, idle, threading.Event())


def _marks(*blocks: int, fork: str = "a") -> Cursor:
    return Cursor(tuple(Mark(block, word(f"{fork} {block}")) for block in blocks))


def _page(cursor: Cursor, *events: Any, rollback_to: int | None = None) -> Page:
    is_caught_up = rollback_to is None
    return Page(rollback_to, cast(tuple[ChainEvent, ...], events), cursor, is_caught_up)


def test_a_batch_that_was_taken_back_is_not_audited(journal: Journal) -> None:
    gone, instead = Work(name="gone"), Work(name="instead")
    script = Script(
        _page(_marks(8)),
        _page(_marks(8, 10), committed(gone, 1, 10)),
        _page(_marks(8), rollback_to=8),
        _page(_marks(8, 12, fork="a"), committed(instead, 1, 11), seeded(1)),
    )
    verifier = _verifier(script, journal)
    for _ in range(3):
        verifier.step()
    drawn = {audit.key.lease_id for audit in journal.audits_of(1)}
    assert drawn == {instead.lease_id}


def test_a_restart_reads_again_from_before_what_is_not_over(journal: Journal) -> None:
    work = Work()
    script = Script(_page(_marks(8)), _page(_marks(8, 10), committed(work, 1, 10)))
    verifier = _verifier(script, journal)
    verifier.step()
    verifier.step()
    assert journal.bookmark() == _marks(8)
    again = Script(_page(_marks(8, 12), committed(work, 1, 10), seeded(1)))
    _verifier(again, journal).step()
    assert again.asked[0] == _marks(8)
    assert len(journal.audits_of(1)) == work.count
